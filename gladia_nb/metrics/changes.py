"""One utterance on its way: which words each update kept, brought, replaced or took away."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.scripts import cut
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.record.columns import read, since_start, transcripts, words
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["UPDATES", "liveliest", "updates"]

#: One row a word of each update of one utterance, and one for each word that an update took away.
UPDATES: Schema = MappingProxyType(
    {
        "update": "int64",  # number of the update within the utterance, from 0
        "recv_s": "float64",  # its arrival, since audio position 0 was spoken
        "is_final": "bool",
        "position": "int64",  # of the word in the update; of a removed one in the update before
        "word": "str",  # as shown
        "change": "str",  # new, kept, replaced (stands where another stood), removed
        "age": "int64",  # updates that it has stood unchanged before this one
        "normaliser": "str",  # what makes words equal
    }
)
_CHANGE = list(UPDATES).index("change")


def liveliest(run: RunData, *, normaliser: Choice = "basic") -> tuple[int, str] | None:
    """Channel and id of the utterance with the most replaced or removed words, else most updates.

    None when there is no utterance with a word.
    """
    choice = chosen(run, normaliser)
    return kept(run.record, f"liveliest {choice.key}", lambda: _liveliest(run, choice))


def _liveliest(run: RunData, choice: Normaliser) -> tuple[int, str] | None:
    best: tuple[int, int] = (-1, -1)
    found: tuple[int, str] | None = None
    shown = transcripts(run.record)
    for number, (channel, ident) in enumerate(zip(shown.channel.tolist(), shown.id, strict=True)):
        rows = _rows(_texts(run, number), choice)
        if not rows:
            continue
        changed = sum(row[_CHANGE] in ("replaced", "removed") for row in rows)
        rank = (changed, max(row[0] for row in rows))
        if rank > best:
            best, found = rank, (channel, ident)
    return found


def updates(
    run: RunData, utterance: str, *, channel: int = 0, normaliser: Choice = "basic"
) -> pd.DataFrame:
    """What each update of an utterance did to its words (characters, in scripts without spaces).

    Each update is aligned with the one before it by edit distance, so that a word brought in front
    does not make all behind it new. Tokens are aligned: "21" keeps "twenty one". A word is kept
    when all its tokens are, and removed when none of them stayed or was replaced.

    Args:
        run: the run.
        utterance: its id.
        channel: of the audio.
        normaliser: what makes words equal; `raw` tells apart case and punctuation, in which finals
            differ from partials as a rule.

    Returns:
        Columns in `UPDATES`, in the order of the updates; the final, if one came, is the last.

    Raises:
        ConfigError: there is no such utterance with words, or no such normaliser.
    """
    shown = transcripts(run.record)
    keys = list(zip(shown.channel.tolist(), shown.id, strict=True))
    texts = _texts(run, keys.index((channel, utterance))) if (channel, utterance) in keys else []
    if not texts:
        raise ConfigError(
            f"This run has no utterance {utterance!r} with words in channel {channel}; "
            "run.utterances lists those that it has."
        )
    return _table(texts, chosen(run, normaliser))


class _Text(NamedTuple):
    """What one transcript showed."""

    recv_s: float
    is_final: bool
    words: list[str]


def _texts(run: RunData, utterance: int) -> list[_Text]:
    """The transcripts of an utterance that have words, in the order of arrival."""
    found, said, shown = read(run.record), words(run.record), transcripts(run.record)
    places = np.arange(shown.first[utterance], shown.first[utterance + 1])
    places = places[said.first[shown.message[places] + 1] > said.first[shown.message[places]]]
    messages = shown.message[places]
    recv_s = since_start(run.record, found.recv_ns[messages])
    texts = []
    for place, message, at in zip(places, messages, recv_s, strict=True):
        codes = said.text.codes[said.first[message] : said.first[message + 1]]
        # Where words are not told apart in writing, characters stand for them.
        spoken = [part for code in codes for part in cut(said.text.levels[code])]
        texts.append(_Text(float(at), bool(shown.is_final[place]), spoken))
    return texts


def _table(texts: Sequence[_Text], choice: Normaliser) -> pd.DataFrame:
    rows, names = _rows(texts, choice), [name for name in UPDATES if name != "normaliser"]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    told = {"normaliser": [choice.name] * len(rows)}
    return to_frame(dict(zip(names, columns, strict=True)) | told, UPDATES)


def _rows(texts: Sequence[_Text], choice: Normaliser) -> list[tuple[Any, ...]]:
    """The rows of `UPDATES`, without the name of the normaliser."""
    rows: list[tuple[Any, ...]] = []
    before = _Cut([], [])
    shown_before: list[str] = []
    ages: list[int] = []
    for number, text in enumerate(texts):
        head, shown = (number, text.recv_s, text.is_final), text.words
        now = _cut(shown, choice)
        changes, aged, gone = _compared(before, now, ages)
        rows += [(*head, i, shown_before[i], "removed", ages[i]) for i in gone]
        rows += [
            (*head, position, word, changes[position], aged[position])
            for position, word in enumerate(shown)
        ]
        before, shown_before, ages = now, shown, aged
    return rows


class _Cut(NamedTuple):
    """The tokens of a text, and the word that each is from."""

    tokens: list[str]
    owners: list[int]


def _cut(words: Sequence[str], choice: Normaliser) -> _Cut:
    """What the normaliser makes nothing of stands for itself: it is on the screen."""
    found = [tokens or (word,) for word, tokens in zip(words, choice.of_words(words), strict=True)]
    owners = [k for k, tokens in enumerate(found) for _ in tokens]
    return _Cut([token for tokens in found for token in tokens], owners)


def _compared(
    before: _Cut, now: _Cut, ages: Sequence[int]
) -> tuple[list[str], list[int], list[int]]:
    """What became of each word, its age, and the old words that are gone."""
    width = now.owners[-1] + 1 if now.owners else 0
    tags: list[set[str]] = [set() for _ in range(width)]
    aged: list[list[int]] = [[] for _ in range(width)]
    left: list[set[str]] = [set() for _ in ages]
    for op in Levenshtein.opcodes(before.tokens, now.tokens):
        for i in range(op.src_start, op.src_end):
            left[before.owners[i]].add(op.tag)
        for k, j in enumerate(range(op.dest_start, op.dest_end)):
            tags[now.owners[j]].add(op.tag)
            same = op.tag == "equal"
            aged[now.owners[j]].append(ages[before.owners[op.src_start + k]] + 1 if same else 0)
    changes = [
        "kept" if tag == {"equal"} else "new" if tag == {"insert"} else "replaced" for tag in tags
    ]
    gone = [i for i, tag in enumerate(left) if tag == {"delete"}]
    return changes, [min(each) for each in aged], gone
