"""The tokens of all words of a record at once, each with its share of the time of its word.

A word that is spoken as several ("21", a word of Chinese characters) has several tokens, which
share its time evenly, since nobody says more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gladia_nb.metrics.base.scripts import cut
from gladia_nb.metrics.base.text import Normaliser, Tokens, plain

__all__ = ["Spread", "shared", "spread"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
#: Millions of them are held at a time.
Codes = npt.NDArray[np.int32]


class Spread(NamedTuple):
    """Tokens, in the order of their words; shapes are `(k,)` unless it is said.

    Attributes:
        word: position of the word that each is from.
        code: which token it is; position in `texts`.
        texts: the different tokens.
        written: which piece of writing it is from, as it is written.
        forms: for each such piece what it is blind to case and punctuation, shape `(p,)`.
        nth: which token of its word it is, from 0.
        total: how many tokens its word has.
    """

    word: Codes
    code: Codes
    texts: list[str]
    written: Codes
    forms: Codes
    nth: Codes
    total: Codes


class _Variants:
    """Ways in which words are cut, by number; the first are those of the words by themselves.

    Args:
        levels: the different words, as they are written.
        choice: the normaliser.
    """

    def __init__(self, levels: Sequence[str], choice: Normaliser) -> None:
        self._tokens: dict[str, int] = {}
        self._written = {text: code for code, text in reversed(list(enumerate(levels)))}
        self._known: dict[tuple[int, Tokens], int] = {}
        self._levels = levels
        self._choice = choice
        self.counts: list[int] = []
        self._code: list[int] = []
        self._piece: list[int] = []
        for level, text in enumerate(levels):
            self.number(level, choice.alone(text))

    def number(self, level: int, tokens: Tokens) -> int:
        """The number of a word that is cut into these tokens."""
        known = self._known.get((level, tokens))
        if known is not None:
            return known
        self.counts.append(len(tokens))
        self._code += [self._tokens.setdefault(token, len(self._tokens)) for token in tokens]
        self._piece += self._pieces(level, tokens)
        return self._known.setdefault((level, tokens), len(self.counts) - 1)

    def _pieces(self, level: int, tokens: Tokens) -> list[int]:
        """Which piece of writing each token is from: a character of a script without spaces."""
        text = self._levels[level]
        own = self._written[text]
        parts = cut(text) if len(tokens) > 1 else (text,)
        if len(parts) == 1:
            return [own] * len(tokens)
        pieces = [part for part in parts for _ in self._choice.alone(part)]
        if len(pieces) != len(tokens):
            return [own] * len(tokens)
        return [self._written.setdefault(part, len(self._written)) for part in pieces]

    def tables(self) -> tuple[Codes, Codes, Codes, list[str]]:
        """Tokens and pieces of all variants in a row, the form of each piece, and the tokens."""
        plains = {code: plain(text) for text, code in self._written.items()}
        numbers = {text: k for k, text in enumerate(dict.fromkeys(plains.values()))}
        forms = [numbers[plains[code]] for code in range(len(plains))]
        code, piece, form = (np.array(x, dtype="int32") for x in (self._code, self._piece, forms))
        return code, piece, form, list(self._tokens)


def spread(
    levels: Sequence[str], words: Codes, texts: npt.NDArray[np.integer], choice: Normaliser
) -> Spread:
    """The tokens of words.

    Args:
        levels: the different words, as they are written.
        words: which each is, in order; shape `(w,)`.
        texts: number of the text that each is from, rising; shape `(w,)`.
        choice: the normaliser.

    Example:
        >>> from gladia_nb.metrics.base.text import normaliser
        >>> found = spread(["it", "21"], np.array([0, 1]), np.array([0, 0]), normaliser("basic"))
        >>> [found.texts[code] for code in found.code], found.word.tolist()
        (['it', 'twenty', 'one'], [0, 1, 1])
    """
    variants = _Variants(levels, choice)
    which = words.astype("int32")
    if choice.by_word:
        _in_context(levels, which, texts, choice, variants)
    else:
        _by_text(levels, which, texts, choice, variants)
    counts = np.array(variants.counts or [0], dtype="int32")
    code, piece, forms, names = variants.tables()
    first = np.cumsum(counts, dtype="int32") - counts
    count = counts[which]
    if not (count > 1).any():
        word = np.flatnonzero(count).astype("int32")
        index = np.zeros(len(word), dtype="int32")
    else:
        word = np.repeat(np.arange(len(which), dtype="int32"), count)
        index = (np.arange(len(word)) - np.repeat(np.cumsum(count) - count, count)).astype("int32")
    at = first[which[word]] + index
    return Spread(word, code[at], names, piece[at], forms, index, count[word])


def _in_context(
    levels: Sequence[str],
    which: Codes,
    texts: npt.NDArray[np.integer],
    choice: Normaliser,
    variants: _Variants,
) -> None:
    """Numbers of what neighbours change are written into `which`."""
    joins = np.array([choice.joins(text) for text in levels] or [False], dtype=bool)
    if not joins.any():
        return
    words = np.array(variants.counts, dtype="int32") > 0
    near = np.flatnonzero(words[which])
    flag = joins[which[near]]
    pair = flag[1:] & flag[:-1] & (texts[near][1:] == texts[near][:-1])
    before, after = np.append(False, pair)[: len(near)], np.append(pair, False)[: len(near)]
    at = np.flatnonzero(before | after)
    if not len(at):
        return
    size = len(levels) + 1
    own = which[near].astype("int64")
    left = np.where(before[at], own[at - 1] + 1, 0)
    right = np.where(after[at], own[np.minimum(at + 1, len(own) - 1)] + 1, 0)
    keys, where = np.unique((left * size + own[at]) * size + right, return_inverse=True)
    names = ["", *levels]
    numbers = []
    for key in keys.tolist():
        rest, behind = divmod(key, size)
        front, level = divmod(rest, size)
        tokens = choice.among(names[front], levels[level], names[behind])
        numbers.append(variants.number(level, tokens))
    which[near[at]] = np.array(numbers, dtype="int32")[where]


def _by_text(
    levels: Sequence[str],
    which: Codes,
    texts: npt.NDArray[np.integer],
    choice: Normaliser,
    variants: _Variants,
) -> None:
    """The same for a normaliser that looks at whole texts."""
    bounds = [*np.flatnonzero(np.append(True, texts[1:] != texts[:-1])[: len(texts)]), len(texts)]
    known: dict[tuple[int, ...], list[int]] = {}
    for begin, end in pairwise(bounds):
        said = tuple(which[begin:end].tolist())
        if said not in known:
            tokens = choice.of_words([levels[level] for level in said])
            numbers = zip(said, tokens, strict=True)
            known[said] = [variants.number(level, part) for level, part in numbers]
        which[begin:end] = known[said]


def shared(start_s: Floats, end_s: Floats, index: Codes, count: Codes) -> tuple[Floats, Floats]:
    """Start and end of tokens, each an even share of the time of its word.

    Example:
        >>> start_s, end_s = np.array([1.0, 1.0]), np.array([2.0, 2.0])
        >>> shared(start_s, end_s, np.array([0, 1]), np.array([2, 2]))
        (array([1. , 1.5]), array([1.5, 2. ]))
    """
    if not (count > 1).any():
        return start_s, end_s
    each = (end_s - start_s) / count
    starts = np.where(index > 0, start_s + each * index, start_s)
    return starts, np.where(index + 1 < count, start_s + each * (index + 1), end_s)


def tokens_of(words: Iterable[str], choice: Normaliser) -> tuple[list[str], Codes, Codes, Codes]:
    """Tokens of one text, given as words, with number of the word, index and count of each."""
    found = choice.of_words(list(words))
    rows = [(t, k, j, len(tokens)) for k, tokens in enumerate(found) for j, t in enumerate(tokens)]
    word, index, count = (np.array([row[n] for row in rows], dtype="int32") for n in (1, 2, 3))
    return [row[0] for row in rows], word, index, count
