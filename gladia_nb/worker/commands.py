"""What the caller's process tells the worker, and what the worker tells beside events.

The caller writes an `Order`, one line of JSON, with the audio that belongs to it in one frame of
the pipe (`gladia_nb.worker.pipe`). Commands are told apart by their type and checked field by
field, so that two processes of different versions find out at once. The API key travels in `Start`
and `Direct`, and the URL of a WebSocket in a `Ticket`: no repr shows them.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from gladia_nb.keys import Hidden, Secret
from gladia_nb.network.control import Way
from gladia_nb.record.event_kinds import AnyEvent
from gladia_nb.record.file import dump_line

__all__ = [
    "Abort",
    "AnyCommand",
    "Begin",
    "Callbacks",
    "Command",
    "Direct",
    "End",
    "Events",
    "Failure",
    "Feed",
    "Finish",
    "Note",
    "Order",
    "Pause",
    "Ready",
    "Refusal",
    "Start",
    "Stop",
    "Ticket",
    "decode_order",
    "encode_order",
    "read_ticket",
    "told_line",
]


class Command(msgspec.Struct, frozen=True, tag_field="cmd", forbid_unknown_fields=True):
    """Anything that can be told about one session."""


class Callbacks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where callbacks are received; see `gladia_nb.api.callbacks.CallbackReceiver`."""

    host: str = "127.0.0.1"
    port: int = 0
    public_url: str | None = None


class Begin(Command, frozen=True, kw_only=True):
    """Begin a session, of one kind or the other.

    Attributes:
        path: the file of its run, which has its header.
        base_url: of the service.
        key: the API key, or None.
        region: `eu-west`, `us-west` or None.
        body: of `POST /v2/live`.
    """

    path: str
    base_url: str
    key: Secret | None
    region: str | None
    body: dict[str, Any]

    def __repr__(self) -> str:
        # That of a struct would show the key.
        return f"{type(self).__name__}({self.path!r})"


class Direct(Begin, tag="direct", frozen=True, kw_only=True):
    """Begin a session that a browser holds."""

    __repr__ = Begin.__repr__


class Start(Begin, tag="start", frozen=True, kw_only=True):
    """Begin a session that the worker holds; of a file, all of its audio follows.

    Attributes:
        frame_bytes: bytes of one sample frame.
        sample_rate: hertz, as sent.
        chunk_ms: milliseconds of audio in each chunk.
        speed: 1 is real time.
        json_audio: send audio as base64 in JSON.
        callbacks: where callbacks are received, or None.
        stall_s: of live audio, after how many seconds without any it is said that there is none;
            None for a file.
        network: the way to the proxy with a network of one's choice, or None.
    """

    frame_bytes: int
    sample_rate: int
    chunk_ms: float
    speed: float
    json_audio: bool
    callbacks: Callbacks | None = None
    stall_s: float | None = None
    network: Way | None = None

    __repr__ = Begin.__repr__


class Stop(Command, tag="stop", frozen=True):
    """Send no more audio and end properly."""


class Abort(Command, tag="abort", frozen=True):
    """End at once."""


class Feed(Command, tag="feed", frozen=True):
    """A piece of live audio, which follows.

    Attributes:
        captured_ns: when its last sample was captured.
        seq: its number, where pieces are numbered.
        dated: whether that is when it was captured, and not only when it was handed over.
    """

    captured_ns: int
    seq: int | None
    dated: bool = True


class Pause(Command, tag="pause", frozen=True):
    """Live audio pauses; `captured_ns` is when its last sample was captured."""

    captured_ns: int | None


class End(Command, tag="end", frozen=True):
    """No more live audio will come; `clipped` samples of it were beyond full scale."""

    clipped: int | None


class Note(Command, tag="note", frozen=True):
    """Put an event into the record that the worker cannot know."""

    event: AnyEvent


class Events(Command, tag="events", frozen=True):
    """What the browser that holds the session did."""

    events: list[AnyEvent]


class Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ended a session in a browser: an error of `gladia_nb.errors` by its name."""

    name: str
    text: str
    code: int | None = None


class Finish(Command, tag="finish", frozen=True):
    """The browser is done.

    Attributes:
        outcome: `finished`, `aborted` or `failed`.
        error: why it failed, or None.
    """

    outcome: str
    error: Failure | None = None


AnyCommand = Start | Direct | Stop | Abort | Feed | Pause | End | Note | Events | Finish


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command for one session.

    Attributes:
        session: its number.
        command: what to do.
    """

    session: int
    command: AnyCommand


class Refusal(msgspec.Struct, frozen=True):
    """A line that is no order.

    Attributes:
        why: in a sentence.
        session: that it names, or None.
    """

    why: str
    session: int | None = None


class Ready(msgspec.Struct, frozen=True, tag="ready", tag_field="event"):
    """The worker takes commands; told once, of session 0."""

    pid: int


class Ticket(msgspec.Struct, frozen=True, tag="ticket", tag_field="event"):
    """The URL of a WebSocket: told, and never written. Whoever has it can speak in the session."""

    url: str

    def __repr__(self) -> str:
        return "Ticket()"


def encode_order(session: int, command: AnyCommand) -> bytes:
    r"""The line of a command.

    ASCII only, as in a run file: what a page says can hold what no encoding has.

    Example:
        >>> encode_order(7, Stop())
        b'{"session":7,"command":{"cmd":"stop"}}\n'
    """
    return told_line(Order(session, command))


def decode_order(line: bytes) -> Order | Refusal:
    """The order in a line, or why it is none.

    Example:
        >>> decode_order(encode_order(7, End(clipped=0)))
        Order(session=7, command=End(clipped=0))
        >>> decode_order(b'{"session":7,"command":{"cmd":"end"}}').session
        7
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return Refusal(_refused("it is not JSON"))
    try:
        return msgspec.convert(fields, Order, dec_hook=_secret)
    except (msgspec.ValidationError, RecursionError) as error:
        found = fields if isinstance(fields, dict) else {}
        return Refusal(_refused(str(error)), _whole(found.get("session")))


def told_line(told: Order | Ready | Ticket) -> bytes:
    """What one process tells the other, as a line."""
    fields = msgspec.to_builtins(told, enc_hook=_plain)
    if isinstance(told, Order) and isinstance(told.command, Begin):
        # Until it is text, whatever shows these fields shows stars.
        key = told.command.key
        fields["command"]["key"] = None if key is None else key.reveal()
        fields["command"]["base_url"] = Hidden(told.command.base_url)
    return dump_line(fields).encode("ascii")


def read_ticket(line: bytes) -> Ticket | None:
    """The ticket in a line of the worker; None where it is an event."""
    # Looked at before it is read: nearly every line is an event.
    return msgspec.json.decode(line, type=Ticket) if line.startswith(_TICKET) else None


_TICKET = b'{"event":"ticket"'


def _secret(kind: type, value: object) -> object:
    """Whoever reads an order holds its key as one again."""
    if kind is not Secret or not isinstance(value, str):
        raise ValueError(f"Expected `str`, got `{type(value).__name__}`")
    key = Secret(value)
    if fault := key.fault():
        raise ValueError(fault)
    return key


def _plain(value: object) -> object:
    """Texts and numbers of other kinds, as NumPy has them, as what they are; a key as stars."""
    if isinstance(value, Secret | str):
        return str(value)
    if isinstance(value, float):
        return float(value)
    raise TypeError(f"a command cannot hold a {type(value).__name__}")


def _refused(why: str) -> str:
    return (
        f"The process for sessions refused a command: {why}. "
        "It may be of another version of gladia_nb; restart the kernel."
    )


def _whole(value: Any) -> int | None:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62
    return value if good else None
