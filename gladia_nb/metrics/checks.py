"""Can the numbers of a run be believed? One row a check, and one word for the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gladia_nb.metrics.audit import message_audit
from gladia_nb.metrics.base.clocks import first_sent
from gladia_nb.metrics.stopwatch import pacing, vitals
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
    value: Callable[[_Facts], float]
    sentence: str
    unseen: str = ""  # what to say when it was not observed; "" when that is no fault


def verdict(run: RunData) -> Verdict:
    """Valid, degraded or invalid, with the reasons; see `health` for the checks.

    Example:
        `print(verdict(run))`
    """
    return kept(run.record, "verdict", lambda: _verdict(health(run)))


def _verdict(table: pd.DataFrame) -> Verdict:
    table = table.assign(rank=table["verdict"].map(_RANK))
    wrong = table[table["rank"] > 0].sort_values("rank", ascending=False, kind="stable")
    worst = "valid" if wrong.empty else str(wrong["verdict"].iloc[0])
    return Verdict(worst, tuple(wrong["reason"]))


def health(run: RunData) -> pd.DataFrame:
    """The checks of a run's own stopwatch, pacing and record, one row each.

    The limits are those of `gladia_nb.record.limits`, which says what they mean. Lateness in
    sending does not touch the send clock, but the capture clock.

    Checks:

    * `audio sent`: nothing was, so there is nothing to measure.
    * `end of the record`: it is missing or the session failed; what came before still holds.
    * `speed`: sent faster or slower than real time, which no microphone does.
    * `schedule`: distance between the due times and `t0 + samples / rate`.
    * `sent early`: audio that left before it was spoken, which hides up to a chunk of latency.
    * `pacing`: 99th percentile of the lateness of chunks, those of a lost connection left out.
    * `capture to send`: the same for live audio, which comes through other processes.
    * `gaps`: live audio that was lost or did not come.
    * `drift`: lateness at the end minus at the beginning; not of live audio.
    * `sending`: 99th percentile of how long the network took to accept a chunk.
    * `event loop`: longest stall; a stamp can be late by as much.
    * `garbage collection`: longest pause.
    * `clock`: the clock of the stamps against another monotonic one.
    * `order of stamps`: stamps of messages that go back.
    * `wall clock`: stepped or slewed, which spoils only comparisons with other machines' stamps.
    * `receive queue`: messages that were waiting behind one when it was read.
    * `connections lost`: words around it include the recovery.
    * `unacknowledged`: chunks without acknowledgement although acknowledgements came.
    * `messages`: stored by the service and not received, doubled or out of order.

    Returns:
        Columns in `HEALTH`, in the order above.
    """
    return kept_frame(run.record, "health", lambda: _health(run))


def _health(run: RunData) -> pd.DataFrame:
    facts = _Facts(run)
    columns: dict[str, list[Any]] = {name: [] for name in HEALTH}
    for check in _CHECKS:
        value = float(check.value(facts))
        status, reason = _judge(check, value)
        row = (check.name, value, check.unit, *check.limit, status, reason)
        for name, item in zip(HEALTH, row, strict=True):
            columns[name].append(item)
    return to_frame(columns, HEALTH)


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
    return status, None if status == "valid" else check.sentence.format(value=value)


class _Facts:
    """What the checks look at, read once."""

    def __init__(self, run: RunData) -> None:
        self.run = run
        self.chunks = first_sent(run)
        self.vitals = vitals(run)
        self.options = run.record.header["options"]
        self.is_live = run.record.header["audio"].get("frames") is None

    def sent(self) -> float:
        return float(not len(self.chunks))

    def ended(self) -> float:
        return float(self.run.outcome in ("incomplete", "failed"))

    def speed(self) -> float:
        return abs(float(np.log2(float(self.options["speed"]))))

    def schedule(self) -> float:
        t0 = self.run.record.t0_ns
        if t0 is None or self.is_live or not len(self.chunks):
            return np.nan
        rate = int(self.run.record.header["config"]["sample_rate"]) * float(self.options["speed"])
        ideal = t0 + self.chunks["end_frame"].to_numpy() / rate * 1e9
        return float(np.abs(self.chunks["due_ns"].to_numpy() - ideal).max()) / 1e6

    def early(self) -> float:
        # What a microphone's clock leaves open is no earliness.
        slack_ms = max((e["uncertainty_ns"] / 1e6 for e in self.run.record.of("clock")), default=0)
        return -float(self.chunks["lateness_ms"].min()) - slack_ms

    def pacing(self) -> float:
        return np.nan if self.is_live else self._lateness()

    def capture(self) -> float:
        return self._lateness() if self.is_live else np.nan

    def gaps(self) -> float:
        """Live audio that is not there, pauses left out."""
        return float(sum(e["why"] != "paused" for e in self.run.record.of("gap")))

    def _lateness(self) -> float:
        """Lateness of chunks that found a connection when they were due."""
        late = self.chunks["lateness_ms"].to_numpy()
        kept = np.ones(len(late), dtype=bool)
        due = self.chunks["due_ns"].to_numpy()
        for lost_ns, open_ns in self._gaps():
            kept &= (due < lost_ns) | (due > open_ns)
        return float(np.quantile(late[kept], 0.99)) if kept.any() else np.nan

    def _gaps(self) -> Iterator[tuple[int, int]]:
        """Spans without a connection, until what had gathered was sent."""
        opens = {e["connection"]: e["end_ns"] for e in self.run.record.of("connect")}
        if self.is_live and opens:
            # Who speaks before the first connection is there has to wait for it.
            yield 0, min(opens.values()) + 500_000_000
        for close in self.run.record.of("close"):
            later = [ns for number, ns in opens.items() if number > close["connection"]]
            yield close["ns"] - 100_000_000, min(later, default=2**63) + 500_000_000

    def drift(self) -> float:
        # A sound card has a clock of its own, which is allowed to drift.
        return np.nan if self.is_live else abs(float(pacing(self.run)["drift_ms"].iloc[0]))

    def sending(self) -> float:
        return float(self.chunks["send_ms"].quantile(0.99))

    def loop(self) -> float:
        return float(self.vitals["loop_lag_ms"].max())

    def collection(self) -> float:
        return float(self.vitals["gc_longest_ms"].max())

    def clock(self) -> float:
        return float(self.vitals["clock_ms"].abs().max())

    def order(self) -> float:
        messages = self.run.messages
        stamps = messages.loc[messages["via"] != "callback", "recv_ns"].to_numpy()
        return float((np.diff(stamps) < 0).sum())

    def wall(self) -> float:
        return float(self.vitals["wall_ms"].abs().max())

    def backlog(self) -> float:
        return float(self.vitals["backlog"].max()) if len(self.vitals) else np.nan

    def lost(self) -> float:
        return float(max(0, sum(e["error"] is None for e in self.run.record.of("connect")) - 1))

    def unacknowledged(self) -> float:
        missing = self.chunks["ack_ns"].isna()
        # Acknowledgements can be switched off.
        return float(missing.sum()) if not missing.all() else np.nan

    def messages(self) -> float:
        table = message_audit(self.run)
        if not len(table):
            return np.nan
        total = table.iloc[-1]
        return float(total["lost"] + total["doubled"] + total["out_of_order"])


_UNWATCHED = "The process that held the stopwatch was not watched, so that stalls cannot be told."
_CHECKS = (
    _Check("audio sent", "yes/no", limits.NONE_AT_ALL, _Facts.sent, "No audio was sent."),
    _Check(
        "end of the record",
        "yes/no",
        limits.NONE_WITHOUT_MENTION,
        _Facts.ended,
        "The session did not end properly; what came later is missing.",
    ),
    _Check(
        "speed",
        "octaves",
        limits.SPEED_OCTAVES,
        _Facts.speed,
        "The audio was not sent in real time, as no microphone would.",
    ),
    _Check(
        "schedule",
        "ms",
        limits.SCHEDULE_MS,
        _Facts.schedule,
        "Chunks were due up to {value:.1f} ms away from when their last sample was spoken.",
    ),
    _Check(
        "sent early",
        "ms",
        limits.EARLY_MS,
        _Facts.early,
        "Audio was sent up to {value:.1f} ms before it was spoken.",
    ),
    _Check(
        "pacing",
        "ms",
        limits.LATENESS_MS,
        _Facts.pacing,
        "One chunk in a hundred was sent {value:.1f} ms late or more.",
    ),
    _Check(
        "capture to send",
        "ms",
        limits.CAPTURE_MS,
        _Facts.capture,
        "One chunk in a hundred was sent {value:.0f} ms after its capture, or later.",
    ),
    _Check(
        "gaps",
        "count",
        limits.NONE_WITHOUT_MENTION,
        _Facts.gaps,
        "Live audio was lost or stalled {value:.0f} times.",
    ),
    _Check(
        "drift",
        "ms",
        limits.DRIFT_MS,
        _Facts.drift,
        "Sending drifted by {value:.1f} ms against the audio.",
    ),
    _Check(
        "sending",
        "ms",
        limits.SENDING_MS,
        _Facts.sending,
        "The network took up to {value:.0f} ms to accept a chunk.",
    ),
    _Check(
        "event loop",
        "ms",
        limits.STALL_MS,
        _Facts.loop,
        "The stopwatch's event loop stalled for {value:.0f} ms; a stamp may be late by as much.",
        _UNWATCHED,
    ),
    _Check(
        "garbage collection",
        "ms",
        limits.PAUSE_MS,
        _Facts.collection,
        "The garbage collector stopped the stopwatch's process for {value:.0f} ms.",
    ),
    _Check(
        "clock",
        "ms",
        limits.CLOCK_MS,
        _Facts.clock,
        "The clock of the stamps went {value:.1f} ms away from the system's monotonic clock.",
    ),
    _Check(
        "order of stamps",
        "messages",
        limits.NONE_AT_ALL,
        _Facts.order,
        "{value:.0f} messages have a stamp before that of the message they followed.",
    ),
    _Check(
        "wall clock",
        "ms",
        limits.WALL_MS,
        _Facts.wall,
        "The wall clock was set by {value:.0f} ms meanwhile: latencies hold, comparisons with the "
        "service's own stamps do not.",
    ),
    _Check(
        "receive queue",
        "messages",
        limits.BACKLOG,
        _Facts.backlog,
        "Up to {value:.0f} messages were waiting when one was read.",
    ),
    _Check(
        "connections lost",
        "count",
        limits.NONE_WITHOUT_MENTION,
        _Facts.lost,
        "The connection was lost {value:.0f} times; latencies around it include the recovery.",
    ),
    _Check(
        "unacknowledged",
        "chunks",
        limits.NONE_WITHOUT_MENTION,
        _Facts.unacknowledged,
        "{value:.0f} chunks were never acknowledged.",
    ),
    _Check(
        "messages",
        "messages",
        limits.NONE_WITHOUT_MENTION,
        _Facts.messages,
        "{value:.0f} messages were lost, doubled or out of order, by the service's own record.",
    ),
)
