"""From a record to tidy DataFrames: one row a fact, units in the names, the same columns always.

The columns are in `gladia_nb.record.schema`.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.record.arrays import chunks, granularity_of, seconds, utterances
from gladia_nb.record.columns import (
    Coded,
    Nullable,
    Reading,
    read,
    since_start,
    words,
)
from gladia_nb.record.file import Record
from gladia_nb.record.keeping import kept_frame
from gladia_nb.record.message import writable
from gladia_nb.record.schema import CHUNKS, REFERENCE, SPOKEN, to_frame

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
        "created_at": _texts(_objects(list(found.created_at))),
        "error": _coded(found.error),
        "problem": _coded(found.problem),
        "raw": _raw(found),
    }


#: Texts that are held as objects at a time.
_PART = 1 << 12


def _raw(found: Reading) -> Any:
    """The texts of all messages, in parts: hours of them would be there twice over."""
    odd, texts = set(found.odd.tolist()), iter(enumerate(found.raw))
    parts = []
    for _ in range(0, len(found.recv_ns), _PART) or (0,):
        part = [writable(text) if k in odd else text for k, text in islice(texts, _PART)]
        parts.append(pd.Series(_exactly(part)))
    # Parts are put beside each other, and not copied.
    return pd.concat(parts, ignore_index=True).array


def _exactly(texts: list[str]) -> Any:
    """A string column that takes no more room than its texts."""
    if pd.StringDtype(na_value=np.nan).storage != "pyarrow":
        return _texts(_objects(texts))
    import pyarrow as pa

    # What pyarrow makes of objects keeps the room in which it grew: half as much again.
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype="int64")
    buffers = pa.py_buffer(ends), pa.py_buffer(b"".join(encoded))
    column: Any = pa.LargeStringArray.from_buffers(len(texts), *buffers)
    return pd.array(column, dtype="str")


def chunks_frame(record: Record) -> pd.DataFrame:
    """Every chunk sent; columns in `CHUNKS`."""
    return kept_frame(record, "chunks", lambda: pd.DataFrame(_chunks(record), copy=False))


def _chunks(record: Record) -> dict[str, Any]:
    found = chunks(record)
    columns: dict[str, Any] = {
        **found._asdict(),
        "bytes": found.end_byte - found.start_byte,
        "send_end_ns": _integers(found.send_end_ns),
        "ack_ns": _integers(found.ack_ns),
    }
    return {name: columns[name] for name in CHUNKS}


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
    return kept_frame(record, "utterances", lambda: pd.DataFrame(_utterances(record), copy=False))


def _utterances(record: Record) -> dict[str, Any]:
    found, told = read(record), utterances(record)
    texts = np.array([text or "" for text in found.text[told.chosen]], dtype=object)
    language = Coded(found.language.codes[told.chosen], found.language.levels)
    arrived = {name: getattr(told, f"{name}_ns") for name in _ARRIVALS}
    return {
        "channel": told.channel,
        "utterance_id": _texts(_objects(told.id)),
        "start_s": told.start_s,
        "end_s": told.end_s,
        "text": _texts(texts),
        "is_final": told.is_final,
        "n_partials": told.n_partials,
        "n_finals": told.n_finals,
        "n_words": found.n_words.value[told.chosen],
        "confidence": found.confidence[told.chosen],
        "language": _coded(language),
        "trigger": _texts(told.trigger),
        "speech_start_s": told.speech_start_s,
        "speech_end_s": told.speech_end_s,
        "speech_end_ns": _integers(told.speech_end_ns),
        **{f"{name}_ns": _integers(stamps) for name, stamps in arrived.items()},
        **{f"{name}_s": seconds(record, stamps) for name, stamps in arrived.items()},
        "last_partial_text": _texts(told.last_text),
    }


_ARRIVALS = ("first_partial", "last_partial", "final")


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


# -- columns --


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
