"""One utterance on its way: which tokens each update kept, brought, replaced or took away."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.text import normalise
from gladia_nb.record.columns import read, since_start, transcripts, words
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["UPDATES", "liveliest", "updates"]

#: One row a token of each update of one utterance, and one for each token that an update took away.
UPDATES: Schema = MappingProxyType(
    {
        "update": "int64",  # number of the update within the utterance, from 0
        "recv_s": "float64",  # its arrival, since audio position 0 was spoken
        "is_final": "bool",
        "position": "int64",  # of the token in the update; of a removed one in the update before
        "word": "str",  # as shown
        "change": "str",  # new, kept, replaced (stands where another stood), removed
        "age": "int64",  # updates that it has stood unchanged before this one
    }
)
_CHANGE = list(UPDATES).index("change")


def liveliest(run: RunData) -> tuple[int, str] | None:
    """Channel and id of the utterance with the most replaced or removed tokens, else most updates.

    None when there is no utterance with a word.
    """
    return kept(run.record, "liveliest", lambda: _liveliest(run))


def _liveliest(run: RunData) -> tuple[int, str] | None:
    best: tuple[int, int] = (-1, -1)
    found: tuple[int, str] | None = None
    shown = transcripts(run.record)
    for number, (channel, ident) in enumerate(zip(shown.channel.tolist(), shown.id, strict=True)):
        rows = _rows(_texts(run, number), raw=False)
        if not rows:
            continue
        changed = sum(row[_CHANGE] in ("replaced", "removed") for row in rows)
        rank = (changed, max(row[0] for row in rows))
        if rank > best:
            best, found = rank, (channel, ident)
    return found


def updates(run: RunData, utterance: str, *, channel: int = 0, raw: bool = False) -> pd.DataFrame:
    """What each update of an utterance did to its tokens.

    Each update is aligned with the one before it by edit distance, so that a word brought in front
    does not make all behind it new.

    Args:
        run: the run.
        utterance: its id.
        channel: of the audio.
        raw: tell apart case and punctuation, in which finals differ from partials as a rule.

    Returns:
        Columns in `UPDATES`, in the order of the updates; the final, if one came, is the last.

    Raises:
        ConfigError: there is no such utterance with words.
    """
    shown = transcripts(run.record)
    keys = list(zip(shown.channel.tolist(), shown.id, strict=True))
    texts = _texts(run, keys.index((channel, utterance))) if (channel, utterance) in keys else []
    if not texts:
        raise ConfigError(
            f"This run has no utterance {utterance!r} with words in channel {channel}; "
            "run.utterances lists those that it has."
        )
    return _table(texts, raw=raw)


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
        spoken = [said.text.levels[code] for code in codes]
        texts.append(_Text(float(at), bool(shown.is_final[place]), spoken))
    return texts


def _table(texts: Sequence[_Text], *, raw: bool) -> pd.DataFrame:
    columns = list(zip(*_rows(texts, raw=raw), strict=True)) or [()] * len(UPDATES)
    return to_frame(dict(zip(UPDATES, columns, strict=True)), UPDATES)


def _rows(texts: Sequence[_Text], *, raw: bool) -> list[tuple[Any, ...]]:
    """The rows of `UPDATES`."""
    rows: list[tuple[Any, ...]] = []
    before: list[str] = []
    shown_before: list[str] = []
    ages: list[int] = []
    for number, text in enumerate(texts):
        head, shown = (number, text.recv_s, text.is_final), text.words
        tokens = shown if raw else [normalise(word) or word for word in shown]
        aged = [0] * len(tokens)
        changes = ["new"] * len(tokens)
        for op in Levenshtein.opcodes(before, tokens):
            for k, j in enumerate(range(op.dest_start, op.dest_end)):
                if op.tag == "equal":
                    changes[j], aged[j] = "kept", ages[op.src_start + k] + 1
                elif op.tag == "replace":
                    changes[j] = "replaced"
            if op.tag == "delete":
                gone = range(op.src_start, op.src_end)
                rows += [(*head, i, shown_before[i], "removed", ages[i]) for i in gone]
        rows += [
            (*head, position, word, changes[position], aged[position])
            for position, word in enumerate(shown)
        ]
        before, shown_before, ages = tokens, shown, aged
    return rows
