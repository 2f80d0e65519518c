"""Custom spelling: words that are heard are written as the user wants them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from gladia_nb.config import SessionConfig
from gladia_nb.server.engines.base import Word

__all__ = ["Spelling", "share_out"]


class Spelling:
    """The replacements of one session.

    What is replaced may be several words, and so may its replacement; case is ignored, and the
    punctuation after the last word stays. Of two that fit at a place the longer one is taken.

    Args:
        dictionary: wanted spelling -> what it replaces.

    Example:
        >>> spelling = Spelling({"Gladia": ["gladly a"]})
        >>> spelling.apply([Word("gladly", 0.0, 0.5, 0.9), Word("a", 0.5, 0.6, 0.7)])
        (Word(text='Gladia', start=0.0, end=0.6, confidence=0.7),)
    """

    def __init__(self, dictionary: Mapping[str, Sequence[str]]) -> None:
        self._wanted: dict[tuple[str, ...], str] = {}
        for wanted, heard in dictionary.items():
            for phrase in heard:
                key = tuple(_bare(part) for part in phrase.split())
                if key and wanted.strip():
                    self._wanted.setdefault(key, wanted.strip())
        self._longest = max(map(len, self._wanted), default=0)

    @classmethod
    def of(cls, config: SessionConfig) -> Spelling:
        """The spelling that a session asks for; changes nothing when it asks for none."""
        asked = config.realtime_processing
        wanted = asked.custom_spelling_config if asked.custom_spelling else None
        return cls(wanted.spelling_dictionary if wanted is not None else {})

    def apply(self, words: Sequence[Word]) -> tuple[Word, ...]:
        """The words as they are to be written."""
        written: list[Word] = []
        index = 0
        bare = [_bare(word.text) for word in words]
        while index < len(words):
            for length in range(min(self._longest, len(words) - index), 0, -1):
                wanted = self._wanted.get(tuple(bare[index : index + length]))
                if wanted is not None:
                    written += _replace(words[index : index + length], wanted)
                    index += length
                    break
            else:
                written.append(words[index])
                index += 1
        return tuple(written)


def share_out(word: Word) -> list[Word]:
    """A word that is several, one by one; each gets a share of the time by its length.

    Example:
        >>> [(part.text, part.end) for part in share_out(Word("New York", 1.0, 1.7, 0.9))]
        [('New', 1.3), ('York', 1.7)]
    """
    parts = word.text.split()
    whole = sum(map(len, parts))
    found = []
    start, done = word.start, 0
    for part in parts:
        done += len(part)
        end = round(word.start + (word.end - word.start) * done / whole, 3)
        found.append(Word(part, start, end, word.confidence))
        start = end
    return found


def _bare(text: str) -> str:
    return text.strip(".,;:?!").lower()


def _replace(heard: Sequence[Word], wanted: str) -> list[Word]:
    tail = re.search(r"[.,;:?!]*$", heard[-1].text)
    text = wanted + (tail[0] if tail is not None else "")
    confidence = min(word.confidence for word in heard)
    return share_out(Word(text, heard[0].start, heard[-1].end, confidence))
