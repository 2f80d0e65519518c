"""Chunks, utterances and reference of a record as plain arrays.

What measures look at. The frames of the same name are made of them: for a run of a few seconds
making a frame takes longer than everything else, and thousands of runs would make tens of thousands
of frames that nobody looks at.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from gladia_nb.record.columns import (
    Bools,
    Floats,
    Ints,
    Nullable,
    Objects,
    Reading,
    read,
    since_start,
    transcripts,
)
from gladia_nb.record.file import Record
from gladia_nb.record.keeping import kept
from gladia_nb.record.message import writable
from gladia_nb.record.triggers import Speech, Surroundings

__all__ = [
    "Chunks",
    "Reference",
    "Utterances",
    "chunks",
    "granularity_of",
    "reference",
    "seconds",
    "utterances",
]


class Chunks(NamedTuple):
    """The chunks of a record, in the order of sending; shapes `(c,)`.

    Attributes and units are those of `gladia_nb.record.schema.CHUNKS`.
    """

    seq: Ints
    start_frame: Ints
    end_frame: Ints
    start_s: Floats
    end_s: Floats
    start_byte: Ints
    end_byte: Ints
    due_ns: Ints
    send_start_ns: Ints
    send_end_ns: Nullable
    lateness_ms: Floats
    send_ms: Floats
    ack_ns: Nullable
    ack_ms: Floats
    connection: Ints
    resend: Bools

    def at(self, rows: Ints) -> Chunks:
        """Some of them."""
        return Chunks(*(_at(column, rows) for column in self))


class Utterances(NamedTuple):
    """The utterances of a record, in the order of their first transcript; `u` of them.

    Attributes:
        channel: of the audio, shape `(u,)` like all that follow.
        id: the service's name, "" for none; length `u`.
        chosen: number of the message that tells of each: the first final, else the last partial.
        start_s: audio time, by that message; NaN where it does not say.
        end_s: likewise.
        is_final: whether a final came.
        n_partials: how many partials.
        n_finals: how many finals.
        trigger: why the final came, or None.
        speech_start_s: the service's own speech event in front of it; NaN for none.
        speech_end_s: the one that closes it.
        speech_end_ns: arrival of that.
        first_partial_ns: arrival of the first partial that has a text.
        last_partial_ns: arrival of the last partial.
        final_ns: arrival of the first final.
        last_text: of the last partial, or None.
    """

    channel: Ints
    id: list[str]
    chosen: Ints
    start_s: Floats
    end_s: Floats
    is_final: Bools
    n_partials: Ints
    n_finals: Ints
    trigger: Objects
    speech_start_s: Floats
    speech_end_s: Floats
    speech_end_ns: Nullable
    first_partial_ns: Nullable
    last_partial_ns: Nullable
    final_ns: Nullable
    last_text: Objects


class Reference(NamedTuple):
    """The words that were really spoken, where they are known; shapes `(r,)`.

    Attributes:
        word: as it was given; length `r`.
        start_s: audio time.
        end_s: likewise.
        channel: of the audio.
    """

    word: list[str]
    start_s: Floats
    end_s: Floats
    channel: Ints


def chunks(record: Record) -> Chunks:
    """The chunks of a record; made when they are first asked for, then kept."""
    return kept(record, "chunks", lambda: _chunks(record))


def utterances(record: Record) -> Utterances:
    """The utterances of a record; kept as `chunks` are."""
    return kept(record, "utterances", lambda: _utterances(record))


def reference(record: Record) -> Reference:
    """The words of a record's header; none where only segments or a text are known."""
    return kept(record, "reference", lambda: _reference(record))


def seconds(record: Record, stamps: Nullable) -> Floats:
    """Stamps as seconds since audio position 0 was spoken; NaN for what is missing."""
    return np.where(stamps.missing, np.nan, since_start(record, stamps.value))


def granularity_of(record: Record) -> str | None:
    """How finely it is known what was spoken: `word`, `segment`, `text`; None without a reference.

    Files of before there were others have words.
    """
    if not record.header.get("reference"):
        return None
    return str(record.header.get("granularity") or "word")


# -- chunks --

_WHOLE = tuple(
    "seq start_frame end_frame start_byte end_byte due_ns send_start_ns connection".split()
)


def _chunks(record: Record) -> Chunks:
    events = record.of("chunk")
    rate = int(record.header["config"]["sample_rate"])
    n = len(events)
    whole, ends, resend = _read_chunks(events)
    lost = np.fromiter((end is None for end in ends), np.bool_, n)
    end_ns = np.array([0 if end is None else end for end in ends], dtype="int64")
    ack_ends, ack_stamps = _acknowledgements(read(record))
    at = np.searchsorted(ack_ends, whole["end_byte"])
    acked = at < len(ack_ends)
    ack_ns = np.zeros(n, dtype="int64")
    ack_ns[acked] = ack_stamps[at[acked]]
    return Chunks(
        **whole,
        start_s=whole["start_frame"] / rate,
        end_s=whole["end_frame"] / rate,
        send_end_ns=Nullable(end_ns, lost),
        lateness_ms=(whole["send_start_ns"] - whole["due_ns"]) / 1e6,
        send_ms=np.where(lost, np.nan, (end_ns - whole["send_start_ns"]) / 1e6),
        ack_ns=Nullable(ack_ns, ~acked),
        ack_ms=np.where(lost | ~acked, np.nan, (ack_ns - end_ns) / 1e6),
        resend=resend,
    )


def _read_chunks(events: Any) -> tuple[dict[str, Ints], list[int | None], Bools]:
    """What the events say, read once: they may be packed."""
    n = len(events)
    found = np.empty((len(_WHOLE), n), dtype="int64")
    ends: list[int | None] = []
    resend = np.empty(n, dtype=bool)
    for k, event in enumerate(events):
        found[:, k] = [event[name] for name in _WHOLE]
        ends.append(event["send_end_ns"])
        resend[k] = event["resend"]
    return dict(zip(_WHOLE, found, strict=True)), ends, resend


def _acknowledgements(found: Reading) -> tuple[Ints, Ints]:
    """Ends of what was acknowledged, rising, and when each was first known."""
    good = found.acknowledged.value.astype(bool) & found.heard & ~found.byte_end.missing
    at = np.flatnonzero(good & found.type.is_("audio_chunk"))
    ends = found.byte_end.value[at]
    before = np.maximum.accumulate(ends)[:-1]
    rising = np.append(np.ones(len(ends[:1]), dtype=bool), ends[1:] > before)
    return ends[rising], found.recv_ns[at[rising]]


def _at(column: Any, rows: Ints) -> Any:
    if isinstance(column, Nullable):
        return Nullable(column.value[rows], column.missing[rows])
    return column[rows]


# -- utterances --


def _utterances(record: Record) -> Utterances:
    found, shown = read(record), transcripts(record)
    n = len(shown.id)
    finals = np.add.reduceat(np.append(shown.is_final, 0), shown.first[:-1]) if n else _none(n)
    partials = np.diff(shown.first) - finals
    # Of each utterance the first final, else the last partial; and first and last partial.
    first_final = _first(shown.utterance, shown.is_final, n)
    # An empty partial shows nothing to anybody.
    said = np.array([bool(text and text.strip()) for text in found.text[shown.message]], dtype=bool)
    first_partial = _first(shown.utterance, ~shown.is_final & said, n)
    has_first = np.zeros(n, dtype=bool)
    has_first[shown.utterance[~shown.is_final & said]] = True
    last_partial = _last(shown.utterance, ~shown.is_final, n)
    has_final, has_partial = finals > 0, partials > 0
    chosen = shown.message[np.where(has_final, first_final, last_partial)] if n else _none(n)
    ended, triggers = _ends(record, chosen, has_final)
    closed = np.array([said.end_ns is None for said in ended], dtype=bool)
    closing = np.array([said.end_ns or 0 for said in ended], dtype="int64")
    last_texts = np.full(n, None, dtype=object)
    last_texts[has_partial] = found.text[shown.message[last_partial[has_partial]]]
    trigger = np.empty(n, dtype=object)
    trigger[:] = triggers

    def arrivals(places: Ints, there: Bools) -> Nullable:
        message = shown.message[places] if n else _none(n)
        return Nullable(np.where(there, found.recv_ns[message], 0), ~there)

    return Utterances(
        channel=shown.channel,
        id=shown.id,
        chosen=chosen,
        start_s=found.start_s[chosen],
        end_s=found.end_s[chosen],
        is_final=has_final,
        n_partials=partials,
        n_finals=finals,
        trigger=trigger,
        speech_start_s=np.array([said.start_s for said in ended], dtype="float64"),
        speech_end_s=np.array([said.end_s for said in ended], dtype="float64"),
        speech_end_ns=Nullable(closing, closed),
        first_partial_ns=arrivals(first_partial, has_first),
        last_partial_ns=arrivals(last_partial, has_partial),
        final_ns=arrivals(first_final, has_final),
        last_text=last_texts,
    )


def _ends(record: Record, chosen: Ints, has_final: Bools) -> tuple[list[Speech], list[str | None]]:
    """The speech events around each utterance, and why its final came.

    Args:
        record: the record.
        chosen: number of the message that tells of each utterance: the first final, else the last
            partial.
        has_final: which of them is a final.
    """
    found, channels = read(record), transcripts(record).channel.tolist()
    start_s, end_s = found.start_s[chosen], found.end_s[chosen]
    heard = Surroundings(record)
    speech = [heard.around(*facts) for facts in zip(channels, start_s, end_s, strict=True)]
    stamps = found.recv_ns[chosen].tolist()
    facts = zip(stamps, start_s, end_s, speech, has_final, strict=True)
    triggers = [
        heard.trigger(stamp, start, end, said.end_ns) if there else None
        for stamp, start, end, said, there in facts
    ]
    # The speech went on behind a forced cut; its end belongs to a later utterance.
    ended = [
        Speech(said.start_s, math.nan, None) if trigger == "max_duration" else said
        for said, trigger in zip(speech, triggers, strict=True)
    ]
    return ended, triggers


def _none(n: int) -> Ints:
    return np.zeros(n, dtype="int64")


def _first(groups: Ints, chosen: Bools, n: int) -> Ints:
    """Position of the first chosen row of each group; 0 for none."""
    at = np.flatnonzero(chosen)
    found = _none(n)
    found[groups[at[::-1]]] = at[::-1]
    return found


def _last(groups: Ints, chosen: Bools, n: int) -> Ints:
    at = np.flatnonzero(chosen)
    found = _none(n)
    found[groups[at]] = at
    return found


# -- reference --


def _reference(record: Record) -> Reference:
    rows: Any = (record.header.get("reference") or ()) if granularity_of(record) == "word" else ()
    return Reference(
        [writable(row["word"]) for row in rows],
        np.array([row["start_s"] for row in rows], dtype="float64"),
        np.array([row["end_s"] for row in rows], dtype="float64"),
        np.array([row["channel"] for row in rows], dtype="int64"),
    )
