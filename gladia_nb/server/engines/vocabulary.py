"""Custom vocabulary: words of the user's that the decoder shall know, or prefer.

A pronunciation may be given as phones of the model in capitals (`G L AA D IY AH`), or as words that
sound alike (`glad ee ah`): of a word that the decoder's dictionary has, its phones are taken, and
others are spelt out by the rules below. Without one, the word's own spelling is read likewise.

A word enters the language model as a unigram. With a weight of 1, as likely as any word that a
model of 135 000 words does not know, it is found only where nothing else fits. Measured with
synthetic speech: a weight of 100 finds every word of the tests that was pronounced as given, 10 000
begins to hear such words where they were not said. Intensity is mapped on that range: 0 is 1, 0.5
(also the default) is 100, 1 is 10 000.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from gladia_nb.config import SessionConfig
from gladia_nb.server.engines.base import Word
from gladia_nb.server.engines.spelling import share_out

__all__ = ["Entry", "Vocabulary", "entries_of", "phones_by_rule", "problems_of"]

#: A word, how it may sound (nothing: as it is spelt), and its intensity.
Entry = tuple[str, Sequence[str], float]

_DEFAULT_INTENSITY = 0.5
_FIELD = "realtime_processing.custom_vocabulary_config.vocabulary"
#: Begins the name of a word of the user's in the dictionary. Its own names could contain anything.
_MARK = "~"

_PHONES = frozenset(
    (
        "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH "
        "UW V W Y Z ZH"
    ).split()
)
#: Letters -> phones; the longest that fits is taken, and `$` is the end of a word.
_RULES = {
    "augh": "AO", "ough": "AO", "eigh": "EY", "tion": "SH AH N", "sion": "ZH AH N",
    "igh": "AY", "tch": "CH", "sch": "SH", "dge": "JH", "que$": "K", "ture": "CH ER",
    "ai": "EY", "ay": "EY", "au": "AO", "aw": "AO", "ah": "AA", "ar": "AA R", "ch": "CH",
    "ck": "K", "ea": "IY", "ee": "IY", "eh": "EH", "ei": "AY", "er": "ER", "eu": "UW", "ew": "UW",
    "ey": "IY", "ia": "IY AH", "ie": "IY", "io": "IY OW", "ir": "ER", "kn": "N", "ng$": "NG",
    "oa": "OW", "oh": "OW", "oi": "OY", "oo": "UW", "or": "AO R", "ou": "AW", "ow": "OW",
    "oy": "OY", "ph": "F", "ps": "P S", "qu": "K W", "sh": "SH", "th": "TH", "uh": "AH", "ur": "ER",
    "wh": "W", "wr": "R", "zh": "ZH", "ce": "S EH", "ci": "S IH", "cy": "S IY", "ge": "JH EH",
    "gi": "JH IH", "ce$": "S", "ge$": "JH", "a$": "AH", "e$": "", "y$": "IY", "o$": "OW",
    "i$": "IY", "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH",
    "i": "IH", "j": "JH", "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K",
    "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IH", "z": "Z",
}  # fmt: skip
_LONGEST = max(map(len, _RULES))
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def entries_of(config: SessionConfig) -> list[Entry]:
    """The vocabulary that a session asks for; empty when it does not."""
    asked = config.realtime_processing
    wanted = asked.custom_vocabulary_config
    if not asked.custom_vocabulary or wanted is None:
        return []
    usual = wanted.default_intensity
    usual = _DEFAULT_INTENSITY if usual is None else usual
    return [
        (entry, (), usual)
        if isinstance(entry, str)
        else (
            entry.value,
            entry.pronunciations or (),
            usual if entry.intensity is None else entry.intensity,
        )
        for entry in wanted.vocabulary
    ]


def problems_of(config: SessionConfig) -> list[str]:
    """Which words cannot be pronounced, a sentence each."""
    return [
        f"{_FIELD} must have pronunciations in Latin letters for {value!r} (got {spoken!r})"
        for value, sounds, _ in entries_of(config)
        for spoken in sounds or (value,)
        if not _tokens(spoken)
    ]


class Vocabulary:
    """A decoder's own words, and what they are called in its hypotheses.

    Args:
        decoder: that shall know the words.
        entries: the words.
    """

    def __init__(self, decoder: Any, entries: Iterable[Entry]) -> None:
        self._decoder = decoder
        self._names: dict[str, str] = {}
        ready: list[tuple[str, str]] = []
        for value, sounds, intensity in entries:
            for phones in dict.fromkeys(self._phones(spoken) for spoken in sounds or (value,)):
                name = f"{_MARK}{len(self._names)}"
                self._names[name] = value
                # In this order: a word that the dictionary adds itself gets a weight of 1.
                decoder.get_lm().add_word(name, 10.0 ** (4 * intensity))
                ready.append((name, phones))
        for index, (name, phones) in enumerate(ready, 1):
            decoder.add_word(name, phones, index == len(ready))

    def __bool__(self) -> bool:
        return bool(self._names)

    def written(self, words: Iterable[Word]) -> tuple[Word, ...]:
        """Words of a hypothesis, the user's own ones as they are written."""
        found: list[Word] = []
        for word in words:
            value = self._names.get(word.text)
            if value is None:
                found.append(word)
            else:
                found += share_out(Word(value, word.start, word.end, word.confidence))
        return tuple(found)

    def _phones(self, spoken: str) -> str:
        given = spoken.split()
        if len(given) > 1 and _PHONES.issuperset(given):
            return " ".join(given)
        return " ".join(
            self._decoder.lookup_word(token) or phones_by_rule(token) for token in _tokens(spoken)
        )


def _tokens(spoken: str) -> list[str]:
    """The words to pronounce: letters and apostrophes, digits by name."""
    plain = unicodedata.normalize("NFKD", spoken.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub(r"[0-9]", lambda digit: f" {_DIGITS[int(digit[0])]} ", plain)
    return [found for part in re.findall(r"[a-z']+", plain) if (found := part.strip("'"))]


def phones_by_rule(token: str) -> str:
    """Phones of a word by its letters alone: rough, but near enough for a decoder.

    Example:
        >>> phones_by_rule("zorblax")
        'Z AO R B L AE K S'
    """
    text = re.sub(r"([b-df-hj-np-tv-z])\1", r"\1", token.replace("'", "")) + "$"
    phones: list[str] = []
    while text != "$":
        rules = (
            (length, _RULES[text[:length]])
            for length in range(_LONGEST, 0, -1)
            if text[:length] in _RULES
        )
        length, sound = next(rules)
        phones += sound.split()
        text = text[length:] if not text[:length].endswith("$") else "$"
    return " ".join(phones) or "EH"
