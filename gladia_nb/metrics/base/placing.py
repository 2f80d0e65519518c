"""The part of the reference that each utterance covers, and how it stood after each update.

What stood on the screen at the end is aligned with the reference words of the channel as a whole (a
shortest edit script, Levenshtein 1966), which gives each utterance its part of the reference; each
earlier text of the utterance is aligned with that part, as far as it had begun to be spoken.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.clocks import captured_s
from gladia_nb.metrics.base.granularity import why_no_words
from gladia_nb.metrics.base.shown import Shown, screen, tokens
from gladia_nb.record.data import RunData

__all__ = ["STATES", "Placed", "Spoken", "moment", "placed_utterances", "states_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: States of a reference word, by their index.
STATES = ("not_yet", "wrong", "correct")
_ABSENT, _WRONG, _CORRECT = range(3)


class Spoken(NamedTuple):
    """The reference words of a channel, one entry a token, in the order of their audio."""

    token: list[str]
    start_ns: Ints
    end_ns: Ints
    start_s: Floats
    end_s: Floats


class Placed(NamedTuple):
    """An utterance with its part of the reference, and how that stood at the end."""

    item: Shown
    part: Spoken
    states: Ints  # of the words of the part; indices of `STATES`
    extra: Ints  # words inserted behind each


def placed_utterances(run: RunData) -> Iterator[Placed]:
    """Each utterance of a run with its part of the reference, channel by channel.

    Raises:
        ConfigError: the run has no reference, or one without each word and its time.
    """
    if reason := why_no_words(run):
        raise ConfigError(reason)
    shown = screen(run)
    channels = sorted(set(run.reference["channel"]) | {item.channel for item in shown})
    spoken = {channel: _spoken(run, channel) for channel in channels}
    for channel in channels:
        texts = [item for item in shown if item.channel == channel]
        # In the order of the audio; what has no time comes last.
        texts.sort(key=lambda item: item.start_s if item.start_s == item.start_s else math.inf)
        yield from _parts(spoken[channel], texts)


def _spoken(run: RunData, channel: int) -> Spoken:
    rows = run.reference
    rows = rows[rows["channel"] == channel].sort_values("start_s", kind="stable")
    found = [tokens(word) for word in rows["word"]]
    counts = [len(part) for part in found]
    start_s, end_s = rows["start_s"].to_numpy(), rows["end_s"].to_numpy()
    return Spoken(
        [token for part in found for token in part],
        np.repeat(moment(run, start_s), counts),
        np.repeat(moment(run, end_s), counts),
        np.repeat(start_s, counts),
        np.repeat(end_s, counts),
    )


def _part(spoken: Spoken, begin: int, end: int) -> Spoken:
    kept = slice(begin, end)
    return Spoken(
        spoken.token[kept],
        spoken.start_ns[kept],
        spoken.end_ns[kept],
        spoken.start_s[kept],
        spoken.end_s[kept],
    )


def moment(run: RunData, position_s: npt.ArrayLike) -> Ints:
    """When audio positions were spoken, as stamps."""
    moments: Ints = np.rint(captured_s(run, position_s) * 1e9).astype("int64")
    return moments + (run.record.t0_ns or 0)


def _parts(spoken: Spoken, texts: Sequence[Shown]) -> Iterator[Placed]:
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
    spoken: Spoken, texts: Sequence[Shown], states: Ints, owner: Sequence[int]
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
