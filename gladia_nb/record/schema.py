"""The columns of the frames, with their dtypes: the contract of every DataFrame.

A run without a single message has the same columns with the same dtypes. Stamps (`*_ns`) are
nanoseconds of the monotonic clock; times of the stream (`*_s` of audio) are seconds from the first
sample; `recv_s` is seconds from the moment at which that sample was "spoken". What the service did
not say is missing (`NaN` or `<NA>`), never 0 or "".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

__all__ = [
    "CHUNKS",
    "MESSAGES",
    "REFERENCE",
    "SPOKEN",
    "UTTERANCES",
    "WORDS",
    "Schema",
    "to_frame",
]

Schema = Mapping[str, str]


#: One row a message of the service, in the order of arrival.
MESSAGES: Schema = MappingProxyType(
    {
        "message": "int64",  # its number, from 0
        "recv_ns": "int64",  # stamp at the socket, before it was read
        "recv_s": "float64",  # seconds since audio position 0 was spoken
        "via": "str",  # websocket or callback
        "connection": "Int64",  # number of the connection, from 1
        "session_id": "str",  # as the message names it
        "type": "str",
        "utterance_id": "str",  # for transcripts and add-ons
        "channel": "Int64",
        "is_final": "boolean",  # for transcripts
        "start_s": "float64",  # audio time: of the utterance, the event, or the acknowledged span
        "end_s": "float64",
        "text": "str",  # as sent, with its leading space
        "n_words": "Int64",
        "confidence": "float64",
        "language": "str",
        "acknowledged": "boolean",  # for acknowledgements
        "byte_end": "Int64",  # for acknowledgements: byte after the last that the service has
        "created_at": "str",  # the service's own stamp, its own clock
        "error": "str",
        "problem": "str",  # why it could not be read
        "raw": "str",  # verbatim
    }
)


#: One row a chunk of audio sent; a chunk sent again after a lost connection has another row.
CHUNKS: Schema = MappingProxyType(
    {
        "seq": "int64",
        "start_frame": "int64",
        "end_frame": "int64",  # exclusive
        "start_s": "float64",  # audio time of its first sample
        "end_s": "float64",  # audio time behind its last sample
        "start_byte": "int64",
        "end_byte": "int64",  # exclusive
        "bytes": "int64",  # of audio, as encoded; base64 in JSON is a third longer
        "due_ns": "int64",  # when its last sample was spoken
        "send_start_ns": "int64",
        "send_end_ns": "Int64",  # missing when the connection was lost under it
        "lateness_ms": "float64",  # send_start - due
        "send_ms": "float64",  # send_end - send_start
        "ack_ns": "Int64",  # first acknowledgement that covers it
        "ack_ms": "float64",  # ack - send_end
        "connection": "int64",
        "resend": "bool",
    }
)


#: One row an utterance: all transcripts that share channel and id.
UTTERANCES: Schema = MappingProxyType(
    {
        "channel": "int64",
        "utterance_id": "str",
        "start_s": "float64",  # of the final, else of the last partial
        "end_s": "float64",
        "text": "str",  # of the final, else of the last partial
        "is_final": "bool",  # whether a final came
        "n_partials": "int64",
        "n_finals": "int64",
        "n_words": "int64",
        "confidence": "float64",
        "language": "str",
        "trigger": "str",  # endpoint, max_duration, stop, resume; missing when it cannot be told
        "speech_start_s": "float64",  # the service's own speech events around it
        "speech_end_s": "float64",
        "speech_end_ns": "Int64",  # arrival of that speech_end
        "first_partial_ns": "Int64",  # the first that has a text
        "last_partial_ns": "Int64",
        "final_ns": "Int64",  # arrival of the first final
        "first_partial_s": "float64",  # the same, since audio position 0 was spoken
        "last_partial_s": "float64",
        "final_s": "float64",
        "last_partial_text": "str",
    }
)


#: One row a word of every transcript, partial or final.
WORDS: Schema = MappingProxyType(
    {
        "message": "int64",  # number of the message it is in
        "recv_ns": "int64",
        "recv_s": "float64",
        "channel": "int64",
        "utterance_id": "str",
        "is_final": "bool",
        "position": "int64",  # in the transcript, from 0
        "word": "str",  # without surrounding space
        "start_s": "float64",
        "end_s": "float64",
        "confidence": "float64",
    }
)


#: One row a word that was really spoken.
REFERENCE: Schema = MappingProxyType(
    {
        "word": "str",
        "start_s": "float64",
        "end_s": "float64",
        "channel": "int64",
        "speaker": "str",  # missing where the reference does not say
        "sentence": "Int64",  # the same
    }
)

#: What was really spoken, as finely as it is known (its granularity): one row a `word`, a `segment`
#: (a sentence, a subtitle), or a `text`.
SPOKEN: Schema = MappingProxyType(
    {
        "text": "str",
        "start_s": "float64",  # NaN for the granularity `text`
        "end_s": "float64",
        "channel": "int64",
        "speaker": "str",  # missing when it is not known
        "sentence": "Int64",  # likewise
    }
)


def to_frame(columns: Mapping[str, Any], schema: Schema) -> pd.DataFrame:
    """Columns as a DataFrame of a schema, also when they are empty.

    Columns are put beside each other by position, whatever index they bring.
    """
    # Series of many columns spend most of their time on indexes, which are all the same.
    arrays = {name: _array(columns[name], dtype) for name, dtype in schema.items()}
    return pd.DataFrame(arrays, copy=False)


def _array(values: Any, dtype: str) -> Any:
    """A column of its own, which shares no memory with the values."""
    if dtype in _PLAIN and not isinstance(values, pd.Series):
        found = np.array(values)
        if np.can_cast(found.dtype, dtype, "same_kind") or found.dtype == object:
            return found.astype(dtype, copy=False)
    if dtype in _TEXT and isinstance(values, list):
        made: Any = pd.array
        return made(values, dtype=dtype)
    return pd.Series(values, dtype=dtype).array


#: Data types that numpy knows as well, and faster.
_PLAIN = frozenset({"int64", "float64", "bool"})
#: Those that pandas makes of a list without an index.
_TEXT = frozenset({"str", "Int64", "boolean"})
