"""What stood on the screen: each utterance with all the texts that it showed, in order."""

from __future__ import annotations

from typing import NamedTuple

from gladia_nb.record.columns import read, transcripts
from gladia_nb.record.data import RunData

__all__ = ["Shown", "screen"]


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
    found, said = read(run.record), transcripts(run.record)
    message = said.message
    rows = list(
        zip(
            found.recv_ns[message].tolist(),
            said.is_final.tolist(),
            found.start_s[message].tolist(),
            found.end_s[message].tolist(),
            found.text[message].tolist(),
            strict=True,
        )
    )
    spans = zip(said.first[:-1].tolist(), said.first[1:].tolist(), strict=True)
    channels = said.channel.tolist()
    # A transcript without a text shows nothing.
    groups = [[row for row in rows[begin:end] if row[4] is not None] for begin, end in spans]
    return [
        _shown(channel, ident, group)
        for channel, ident, group in zip(channels, said.id, groups, strict=True)
        if group
    ]


_Row = tuple[int, bool, float, float, str]


def _shown(channel: int, ident: str, rows: list[_Row]) -> Shown:
    final = next((k for k, row in enumerate(rows) if row[1]), None)
    kept = rows if final is None else rows[: final + 1]
    _, _, start_s, end_s, _ = kept[-1]
    return Shown(
        channel,
        ident,
        start_s,
        end_s,
        final is not None,
        tuple(row[0] for row in kept),
        tuple(row[4] for row in kept),
        tuple(row[3] for row in kept),
    )
