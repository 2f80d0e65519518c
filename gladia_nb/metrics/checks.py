"""Can the numbers of a run be believed? One row a check, and one word for the whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gladia_nb.metrics.facts import Facts
from gladia_nb.record import limits
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept, kept_frame
from gladia_nb.record.limits import Limit
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["HEALTH", "Verdict", "check_latencies", "health", "verdict"]

#: One row a check.
HEALTH: Schema = MappingProxyType(
    {
        "check": "str",
        "value": "float64",  # NaN: it was not observed
        "unit": "str",
        "degraded_above": "float64",
        "invalid_above": "float64",  # inf: however large, it only degrades
        "verdict": "str",  # valid, degraded or invalid
        "reason": "str",  # a sentence; missing when it is valid
    }
)

#: Milliseconds by which a difference may miss its rounding.
_ROUNDING_MS = 1e-6

_RANK = {"valid": 0, "degraded": 1, "invalid": 2}


class Verdict(NamedTuple):
    """Whether the numbers of a run can be believed, and why not.

    Attributes:
        status: `valid`; `degraded`: they hold with the reservations named; `invalid`: latencies of
            this run are not to be quoted.
        reasons: one sentence each, the worst first; none when valid.
    """

    status: str
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return self.status if not self.reasons else f"{self.status}: {' '.join(self.reasons)}"


class _Check(NamedTuple):
    """A check: what it looks at, from where on that counts, and what it says then."""

    name: str
    unit: str
    limit: Limit
    value: Callable[[Facts], float]
    sentence: str
    unseen: str = ""  # what to say when it was not observed; "" when that is no fault


class _Checked(NamedTuple):
    """What a check found."""

    value: float
    status: str
    reason: str | None


def verdict(run: RunData) -> Verdict:
    """Valid, degraded or invalid, with the reasons; see `health` for the checks.

    Example:
        `print(verdict(run))`
    """
    return kept(run.record, "verdict", lambda: _verdict(_checked(run)))


def _verdict(checked: Sequence[_Checked]) -> Verdict:
    wrong = sorted(
        (found for found in checked if _RANK[found.status]),
        key=lambda found: -_RANK[found.status],
    )
    reasons = tuple(str(found.reason) for found in wrong)
    return Verdict(wrong[0].status if wrong else "valid", reasons)


def health(run: RunData) -> pd.DataFrame:
    """The checks of a run's own stopwatch, pacing and record, one row each.

    The limits are those of `gladia_nb.record.limits`, which says what they mean. Lateness in
    sending does not touch the send clock, but the capture clock.

    Checks:

    * `audio sent`: nothing was, so there is nothing to measure.
    * `end of the record`: it is missing or the session failed; what came before still holds.
    * `file`: lines, or fields of the header, that were left out when it was loaded.
    * `speed`: sent faster or slower than real time, which no microphone does.
    * `schedule`: distance between the due times and `t0 + samples / rate`.
    * `sent early`: audio that left before it was spoken, which hides up to a chunk of latency.
    * `pacing`: 99th percentile of the lateness of chunks, those of a lost connection left out.
    * `capture to send`: the same for live audio, which comes through other processes.
    * `gaps`: live audio that was lost or did not come.
    * `zeros`: places where the capture put exact zeros into the sound.
    * `drift`: lateness at the end minus at the beginning; not of live audio.
    * `sending`: 99th percentile of how long the network took to accept a chunk.
    * `transcripts`: there was speech, by the reference or the service's own speech events, and no
      transcript came.
    * `reference`: share of the words spoken that no final holds; latencies speak for the others.
    * `word times`: words of finals that came without times: with a reference they are matched by
      their order alone, without one they have no place.
    * `event loop`: by how much one message in a hundred may be stamped late, or more, because the
      event loop stood still. In each second that saw a stall it counts for as many messages as came
      in a bunch, as those do that had to wait for the end of it.
    * `garbage collection`: the same for the pauses of the garbage collector.
    * `clock`: the clock of the stamps against another monotonic one.
    * `order of stamps`: stamps of messages that go back.
    * `wall clock`: stepped or slewed, which spoils only comparisons with other machines' stamps.
    * `receive queue`: messages that were waiting behind one in a hundred when it was read.
    * `connections lost`: words around it include the recovery.
    * `unacknowledged`: chunks without acknowledgement although acknowledgements came.
    * `messages`: stored by the service and not received, doubled or out of order.

    Returns:
        Columns in `HEALTH`, in the order above.
    """
    return kept_frame(run.record, "health", lambda: _health(run))


def _health(run: RunData) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {name: [] for name in HEALTH}
    for check, found in zip(_CHECKS, _checked(run), strict=True):
        row = (check.name, found.value, check.unit, *check.limit, found.status, found.reason)
        for name, item in zip(HEALTH, row, strict=True):
            columns[name].append(item)
    return to_frame(columns, HEALTH)


def _checked(run: RunData) -> list[_Checked]:
    """What each of `_CHECKS` finds; kept with the record."""

    def make() -> list[_Checked]:
        facts = Facts(run)
        values = [float(check.value(facts)) for check in _CHECKS]
        pairs = zip(_CHECKS, values, strict=True)
        return [_Checked(value, *_judge(check, value)) for check, value in pairs]

    return kept(run.record, "checked", make)


def check_latencies(rows: pd.DataFrame) -> tuple[str, ...]:
    """What is odd about a table of latencies, one sentence each; nothing for an honest one.

    Tools of this kind often clamp negative latencies to 0, drop what never came, or subtract a
    round trip. Each leaves a trace in the table.

    Args:
        rows: of `latency`, also after somebody else's hands.

    Example:
        `check_latencies(latency(run).assign(latency_ms=lambda t: t["latency_ms"].clip(lower=0)))`
    """
    found = []
    exact = (rows["event_s"] - rows["anchor_clock_s"]) * 1e3
    off = (rows["latency_ms"] - exact).abs()
    if wrong := int((off > _ROUNDING_MS).sum()):
        found.append(
            f"{wrong} latencies are not the difference of their two events, by up to "
            f"{off.max():.1f} ms: they were clamped or corrected."
        )
    invented = int((rows["latency_ms"].notna() & exact.isna()).sum())
    if invented:
        found.append(f"{invented} latencies belong to events that never came.")
    lost = int((rows["latency_ms"].isna() & exact.notna()).sum())
    if lost:
        found.append(f"{lost} latencies are missing although both events came: they were dropped.")
    came = rows["latency_ms"].dropna()
    zeros = int((came == 0).sum())
    if zeros > 1 and zeros > 0.01 * len(came) and not (came < 0).any():
        found.append(f"{zeros} latencies are exactly 0 and none is below: they were clamped.")
    return tuple(found)


def _judge(check: _Check, value: float) -> tuple[str, str | None]:
    if np.isnan(value):
        return ("degraded", check.unseen) if check.unseen else ("valid", None)
    status = check.limit.judge(value)
    times = "once" if value == 1 else f"{value:.0f} times"
    said = check.sentence.format(value=value, times=times)
    return status, None if status == "valid" else said


_UNWATCHED = "The process that held the stopwatch was not watched, so that stalls cannot be told."
_CHECKS = (
    _Check("audio sent", "yes/no", limits.NONE_AT_ALL, Facts.sent, "No audio was sent."),
    _Check(
        "end of the record",
        "yes/no",
        limits.NONE_WITHOUT_MENTION,
        Facts.ended,
        "The session did not end properly; what came later is missing.",
    ),
    _Check(
        "file",
        "lines",
        limits.LEFT_OUT,
        Facts.left_out,
        "{value:.0f} lines or fields of its file were left out, because they cannot be believed; "
        "run.problems says which.",
    ),
    _Check(
        "speed",
        "octaves",
        limits.SPEED_OCTAVES,
        Facts.speed,
        "The audio was not sent in real time, as no microphone would.",
    ),
    _Check(
        "schedule",
        "ms",
        limits.SCHEDULE_MS,
        Facts.schedule,
        "Chunks were due up to {value:.1f} ms away from when their last sample was spoken.",
    ),
    _Check(
        "sent early",
        "ms",
        limits.EARLY_MS,
        Facts.early,
        "Audio was sent up to {value:.1f} ms before it was spoken.",
    ),
    _Check(
        "pacing",
        "ms",
        limits.LATENESS_MS,
        Facts.pacing,
        "One chunk in a hundred was sent {value:.1f} ms late or more.",
    ),
    _Check(
        "capture to send",
        "ms",
        limits.CAPTURE_MS,
        Facts.capture,
        "One chunk in a hundred was sent {value:.0f} ms after its capture, or later.",
    ),
    _Check(
        "gaps",
        "count",
        limits.NONE_WITHOUT_MENTION,
        Facts.gaps,
        "Live audio was lost or stalled {times}.",
    ),
    _Check(
        "zeros",
        "count",
        limits.NONE_WITHOUT_MENTION,
        Facts.zeros,
        "The browser's capture put silence into the sound {times}; words there may be "
        "wrong or late.",
    ),
    _Check(
        "drift",
        "ms",
        limits.DRIFT_MS,
        Facts.drift,
        "Sending drifted by {value:.1f} ms against the audio.",
    ),
    _Check(
        "sending",
        "ms",
        limits.SENDING_MS,
        Facts.sending,
        "The network took up to {value:.0f} ms to accept a chunk.",
    ),
    _Check(
        "transcripts",
        "yes/no",
        limits.NONE_AT_ALL,
        Facts.transcripts,
        "There was speech, and no transcript came.",
        "No transcript came, and nobody says whether there was speech.",
    ),
    _Check(
        "reference",
        "share",
        limits.UNMATCHED,
        Facts.unmatched,
        "No final holds {value:.0%} of the words that were spoken; latencies speak for the others.",
    ),
    _Check(
        "word times",
        "words",
        limits.NONE_WITHOUT_MENTION,
        Facts.untimed,
        "{value:.0f} words came without times: a reference matches them by their order alone.",
    ),
    _Check(
        "event loop",
        "ms",
        limits.STALL_MS,
        Facts.loop,
        "One message in a hundred may be stamped {value:.0f} ms late or more: the stopwatch's "
        "event loop stalled.",
        _UNWATCHED,
    ),
    _Check(
        "garbage collection",
        "ms",
        limits.PAUSE_MS,
        Facts.collection,
        "One message in a hundred may be stamped {value:.0f} ms late or more: the garbage "
        "collector stopped the stopwatch's process.",
    ),
    _Check(
        "clock",
        "ms",
        limits.CLOCK_MS,
        Facts.clock,
        "The clock of the stamps went {value:.1f} ms away from the system's monotonic clock.",
    ),
    _Check(
        "order of stamps",
        "messages",
        limits.NONE_AT_ALL,
        Facts.order,
        "{value:.0f} messages have a stamp before that of the message they followed.",
    ),
    _Check(
        "wall clock",
        "ms",
        limits.WALL_MS,
        Facts.wall,
        "The wall clock was set by {value:.0f} ms meanwhile: latencies hold, comparisons with the "
        "service's own stamps do not.",
    ),
    _Check(
        "receive queue",
        "messages",
        limits.BACKLOG,
        Facts.backlog,
        "{value:.0f} messages or more were waiting when one in a hundred was read.",
    ),
    _Check(
        "connections lost",
        "count",
        limits.NONE_WITHOUT_MENTION,
        Facts.lost,
        "The connection was lost {times}; latencies around it include the recovery.",
    ),
    _Check(
        "unacknowledged",
        "chunks",
        limits.NONE_WITHOUT_MENTION,
        Facts.unacknowledged,
        "{value:.0f} chunks were never acknowledged.",
    ),
    _Check(
        "messages",
        "messages",
        limits.NONE_WITHOUT_MENTION,
        Facts.messages,
        "{value:.0f} messages were lost, doubled or out of order, by the service's own record.",
    ),
)
