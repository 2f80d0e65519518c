"""Words made comparable: what differs only in case or punctuation is the same word."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

__all__ = ["NORMALISER", "normalise"]

#: Name of what `normalise` does; changes when its results do, so that numbers can be compared.
NORMALISER = "gladia_nb-basic-1"


def normalise(text: str) -> str:
    r"""Lower case, no punctuation or symbols, single blanks between words.

    Apostrophes stay (the typographic one becomes the plain one), and so do letters, marks and
    digits of any script. A hyphen goes without leaving a blank, so that a word stays one word.
    Numbers are not spelled out: "6" and "six" are different words.

    Example:
        >>> normalise(" Good morning, Mr. O\u2019Neil - it's 6 o'clock! ")
        "good morning mr o'neil it's 6 o'clock"
    """
    return " ".join(" ".join(map(_token, text.split())).split())


@lru_cache(maxsize=1 << 16)
def _token(word: str) -> str:
    word = unicodedata.normalize("NFC", word).replace("\u2019", "'").lower()
    kept = "".join(c for c in word if c == "'" or unicodedata.category(c)[0] not in "PS")
    # Without the punctuation between them a letter and a mark may have become one letter.
    return unicodedata.normalize("NFC", kept)
