"""The part of the reference that each utterance covers, and how it stood after each update.

What stood on the screen at the end is aligned with the reference words of the channel as a whole (a
shortest edit script, Levenshtein 1966), which gives each utterance its part of the reference; each
earlier text of the utterance is aligned with that part, as far as it had begun to be spoken.

A final that is forced may cut off words that its partials had, which are in the part of the next
utterance of the channel then (see `handover`). So a partial is aligned with the words *ahead* of
its part, too: those of the next part that begin before the audio that the partial covers ends. What
it has right of them was on the screen, and is no word too many.
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
from gladia_nb.metrics.base.matching import spoken_in
from gladia_nb.metrics.base.shown import Shown, screen
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.record.data import RunData

__all__ = ["NEVER_NS", "STATES", "Part", "Placed", "moment", "placed_utterances", "states_of"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: States of a reference word, by their index.
STATES = ("not_yet", "wrong", "correct")
_ABSENT, _WRONG, _CORRECT = range(3)
#: Later than every stamp.
NEVER_NS = 1 << 61


class Part(NamedTuple):
    """Reference words of a channel, one entry a token, in the order of their audio.

    A word of several tokens shares its time among them, evenly.
    """

    token: list[str]
    start_ns: Ints
    end_ns: Ints
    start_s: Floats
    end_s: Floats


class Placed(NamedTuple):
    """An utterance with its part of the reference, and how that stood at the end.

    Attributes:
        item: the utterance.
        texts: the tokens of each of its texts.
        part: its part of the reference.
        ahead: words of the part of the next utterance that its partials may show.
        states: of the words of the part; indices of `STATES`.
        extra: words inserted behind each.
    """

    item: Shown
    texts: list[list[str]]
    part: Part
    ahead: Part
    states: Ints
    extra: Ints


def placed_utterances(run: RunData, choice: Normaliser) -> Iterator[Placed]:
    """Each utterance of a run with its part of the reference, channel by channel.

    Raises:
        ConfigError: the run has no reference, or one without each word and its time.
    """
    if reason := why_no_words(run):
        raise ConfigError(reason)
    shown = screen(run)
    channels = sorted(set(run.reference["channel"]) | {item.channel for item in shown})
    spoken = {channel: _spoken(run, channel, choice) for channel in channels}
    for channel in channels:
        texts = [item for item in shown if item.channel == channel]
        # In the order of the audio; what has no time comes last.
        texts.sort(key=lambda item: item.start_s if item.start_s == item.start_s else math.inf)
        yield from _parts(spoken[channel], texts, choice)


def _spoken(run: RunData, channel: int, choice: Normaliser) -> Part:
    found = spoken_in(run, choice)
    here = np.flatnonzero(found.channel == channel)
    start_s, end_s = found.start_s[here], found.end_s[here]
    tokens = [found.token[k] for k in here]
    return Part(tokens, moment(run, start_s), moment(run, end_s), start_s, end_s)


def _part(spoken: Part, begin: int, end: int) -> Part:
    kept = slice(begin, end)
    return Part(
        spoken.token[kept],
        spoken.start_ns[kept],
        spoken.end_ns[kept],
        spoken.start_s[kept],
        spoken.end_s[kept],
    )


def moment(run: RunData, position_s: npt.ArrayLike) -> Ints:
    """When audio positions were spoken, as stamps; `NEVER_NS` for live audio that never was."""
    spoken_s = captured_s(run, position_s)
    known = np.isfinite(spoken_s)
    moments: Ints = np.rint(np.where(known, spoken_s, 0.0) * 1e9).astype("int64")
    return np.where(known, moments + (run.record.t0_ns or 0), NEVER_NS)


def _parts(spoken: Part, texts: Sequence[Shown], choice: Normaliser) -> Iterator[Placed]:
    """Each utterance with its part of the reference, and how that stood at the end."""
    last = [choice.tokens(item.texts[-1]) for item in texts]
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
        # The last text has no say about the words ahead: it was placed with all others.
        until_s = max((at for at in item.ends_s[:-1] if not math.isnan(at)), default=-math.inf)
        limit = int(bounds[min(k + 2, len(texts))])
        ahead = end + int(np.searchsorted(spoken.start_s[end:limit], until_s))
        cut = [*(choice.tokens(text) for text in item.texts[:-1]), last[k]]
        parts = _part(spoken, begin, end), _part(spoken, end, ahead)
        yield Placed(item, cut, *parts, states[begin:end], extra[k])


def _owners(
    spoken: Part, texts: Sequence[Shown], states: Ints, owner: Sequence[int]
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


def states_of(placed: Placed) -> tuple[Ints, Ints, Bools]:
    """How the words of an utterance stood after each of its texts.

    Returns:
        States (indices of `STATES`) and words inserted, shape `(texts, words)`; of an utterance
        without a part of the reference one column. And which of the words ahead each text shows,
        shape `(texts, words ahead)`.
    """
    item, part = placed.item, placed.part
    width = len(part.token)
    states = np.zeros((len(item.recv_ns), max(width, 1)), dtype="int64")
    extra = np.zeros_like(states)
    ahead = np.zeros((len(item.recv_ns), len(placed.ahead.token)), dtype=bool)
    recv_ns = np.array(item.recv_ns, dtype="int64")
    begun = np.searchsorted(part.start_ns, recv_ns, side="left")
    # Words ahead are looked for behind the whole part, as far as the text goes.
    nearer = np.searchsorted(placed.ahead.start_ns, recv_ns, side="left")
    heard = np.searchsorted(placed.ahead.start_s, np.array(item.ends_s))
    nearer = np.where(begun == width, np.minimum(nearer, heard), 0)
    for k, words in enumerate(placed.texts[:-1]):
        own, near = int(begun[k]), int(nearer[k])
        spoken = part.token[:own] + placed.ahead.token[:near] if near else part.token[:own]
        found, _, before = _align(spoken, words)
        states[k, :own] = found[:own]
        for _, at in before:
            extra[k, min(max(at, 0), max(width, 1) - 1)] += 1
        if near:
            ahead[k, :near] = found[own:] == _CORRECT
            extra[k, max(width, 1) - 1] += int((found[own:] == _WRONG).sum())
    if width:
        states[-1] = placed.states
    extra[-1] = placed.extra
    return states, extra, ahead


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
