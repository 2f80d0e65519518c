"""Words in whose place others of the same length stand, the same one for the same word.

What is measured of words is which are the same and when they came, so that equal words stay equal,
and nothing else of them stays: a placeholder is made of consonants in the order of the alphabet,
and is itself no word that was spoken. How long a word is, its capitals and its punctuation remain,
and so does how often it came.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator

__all__ = ["Placeholders"]

_CONSONANTS = "bcdfghjklmnpqrstvwxz"
#: For lengths of which so many different words come that the consonants do not do: the letters of
#: phonetics, in which nobody writes.
_PHONETIC = "".join(chr(code) for code in range(0x250, 0x2B0))
#: For scripts that do not part their words, whose letters are compared one by one: Han characters
#: that are hardly ever seen, and more of them.
_RARE = ((0x3400, 0x4DC0), (0x20000, 0x2A6E0))
_UNPARTED = frozenset({"CJK", "HIRAGANA", "KATAKANA", "BOPOMOFO", "THAI", "LAO", "KHMER"})
_UNPARTED |= frozenset({"MYANMAR", "HALFWIDTH", "IDEOGRAPHIC"})
_MARK = "\u0301"
_ASCII = re.compile("[0-9A-Za-z]+")


class Placeholders:
    """Placeholders for the words of one run.

    All its texts are shown to `collect` first, so that no placeholder is one of its words.

    Example:
        >>> placeholders = Placeholders()
        >>> placeholders.collect("Is it, it is.")
        >>> placeholders.text("Is it, it is."), placeholders.sentence("What is lost?")
        ('Bb bc, bc bb.', 'What bb lost?')
    """

    def __init__(self) -> None:
        self._spoken: dict[str, None] = {}
        self._found: dict[tuple[str, int], str] = {}
        self._coming: dict[int, Iterator[str]] = {}
        self._letters = (chr(code) for bounds in _RARE for code in range(*bounds))

    def collect(self, text: str) -> None:
        """Words that are to be replaced."""
        for part in _parts(text):
            if _is_word(part):
                self._spoken.setdefault(part.lower())

    def text(self, text: str) -> str:
        """A text with a placeholder for every word."""
        return "".join(self._of(part) if _is_word(part) else part for part in _parts(text))

    def sentence(self, text: str) -> str:
        """A text with placeholders for the words that were collected."""
        return "".join(
            self._of(part) if _is_word(part) and part.lower() in self._spoken else part
            for part in _parts(text)
        )

    def _of(self, word: str) -> str:
        """The placeholder of a word."""
        low = word.lower()
        key = low, len(word)
        if key not in self._found:
            self._found[key] = self._new(word)
        found = self._found[key]
        if len(word) > 1 and word.isupper():
            return found.upper()
        return found.capitalize() if word[0].isupper() else found

    def _new(self, word: str) -> str:
        if _is_unparted(word[0]):
            return self._letter() + _MARK * (len(word) - 1)
        coming = self._coming.setdefault(len(word), _of_length(len(word)))
        return next((text for text in coming if text not in self._spoken), "b" * len(word))

    def _letter(self) -> str:
        return next((text for text in self._letters if text not in self._spoken), "\u3400")


def _of_length(length: int) -> Iterator[str]:
    for letters in (_CONSONANTS, _CONSONANTS + _PHONETIC):
        yield from map("".join, itertools.product(letters, repeat=length))


def _parts(text: str) -> Iterator[str]:
    """Words, and what stands between them."""
    if text.isascii():
        done = 0
        for found in _ASCII.finditer(text):
            yield text[done : found.start()]
            yield found[0]
            done = found.end()
        yield text[done:]
        return
    part = ""
    for sign in text:
        if part and _goes_on(part, sign):
            part += sign
        else:
            yield part
            part = sign
    yield part


def _goes_on(part: str, sign: str) -> bool:
    """Whether a sign belongs to the part before it."""
    kind = unicodedata.category(sign)[0]
    if not _is_word(part):
        return kind not in "LNM"
    return kind == "M" or (kind in "LN" and not _is_unparted(sign) and not _is_unparted(part[0]))


def _is_word(part: str) -> bool:
    return part != "" and unicodedata.category(part[0])[0] in "LNM"


def _is_unparted(sign: str) -> bool:
    if sign < "\u0e00":
        return False
    return re.split("[ -]", unicodedata.name(sign, ""), maxsplit=1)[0] in _UNPARTED
