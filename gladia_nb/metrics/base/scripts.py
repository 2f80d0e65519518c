"""Scripts that are written without spaces between words, cut character by character.

Chinese, Japanese, Thai, Lao, Khmer and Burmese do not say where a word ends. Recognisers cut them
each in its own way, and the same one in another way from one partial to the next, so that only
characters can be compared. A character is a letter with the marks that belong to it. Korean has
spaces, and its words are words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

__all__ = ["cut", "joined"]

#: Letters of these scripts: Han with its iteration marks, Hiragana and Katakana (with the mark of
#: length, and the narrow ones), Bopomofo, Thai, Lao, Khmer, Burmese with its extensions.
_LETTERS = (
    "\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9d\U00020000-\U000323af"
    "\u0e01-\u0e30\u0e32\u0e3f-\u0e46\u0e50-\u0e59\u0e81-\u0eb0\u0eb2\u0ebd-\u0ec6\u0ed0-\u0edf"
    "\u1000-\u102a\u103f-\u1049\u1050-\u1055\u105a-\u105d\u1061\u1065\u1066\u106e-\u1070"
    "\u1075-\u1081\u1090-\u1099\u1780-\u17b3\u17d7\u17dc\u17e0-\u17e9\ua9e0-\ua9fe\uaa60-\uaa7a"
)
#: Thai and Lao vowels that are written in front of the consonant that they belong to.
_BEFORE = "\u0e40-\u0e44\u0ec0-\u0ec4"
#: Thai and Lao "am", a letter by its category, and what joins or stacks Khmer and Burmese letters.
_BEHIND = "\u0e33\u0eb3\u309b\u309c\uff9e\uff9f"
_STACKS = "\u17d2\u1039"

_ANY = re.compile(f"[{_LETTERS}]")


def cut(word: str) -> tuple[str, ...]:
    r"""A written word in the parts that are compared: itself, or its characters.

    Letters of other scripts and digits stay together, so that texts of several scripts keep their
    words. Punctuation goes with what stands before it. Joined, the parts are the word again.

    Example:
        >>> cut("Hello,"), cut("\u6211\u7528iPhone\u3002")
        (('Hello,',), ('我', '用', 'iPhone。'))
    """
    if word.isascii() or not _ANY.search(word):
        return (word,)
    parts: list[str] = []
    ahead = stacked = plain = False
    for sign in word:
        letter = _ANY.match(sign) is not None and sign not in _BEHIND
        other = not letter and unicodedata.category(sign)[0] in "LN" and sign not in _BEHIND
        if not parts or (letter and not ahead and not stacked) or (other and not plain):
            parts.append(sign)
        else:
            parts[-1] += sign
        if letter or other:
            plain = other
        ahead = letter and re.match(f"[{_BEFORE}]", sign) is not None
        stacked = sign in _STACKS
    return tuple(_led(parts))


def _led(parts: list[str]) -> list[str]:
    """Punctuation that stands before all else goes with what follows."""
    if len(parts) > 1 and unicodedata.category(parts[0][0])[0] not in "LN":
        return [parts[0] + parts[1], *parts[2:]]
    return parts


def joined(tokens: Sequence[str]) -> str:
    r"""Tokens as a text: with blanks between words, without any between such characters.

    Example:
        >>> joined(["it", "is"]), joined(["\u6211", "\u7528", "iphone"])
        ('it is', '我用 iphone')
    """
    if all(map(str.isascii, tokens)):
        return " ".join(tokens)
    cuts = [_ANY.search(token) is not None for token in tokens]
    blanks = ["" if a and b else " " for a, b in pairwise(cuts)]
    return "".join(part for pair in zip(tokens, [*blanks, ""], strict=True) for part in pair)
