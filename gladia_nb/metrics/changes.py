"""One utterance on its way: which tokens each update kept, brought, replaced or took away."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pandas as pd
from rapidfuzz.distance import Levenshtein

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.text import normalise
from gladia_nb.record.data import RunData
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


def liveliest(run: RunData) -> tuple[int, str] | None:
    """Channel and id of the utterance with the most replaced or removed tokens, else most updates.

    None when there is no utterance with a word.
    """
    best: tuple[int, int] = (-1, -1)
    found: tuple[int, str] | None = None
    for key, group in run.words.groupby(["channel", "utterance_id"], sort=False):
        channel, ident = key if isinstance(key, tuple) else (0, key)
        table = _table(group, raw=False)
        changed = int(table["change"].isin(("replaced", "removed")).sum())
        rank = (changed, int(table["update"].max()))
        if rank > best:
            best, found = rank, (int(str(channel)), str(ident))
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
    words = run.words
    chosen = words[(words["channel"] == channel) & (words["utterance_id"] == utterance)]
    if not len(chosen):
        raise ConfigError(
            f"This run has no utterance {utterance!r} with words in channel {channel}; "
            "run.utterances lists those that it has."
        )
    return _table(chosen, raw=raw)


def _table(words: pd.DataFrame, *, raw: bool) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    before: list[str] = []
    shown_before: list[str] = []
    ages: list[int] = []
    for number, (_, group) in enumerate(words.groupby("message", sort=True)):
        head = (number, float(group["recv_s"].iloc[0]), bool(group["is_final"].iloc[0]))
        shown = group.sort_values("position")["word"].tolist()
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
    columns = list(zip(*rows, strict=True)) or [()] * len(UPDATES)
    return to_frame(dict(zip(UPDATES, columns, strict=True)), UPDATES)
