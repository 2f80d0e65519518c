"""English numbers in words, so that what is written "21" meets what is written "twenty-one".

Figures become words and not words figures, because a word can be taken by itself then: "twenty" is
the same in a partial that ends with it and in the next one, which goes on with "one". What depends
on a neighbour depends on the one before or behind it only:

* "and" stands before what follows a hundred ("two hundred six"), and before the last part below a
  hundred that follows a thousand or more ("two thousand six"), whether or not it was said;
* "a hundred" is "one hundred";
* ten to twenty followed by ten to ninety is a year: "nineteen eighty" is "one thousand nine hundred
  and eighty", and "twenty twenty-six" is "two thousand and twenty six";
* "$5 million" has its dollars behind the million.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

__all__ = ["NUMERALS", "among_numbers", "dollars", "figures", "ordinal", "spelled"]

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = ["", "", *"twenty thirty forty fifty sixty seventy eighty ninety".split()]
_SCALES = "thousand million billion trillion".split()
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
#: Signs of currencies: one, several, and what a hundredth is called.
_CURRENCIES = {
    "$": ("dollar", "dollars", "cents"),
    "\u20ac": ("euro", "euros", "cents"),
    "\u00a3": ("pound", "pounds", "pence"),
    "\u00a5": ("yen", "yen", ""),
}
_PLURALS = {word: word[:-1] + "ies" for word in _TENS[2:]}

#: Words that one number is made of.
_CARDINALS = frozenset([*_UNITS, *_TENS[2:], "hundred", *_SCALES])
#: From here on digits are read one by one, as those of a telephone number.
_LONGEST = 15


def spelled(number: int) -> list[str]:
    """A number in words, with the one "and" or more that belong there.

    Example:
        >>> " ".join(spelled(21)), " ".join(spelled(1206))
        ('twenty one', 'one thousand two hundred and six')
    """
    return list(among_numbers("", _bare(number), ""))


def _bare(number: int) -> list[str]:
    """A number in words, without "and"."""
    if number < 20:
        return [_UNITS[number]]
    if number < 100:
        tens, units = divmod(number, 10)
        return [_TENS[tens], *([_UNITS[units]] if units else [])]
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return [_UNITS[hundreds], "hundred", *(_bare(rest) if rest else [])]
    words: list[str] = []
    for power in range(len(_SCALES), 0, -1):
        part, number = divmod(number, 1000**power)
        if part:
            words += [*_bare(part), _SCALES[power - 1]]
    return words + (_bare(number) if number else [])


def ordinal(words: Sequence[str]) -> list[str]:
    """The ordinal of a number in words.

    Example:
        >>> ordinal(["twenty", "one"]), ordinal(["thirty"]), ordinal(["four"])
        (['twenty', 'first'], ['thirtieth'], ['fourth'])
    """
    last = words[-1]
    if last in _ORDINALS:
        return [*words[:-1], _ORDINALS[last]]
    return [*words[:-1], (last[:-1] + "ieth") if last.endswith("y") else last + "th"]


def _read(digits: str) -> list[str]:
    """The digits of a whole number as they are read."""
    figures_only = digits.replace(",", "")
    if (figures_only.startswith("0") and len(figures_only) > 1) or len(figures_only) > _LONGEST:
        return [_UNITS[int(digit)] for digit in figures_only]
    return spelled(int(figures_only))


def _amount(number: str) -> list[str]:
    """A number, whole or with digits behind points."""
    whole, *behind = number.split(".")
    words = _read(whole) if whole else []
    for part in behind:
        words += ["point", *(_UNITS[int(digit)] for digit in part)]
    return words


def _money(sign: str, number: str) -> list[str]:
    one, many, cents = _CURRENCIES[sign]
    whole, _, behind = number.partition(".")
    if cents and len(behind) == 2 and whole:
        words = [*_read(whole), one if whole == "1" else many]
        return [*words, "and", *_read(behind.lstrip("0") or "0"), cents] if int(behind) else words
    return [*_amount(number), one if number == "1" else many]


_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)*|(?<!\d)\.\d+"
_SIGN = "[" + "".join(_CURRENCIES) + "]"
_FIGURES = re.compile(
    rf"(?P<before>{_SIGN})(?P<sum>{_NUMBER})|(?P<total>{_NUMBER})(?P<behind>{_SIGN})"
    r"|(?P<nth>\d[\d,]*)(?:st|nd|rd|th)(?![^\W\d_])"
    r"|(?P<decade>\d*[1-9]0)'?s(?![^\W\d_])"
    r"|(?<![\d:])(?P<hours>\d{1,2}):(?P<minutes>\d\d)(?![\d:])"
    rf"|(?P<minus>(?<![\w'])[-\u2212](?=\d))|(?P<number>{_NUMBER})|(?P<sign>{_SIGN})"
    r"|(?P<symbol>[+%&@#\u00b0])",
    re.ASCII,
)
_SYMBOLS = {
    "+": ["plus"],
    "-": ["minus"],
    "\u2212": ["minus"],
    "%": ["per", "cent"],
    "&": ["and"],
    "@": ["at"],
    "\u00b0": ["degrees"],
    **{sign: [names[1]] for sign, names in _CURRENCIES.items()},
}


def figures(word: str) -> list[list[str] | str]:
    """A word in lower case in pieces: what is in figures or symbols as words, the rest as it is.

    Example:
        >>> figures("$21"), figures("3.5"), figures("c++")
        ([['twenty', 'one', 'dollars']], [['three', 'point', 'five']], ['c', ['plus'], ['plus']])
        >>> figures("21st"), figures("50%"), figures("1980s")[0][-2:]
        ([['twenty', 'first']], [['fifty'], ['per', 'cent']], ['and', 'eighties'])
    """
    pieces: list[list[str] | str] = []
    done = 0
    for match in _FIGURES.finditer(word):
        if match.start() > done:
            pieces.append(word[done : match.start()])
        pieces.append(_words_of(match, word))
        done = match.end()
    return [*pieces, word[done:]] if done < len(word) else pieces


def _words_of(match: re.Match[str], word: str) -> list[str]:
    kind, text = str(match.lastgroup), match[0]
    if kind in ("sum", "behind"):
        sign, number = (match["before"], match["sum"]) if match["sum"] else (text[-1], text[:-1])
        return _money(sign, number)
    if kind == "minutes":
        return _time(match["hours"], match["minutes"])
    if kind == "nth":
        return ordinal(_read(match["nth"]))
    if kind == "decade":
        words = _read(match["decade"])
        return [*words[:-1], _PLURALS.get(words[-1], words[-1] + "s")]
    if kind == "number":
        return _amount(text)
    return _hash(word, match.start()) if text == "#" else list(_SYMBOLS[text])


def _time(hours: str, minutes: str) -> list[str]:
    late = ["oh", _UNITS[int(minutes)]] if minutes[0] == "0" else _read(minutes)
    return [*_read(hours), *(late if int(minutes) else [])]


def _hash(word: str, at: int) -> list[str]:
    """What the sign is called in "C#", "#1" and "#tag"."""
    if at and word[at - 1].isalpha():
        return ["sharp"]
    return ["hashtag"] if word[at + 1 : at + 2].isalpha() else ["number"]


#: Words that a neighbour can change, or that can change a neighbour.
NUMERALS = _CARDINALS | frozenset(["a", *_PLURALS.values(), *(ordinal([w])[0] for w in _CARDINALS)])

_BELOW = {*_UNITS[1:], *_TENS[2:], *_PLURALS.values()}
_BELOW |= {ordinal([word])[0] for word in [*_UNITS[1:], *_TENS[2:]]}
_YEAR_HEADS = {word: number for number, word in enumerate(_UNITS) if number >= 10} | {"twenty": 20}
_YEAR_TAILS = {*_UNITS[10:], *_TENS[2:], *_PLURALS.values()}


def among_numbers(before: str, words: Sequence[str], after: str) -> tuple[str, ...]:
    """The words of a number where it stands, between the word before and the one behind it.

    Args:
        before: last word in front, as it is by itself; "" for none.
        words: what one written word was by itself.
        after: first word behind, as it is by itself; "" for none.

    Example:
        >>> among_numbers("hundred", ["six"], ""), among_numbers("", ["a"], "hundred")
        (('and', 'six'), ('one',))
        >>> among_numbers("", ["nineteen"], "eighty"), among_numbers("nineteen", ["eighty"], "")
        (('one', 'thousand', 'nine', 'hundred'), ('and', 'eighty'))
    """
    ends = [before, *words, after]
    return tuple(
        word for k in range(len(words)) for word in _beside(ends[k], ends[k + 1], ends[k + 2])
    )


def _beside(before: str, word: str, after: str) -> list[str]:
    if word == "a" and (after == "hundred" or after in _SCALES):
        word = "one"
    is_year = word in _YEAR_HEADS and after in _YEAR_TAILS
    joined = word in _BELOW and (
        before == "hundred"
        or (before in _SCALES and after != "hundred" and after not in _SCALES)
        or (before in _YEAR_HEADS and word in _YEAR_TAILS)
    )
    return [*(["and"] if joined else []), *(_bare(100 * _YEAR_HEADS[word]) if is_year else [word])]


@lru_cache(maxsize=1 << 12)
def dollars(word: str) -> str:
    """The name of the currency that stands in front of a number in figures, or "".

    Example:
        >>> dollars("$5"), dollars("five")
        ('dollars', '')
    """
    match = _FIGURES.match(word)
    sign = match["before"] if match and match.end() == len(word) else None
    return _CURRENCIES[sign][1] if sign else ""
