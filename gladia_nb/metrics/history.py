"""How each reference word stood after each update, as the partial-alignment diagram has it."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.placing import STATES, Part, placed_utterances, states_of
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["WORD_STATES", "word_states"]

#: One row an update and reference word of the part of the reference that its utterance covers.
WORD_STATES: Schema = MappingProxyType(
    {
        "update": "int64",  # number of the update, from 0, in the order of arrival
        "recv_s": "float64",  # its arrival, since audio position 0 was spoken
        "channel": "int64",
        "utterance_id": "str",
        "is_final": "bool",
        "word": "str",  # of the reference, normalised: a token
        "start_s": "float64",  # its share of the reference word
        "end_s": "float64",
        "state": "str",  # correct, wrong, not_yet
        "normaliser": "str",  # what makes words equal
    }
)


_CORRECT = STATES.index("correct")


def word_states(
    run: RunData,
    *,
    from_s: float = 0.0,
    until_s: float = math.inf,
    normaliser: Choice = "basic",
) -> pd.DataFrame:
    """State of each reference word after each update of its utterance.

    States and the alignment are those of `wer_at`. Words of utterances that begin outside the span
    of audio are left out, so that a part of a long run can be looked at. What partials show of the
    next utterance's part, which a final then cut off, has rows with them as long as it is shown.

    Args:
        run: a run with a reference of the granularity `word`.
        from_s: beginning of the span, seconds of audio.
        until_s: end of the span.
        normaliser: what makes words equal; see `word_times`.

    Returns:
        Columns in `WORD_STATES`, by update and position of the word.

    Raises:
        ConfigError: the run has no reference, or one without each word and its time.

    Example:
        `word_states(run, until_s=15).query("state == 'wrong'")`
    """
    blocks: list[pd.DataFrame] = []
    t0 = run.record.t0_ns or 0
    choice = chosen(run, normaliser)
    for placed in placed_utterances(run, choice):
        item, part = placed.item, placed.part
        if not len(part.token) or not from_s <= item.start_s < until_s:
            continue
        states, _, ahead = states_of(placed)
        states = np.hstack([states[:, : len(part.token)], _CORRECT * ahead])
        # What is ahead of the part has a row where it is shown.
        there = np.hstack([np.ones((len(ahead), len(part.token)), dtype=bool), ahead]).ravel()
        part = _longer(part, placed.ahead)
        updates, width = states.shape
        recv_s = (np.array(item.recv_ns) - t0) / 1e9
        columns: dict[str, Any] = {
            "update": np.repeat(np.arange(updates), width),  # of its utterance, at first
            "recv_s": np.repeat(recv_s, width),
            "channel": [item.channel] * (updates * width),
            "utterance_id": [item.id] * (updates * width),
            "is_final": np.repeat([*([False] * (updates - 1)), item.is_final], width),
            "word": part.token * updates,
            "start_s": np.tile(part.start_s, updates),
            "end_s": np.tile(part.end_s, updates),
            "state": np.array(STATES)[states.ravel()],
            "normaliser": [choice.name] * (updates * width),
        }
        blocks.append(to_frame(columns, WORD_STATES)[there])
    empty = to_frame({name: [] for name in WORD_STATES}, WORD_STATES)
    if not blocks:
        return empty
    table = pd.concat(blocks, ignore_index=True).sort_values("recv_s", kind="stable")
    marks = table[["recv_s", "channel", "utterance_id", "update"]]
    new = (marks != marks.shift()).any(axis=1)
    return table.assign(update=new.cumsum() - 1).reset_index(drop=True)


def _longer(part: Part, ahead: Part) -> Part:
    """A part with the words ahead of it."""
    return Part(
        [*part.token, *ahead.token],
        np.append(part.start_ns, ahead.start_ns),
        np.append(part.end_ns, ahead.end_ns),
        np.append(part.start_s, ahead.start_s),
        np.append(part.end_s, ahead.end_s),
    )
