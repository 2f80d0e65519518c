"""What stood on the screen: each utterance with all the texts that it showed, in order."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import pandas as pd

from gladia_nb.metrics.base.text import normalise
from gladia_nb.record.data import RunData

__all__ = ["Shown", "screen", "tokens"]


class Shown(NamedTuple):
    """One utterance as it was shown, from its first transcript to its first final.

    Attributes:
        channel: of the audio.
        id: the service's name for it.
        start_s: audio time at which it begins, by the last transcript; NaN when that is not said.
        end_s: likewise its end.
        is_final: whether the last of the texts is a final.
        recv_ns: arrival of each text.
        texts: what was shown from then on.
        ends_s: audio time at which each text ends.
    """

    channel: int
    id: str
    start_s: float
    end_s: float
    is_final: bool
    recv_ns: tuple[int, ...]
    texts: tuple[str, ...]
    ends_s: tuple[float, ...]


def screen(run: RunData) -> list[Shown]:
    """The utterances of a run, in the order of their first transcripts.

    Each transcript replaces the one before it with the same channel and id. The first final is the
    last word about an utterance: what came behind it is left out. A callback repeats what the
    WebSocket said, so that callbacks count only where no transcript came over the WebSocket.
    """
    messages = run.messages
    found = messages[(messages["type"] == "transcript") & messages["text"].notna()]
    by_socket = found[found["via"] != "callback"]
    found = by_socket if len(by_socket) else found
    table = pd.DataFrame(
        {
            "channel": found["channel"].fillna(0).astype("int64"),
            "utterance_id": found["utterance_id"].fillna(""),
            "recv_ns": found["recv_ns"],
            "is_final": found["is_final"].fillna(value=False).astype(bool),
            "start_s": found["start_s"],
            "end_s": found["end_s"],
            "text": found["text"],
        }
    )
    # Numbered by first arrival, and kept in the order of arrival within.
    table.insert(0, "utterance", table.groupby(["channel", "utterance_id"], sort=False).ngroup())
    table = table.sort_values("utterance", kind="stable")
    rows = zip(*(table[name].tolist() for name in table.columns), strict=True)
    return [_shown(list(group)) for _, group in groupby(rows, key=itemgetter(0))]


_Row = tuple[int, int, str, int, bool, float, float, str]


def _shown(rows: list[_Row]) -> Shown:
    final = next((k for k, row in enumerate(rows) if row[4]), None)
    kept = rows if final is None else rows[: final + 1]
    _, channel, ident, _, _, start_s, end_s, _ = kept[-1]
    return Shown(
        channel,
        ident,
        start_s,
        end_s,
        final is not None,
        tuple(row[3] for row in kept),
        tuple(row[7] for row in kept),
        tuple(row[6] for row in kept),
    )


def tokens(text: str, *, raw: bool = False) -> list[str]:
    """The words of a text, normalised (`metrics.base.text.normalise`) or as they are written.

    Example:
        >>> tokens(" Well, it's here. "), tokens(" Well, it's here. ", raw=True)
        (['well', "it's", 'here'], ['Well,', "it's", 'here.'])
    """
    return text.split() if raw else normalise(text).split()
