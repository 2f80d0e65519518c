"""Accuracy as a function of patience: what was on the screen some time after each word.

The screen of a channel is the newest text of each of its utterances (up to and including the first
final), in the order of their audio. What stood there at the end is aligned with the reference words
of the channel as a whole (a shortest edit script, Levenshtein 1966), which gives each utterance its
part of the reference; each earlier text of the utterance is aligned with that part, as far as it
had begun to be spoken. So each reference word is, at each moment, *correct* (the same word stands
in its place), *wrong* (another one does), or *not yet* there.

Time counts for each word by itself, from its end on the capture clock: that is what somebody feels
who has just spoken it. An inserted word belongs to the reference word that it follows in the
alignment (to the first one, where it precedes all); the words of an utterance that has no part of
the reference count from its end.

Words are blind to case and punctuation (`gladia_nb.metrics.text.normalise`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from rapidfuzz.distance import Levenshtein

from gladia_nb.errors import ConfigError
from gladia_nb.frames import Schema
from gladia_nb.metrics.clocks import captured_s
from gladia_nb.metrics.screen import Shown, screen, tokens
from gladia_nb.metrics.words import to_frame

if TYPE_CHECKING:
    from gladia_nb.run import Run

__all__ = [
    "ERROR_DELAY",
    "STATES",
    "WER_AT",
    "Placed",
    "error_delay",
    "placed_utterances",
    "states_of",
    "wer_at",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: One row a deadline.
WER_AT: Schema = MappingProxyType(
    {
        "tau_s": "float64",  # time since the end of each reference word; inf: at the end
        "reference_words": "int64",
        "correct": "int64",  # of them, the right word in its place on the screen
        "substitutions": "int64",  # another word in its place
        "deletions": "int64",  # no word in its place: not yet, or never
        "insertions": "int64",  # words on the screen that belong to none
        "wer": "float64",  # (substitutions + deletions + insertions) / reference words
    }
)

#: One row a bin of the delay.
ERROR_DELAY: Schema = MappingProxyType(
    {
        "from_s": "float64",  # since the end of each reference word
        "to_s": "float64",  # exclusive
        "reference_words": "int64",
        "correct": "float64",  # share of words, averaged over the bin; the three add up to 1
        "wrong": "float64",
        "not_yet": "float64",
        "inserted": "float64",  # words too many, for each reference word
    }
)

#: From the moment a word is spoken to when live transcription has long settled.
_TAUS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, math.inf)

#: States of a reference word, by their index.
STATES = ("not_yet", "wrong", "correct")
_ABSENT, _WRONG, _CORRECT = range(3)


def wer_at(run: Run, taus: Iterable[float] = _TAUS) -> pd.DataFrame:
    """WER(tau): the word error rate of what was on the screen `tau` after each word was spoken.

    At `tau` each reference word is looked at when that much time has passed since its end, and is
    correct, substituted or deleted as it stands then; insertions are those on the screen then. See
    the module for where words belong. At infinity the rate is the word error rate of what stood on
    the screen at the end, which is that of the finals (`word_errors`) when each utterance has one.
    The curve need not fall: a text that was right can be changed for the worse.

    Args:
        run: a run with a reference.
        taus: seconds; negative ones ask for words that are still being spoken.

    Returns:
        Columns in `WER_AT`, all channels together, in the order of `taus`. Without a single
        transcript all words are deletions, and the rate is 1.

    Raises:
        ConfigError: the run has no reference, or a tau is no number.

    Example:
        `wer_at(run, (0.3, 1.0)).set_index("tau_s")["wer"]`
    """
    deadlines = [float(tau) for tau in taus]
    if any(map(math.isnan, deadlines)):
        raise ConfigError("A deadline of wer_at must be a number of seconds; one of them is NaN.")
    changes = _changes(run)
    at_ns = np.array([_ns(tau) for tau in deadlines], dtype="int64")
    states = {name: changes.count(name, at_ns) for name in ("correct", "wrong", "inserted")}
    missing = changes.words - states["correct"] - states["wrong"]
    errors = states["wrong"] + missing + states["inserted"]
    columns = {
        "tau_s": deadlines,
        "reference_words": [changes.words] * len(deadlines),
        "correct": states["correct"],
        "substitutions": states["wrong"],
        "deletions": missing,
        "insertions": states["inserted"],
        "wer": errors / changes.words,
    }
    return to_frame(columns, WER_AT)


def error_delay(run: Run, *, width_s: float = 0.1, until_s: float = 5.0) -> pd.DataFrame:
    """How many words were correct, wrong and not yet there, by the delay since they were spoken.

    Each share is the exact average over its bin: a word that becomes correct in the middle of a bin
    counts half. States are those of `wer_at`.

    Args:
        run: a run with a reference.
        width_s: of a bin, seconds.
        until_s: end of the last bin, seconds; rounded up to whole bins.

    Returns:
        Columns in `ERROR_DELAY`, by delay.

    Raises:
        ConfigError: the run has no reference, or the bins are not positive.

    Example:
        `error_delay(run).plot.area(x="from_s", y=["correct", "wrong", "not_yet"])`
    """
    if not (0 < width_s < math.inf and 0 < until_s < math.inf):
        raise ConfigError("width_s and until_s of error_delay must be positive, in seconds.")
    changes = _changes(run)
    count = max(1, math.ceil(until_s / width_s - 1e-9))
    edges_ns = np.array([_ns(k * width_s) for k in range(count + 1)], dtype="int64")
    shares = {
        name: changes.mean(name, edges_ns) / changes.words
        for name in ("correct", "wrong", "inserted")
    }
    columns = {
        "from_s": edges_ns[:-1] / 1e9,
        "to_s": edges_ns[1:] / 1e9,
        "reference_words": [changes.words] * count,
        **shares,
        "not_yet": 1 - shares["correct"] - shares["wrong"],
    }
    return to_frame(columns, ERROR_DELAY)


class _Changes:
    """When words changed their state, as delays since each was spoken.

    Args:
        words: number of reference words.
    """

    def __init__(self, words: int) -> None:
        self.words = words
        self._blocks: dict[str, list[tuple[Ints, Ints]]] = {
            name: [] for name in ("correct", "wrong", "inserted")
        }

    def add(self, recv_ns: Ints, spoken_ns: Ints, states: Ints, extra: Ints) -> None:
        """The history of some words: states and words inserted, shape `(texts, words)`."""
        numbers = {
            "correct": (states == _CORRECT).astype("int64"),
            "wrong": (states == _WRONG).astype("int64"),
            "inserted": extra,
        }
        for name, matrix in numbers.items():
            steps = np.diff(matrix, axis=0, prepend=0)
            at, word = np.nonzero(steps)
            self._blocks[name].append((recv_ns[at] - spoken_ns[word], steps[at, word]))

    def _sorted(self, name: str) -> tuple[Ints, Ints]:
        blocks = self._blocks[name] or [(np.empty(0, "int64"), np.empty(0, "int64"))]
        delays, steps = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        order = np.argsort(delays, kind="stable")
        return delays[order], steps[order]

    def count(self, name: str, at_ns: Ints) -> Ints:
        """How many are in a state at each delay."""
        delays, steps = self._sorted(name)
        total = np.concatenate([[0], np.cumsum(steps)])
        found: Ints = total[np.searchsorted(delays, at_ns, side="right")]
        return found

    def mean(self, name: str, edges_ns: Ints) -> Floats:
        """How many are in a state on average, between each two delays."""
        delays, steps = self._sorted(name)
        # The integral of a step function up to x: sum of steps before x, each times how long ago.
        total = np.concatenate([[0], np.cumsum(steps)])
        moment = np.concatenate([[0.0], np.cumsum(steps * delays.astype("float64"))])
        at = np.searchsorted(delays, edges_ns, side="right")
        area = total[at] * edges_ns.astype("float64") - moment[at]
        found: Floats = np.diff(area) / np.diff(edges_ns)
        return found


class _Spoken(NamedTuple):
    """The reference words of a channel, one entry a token, in the order of their audio."""

    token: list[str]
    start_ns: Ints
    end_ns: Ints
    start_s: Floats
    end_s: Floats


class Placed(NamedTuple):
    """An utterance with its part of the reference, and how that stood at the end."""

    item: Shown
    part: _Spoken
    states: Ints  # of the words of the part; indices of `STATES`
    extra: Ints  # words inserted behind each


def _changes(run: Run) -> _Changes:
    changes = _Changes(_spoken_words(run))
    for placed in placed_utterances(run):
        recv_ns = np.array(placed.item.recv_ns, dtype="int64")
        spoken_ns = placed.part.end_ns
        if not len(spoken_ns):
            spoken_ns = np.array([_end_ns(run, placed.item)])
        changes.add(recv_ns, spoken_ns, *states_of(placed))
    return changes


def _spoken_words(run: Run) -> int:
    """Number of reference words."""
    words = sum(len(tokens(word)) for word in run.reference["word"])
    if len(run.reference) and not words:
        raise ConfigError("The reference of this run has no word with a letter or a digit.")
    return words


def placed_utterances(run: Run) -> Iterator[Placed]:
    """Each utterance of a run with its part of the reference, channel by channel.

    Raises:
        ConfigError: the run has no reference.
    """
    if not len(run.reference):
        raise ConfigError(
            "This run has no reference words to compare with. "
            "Give reference= when it is made, or put NAME.words.json beside the sound file."
        )
    shown = screen(run)
    channels = sorted(set(run.reference["channel"]) | {item.channel for item in shown})
    spoken = {channel: _spoken(run, channel) for channel in channels}
    for channel in channels:
        texts = [item for item in shown if item.channel == channel]
        # In the order of the audio; what has no time comes last.
        texts.sort(key=lambda item: item.start_s if item.start_s == item.start_s else math.inf)
        yield from _parts(spoken[channel], texts)


def _spoken(run: Run, channel: int) -> _Spoken:
    rows = run.reference
    rows = rows[rows["channel"] == channel].sort_values("start_s", kind="stable")
    found = [tokens(word) for word in rows["word"]]
    counts = [len(part) for part in found]
    start_s, end_s = rows["start_s"].to_numpy(), rows["end_s"].to_numpy()
    return _Spoken(
        [token for part in found for token in part],
        np.repeat(_moment(run, start_s), counts),
        np.repeat(_moment(run, end_s), counts),
        np.repeat(start_s, counts),
        np.repeat(end_s, counts),
    )


def _part(spoken: _Spoken, begin: int, end: int) -> _Spoken:
    kept = slice(begin, end)
    return _Spoken(
        spoken.token[kept],
        spoken.start_ns[kept],
        spoken.end_ns[kept],
        spoken.start_s[kept],
        spoken.end_s[kept],
    )


def _moment(run: Run, position_s: npt.ArrayLike) -> Ints:
    """When audio positions were spoken, as stamps."""
    moments: Ints = np.rint(captured_s(run, position_s) * 1e9).astype("int64")
    return moments + (run.record.t0_ns or 0)


def _parts(spoken: _Spoken, texts: Sequence[Shown]) -> Iterator[Placed]:
    """Each utterance with its part of the reference, and how that stood at the end."""
    last = [tokens(item.texts[-1]) for item in texts]
    owner = [k for k, words in enumerate(last) for _ in words]
    everything = [word for words in last for word in words]
    states, partner, before = _align(spoken.token, everything)
    owners = _owners(spoken, texts, states, [owner[p] if p >= 0 else -1 for p in partner])
    bounds = np.searchsorted(owners, np.arange(len(texts) + 1))
    extra = [np.zeros(max(b - a, 1), dtype="int64") for a, b in pairwise(bounds)]
    for position, at in before:
        mine = extra[owner[position]]
        mine[min(max(at - bounds[owner[position]], 0), len(mine) - 1)] += 1
    for k, item in enumerate(texts):
        begin, end = int(bounds[k]), int(bounds[k + 1])
        yield Placed(item, _part(spoken, begin, end), states[begin:end], extra[k])


def _owners(
    spoken: _Spoken, texts: Sequence[Shown], states: Ints, owner: Sequence[int]
) -> npt.NDArray[np.intp]:
    """The utterance of each reference word, never falling.

    A word that stands on the screen belongs where it stands; one that does not, to the nearest in
    time of the utterances between its neighbours.
    """
    owners = np.array(owner, dtype=np.intp)
    following, later = len(texts) - 1, np.empty(len(owners), dtype=np.intp)
    for at in range(len(owners) - 1, -1, -1):
        following = owners[at] if states[at] else following
        later[at] = following
    current = 0
    for at, middle in enumerate((spoken.start_s + spoken.end_s) / 2):
        if not states[at]:
            options = range(current, int(later[at]) + 1)
            owners[at] = min(options, key=lambda k: _distance(texts[k], middle), default=0)
        current = int(owners[at])
    return owners


def _distance(item: Shown, middle_s: float) -> float:
    """Seconds between a moment and an utterance; 0 inside, inf when it has no times."""
    found = max(item.start_s - middle_s, middle_s - item.end_s, 0.0)
    return math.inf if math.isnan(item.start_s + item.end_s) else found


def states_of(placed: Placed) -> tuple[Ints, Ints]:
    """How the words of an utterance stood after each of its texts.

    Returns:
        States (indices of `STATES`) and words inserted, shape `(texts, words)`; of an utterance
        without a part of the reference one column.
    """
    item, part = placed.item, placed.part
    width = len(part.token)
    states = np.zeros((len(item.recv_ns), max(width, 1)), dtype="int64")
    extra = np.zeros_like(states)
    begun = np.searchsorted(part.start_ns, np.array(item.recv_ns, dtype="int64"), side="left")
    for k, text in enumerate(item.texts[:-1]):
        words = tokens(text)
        if not width:
            extra[k] = len(words)
            continue
        found, _, before = _align(part.token[: begun[k]], words)
        states[k, : begun[k]] = found
        for _, at in before:
            extra[k, max(at, 0)] += 1
    if width:
        states[-1] = placed.states
    extra[-1] = placed.extra
    return states, extra


def _end_ns(run: Run, item: Shown) -> int:
    """When an utterance ended; when it was heard of first, if that is not said."""
    return item.recv_ns[0] if math.isnan(item.end_s) else int(_moment(run, item.end_s))


def _align(
    reference: Sequence[str], shown: Sequence[str]
) -> tuple[Ints, list[int], list[tuple[int, int]]]:
    """A shortest edit script from reference to screen.

    Returns:
        State of each reference word; the word on the screen in its place, or -1; and the inserted
        words, each with the reference word that it follows, or -1.
    """
    states = np.full(len(reference), _ABSENT, dtype="int64")
    partner = [-1] * len(reference)
    inserted: list[tuple[int, int]] = []
    if shown == reference[: len(shown)]:
        # The usual case of a partial without a mistake, for which there is nothing to search.
        states[: len(shown)] = _CORRECT
        partner[: len(shown)] = range(len(shown))
        return states, partner, inserted
    for edit in Levenshtein.opcodes(reference, shown):
        begin, end = edit.src_start, edit.src_end
        if edit.tag == "insert":
            inserted += [(at, begin - 1) for at in range(edit.dest_start, edit.dest_end)]
        elif edit.tag != "delete":
            states[begin:end] = _CORRECT if edit.tag == "equal" else _WRONG
            partner[begin:end] = range(edit.dest_start, edit.dest_end)
    return states, partner, inserted


def _ns(seconds: float) -> int:
    if math.isinf(seconds):
        limits = np.iinfo("int64")
        return int(limits.max if seconds > 0 else limits.min)
    return round(seconds * 1e9)
