"""What the checks of a run look at: one number each, NaN where nothing tells it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gladia_nb.metrics.audit import audited_messages
from gladia_nb.metrics.base.choice import chosen
from gladia_nb.metrics.base.clocks import first_chunks
from gladia_nb.metrics.spoken import spoken_words
from gladia_nb.metrics.stopwatch import drift_ms, vitals_rows
from gladia_nb.metrics.words_heard import heard_words
from gladia_nb.record.columns import read
from gladia_nb.record.data import RunData

__all__ = ["Facts"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Messages that were waiting together are stamped within this of each other.
_BUNCH_NS = 2_000_000


class Facts:
    """What the checks look at, read once; what each means is said at `gladia_nb.health`.

    Args:
        run: the run.
    """

    def __init__(self, run: RunData) -> None:
        self.run = run
        self.chunks = first_chunks(run)
        self.vitals = {
            name: np.array(values, dtype="float64") for name, values in vitals_rows(run).items()
        }
        self.options = run.record.header["options"]
        self.is_live = run.is_live

    @property
    def _sent(self) -> int:
        return len(self.chunks.seq)

    def sent(self) -> float:
        """Whether nothing was sent."""
        return float(not self._sent)

    def ended(self) -> float:
        """Whether the record has no proper end."""
        return float(self.run.outcome in ("incomplete", "failed"))

    def left_out(self) -> float:
        """Lines, and fields of the header, that its file had and nobody can believe."""
        return float(len(self.run.record.problems))

    def speed(self) -> float:
        """How far from real time it was sent, in octaves."""
        return abs(float(np.log2(float(self.options["speed"]))))

    def schedule(self) -> float:
        """Greatest distance of a due time from the ideal one, milliseconds."""
        t0 = self.run.record.t0_ns
        if t0 is None or self.is_live or not self._sent:
            return np.nan
        rate = int(self.run.record.header["config"]["sample_rate"]) * float(self.options["speed"])
        ideal = t0 + self.chunks.end_frame / rate * 1e9
        return float(np.abs(self.chunks.due_ns - ideal).max()) / 1e6

    def early(self) -> float:
        """Most that audio was sent before it was spoken, milliseconds."""
        # What a microphone's clock leaves open is no earliness.
        slack_ms = max((e["uncertainty_ns"] / 1e6 for e in self.run.record.of("clock")), default=0)
        late = self.chunks.lateness_ms
        return -float(late.min()) - slack_ms if len(late) else np.nan

    def pacing(self) -> float:
        """Lateness of one chunk in a hundred, milliseconds; not of live audio."""
        return np.nan if self.is_live else self._lateness()

    def capture(self) -> float:
        """The same of live audio."""
        return self._lateness() if self.is_live else np.nan

    def gaps(self) -> float:
        """Live audio that is not there, pauses left out."""
        return float(sum(e["why"] not in ("paused", "zeros") for e in self.run.record.of("gap")))

    def zeros(self) -> float:
        """Places in the sound where the capture put zeros."""
        return float(sum(e["why"] == "zeros" for e in self.run.record.of("gap")))

    def _lateness(self) -> float:
        """Lateness of chunks that found a connection when they were due."""
        late, due = self.chunks.lateness_ms, self.chunks.due_ns
        kept = np.ones(len(late), dtype=bool)
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
        """Lateness at the end minus at the beginning, milliseconds."""
        # A sound card has a clock of its own, which is allowed to drift.
        return np.nan if self.is_live else abs(drift_ms(self.chunks.lateness_ms))

    def sending(self) -> float:
        """How long the network took for one chunk in a hundred, milliseconds."""
        sent = self.chunks.send_ms[~np.isnan(self.chunks.send_ms)]
        return float(np.quantile(sent, 0.99)) if len(sent) else np.nan

    def transcripts(self) -> float:
        """Whether there was speech and no transcript; NaN where nobody says what there was."""
        found = read(self.run.record)
        if found.is_transcript.any() or not self._sent:
            return 0.0
        end_s = float(self.chunks.end_s.max())
        # A text without times was spoken by the end of the audio.
        last_s = self.run.spoken["end_s"].fillna(self.run.duration_s)
        spoken = bool((last_s <= end_s + 1e-6).any())
        return 1.0 if spoken or found.type.is_("speech_start").any() else np.nan

    def unmatched(self) -> float:
        """Share of the reference words that were sent that no final holds."""
        spoken = spoken_words(self.run, chosen(self.run, "basic"))
        held = spoken.equal & spoken.is_final
        return float(np.mean(~held)) if len(held) else np.nan

    def untimed(self) -> float:
        """Words of finals that came without times."""
        words = heard_words(self.run, chosen(self.run, "basic"))
        return float(np.isnan(words.end_s[words.is_final]).sum())

    def loop(self) -> float:
        """Stall of the event loop that one message in a hundred met, milliseconds."""
        return self._touched("loop_lag_ms", self._bunches)

    def collection(self) -> float:
        """Pause of the garbage collector that one in a hundred met, milliseconds."""
        return self._touched("gc_longest_ms", self._bunches)

    def _touched(self, column: str, most: Ints) -> float:
        """What one message in a hundred met, or more, of what each second saw at its worst.

        Args:
            column: of `vitals`.
            most: how many messages of each second can have met it.
        """
        worst = self.vitals[column]
        if not len(worst):
            return np.nan
        if np.isnan(worst).all():
            return np.nan
        worst = np.nan_to_num(worst)
        total = len(self._stamps)
        if not total:
            return float(worst.max())
        order = np.argsort(-worst, kind="stable")
        # From the worst second on, until a hundredth of all messages is reached.
        reached = np.cumsum(most[order]) >= max(total / 100, 1)
        return float(worst[order][np.argmax(reached)]) if reached.any() else 0.0

    @cached_property
    def _stamps(self) -> Ints:
        found = read(self.run.record)
        return found.recv_ns[~found.via.is_("callback")]

    @cached_property
    def _seconds(self) -> list[Ints]:
        """The stamps that each row of the vitals saw."""
        stamps = np.sort(self._stamps)
        events = self.run.record.of("vitals")
        ends = [event["ns"] for event in events]
        begins = [event["ns"] - event["window_ns"] for event in events]
        bounds = zip(np.searchsorted(stamps, begins), np.searchsorted(stamps, ends), strict=True)
        return [stamps[low:high] for low, high in bounds]

    @cached_property
    def _bunches(self) -> Ints:
        """For each second the most messages that were stamped right behind each other.

        What arrives while everything stands still is stamped when it goes on, in one bunch.
        """
        sizes = []
        for stamps in self._seconds:
            breaks = np.flatnonzero(np.diff(stamps) > _BUNCH_NS)
            edges = np.concatenate([[-1], breaks, [len(stamps) - 1]])
            sizes.append(int(np.diff(edges).max()) if len(stamps) else 0)
        return np.array(sizes, dtype="int64")

    def clock(self) -> float:
        """Most that the clock of the stamps went away from another, milliseconds."""
        return _furthest(self.vitals["clock_ms"])

    def order(self) -> float:
        """Messages stamped before the one that they followed."""
        return float((np.diff(self._stamps) < 0).sum())

    def wall(self) -> float:
        """Most that the wall clock was set, milliseconds."""
        return _furthest(self.vitals["wall_ms"])

    def backlog(self) -> float:
        """Messages that were waiting behind one in a hundred."""
        waiting = np.nan_to_num(self.vitals["backlog"]).astype("int64")
        came = np.array([len(stamps) for stamps in self._seconds], dtype="int64")
        return self._touched("backlog", np.minimum(waiting, came))

    def lost(self) -> float:
        """Connections that were lost."""
        return float(max(0, sum(e["error"] is None for e in self.run.record.of("connect")) - 1))

    def unacknowledged(self) -> float:
        """Chunks without an acknowledgement; NaN where none came at all."""
        missing = self.chunks.ack_ns.missing
        # Acknowledgements can be switched off.
        return float(missing.sum()) if not missing.all() else np.nan

    def messages(self) -> float:
        """Messages lost, doubled or out of order."""
        rows = audited_messages(self.run)
        if not rows:
            return np.nan
        return float(sum(rows[-1].get(name, 0) for name in ("lost", "doubled", "out_of_order")))


def _furthest(values: Floats) -> float:
    """The greatest distance from 0 of what was observed; NaN when nothing was."""
    seen = np.abs(values[~np.isnan(values)])
    return float(seen.max()) if len(seen) else np.nan
