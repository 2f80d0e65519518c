"""When each token of a transcript was seen first, and since when it stood: all at once.

The tokens of all partials are held as numbers in a few arrays. Nearly all partials show those of
the final, one by one, from the first on, or something else in their place; these are paired with
the final without looking at them one by one. Only where words were shifted, or stand twice near
each other, an alignment is made for the partial.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gladia_nb.metrics.base.align import align_edits, align_in_time
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.metrics.base.tokens import shared, spread
from gladia_nb.record.columns import Transcripts, Words, read, transcripts, words
from gladia_nb.record.file import Record

__all__ = ["SEEN_WITHIN_S", "Milestones", "milestones_of"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
#: Millions of them are held at a time.
Codes = npt.NDArray[np.int32]

#: Seconds between the starts of a word in a partial and in the final beyond which they are not the
#: same. Starts hardly move between the two; the end of the newest word of a partial does.
SEEN_WITHIN_S = 0.5

_NEVER = np.iinfo(np.int32).max


class _Tokens(NamedTuple):
    """Tokens of words, in the order of their transcripts.

    Attributes:
        transcript: number of its transcript.
        code: which token it is.
        written: which piece of writing it is from.
        word: number of its word among all words of the record.
        start_s: its share of the time of the word; NaN where the service does not say.
    """

    transcript: Codes
    code: Codes
    written: Codes
    word: Codes
    start_s: Floats

    def of(self, chosen: Bools) -> _Tokens:
        return _Tokens(
            self.transcript[chosen],
            self.code[chosen],
            self.written[chosen],
            self.word[chosen],
            self.start_s[chosen],
        )


class Milestones(NamedTuple):
    """Tokens of the first final of each utterance (of its last partial without one), in order.

    A milestone is a stamp, or -1 for never. Shapes are `(k,)` unless it is said.

    Attributes:
        utterance: number of the utterance of each token.
        word: number of its word among all words of the record.
        code: which token it is; position in `texts`.
        texts: the different tokens.
        start_s: its share of the time of its word; NaN where the service does not say.
        end_s: likewise.
        first_seen: arrival of the first partial that shows it.
        stable: arrival from which on all partials show it, up to and including the final.
        stable_raw: the same for what it is from as it is written.
        reformed: whether a partial shows it in another form, as "21" for "twenty-one".
        target: number of the final (or last partial) of each utterance, or -1; shape `(u,)`.
        has_final: whether that is a final; shape `(u,)`.
        other: tokens of partials that stand for none of the final, with `other_*` in the order
            of arrival, shape `(o,)`: numbers of their utterances.
        other_code: which token each is.
        other_start_s: its audio time.
        other_showing: number of its partial.
        showing_ns: arrival of each partial, by that number.
        seen: for each partial and token of the final that it shows, both numbers, as
            `showing * k + token`, in order.
    """

    utterance: Ints
    word: Ints
    code: Ints
    texts: list[str]
    start_s: Floats
    end_s: Floats
    first_seen: Ints
    stable: Ints
    stable_raw: Ints
    reformed: Bools
    target: Ints
    has_final: Bools
    other: Ints
    other_code: Ints
    other_start_s: Floats
    other_showing: Ints
    showing_ns: Ints
    seen: Ints


def milestones_of(record: Record, choice: Normaliser) -> Milestones:
    """First sight and stability of each token; see `gladia_nb.metrics.words.word_times`.

    Partials that arrive behind the first final of their utterance change nothing: the first final
    is the last word about an utterance.
    """
    found, shown, said = read(record), transcripts(record), words(record)
    tokens, texts, forms = _tokens(shown, said, choice)
    n = len(shown.id)
    target = _targets(shown, tokens, n)
    has_final = np.zeros(n, dtype=bool)
    has_final[shown.utterance[shown.is_final]] = True
    # What counts as a showing: partials in front of the first final.
    place = np.arange(len(shown.message))
    until = np.where(has_final, target, len(shown.message))
    counts = ~shown.is_final & (place < until[shown.utterance])
    showing = np.cumsum(counts, dtype="int32") - np.int32(1)
    showing_ns = found.recv_ns[shown.message[counts]]
    is_target = np.zeros(len(shown.message), dtype=bool)
    is_target[target[target >= 0]] = True
    final = tokens.of(is_target[tokens.transcript])
    partial = tokens.of(counts[tokens.transcript])
    del tokens
    owner = shown.utterance.astype("int32")
    utterance = owner[final.transcript]
    pair = _paired(partial, final, owner[partial.transcript], utterance, n)
    seen = pair >= 0
    by, which = showing[partial.transcript[seen]], pair[seen]
    first = np.full(len(final.code), _NEVER, dtype="int32")
    np.minimum.at(first, which, by)
    last = np.full(n, -1, dtype="int32")
    last[shown.utterance[counts]] = showing[counts]
    same = partial.written[seen] == final.written[which]
    final_ns = np.where(has_final, found.recv_ns[shown.message[target]] if n else 0, -1)[utterance]
    stables = []
    for kept in (np.ones(len(which), dtype=bool), same):
        since = _since(by[kept], which[kept], last[utterance])
        stamps = np.append(showing_ns, 0)[np.where(since < 0, -1, since)]
        stables.append(np.where((since >= 0) & (final_ns >= 0), stamps, final_ns))
    reformed = np.zeros(len(final.code), dtype=bool)
    reformed[which[~same & (forms[partial.written[seen]] != forms[final.written[which]])]] = True
    return Milestones(
        utterance=utterance.astype(np.int64),
        word=final.word.astype(np.int64),
        code=final.code.astype(np.int64),
        texts=texts,
        start_s=final.start_s,
        end_s=_ends_s(final, said),
        first_seen=np.where(first < _NEVER, np.append(showing_ns, 0)[_at(first)], -1),
        stable=stables[0],
        stable_raw=stables[1],
        reformed=reformed,
        target=target,
        has_final=has_final,
        other=shown.utterance[partial.transcript[~seen]],
        other_code=partial.code[~seen].astype(np.int64),
        other_start_s=partial.start_s[~seen],
        other_showing=showing[partial.transcript[~seen]].astype(np.int64),
        showing_ns=showing_ns,
        seen=by.astype(np.int64) * max(len(final.code), 1) + which,
    )


def _at(numbers: Codes) -> Codes:
    return np.where(numbers < _NEVER, numbers, np.int32(-1))


def _tokens(
    shown: Transcripts, said: Words, choice: Normaliser
) -> tuple[_Tokens, list[str], Codes]:
    """All tokens, the different ones, and the form of each piece of writing."""
    counts = np.diff(said.first)[shown.message]
    transcript = np.repeat(np.arange(len(counts), dtype="int32"), counts)
    shift = (said.first[shown.message] - (np.cumsum(counts) - counts)).astype("int32")
    word = np.arange(len(transcript), dtype="int32") + shift[transcript]
    found = spread(said.text.levels, said.text.codes[word], transcript, choice)
    word, transcript = word[found.word], transcript[found.word]
    start_s, _ = shared(said.start_s[word], said.end_s[word], found.nth, found.total)
    tokens = _Tokens(transcript, found.code, found.written, word, start_s)
    return tokens, found.texts, found.forms


def _ends_s(final: _Tokens, said: Words) -> Floats:
    """Where tokens end: where the next one of their word begins."""
    ends_s: Floats = said.end_s[final.word]
    within = np.flatnonzero(final.word[1:] == final.word[:-1])
    ends_s[within] = final.start_s[within + 1]
    return ends_s


def _targets(shown: Transcripts, tokens: _Tokens, n: int) -> Ints:
    """The first final of each utterance, else its last partial with a word, else -1."""
    target = np.full(n, -1)
    target[shown.utterance[tokens.transcript]] = tokens.transcript
    finals = np.flatnonzero(shown.is_final)[::-1]
    target[shown.utterance[finals]] = finals
    return target


def _since(by: Codes, which: Codes, last: Codes) -> Codes:
    """For each word the first of the unbroken row of showings that reaches the last; -1 for none.

    Args:
        by: number of a showing.
        which: the word that it shows; a showing shows a word once.
        last: for each word the last showing that could show it, or -1.
    """
    found = np.full(len(last), -1, dtype="int32")
    if not len(by):
        return found
    # Showings are in order, so that those of each word are, too.
    order = np.argsort(which, kind="stable")
    by, which = by[order], which[order]
    breaks = np.append(True, (which[1:] != which[:-1]) | (by[1:] != by[:-1] + 1))
    heads = np.maximum.accumulate(np.where(breaks, np.arange(len(by)), 0))
    ends = np.append(which[1:] != which[:-1], True)
    reaching = ends & (by == last[which])
    found[which[reaching]] = by[heads[reaching]]
    return found


# -- which word of a partial is which word of the final --


def _paired(partial: _Tokens, final: _Tokens, of_partial: Codes, of_final: Codes, n: int) -> Codes:
    """For each word of the partials its word in the final of the same utterance, or -1.

    What `align_in_time` finds (equal words, starts at most `SEEN_WITHIN_S` apart, most pairs, then
    nearest), for all partials at once where it is plain: every word either stands at its position
    in the final and has no equal word that is as near, or has no equal word that is near at all.
    """
    size = int(max(partial.code.max(initial=0), final.code.max(initial=0))) + 1
    first = np.searchsorted(of_final, np.arange(n + 1)).astype("int32")
    lengths = np.diff(first)
    heads = np.append(True, partial.transcript[1:] != partial.transcript[:-1])[: len(partial.code)]
    bounds = np.append(np.flatnonzero(heads), len(partial.code))
    piece = np.cumsum(heads, dtype="int32") - np.int32(1)
    rank = np.arange(len(piece), dtype="int32") - bounds.astype("int32")[piece]
    there = rank < lengths[of_partial]
    across = np.where(there, first[of_partial] + rank, np.int32(0))
    room = np.minimum(_room(final, of_final, size), SEEN_WITHIN_S)
    if not len(final.code):
        return np.full(len(partial.code), -1, dtype="int32")
    distance = np.abs(partial.start_s - final.start_s[across])
    # At most half as far as the next equal word is from that of the final.
    good = there & (partial.code == final.code[across]) & (distance <= room[across])
    pair = np.where(good, across, np.int32(-1))
    rest = np.flatnonzero(~good)
    lost = rest[
        _near(
            _keys(of_partial[rest], partial.code[rest], size),
            partial.start_s[rest],
            _keys(of_final, final.code, size),
            final.start_s,
        )
    ]
    untimed = np.zeros(n, dtype=bool)
    untimed[of_final[np.isnan(final.start_s)]] = True
    blind = np.isnan(partial.start_s) | untimed[of_partial]
    hard = np.unique(np.append(piece[lost], piece[blind])).tolist()
    known: dict[int, tuple[_Timed, list[int]]] = {}
    for number in hard:
        begin, end = int(bounds[number]), int(bounds[number + 1])
        utterance = int(of_partial[begin])
        low, high = int(first[utterance]), int(first[utterance + 1])
        left = (partial.code[begin:end].tolist(), partial.start_s[begin:end].tolist())
        # A partial often says again what the one before it said.
        if utterance not in known or known[utterance][0] != left:
            right = (final.code[low:high].tolist(), final.start_s[low:high].tolist())
            known = {utterance: (left, _aligned(left, right))}
        pair[begin:end] = -1
        for k, source in enumerate(known[utterance][1]):
            if source >= 0:
                pair[begin + source] = low + k
    return pair


#: Words and their times.
_Timed = tuple[list[int], list[float]]


def _aligned(left: _Timed, right: _Timed) -> list[int]:
    if np.isnan([*left[1], *right[1]]).any():
        return align_edits(left[0], right[0])
    return align_in_time(left[0], right[0], left[1], right[1], SEEN_WITHIN_S)


def _keys(utterance: Codes, code: Codes, size: int) -> Ints:
    return utterance.astype(np.int64) * size + code


def _room(final: _Tokens, utterance: Codes, size: int) -> Floats:
    """Just below half the distance of each word of a final to the nearest that equals it."""
    room = np.full(len(final.code), np.inf)
    keys = _keys(utterance, final.code, size)
    order = np.lexsort((final.start_s, keys))
    gaps = np.where(np.diff(keys[order]) == 0, np.diff(final.start_s[order]), np.inf)
    room[order[1:]] = gaps
    room[order[:-1]] = np.minimum(room[order[:-1]], gaps)
    return np.nextafter(room / 2, -np.inf)


def _near(keys: Ints, times_s: Floats, among: Ints, among_s: Floats) -> Bools:
    """Whether an equal key is near in time; also when a time is not known."""
    order = np.lexsort((among_s, among))
    sorted_keys, sorted_s = among[order], among_s[order]
    low = np.searchsorted(sorted_keys, keys)
    high = np.searchsorted(sorted_keys, keys, side="right")
    found = np.zeros(len(keys), dtype=bool)
    at = np.flatnonzero(low < high)
    step = 0
    while len(at):
        away = np.abs(sorted_s[low[at] + step] - times_s[at])
        near = ~(away > SEEN_WITHIN_S)
        found[at[near]] = True
        step += 1
        at = at[~near]
        at = at[low[at] + step < high[at]]
    return found
