"""From a record to tidy DataFrames: one row a fact, units in the names, the same columns always.

The columns are in `gladia_nb.record.schema`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.record.columns import (
    Bools,
    Coded,
    Ints,
    Nullable,
    Reading,
    read,
    since_start,
    transcripts,
    words,
)
from gladia_nb.record.file import Record
from gladia_nb.record.keeping import kept_frame
from gladia_nb.record.message import writable
from gladia_nb.record.schema import CHUNKS, REFERENCE, SPOKEN, to_frame
from gladia_nb.record.triggers import Speech, Surroundings

__all__ = [
    "chunks_frame",
    "granularity_of",
    "messages_frame",
    "reference_frame",
    "spoken_frame",
    "utterances_frame",
    "words_frame",
]


def messages_frame(record: Record) -> pd.DataFrame:
    """Every message; columns in `MESSAGES`."""
    return kept_frame(record, "messages", lambda: pd.DataFrame(_messages(record), copy=False))


def _messages(record: Record) -> dict[str, Any]:
    found = read(record)
    raw = _objects(list(found.raw))
    if len(found.odd):
        raw[found.odd] = [writable(text) for text in raw[found.odd]]
    return {
        "message": np.arange(len(found.recv_ns)),
        "recv_ns": found.recv_ns,
        "recv_s": since_start(record, found.recv_ns),
        "via": _coded(found.via),
        "connection": _integers(found.connection),
        "session_id": _coded(found.session_id),
        "type": _coded(found.type),
        "utterance_id": _coded(found.id),
        "channel": _integers(found.channel),
        "is_final": _flags(found.is_final),
        "start_s": found.start_s,
        "end_s": found.end_s,
        "text": _texts(found.text),
        "n_words": _integers(found.n_words),
        "confidence": found.confidence,
        "language": _coded(found.language),
        "acknowledged": _flags(found.acknowledged),
        "byte_end": _integers(found.byte_end),
        "created_at": _texts(found.created_at),
        "error": _coded(found.error),
        "problem": _coded(found.problem),
        "raw": _texts(raw),
    }


def chunks_frame(record: Record) -> pd.DataFrame:
    """Every chunk sent; columns in `CHUNKS`."""
    events = record.of("chunk")
    rate = int(record.header["config"]["sample_rate"])
    names = [name for name, dtype in CHUNKS.items() if dtype == "int64" and name != "bytes"]
    whole = {
        name: np.fromiter((event[name] for event in events), np.int64, len(events))
        for name in names
    }
    ends = [event["send_end_ns"] for event in events]
    lost = np.fromiter((end is None for end in ends), np.bool_, len(ends))
    end_ns = np.array([0 if end is None else end for end in ends], dtype="int64")
    ack_ends, ack_stamps = _acknowledgements(read(record))
    at = np.searchsorted(ack_ends, whole["end_byte"])
    acked = at < len(ack_ends)
    ack_ns = np.zeros(len(events), dtype="int64")
    ack_ns[acked] = ack_stamps[at[acked]]
    columns: dict[str, Any] = {
        **whole,
        "bytes": whole["end_byte"] - whole["start_byte"],
        "start_s": whole["start_frame"] / rate,
        "end_s": whole["end_frame"] / rate,
        "send_end_ns": _integers(Nullable(end_ns, lost)),
        "lateness_ms": (whole["send_start_ns"] - whole["due_ns"]) / 1e6,
        "send_ms": np.where(lost, np.nan, (end_ns - whole["send_start_ns"]) / 1e6),
        "ack_ns": _integers(Nullable(ack_ns, ~acked)),
        "ack_ms": np.where(lost | ~acked, np.nan, (ack_ns - end_ns) / 1e6),
        "resend": np.fromiter((event["resend"] for event in events), np.bool_, len(events)),
    }
    return pd.DataFrame({name: columns[name] for name in CHUNKS}, copy=False)


def words_frame(record: Record) -> pd.DataFrame:
    """Every word of every transcript; columns in `WORDS`."""
    return kept_frame(record, "words", lambda: pd.DataFrame(_words(record), copy=False))


def _words(record: Record) -> dict[str, Any]:
    found, said = read(record), words(record)
    counts = np.diff(said.first)
    message = np.repeat(np.arange(len(counts)), counts)
    return {
        "message": message,
        "recv_ns": found.recv_ns[message],
        "recv_s": since_start(record, found.recv_ns[message]),
        "channel": found.channel.value[message],
        "utterance_id": _coded(Coded(_named(found.id)[message], [*found.id.levels, ""])),
        "is_final": found.is_final.value[message],
        "position": np.arange(len(message)) - said.first[message],
        "word": _coded(said.text),
        "start_s": said.start_s,
        "end_s": said.end_s,
        "confidence": said.confidence,
    }


def utterances_frame(record: Record) -> pd.DataFrame:
    """One row an utterance, in the order of their first message; columns in `UTTERANCES`."""
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
    start_s, end_s = found.start_s[chosen], found.end_s[chosen]
    ended, triggers = _ends(record, chosen, has_final)
    closed = np.array([said.end_ns is None for said in ended], dtype=bool)
    closing = np.array([said.end_ns or 0 for said in ended], dtype="int64")
    texts = np.array([text or "" for text in found.text[chosen]], dtype=object)
    last_texts = np.full(n, None, dtype=object)
    last_texts[has_partial] = found.text[shown.message[last_partial[has_partial]]]

    def arrivals(places: Ints, there: Bools) -> Nullable:
        message = shown.message[places] if n else _none(n)
        return Nullable(np.where(there, found.recv_ns[message], 0), ~there)

    arrived = {
        "first_partial": arrivals(first_partial, has_first),
        "last_partial": arrivals(last_partial, has_partial),
        "final": arrivals(first_final, has_final),
    }
    language = Coded(found.language.codes[chosen], found.language.levels)
    return pd.DataFrame(
        {
            "channel": shown.channel,
            "utterance_id": _texts(_objects(shown.id)),
            "start_s": start_s,
            "end_s": end_s,
            "text": _texts(texts),
            "is_final": has_final,
            "n_partials": partials,
            "n_finals": finals,
            "n_words": found.n_words.value[chosen],
            "confidence": found.confidence[chosen],
            "language": _coded(language),
            "trigger": _texts(_objects(triggers)),
            "speech_start_s": np.array([said.start_s for said in ended], dtype="float64"),
            "speech_end_s": np.array([said.end_s for said in ended], dtype="float64"),
            "speech_end_ns": _integers(Nullable(closing, closed)),
            **{f"{name}_ns": _integers(stamp) for name, stamp in arrived.items()},
            **{
                f"{name}_s": np.where(stamp.missing, np.nan, since_start(record, stamp.value))
                for name, stamp in arrived.items()
            },
            "last_partial_text": _texts(last_texts),
        }
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


def reference_frame(record: Record) -> pd.DataFrame:
    """The words really spoken, as kept in the header; columns in `REFERENCE`.

    No rows where only segments or a text are known: what needs words must not take them for some.
    """
    rows = (record.header.get("reference") or ()) if granularity_of(record) == "word" else ()
    # Who spoke, and in which sentence, need not be known.
    columns = {name: [row.get(name) for row in rows] for name in REFERENCE}
    for name in ("word", "speaker"):
        columns[name] = [text and writable(text) for text in columns[name]]
    return to_frame(columns, REFERENCE)


def spoken_frame(record: Record) -> pd.DataFrame:
    """What was really spoken, as finely as the header has it; columns in `SPOKEN`."""
    rows = record.header.get("reference") or ()
    columns = {name: [row.get(name) for row in rows] for name in SPOKEN}
    unit = "word" if granularity_of(record) == "word" else "text"
    columns["text"] = [writable(row[unit]) for row in rows]
    return to_frame(columns, SPOKEN)


def granularity_of(record: Record) -> str | None:
    """How finely that is known: `word`, `segment` or `text`; None without a reference."""
    if not record.header.get("reference"):
        return None
    # Files of before there were others have words.
    return str(record.header.get("granularity") or "word")


def _acknowledgements(found: Reading) -> tuple[Ints, Ints]:
    """Ends of what was acknowledged, rising, and when each was first known."""
    good = found.acknowledged.value.astype(bool) & found.heard & ~found.byte_end.missing
    at = np.flatnonzero(good & found.type.is_("audio_chunk"))
    ends = found.byte_end.value[at]
    before = np.maximum.accumulate(ends)[:-1]
    rising = np.append(np.ones(len(ends[:1]), dtype=bool), ends[1:] > before)
    return ends[rising], found.recv_ns[at[rising]]


# -- columns --


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


def _integers(column: Nullable) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(column.value, column.missing)


def _flags(column: Nullable) -> pd.arrays.BooleanArray:
    return pd.arrays.BooleanArray(column.value, column.missing)


def _coded(column: Coded) -> Any:
    """A string column from codes: each different text is looked at once."""
    return pd.array(column.levels or [""], dtype="str").take(column.codes, allow_fill=True)


def _named(column: Coded) -> npt.NDArray[np.int32]:
    """Codes with one of their own, behind all others, for none."""
    none = np.int32(len(column.levels))
    return np.where(column.codes < 0, none, column.codes)


def _texts(texts: npt.NDArray[np.object_]) -> Any:
    """A string column from texts and None."""
    return pd.array(texts, dtype="str", copy=False)


def _objects(values: list[Any]) -> npt.NDArray[np.object_]:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found
