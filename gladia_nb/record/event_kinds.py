"""Every kind of event that a record holds, with its fields: one struct each.

A record says what happened, in order, as events. Whoever emits one makes one of these structs, and
whoever reads a single one gets the struct back (`gladia_nb.record.events`). In a run file an event
is one line of JSON whose field `event` has its kind. Names of stamps end in `_ns`: nanoseconds of
the monotonic clock of the machine, whoever stamped them. Fields that are `UNSET` are not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import get_args

from msgspec import UNSET, UnsetType

from gladia_nb.record.capture_events import ClockEvent, DeviceEvent, GapEndEvent, GapEvent
from gladia_nb.record.event_fields import (
    Count,
    Difference,
    Measured,
    Piece,
    RecordEvent,
    Stamp,
)

__all__ = [
    "KINDS",
    "AnyEvent",
    "AudioEndEvent",
    "AudioStartEvent",
    "ChunkEvent",
    "ClockEvent",
    "CloseEvent",
    "ConnectEvent",
    "DeviceEvent",
    "Emit",
    "EndEvent",
    "ErrorEvent",
    "GapEndEvent",
    "GapEvent",
    "InitEvent",
    "KeepAliveEvent",
    "MessageEvent",
    "NetworkEvent",
    "PingEvent",
    "ProbeEvent",
    "RecordEvent",
    "ResultEvent",
    "RetryEvent",
    "StopEvent",
    "VitalsEvent",
    "WarningEvent",
]


class InitEvent(RecordEvent, tag="init", frozen=True, kw_only=True):
    """The service has taken the request to begin.

    Attributes:
        start_ns: before `POST /v2/live`.
        end_ns: when its answer was read.
        status: of the answer.
        session_id: the service's name for the session.
        created_at: the service's own time stamp, or None when it gave none.
        url: of the WebSocket, without its token.
        dns_ms: of resolving the name, where that was needed.
        connect_ms: of connecting, where that was needed.
    """

    start_ns: Stamp
    end_ns: Stamp
    status: Count
    session_id: str
    created_at: str | None
    url: str
    dns_ms: Measured | UnsetType = UNSET
    connect_ms: Measured | UnsetType = UNSET


class ConnectEvent(RecordEvent, tag="connect", frozen=True, kw_only=True):
    """A WebSocket was opened, or could not be.

    Attributes:
        connection: its number, from 1.
        start_ns: before the handshake.
        error: why it could not be opened, else None.
        end_ns: after the handshake.
        dns_ms: as in `InitEvent`.
        connect_ms: as in `InitEvent`.
    """

    connection: Count
    start_ns: Stamp
    error: str | None
    end_ns: Stamp
    dns_ms: Measured | UnsetType = UNSET
    connect_ms: Measured | UnsetType = UNSET


class AudioStartEvent(RecordEvent, tag="audio_start", frozen=True):
    """The audio begins.

    Attributes:
        t0_ns: when position 0 of it was "spoken"; of live audio, captured.
    """

    t0_ns: Stamp


class ChunkEvent(RecordEvent, tag="chunk", frozen=True, kw_only=True):
    """A chunk of audio was sent.

    Attributes:
        seq: its number, from 0.
        start_frame: its first sample frame.
        end_frame: the frame after its last.
        start_byte: position of its first byte in all that is sent.
        end_byte: position after its last byte.
        due_ns: when its last sample had been "spoken".
        send_start_ns: before it was sent.
        send_end_ns: when it was handed over, or None when the connection broke meanwhile.
        connection: number of the connection.
        resend: whether it had been sent over an earlier connection.
    """

    seq: Count
    start_frame: Count
    end_frame: Count
    start_byte: Count
    end_byte: Count
    due_ns: Stamp
    send_start_ns: Stamp
    send_end_ns: Stamp | None
    connection: Count
    resend: bool


class _FrameEvent(RecordEvent, frozen=True):
    """A frame that holds no audio was sent; stamps as of a chunk."""

    send_start_ns: Stamp
    send_end_ns: Stamp | None
    connection: Count


class ProbeEvent(_FrameEvent, tag="probe", frozen=True):
    """An empty chunk, whose acknowledgement tells how much the service has."""


class KeepAliveEvent(_FrameEvent, tag="keep_alive", frozen=True):
    """An empty chunk, so that silence is not taken for absence."""


class StopEvent(_FrameEvent, tag="stop", frozen=True):
    """The request to finish: no more audio will come."""


class MessageEvent(RecordEvent, tag="message", frozen=True, kw_only=True):
    """The service said something.

    Attributes:
        recv_ns: at the socket, before the frame was looked at.
        connection: number of the connection; a callback has none.
        via: `websocket` or `callback`.
        raw: the text, verbatim; bytes that are not UTF-8 as surrogate escapes.
        binary: True for a binary frame.
    """

    recv_ns: Stamp
    connection: Count | UnsetType = UNSET
    via: str
    raw: str
    binary: bool | UnsetType = UNSET


class CloseEvent(RecordEvent, tag="close", frozen=True):
    """A connection ended.

    Attributes:
        ns: when that was seen.
        connection: its number.
        code: of the close frame, or None when the connection broke without one.
        reason: of the close frame, or what broke.
        outcome: what it means for the session: a value of `gladia_nb.api.protocol.CloseOutcome`.
    """

    ns: Stamp
    connection: Count
    code: Count | None
    reason: str
    outcome: str


class RetryEvent(RecordEvent, tag="retry", frozen=True):
    """Another connection will be tried.

    Attributes:
        ns: when that was decided.
        attempt: its number since the last progress, from 1.
        wait_s: seconds until then.
    """

    ns: Stamp
    attempt: Count
    wait_s: Measured


class VitalsEvent(RecordEvent, tag="vitals", frozen=True, kw_only=True):
    """How the process with the stopwatch was doing, each second.

    A page that holds the stopwatch itself tells only its event loop and the wall clock: of the rest
    a browser tells nothing.

    Attributes:
        ns: the end of the window.
        window_ns: its length.
        loop_lag_ms: by how much the event loop was late, at most.
        gc_count: garbage collections.
        gc_ms: what they took together.
        gc_longest_ms: what the longest took.
        clock_ns: the clock of the stamps minus another that nobody sets either.
        wall_ns: the wall clock minus the clock of the stamps.
        wall_width_ns: how long reading both took.
        backlog: messages that were waiting behind one that was read, at most.
        cpu_ms: processor time of the process.
        lead_ms: how long before a chunk was due the process stopped sleeping, to poll until then.
    """

    ns: Stamp
    window_ns: Stamp
    loop_lag_ms: Measured
    gc_count: Count | UnsetType = UNSET
    gc_ms: Measured | UnsetType = UNSET
    gc_longest_ms: Measured | UnsetType = UNSET
    clock_ns: Difference | UnsetType = UNSET
    wall_ns: Difference
    wall_width_ns: Stamp
    backlog: Count | UnsetType = UNSET
    cpu_ms: Measured | UnsetType = UNSET
    lead_ms: Measured | UnsetType = UNSET


class PingEvent(RecordEvent, tag="ping", frozen=True):
    """A ping was answered, or given up.

    Attributes:
        send_ns: before it was sent.
        recv_ns: when its pong came, or None when none did.
    """

    send_ns: Stamp
    recv_ns: Stamp | None


class NetworkEvent(RecordEvent, tag="network", frozen=True):
    """What has passed through the network between this machine and the service, a proxy's doing.

    Attributes:
        ns: when that was told.
        up, down: pieces to the service, and from it: when each came, when it left, and its bytes.
        resets: when the proxy reset all connections.
    """

    ns: Stamp
    up: list[Piece]
    down: list[Piece]
    resets: list[Stamp]


class AudioEndEvent(RecordEvent, tag="audio_end", frozen=True):
    """No more live audio will come.

    Attributes:
        ns: when that was known.
        frames: sample frames that came.
        clipped: samples beyond full scale, or None when nobody counted.
    """

    ns: Stamp
    frames: Count
    clipped: Count | None


class WarningEvent(RecordEvent, tag="warning", frozen=True):
    """Something was odd.

    Attributes:
        ns: when it was known.
        text: what, in a sentence for a person.
        unwritten: True when the disk took no more: this event, and all behind it, are in no file.
    """

    ns: Stamp
    text: str
    unwritten: bool | UnsetType = UNSET


class ResultEvent(RecordEvent, tag="result", frozen=True):
    """The result that the service stored.

    Attributes:
        start_ns: before `GET /v2/live/:id`.
        end_ns: when its answer was read.
        raw: the answer, verbatim.
    """

    start_ns: Stamp
    end_ns: Stamp
    raw: str


class ErrorEvent(RecordEvent, tag="error", frozen=True, kw_only=True):
    """What ended the session; see `gladia_nb.record.events.error_event`.

    Attributes:
        name: of the class in `gladia_nb.errors`.
        text: a sentence for a person.
        status: of an `ApiError`.
        request_id: of an `ApiError`.
        validation_errors: of an `ApiError`.
        retry_after_s: of an `ApiError`, where the service says when to ask again.
        code: of a `SessionError`, the close code of the WebSocket or None.
        ns: when it was known.
    """

    name: str
    text: str
    status: Count | UnsetType = UNSET
    request_id: str | UnsetType | None = UNSET
    validation_errors: list[str] | UnsetType = UNSET
    retry_after_s: Measured | UnsetType = UNSET
    code: Count | UnsetType | None = UNSET
    ns: Stamp


class EndEvent(RecordEvent, tag="end", frozen=True):
    """The session is over, and so is its record.

    Attributes:
        ns: when it was.
        outcome: `finished`, `stopped`, `aborted` or `failed`.
        anchor: both clocks at the end, as in the header: `mono_ns`, `wall_ns`, `width_ns`.
    """

    ns: Stamp
    outcome: str
    anchor: list[int]


AnyEvent = (
    InitEvent
    | ConnectEvent
    | AudioStartEvent
    | ChunkEvent
    | ProbeEvent
    | KeepAliveEvent
    | StopEvent
    | MessageEvent
    | CloseEvent
    | RetryEvent
    | VitalsEvent
    | PingEvent
    | NetworkEvent
    | GapEvent
    | GapEndEvent
    | AudioEndEvent
    | ClockEvent
    | DeviceEvent
    | WarningEvent
    | ResultEvent
    | ErrorEvent
    | EndEvent
)
#: Takes events, one after the other.
Emit = Callable[[RecordEvent], None]
#: Every kind of event, by its name in the file.
KINDS: Mapping[str, type[AnyEvent]] = MappingProxyType(
    {str(kind.__struct_config__.tag): kind for kind in get_args(AnyEvent)}
)
