"""From the tokens of a streaming model to words with times.

A streaming model says when it emitted a token, and not how long the word lasted. Words are put
where the sound is: between two words that a pause parts, the pause is the border; else it is the
emission of the second one. A token that comes in a pause belongs to the sound before it, since
models emit late, except right before the next sound begins: their grid of frames is coarse.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ["PlacedWord", "place"]

#: A pause between words, in frames of 10 ms; what is shorter can be a closure within a word.
_PAUSE = 5
#: A pause before the first word or after the last one, where nothing else tells.
_LONG_PAUSE = 15
#: A token so short before a sound is of that sound: one and a half of the usual frames of 40 ms.
_EARLY = 6
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
#: Writing without blanks between words: each sign stands alone.
_SIGNS = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]")
_BLANKS = " \u2581"


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word of an utterance.

    Attributes:
        text: without blanks.
        start: frame of the utterance.
        end: frame after the last one.
        probability: geometric mean over its tokens; None where the model tells none.
    """

    text: str
    start: int
    end: int
    probability: float | None


@dataclass(slots=True)
class _Word:
    text: bytearray = field(default_factory=bytearray)
    tokens: list[int] = field(default_factory=list)


def place(
    tokens: Sequence[str],
    times: Sequence[float],
    logs: Sequence[float],
    loud: Sequence[bool],
) -> list[PlacedWord]:
    """Words with times.

    Args:
        tokens: as the model gives them; a blank or `▁` in front begins a word.
        times: of each token's emission, seconds from the start of the utterance.
        logs: natural logarithm of each token's probability; empty where the model tells none.
        loud: for each frame of 10 ms, whether there is sound.

    Example:
        >>> loud = [False] * 10 + [True] * 20 + [False] * 10 + [True] * 20
        >>> [
        ...     (word.text, word.start, word.end)
        ...     for word in place([" he", "llo", " you"], [0.08, 0.2, 0.44], [], loud)
        ... ]
        [('hello', 10, 30), ('you', 40, 60)]
    """
    words = _words(tokens)
    if not words:
        return []
    quiet = _quiet_runs(loud)
    anchors = [min(round(time * 100), max(0, len(loud) - 1)) for time in times]
    anchors = [_anchor(frame, quiet, len(loud)) for frame in anchors]
    ends: list[int] = []
    starts = [_first(anchors[words[0].tokens[0]], quiet)]
    for one, other in pairwise(words):
        last, first = anchors[one.tokens[-1]], anchors[other.tokens[0]]
        between = [run for run in quiet if last < run[0] and run[1] <= first]
        between = [run for run in between if run[1] - run[0] >= _PAUSE]
        end, start = max(between, key=_length, default=(first, first))
        ends.append(end)
        starts.append(start)
    ends.append(_last(anchors[words[-1].tokens[-1]], quiet, len(loud)))
    placed = []
    now = 0
    for word, start, end in zip(words, starts, ends, strict=True):
        begin = max(now, start)
        now = max(begin + 1, end)
        probability = _probability([logs[index] for index in word.tokens]) if logs else None
        text = bytes(word.text).decode(errors="replace")
        placed.append(PlacedWord(text, begin, now, probability))
    return placed


def _words(tokens: Sequence[str]) -> list[_Word]:
    found: list[_Word] = []
    is_open = False
    for index, token in enumerate(tokens):
        byte = _BYTE.fullmatch(token)
        bare = token.strip(_BLANKS)
        if byte is None and (token[:1] in _BLANKS or _SIGNS.match(bare)):
            is_open = False
        if not bare:
            continue
        if not is_open:
            found.append(_Word())
        found[-1].text += bytes([int(byte[1], 16)]) if byte else bare.encode()
        found[-1].tokens.append(index)
        is_open = byte is not None or not (_SIGNS.match(bare) or token[-1] in _BLANKS)
    return found


def _quiet_runs(loud: Iterable[bool]) -> list[tuple[int, int]]:
    """First frame of each silence, and the one after its last."""
    runs: list[tuple[int, int]] = []
    begun: int | None = None
    count = 0
    for count, is_loud in enumerate(loud, 1):
        if is_loud and begun is not None:
            runs.append((begun, count - 1))
            begun = None
        elif not is_loud and begun is None:
            begun = count - 1
    if begun is not None:
        runs.append((begun, count))
    return runs


def _anchor(frame: int, quiet: list[tuple[int, int]], length: int) -> int:
    """The frame of the sound that a token emitted at `frame` belongs to."""
    for start, end in quiet:
        if start <= frame < end:
            is_early = end < length and end - frame <= _EARLY
            return end if is_early or start == 0 else start - 1
    return frame


def _first(anchor: int, quiet: list[tuple[int, int]]) -> int:
    """Where the first word begins: after the last pause before it, or where the sound begins."""
    before = [run for run in quiet if run[1] <= anchor]
    long = [run[1] for run in before if _length(run) >= _LONG_PAUSE]
    leading = [run[1] for run in before if run[0] == 0]
    return min(anchor, max([0, *long, *leading]))


def _last(anchor: int, quiet: list[tuple[int, int]], length: int) -> int:
    """Where the last word ends: at the next pause after it, or where the sound ends."""
    after = [
        run[0]
        for run in quiet
        if run[0] > anchor and (_length(run) >= _LONG_PAUSE or run[1] == length)
    ]
    return min([length, *after])


def _length(run: tuple[int, int]) -> int:
    return run[1] - run[0]


def _probability(logs: Sequence[float]) -> float:
    mean = sum(logs) / len(logs)
    return 0.0 if math.isnan(mean) else math.exp(min(0.0, mean))
