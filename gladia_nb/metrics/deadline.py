"""Accuracy as a function of patience: what was on the screen some time after each word.

The screen of a channel is the newest text of each of its utterances (up to and including the first
final), in the order of their audio, aligned with the reference words as `placing` describes. So
each reference word is, at each moment, *correct* (the same word stands in its place), *wrong*
(another one does), or *not yet* there.

Time counts for each word by itself, from its end on the capture clock: that is what somebody feels
who has just spoken it. An inserted word belongs to the reference word that it follows in the
alignment (to the first one, where it precedes all); the words of an utterance that has no part of
the reference count from its end.

A word that the utterance before showed, and that its final cut off, is on the screen as long as it
stood there, and once it stands in its own utterance.

Words are tokens of the normaliser (`metrics.base.text`): "21" is two of them, and each Chinese
character is one. A word of several shares its time among them, evenly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.matching import spoken_in
from gladia_nb.metrics.base.placing import STATES, Placed, moment, placed_utterances, states_of
from gladia_nb.metrics.base.sent_part import sent_words
from gladia_nb.metrics.base.shown import Shown
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["ERROR_DELAY", "WER_AT", "error_delay", "wer_at"]

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
        "normaliser": "str",  # what makes words equal
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
        "normaliser": "str",  # what makes words equal
    }
)

#: From the moment a word is spoken to when live transcription has long settled.
_TAUS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, math.inf)

_WRONG, _CORRECT = STATES.index("wrong"), STATES.index("correct")


def wer_at(
    run: RunData, taus: Iterable[float] = _TAUS, *, normaliser: Choice = "basic"
) -> pd.DataFrame:
    """WER(tau): the word error rate of what was on the screen `tau` after each word was spoken.

    At `tau` each reference word is looked at when that much time has passed since its end, and is
    correct, substituted or deleted as it stands then; insertions are those on the screen then. See
    the module for where words belong. At infinity the rate is the word error rate of what stood on
    the screen at the end, which is that of the finals (`word_errors`) when each utterance has one.
    The curve need not fall: a text that was right can be changed for the worse.

    Args:
        run: a run with a reference of the granularity `word`.
        taus: seconds; negative ones ask for words that are still being spoken.
        normaliser: what makes words equal; see `word_errors`.

    Returns:
        Columns in `WER_AT`, all channels together, in the order of `taus`. Without a single
        transcript all words are deletions, and the rate is 1.

    Raises:
        ConfigError: the run has no reference of words with times, a tau is no number, or there is
            no such normaliser.

    Example:
        `wer_at(run, (0.3, 1.0)).set_index("tau_s")["wer"]`
    """
    deadlines = [float(tau) for tau in taus]
    if any(map(math.isnan, deadlines)):
        raise ConfigError("A deadline of wer_at must be a number of seconds; one of them is NaN.")
    choice = chosen(run, normaliser)
    changes = _changes(run, choice)
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
        "wer": errors / (changes.words or math.nan),
        "normaliser": [choice.name] * len(deadlines),
    }
    return to_frame(columns, WER_AT)


def error_delay(
    run: RunData,
    *,
    width_s: float = 0.1,
    until_s: float = 5.0,
    normaliser: Choice = "basic",
) -> pd.DataFrame:
    """How many words were correct, wrong and not yet there, by the delay since they were spoken.

    Each share is the exact average over its bin: a word that becomes correct in the middle of a bin
    counts half. States are those of `wer_at`.

    Args:
        run: a run with a reference of the granularity `word`.
        width_s: of a bin, seconds.
        until_s: end of the last bin, seconds; rounded up to whole bins.
        normaliser: what makes words equal; see `word_errors`.

    Returns:
        Columns in `ERROR_DELAY`, by delay.

    Raises:
        ConfigError: the run has no reference of words with times, the bins are not positive, or
            there is no such normaliser.

    Example:
        `error_delay(run).plot.area(x="from_s", y=["correct", "wrong", "not_yet"])`
    """
    if not (0 < width_s < math.inf and 0 < until_s < math.inf):
        raise ConfigError("width_s and until_s of error_delay must be positive, in seconds.")
    choice = chosen(run, normaliser)
    changes = _changes(run, choice)
    count = max(1, math.ceil(until_s / width_s - 1e-9))
    edges_ns = np.array([_ns(k * width_s) for k in range(count + 1)], dtype="int64")
    shares = {
        name: changes.mean(name, edges_ns) / (changes.words or math.nan)
        for name in ("correct", "wrong", "inserted")
    }
    columns = {
        "from_s": edges_ns[:-1] / 1e9,
        "to_s": edges_ns[1:] / 1e9,
        "reference_words": [changes.words] * count,
        **shares,
        "not_yet": 1 - shares["correct"] - shares["wrong"],
        "normaliser": [choice.name] * count,
    }
    return to_frame(columns, ERROR_DELAY)


class _Changes:
    """When words changed their state, as delays since each was spoken.

    Args:
        words: number of reference words.
        histories: how some words stood after each arrival, and when each was spoken.
    """

    def __init__(self, words: int, histories: Iterable[tuple[_History, Ints]]) -> None:
        self.words = words
        blocks: dict[str, list[tuple[Ints, Ints]]] = {
            name: [(np.empty(0, "int64"),) * 2] for name in ("correct", "wrong", "inserted")
        }
        for history, spoken_ns in histories:
            numbers = {
                "correct": (history.states == _CORRECT).astype("int64"),
                "wrong": (history.states == _WRONG).astype("int64"),
                "inserted": history.extra,
            }
            for name, matrix in numbers.items():
                steps = np.diff(matrix, axis=0, prepend=0)
                at, word = np.nonzero(steps)
                blocks[name].append((history.recv_ns[at] - spoken_ns[word], steps[at, word]))
        self._sorted = {name: _by_delay(found) for name, found in blocks.items()}

    def count(self, name: str, at_ns: Ints) -> Ints:
        """How many are in a state at each delay."""
        delays, steps = self._sorted[name]
        total = np.concatenate([[0], np.cumsum(steps)])
        found: Ints = total[np.searchsorted(delays, at_ns, side="right")]
        return found

    def mean(self, name: str, edges_ns: Ints) -> Floats:
        """How many are in a state on average, between each two delays."""
        delays, steps = self._sorted[name]
        # The integral of a step function up to x: sum of steps before x, each times how long ago.
        total = np.concatenate([[0], np.cumsum(steps)])
        moment = np.concatenate([[0.0], np.cumsum(steps * delays.astype("float64"))])
        at = np.searchsorted(delays, edges_ns, side="right")
        area = total[at] * edges_ns.astype("float64") - moment[at]
        found: Floats = np.diff(area) / np.diff(edges_ns)
        return found


def _by_delay(blocks: Iterable[tuple[Ints, Ints]]) -> tuple[Ints, Ints]:
    delays, steps = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
    order = np.argsort(delays, kind="stable")
    return delays[order], steps[order]


def _changes(run: RunData, choice: Normaliser) -> _Changes:
    """Made once: both measures, and each curve, ask for them."""

    def make() -> _Changes:
        return _Changes(_spoken_words(run, choice), _histories(run, choice))

    return kept(run.record, f"changes {choice.key}", make)


def _histories(run: RunData, choice: Normaliser) -> Iterator[tuple[_History, Ints]]:
    ahead: _Ahead | None = None
    for placed in placed_utterances(run, choice):
        recv_ns = np.array(placed.item.recv_ns, dtype="int64")
        spoken_ns = placed.part.end_ns
        if not len(spoken_ns):
            spoken_ns = np.array([_end_ns(run, placed.item)])
        states, extra, shown = states_of(placed)
        history = _History(recv_ns, states, extra)
        if ahead is not None and ahead.of.item.channel == placed.item.channel:
            history = _handed_over(ahead, history, len(placed.part.token))
        yield history, spoken_ns
        ahead = _Ahead(placed, recv_ns, shown) if shown.any() else None


class _History(NamedTuple):
    """How words stood after each arrival: states and words inserted, shape `(arrivals, words)`."""

    recv_ns: Ints
    states: Ints
    extra: Ints


class _Ahead(NamedTuple):
    """What an utterance showed of the next one's words, after each of its texts."""

    of: Placed
    recv_ns: Ints
    shown: npt.NDArray[np.bool_]


def _handed_over(ahead: _Ahead, own: _History, words: int) -> _History:
    """The history of words with what the utterance before showed of them.

    While both show a word it stands there twice: the second is inserted.
    """
    width = min(ahead.shown.shape[1], words)
    recv_ns = np.unique(np.append(ahead.recv_ns, own.recv_ns))
    mine = np.searchsorted(own.recv_ns, recv_ns, side="right") - 1
    theirs = np.searchsorted(ahead.recv_ns, recv_ns, side="right") - 1
    came = (mine >= 0)[:, None]
    states, extra = own.states[mine] * came, own.extra[mine] * came
    shown = ahead.shown[theirs, :width] & (theirs >= 0)[:, None]
    extra[:, :width] += shown & (states[:, :width] == _CORRECT)
    states[:, :width] = np.where(shown, _CORRECT, states[:, :width])
    return _History(recv_ns, states, extra)


def _spoken_words(run: RunData, choice: Normaliser) -> int:
    """Number of reference words that were sent."""
    words = len(spoken_in(run, choice).token)
    if sent_words(run).any() and not words:
        raise ConfigError("The reference of this run has no word with a letter or a digit.")
    return words


def _end_ns(run: RunData, item: Shown) -> int:
    """When an utterance ended; when it was heard of first, if that is not said."""
    return item.recv_ns[0] if math.isnan(item.end_s) else int(moment(run, item.end_s))


def _ns(seconds: float) -> int:
    if math.isinf(seconds):
        limits = np.iinfo("int64")
        return int(limits.max if seconds > 0 else limits.min)
    return round(seconds * 1e9)
