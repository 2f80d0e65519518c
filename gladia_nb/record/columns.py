"""The messages of a record, read once, as columns.

Everything that frames and metrics know of messages comes from here: what a text says is parsed
once, into arrays, and what was parsed is thrown away at once; the record keeps the result. Hours of
partials would otherwise be millions of small objects, several times over. Words are most of it, and
have a reading of their own, when somebody wants them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import compress, islice
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gladia_nb.record.decode import NO_DATA, Body, Odd
from gladia_nb.record.decode import bodies as bodies_of
from gladia_nb.record.decode import words as words_of
from gladia_nb.record.file import Event, Record
from gladia_nb.record.keeping import kept
from gladia_nb.record.letters import Letters
from gladia_nb.record.message import writable
from gladia_nb.record.packed import PackedTexts, arrived

__all__ = [
    "Coded",
    "Nullable",
    "Reading",
    "Transcripts",
    "Words",
    "read",
    "since_start",
    "transcripts",
    "words",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Objects = npt.NDArray[np.object_]

#: Messages that are held as objects at a time.
_BATCH = 256


class Coded(NamedTuple):
    """Texts of which many are equal.

    Attributes:
        codes: position of each text in `levels`, or -1 for none.
        levels: the different texts, in the order of their first appearance.
    """

    codes: Codes
    levels: list[str]

    def is_(self, text: str) -> Bools:
        """Which are this text."""
        code = self.levels.index(text) if text in self.levels else -2
        found: Bools = self.codes == code
        return found


class Nullable(NamedTuple):
    """Values of which some are missing.

    Attributes:
        value: what is missing is 0.
        missing: which are.
    """

    value: npt.NDArray[Any]
    missing: Bools


class Reading(NamedTuple):
    """All messages of a record, in the order of arrival; `n` messages.

    Attributes:
        recv_ns: stamps, shape `(n,)` like all that follow.
        raw: the texts, verbatim, as the record holds them; all other texts are `writable`.
        odd: numbers of the messages that were read the slow way, shape `(o,)`.
        via: how they came.
        connection: number of the connection.
        heard: which count: a callback only repeats what the WebSocket said.
        session_id: as the message names it.
        type: `type`; none for what could not be read.
        id: id of the utterance.
        channel: of the audio.
        is_final: for transcripts, where it is told.
        is_transcript: which are transcripts with an utterance.
        start_s: audio time of the utterance, the event or the acknowledged span; NaN for none.
        end_s: likewise its end.
        text: of the utterance, or None.
        n_words: number of its words.
        confidence: of the utterance; NaN for none.
        language: of the utterance.
        acknowledged: for acknowledgements.
        byte_end: for acknowledgements, the byte after the last that the service has.
        created_at: the service's own stamp, or None.
        error: text of an error.
        problem: why a message could not be read.
    """

    recv_ns: Ints
    raw: Sequence[str]
    odd: Ints
    via: Coded
    connection: Nullable
    heard: Bools
    session_id: Coded
    type: Coded
    id: Coded
    channel: Nullable
    is_final: Nullable
    is_transcript: Bools
    start_s: Floats
    end_s: Floats
    text: Objects
    n_words: Nullable
    confidence: Floats
    language: Coded
    acknowledged: Nullable
    byte_end: Nullable
    created_at: Sequence[str | None]
    error: Coded
    problem: Coded


class Words(NamedTuple):
    """All words of the transcripts that were heard; `n` messages, `w` words.

    Attributes:
        first: where the words of each message begin, shape `(n + 1,)`.
        text: each word without surrounding space, shape `(w,)` like all that follow.
        start_s: audio time; NaN where the service does not say.
        end_s: likewise.
        confidence: likewise.
    """

    first: Ints
    text: Coded
    start_s: Floats
    end_s: Floats
    confidence: Floats


class Transcripts(NamedTuple):
    """The transcripts that were heard, by utterance; `t` transcripts of `u` utterances.

    Utterances are in the order of their first transcript, the transcripts of each in the order of
    arrival.

    Attributes:
        message: number of the message of each transcript, shape `(t,)`.
        utterance: number of its utterance, rising, shape `(t,)`.
        is_final: shape `(t,)`.
        first: where the transcripts of each utterance begin, shape `(u + 1,)`.
        channel: of each utterance, shape `(u,)`.
        id: of each utterance, "" for none; length `u`.
    """

    message: Ints
    utterance: Ints
    is_final: Bools
    first: Ints
    channel: Ints
    id: list[str]


class _Levels(dict[str | None, int]):
    """Numbers for texts, given out as they appear; None has -1."""

    def __init__(self) -> None:
        super().__init__({None: -1})

    def __missing__(self, text: str | None) -> int:
        number = self[text] = len(self) - 1
        return number

    def codes(self, texts: Sequence[str | None]) -> Codes:
        return np.fromiter(map(self.__getitem__, texts), np.int32, len(texts))

    def texts(self) -> list[str]:
        return [text for text in self if text is not None]


def read(record: Record) -> Reading:
    """The messages of a record as columns; read when they are first asked for, then kept."""
    return kept(record, "reading", lambda: _read(record.of("message")))


def words(record: Record) -> Words:
    """The words of the transcripts of a record as columns; kept as `read` is."""
    return kept(record, "words", lambda: _words(read(record)))


def transcripts(record: Record) -> Transcripts:
    """The transcripts of a record by utterance; kept as `read` is."""
    return kept(record, "transcripts", lambda: _by_utterance(read(record)))


def since_start(record: Record, stamps: Ints) -> Floats:
    """Seconds since audio position 0 was spoken; NaN where no audio was."""
    t0 = record.t0_ns
    return np.full(len(stamps), np.nan) if t0 is None else (stamps - t0) / 1e9


# -- from events to columns --


class _Batch(NamedTuple):
    """Columns of some messages."""

    session_id: Codes
    type: Codes
    id: Codes
    channel: Nullable
    is_final: Nullable
    is_transcript: Bools
    start_s: Floats
    end_s: Floats
    text: Objects
    n_words: Nullable
    confidence: Floats
    language: Codes
    acknowledged: Nullable
    byte_end: Nullable


class _Tables(NamedTuple):
    """Numbers for the texts of each column."""

    session_id: _Levels
    type: _Levels
    id: _Levels
    language: _Levels


def _read(events: Sequence[Event]) -> Reading:
    tables = _Tables(*(_Levels() for _ in _Tables._fields))
    odd = Odd({}, {}, [])
    n = len(events)
    stamps: list[Any] = []
    vias: list[Any] = []
    connections: list[Any] = []
    created = Letters()
    whole: dict[str, Any] = {}
    for start in range(0, n, _BATCH) or (0,):
        raws, *columns = _fields(events, start, min(start + _BATCH, n))
        for known, values in zip((stamps, vias, connections), columns, strict=True):
            known.extend(values)
        called = {start + k for k, via in enumerate(columns[1]) if via == "callback"}
        bodies = bodies_of(raws, start, called, odd)
        created.extend([body.created_at for body in bodies])
        batch = _columns(bodies, tables)
        for name, column in zip(_Batch._fields, batch, strict=True):
            whole[name] = _put(whole.get(name), column, start, n)
    way = _Levels()
    ways = way.codes(vias)
    callback = ways == way.get("callback", -2)
    for name, levels in tables._asdict().items():
        whole[name] = Coded(whole[name], levels.texts())
    heard = ~callback
    if not (heard & whole["type"].is_("transcript")).any():
        heard[:] = True
    return Reading(
        recv_ns=np.array(stamps, dtype="int64"),
        raw=PackedTexts(events),
        odd=np.array(odd.numbers, dtype="int64"),
        via=Coded(ways, list(map(writable, way.texts()))),
        connection=_nullable(connections),
        heard=heard,
        created_at=created,
        error=_sparse(odd.error, n),
        problem=_sparse(odd.problem, n),
        **whole,
    )


def _words(found: Reading) -> Words:
    table = _Levels()
    spoken = found.is_transcript & found.heard & (found.n_words.value > 0)
    at = np.flatnonzero(spoken).tolist()
    # What was read the slow way is no text of the fast one, and callbacks are wrapped.
    slow = set(found.odd.tolist())
    called = set(np.flatnonzero(found.via.is_("callback")).tolist())
    counts = np.where(spoken, found.n_words.value, 0)
    first = np.concatenate([[0], np.cumsum(counts)])
    n = int(first[-1])
    codes, times = np.empty(n, dtype="int32"), np.empty((3, n))
    done = 0
    texts = compress(found.raw, spoken)
    for start in range(0, len(at), _BATCH):
        numbers = at[start : start + _BATCH]
        raws = list(islice(texts, _BATCH))
        said = words_of(raws, numbers, slow=slow, called=called)
        until = done + len(said)
        codes[done:until] = table.codes([word.word for word in said])
        times[0, done:until] = [word.start for word in said]
        times[1, done:until] = [word.end for word in said]
        times[2, done:until] = [word.confidence for word in said]
        done = until
    start_s, end_s, confidence = times
    return Words(first, _stripped(codes, table), start_s, end_s, confidence)


def _columns(bodies: Sequence[Body], tables: _Tables) -> _Batch:
    n = len(bodies)
    types = tables.type.codes([body.type for body in bodies])
    data = [NO_DATA if (found := body.data) is None else found for body in bodies]
    start_s, end_s, confidence = np.full((3, n), math.nan)
    if spans := [(k, *span) for k, item in enumerate(data) if (span := item.time_range)]:
        where, start_of, end_of = np.array(spans, dtype="float64").T
        start_s[where.astype("int64")], end_s[where.astype("int64")] = start_of, end_of
    speech = {tables.type.get(name, -2) for name in ("speech_start", "speech_end")}
    for k in [k for k, item in enumerate(data) if item.time is not None]:
        if types[k] in speech:
            start_s[k] = end_s[k] = data[k].time
    # Only transcripts and add-ons have an utterance.
    said = [item.utterance for item in data if item.utterance is not None]
    has_utterance = np.array([item.utterance is not None for item in data], dtype=bool)
    at = np.flatnonzero(has_utterance)
    start_s[at] = [item.start for item in said]
    end_s[at] = [item.end for item in said]
    confidence[at] = [item.confidence for item in said]
    text, language, n_words = _objects([None] * n), np.full(n, -1, dtype="int32"), np.full(n, -1)
    text[at] = [item.text for item in said]
    language[at] = tables.language.codes([item.language for item in said])
    n_words[at] = [-1 if (words := item.words) is None else len(words) for item in said]
    channel = _nullable([item.channel for item in data])
    own = _nullable([item.channel for item in said])
    channel.value[at[~own.missing]] = own.value[~own.missing]
    channel.missing[at[~own.missing]] = False
    is_transcript = has_utterance & (types == tables.type.get("transcript", -2))
    return _Batch(
        session_id=tables.session_id.codes([body.session_id for body in bodies]),
        type=types,
        id=tables.id.codes([d.utterance_id if (i := d.id) is None else i for d in data]),
        channel=channel,
        is_final=_flags([item.is_final for item in data]),
        is_transcript=is_transcript,
        start_s=start_s,
        end_s=end_s,
        text=text,
        n_words=Nullable(np.maximum(n_words, 0), n_words < 0),
        confidence=confidence,
        language=language,
        acknowledged=_flags([body.acknowledged for body in bodies]),
        byte_end=_nullable([r if (r := d.byte_range) is None else r[1] for d in data]),
    )


def _by_utterance(reading: Reading) -> Transcripts:
    message = np.flatnonzero(reading.is_transcript & reading.heard)
    # A transcript without an id belongs to the one utterance that has none.
    codes = reading.id.codes[message].astype("int64") + 1
    channel = np.unique(reading.channel.value[message], return_inverse=True)[1]
    keys = channel * (len(reading.id.levels) + 1) + codes
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    place = np.empty(len(order), dtype="int64")
    place[order] = np.arange(len(order))
    utterance = place[inverse]
    sorted_ = np.argsort(utterance, kind="stable")
    message, utterance = message[sorted_], utterance[sorted_]
    heads = np.searchsorted(utterance, np.arange(len(order) + 1))
    opening = message[heads[:-1]]
    names = ["", *reading.id.levels]
    return Transcripts(
        message=message,
        utterance=utterance,
        is_final=reading.is_final.value[message].astype(bool),
        first=heads,
        channel=reading.channel.value[opening],
        id=[names[code + 1] for code in reading.id.codes[opening].tolist()],
    )


# -- values --


_FIELDS = attrgetter("raw", "recv_ns", "via", "connection")


def _fields(events: Sequence[Event], start: int, stop: int) -> tuple[Sequence[Any], ...]:
    """Texts, stamps, ways and connections of some messages."""
    rows = list(map(_FIELDS, arrived(events, start, stop)))
    return tuple(zip(*rows, strict=True)) if rows else ((), (), (), ())


def _objects(values: Sequence[Any]) -> Objects:
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def _nullable(values: Sequence[int | None]) -> Nullable:
    n = len(values)
    if None not in values:
        return Nullable(np.array(values, dtype="int64"), np.zeros(n, dtype=bool))
    found, missing = np.zeros(n, dtype="int64"), np.ones(n, dtype=bool)
    at = [k for k, value in enumerate(values) if value is not None]
    found[at] = [values[k] for k in at]
    missing[at] = False
    return Nullable(found, missing)


_FLAGS = {None: -1, False: 0, True: 1}


def _flags(values: Sequence[bool | None]) -> Nullable:
    found = np.fromiter(map(_FLAGS.__getitem__, values), np.int8, len(values))
    return Nullable(found > 0, found < 0)


def _put(whole: Any, part: Any, start: int, n: int) -> Any:
    """Write a part of a column of length `n` into the whole of it.

    Millions of rows in small arrays, joined in the end, would leave memory in pieces.
    """
    if isinstance(part, Nullable):
        value, missing = whole or (None, None)
        return Nullable(_put(value, part.value, start, n), _put(missing, part.missing, start, n))
    if whole is None:
        whole = np.empty(n, dtype=part.dtype)
    whole[start : start + len(part)] = part
    return whole


def _sparse(texts: Mapping[int, str], n: int) -> Coded:
    levels, codes = _Levels(), np.full(n, -1, dtype="int32")
    codes[list(texts)] = levels.codes(list(texts.values()))
    return Coded(codes, levels.texts())


def _stripped(codes: Codes, table: _Levels) -> Coded:
    """Words without surrounding space; a word that is none is ""."""
    levels = _Levels()
    place = levels.codes([text.strip() for text in [*table.texts(), ""]])
    return Coded(place[codes], levels.texts())
