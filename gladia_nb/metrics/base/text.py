"""Words made comparable: what is written in two ways and spoken in one is the same word.

There is one way to cut a text into *tokens*, and one choice of what makes two of them equal, for
every measure that compares text: the normaliser.

* `basic`, the default, is blind to case and punctuation. Apostrophes stay (the typographic one
  becomes the plain one), and so do letters, marks and digits of any script. A hyphen goes without
  leaving a blank, so that a word stays one word, but for numbers ("twenty-one", "21-year-old").
  In English, numbers in figures become words ("21", "21st", "3.5", "$21", "50%", "3:30", "1980s"),
  and so do the symbols that are spoken: + "plus", % "per cent", & "and", @ "at", # "sharp" behind a
  letter, "number" before a digit, else "hashtag", a sign of degrees, and $ and the signs of euro,
  pound and yen, named behind their number. So "C++" meets "C plus plus". What depends on the words
  around a number is said in `numerals`. In other languages numbers stay as they are written, with
  their points and commas; those symbols are tokens of their own.
* `raw` compares what is written.
* `whisper` is the English normaliser that was published with Whisper, which also spells out
  contractions and unifies spellings; it takes the extra `whisper`.
* your own function from a text to a text or to a list of tokens.

Scripts without spaces are compared character by character by all of them but your own function
when it returns a list; see `scripts`.
"""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.numerals import NUMERALS, among_numbers, dollars, figures
from gladia_nb.metrics.base.scripts import cut

__all__ = ["NORMALISER", "NORMALISERS", "Normaliser", "Tokens", "normalise", "normaliser", "plain"]

#: Name of what `basic` does; changes when its results do, so that numbers can be compared.
NORMALISER = "gladia_nb-basic-2"

#: What can be chosen by name.
NORMALISERS = ("basic", "raw", "whisper")

#: The tokens of one written word.
Tokens = tuple[str, ...]

#: A text to a text, or to its tokens.
Own = Callable[[str], str | list[str]]


class Normaliser(ABC):
    """What makes two words equal.

    Attributes:
        name: as tables tell it.
        by_word: whether the tokens of a word depend on its neighbours on both sides at most.
    """

    by_word = True

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def key(self) -> str:
        """What tells it from every other one, for what is kept."""
        return self.name

    @abstractmethod
    def alone(self, word: str) -> Tokens:
        """The tokens of a written word by itself; none for what is no word."""

    def joins(self, word: str) -> bool:  # noqa: ARG002 - of its kind
        """Whether it can change, or be changed by, another such word beside it."""
        return False

    def among(self, before: str, word: str, after: str) -> Tokens:  # noqa: ARG002 - likewise
        """The tokens of a word that `joins`, beside others; "" for no word."""
        return self.alone(word)

    def of_words(self, words: Sequence[str]) -> list[Tokens]:
        """The tokens of each written word of a text, in order."""
        found = [self.alone(word) for word in words]
        near = [k for k, tokens in enumerate(found) if tokens]
        flags = [self.joins(words[k]) for k in near]
        sides = ["", *(words[k] if flag else "" for k, flag in zip(near, flags, strict=True)), ""]
        for at, k in enumerate(near):
            before, after = sides[at], sides[at + 2]
            if flags[at] and (before or after):
                found[k] = self.among(before, words[k], after)
        return found

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text.

        Example:
            >>> normaliser("basic").tokens(" Well, it's 21. ")
            ['well', "it's", 'twenty', 'one']
        """
        return [token for tokens in self.of_words(text.split()) for token in tokens]

    def __call__(self, text: str) -> str:
        """The tokens of a text, with blanks between them."""
        return " ".join(self.tokens(text))

    def __repr__(self) -> str:
        return f"<normaliser {self.name}>"


class _Basic(Normaliser):
    """Blind to case, punctuation and, in English, to how numbers are written."""

    def __init__(self, *, english: bool) -> None:
        super().__init__("basic" if english else "basic, figures as written")
        self._english = english

    def alone(self, word: str) -> Tokens:
        return _english(word) if self._english else _figures_kept(word)

    def joins(self, word: str) -> bool:
        return self._english and _joins(word)

    def among(self, before: str, word: str, after: str) -> Tokens:
        return _among(before, word, after)

    def tokens(self, text: str) -> list[str]:
        found: list[str] = []
        near = False
        for word in text.split():
            tokens, joins = _looked_up(word) if self._english else (_figures_kept(word), False)
            if joins and near:
                # Rare enough that the text is gone through again.
                return super().tokens(text)
            found += tokens
            near = joins or (near and not tokens)
        return found


class _Raw(Normaliser):
    """What is written."""

    def alone(self, word: str) -> Tokens:
        return tuple(self.tokens(word))

    def tokens(self, text: str) -> list[str]:
        words = text.split()
        return words if text.isascii() else [part for word in words for part in cut(word)]


class _Own(Normaliser):
    """A function of a whole text, whose tokens are given back to the words that they are from."""

    by_word = False

    def __init__(self, name: str, function: Own) -> None:
        super().__init__(name)
        self._function = lru_cache(maxsize=1 << 14)(lambda text: _listed(name, function(text)))
        self._id = id(function)
        self._kept = function

    @property
    def key(self) -> str:
        return f"{self.name} {self._id}"

    def alone(self, word: str) -> Tokens:
        return self._function(word)

    def of_words(self, words: Sequence[str]) -> list[Tokens]:
        single = [self.alone(word) for word in words]
        whole = self._function(" ".join(words))
        loose = tuple(token for tokens in single for token in tokens)
        return single if loose == whole else _given_back(single, loose, whole)

    def tokens(self, text: str) -> list[str]:
        return list(self._function(" ".join(text.split())))


def _listed(name: str, found: object) -> Tokens:
    if isinstance(found, str):
        return tuple(part for word in found.split() for part in cut(word))
    if isinstance(found, list | tuple) and all(isinstance(token, str) for token in found):
        return tuple(found)
    raise ConfigError(
        f"The normaliser {name!r} must return a text or a list of tokens, not "
        f"{type(found).__name__}."
    )


def _given_back(single: Sequence[Tokens], loose: Tokens, whole: Tokens) -> list[Tokens]:
    """The tokens of a whole text, each to the word that it is most likely from.

    Equal tokens are those of their words; where others stand instead, they are dealt out in order.
    """
    owners = [k for k, tokens in enumerate(single) for _ in tokens]
    found: list[list[str]] = [[] for _ in single]
    for edit in Levenshtein.opcodes(loose, whole):
        begin, count = edit.src_start, edit.src_end - edit.src_start
        new = whole[edit.dest_start : edit.dest_end]
        for k, token in enumerate(new):
            at = begin + k * max(count, 1) // len(new) - (not count)
            if owners:
                found[owners[min(max(at, 0), len(owners) - 1)]].append(token)
            elif found:
                found[0].append(token)
    return [tuple(tokens) for tokens in found]


def normaliser(choice: str | Own | Normaliser = "basic", *, english: bool = True) -> Normaliser:
    """The normaliser of a name, or of a function of your own.

    Args:
        choice: `basic`, `raw`, `whisper`, or a function from a text to a text or to a list of
            tokens; see the module.
        english: whether `basic` takes numbers and symbols as they are spoken in English.

    Raises:
        ConfigError: there is no such normaliser, or it is not installed.

    Example:
        >>> normaliser("basic")("It's $21, he said."), normaliser("raw")("It's $21.")
        ("it's twenty one dollars he said", "It's $21.")
        >>> normaliser(str.lower).name
        'lower'
    """
    if isinstance(choice, Normaliser):
        return choice
    if callable(choice):
        return _own(choice)
    if choice == "basic":
        return _BASIC if english else _FIGURES_KEPT
    if choice == "raw":
        return _RAW
    if choice == "whisper":
        return _whisper()
    raise ConfigError(
        f"There is no normaliser {choice!r}; there are {', '.join(NORMALISERS)}, "
        "or give a function of your own."
    )


@lru_cache(maxsize=16)
def _own(function: Own) -> Normaliser:
    return _Own(getattr(function, "__name__", type(function).__name__), function)


@lru_cache(maxsize=1)
def _whisper() -> Normaliser:
    try:
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError:
        raise ConfigError(
            "The normaliser 'whisper' is not installed; "
            'pip install "gladia-nb[whisper]", or take the normaliser "basic".'
        ) from None
    return _Own("whisper", EnglishTextNormalizer())


def normalise(text: str) -> str:
    r"""The tokens of a text by the normaliser `basic`, with blanks between them.

    Example:
        >>> normalise(" Good morning, Mr. O\u2019Neil - it's 6 o'clock! ")
        "good morning mr o'neil it's six o'clock"
    """
    return _BASIC(text)


# -- one word --


@lru_cache(maxsize=1 << 16)
def plain(word: str) -> str:
    """A word in lower case without punctuation and symbols: how it is written, not its form.

    Example:
        >>> plain("Twenty-one."), plain("21,")
        ('twentyone', '21')
    """
    kept = "".join(c for c in _lower(word) if c == "'" or unicodedata.category(c)[0] not in "PS")
    # Without the punctuation between them a letter and a mark may have become one letter.
    return "".join(unicodedata.normalize("NFC", kept).split())


def _lower(word: str) -> str:
    word = unicodedata.normalize("NFC", word).replace("\u2019", "'").lower()
    if word.isascii():
        return word
    # East Asian texts have letters, digits and signs of another width.
    word = _WIDE.sub(lambda match: unicodedata.normalize("NFKC", match[0]).lower(), word)
    return unicodedata.normalize("NFC", word)


_WIDE = re.compile("[\uff01-\uff5e\uff61-\uff9f\uffe0-\uffe6]+")
_HYPHENS = re.compile("[-\u2010-\u2015]+")
#: Symbols that are spoken, and with them what is worth a closer look.
_SPOKEN = re.compile("[0-9+%&@#$\u20ac\u00a3\u00a5\u00b0]")
#: Figures as they are written, and symbols, in other languages.
_FIGURES = re.compile(r"(\d+(?:[.,:]\d+)+|[+%&@#$\u20ac\u00a3\u00a5\u00b0])")


@lru_cache(maxsize=1 << 16)
def _english(word: str) -> Tokens:
    if word.isascii() and word.isalpha():
        word = word.lower()
        return (word,) if word != "percent" else ("per", "cent")
    if len(word.split()) > 1:
        # What is given as one word may be several.
        return tuple(_BASIC.tokens(word))
    return tuple(token for part in cut(_lower(word)) for token in _english_part(part))


def _english_part(part: str) -> list[str]:
    if not _SPOKEN.search(part):
        return _unhyphened(part)
    found: list[str] = []
    for piece in figures(part):
        if isinstance(piece, str):
            found += [token for bit in _HYPHENS.split(piece) if (token := plain(bit))]
        else:
            found += piece
    # What was written without a blank is spoken one behind the other: "20:30" is "twenty thirty".
    return _BASIC.tokens(" ".join(found))


def _unhyphened(word: str) -> list[str]:
    """A word without digits: its parts where one is a number, else all in one."""
    parts = [token for part in _HYPHENS.split(word) if (token := plain(part))]
    if len(parts) > 1 and any(part in NUMERALS and part != "a" for part in parts):
        return _BASIC.tokens(" ".join(parts))
    whole = plain(word)
    return ["per", "cent"] if whole == "percent" else [whole] if whole else []


@lru_cache(maxsize=1 << 16)
def _figures_kept(word: str) -> Tokens:
    found: list[str] = []
    for part in (part for single in _lower(word).split() for part in cut(single)):
        for piece in _FIGURES.split(part):
            kept = piece if _FIGURES.fullmatch(piece) else plain(piece)
            found += [kept] if kept else []
    return tuple(found)


@lru_cache(maxsize=1 << 16)
def _joins(word: str) -> bool:
    tokens = _english(word)
    return bool(tokens) and (tokens[0] in NUMERALS or tokens[-1] in NUMERALS or _spends(word) != "")


@lru_cache(maxsize=1 << 16)
def _looked_up(word: str) -> tuple[Tokens, bool]:
    return _english(word), _joins(word)


@lru_cache(maxsize=1 << 16)
def _among(before: str, word: str, after: str) -> Tokens:
    left, tokens, right = (_english(part) if part else () for part in (before, word, after))
    found = list(among_numbers(left[-1] if left else "", tokens, right[0] if right else ""))
    # "$5 million" is "five million dollars".
    if (unit := _spends(word)) and right and right[0] in _MILLIONS:
        found.remove(unit)
    if (unit := _spends(before)) and tokens[0] in _MILLIONS:
        found.append(unit)
    return tuple(found)


def _spends(word: str) -> str:
    unit = dollars(word.strip(".,;:!?")) if word[:1] in "$\u20ac\u00a3\u00a5" else ""
    return unit if unit and unit in _english(word) else ""


_MILLIONS = frozenset("thousand million billion trillion".split())
_BASIC, _FIGURES_KEPT, _RAW = _Basic(english=True), _Basic(english=False), _Raw("raw")
