"""Gladia's live protocol without any input or output.

Text frames go in, messages come out; audio goes in, frames to send come out. `SessionProtocol`
knows what has been sent, acknowledged and lost, and what to send next; it opens no socket, reads no
clock and never raises on what the service sends. Sources: the API's reference and the behaviour of
Gladia's own SDK; where they differ, what is known to work with the service.
"""

from __future__ import annotations

import base64
import enum
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gladia_nb.record.message import Message, parse_message

__all__ = [
    "BEYOND_SENT",
    "CLOSES",
    "EMPTY",
    "MAX_FRAME_BYTES",
    "MOST_FINALS",
    "NO_RANGE",
    "QUIET",
    "REFUSALS",
    "STOP",
    "CloseOutcome",
    "Frame",
    "FrameKind",
    "ResumeBuffer",
    "SessionProtocol",
    "State",
    "audio_as_json",
    "classify_close",
]

#: The service closes with 1009 on longer frames.
MAX_FRAME_BYTES = 1 << 20


class CloseOutcome(enum.Enum):
    """What the end of a connection means for the session."""

    FINISHED = "finished"
    """The service is done with the session (1000)."""
    RETRY = "retry"
    """The connection is lost, the session is not: open the same URL again."""
    ALREADY_ENDED = "already ended"
    """The session had ended before this connection (4403)."""
    IDLE = "idle"
    """The service gave up because no audio came (4408)."""
    REFUSED = "refused"
    """The service will not go on with this client (other codes from 4400 to 4499)."""


#: Close codes with a meaning of their own.
CLOSES = {
    1000: CloseOutcome.FINISHED,
    4403: CloseOutcome.ALREADY_ENDED,
    4408: CloseOutcome.IDLE,
}
#: Nothing was transcribed for about a minute. That is a loss like others while there is audio to
#: send, and the end when there is none.
QUIET = 4504
#: The other codes after which the service does not go on.
REFUSALS = range(4400, 4500)


def classify_close(code: int | None) -> CloseOutcome:
    """Outcome of a connection that was closed by the other side.

    The documentation says that any close but 1000 is resumed; Gladia's SDK excludes 4400 to 4499,
    and 4403 and 4408 were observed. None stands for a connection that broke without a close frame.

    Example:
        >>> classify_close(1011).value, classify_close(4403).value
        ('retry', 'already ended')
    """
    if code is None:
        return CloseOutcome.RETRY
    return CLOSES.get(code, CloseOutcome.REFUSED if code in REFUSALS else CloseOutcome.RETRY)


@dataclass(frozen=True, slots=True)
class _Chunk:
    seq: int
    start: int
    data: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.data)


class ResumeBuffer:
    """Audio that was handed over and is not yet acknowledged, with session-wide byte positions.

    Attributes:
        fed: bytes handed over so far.
        sent: how far `take` has got, lost connections included.
        acknowledged: bytes that the service has confirmed, from the start of the session.
    """

    def __init__(self) -> None:
        self.fed = 0
        self.sent = 0
        self.acknowledged = 0
        self._chunks: deque[_Chunk] = deque()
        self._ends: set[int] = set()
        self._next = 0

    @property
    def unacknowledged(self) -> int:
        """Bytes kept because the service has not confirmed them."""
        return self.fed - self.acknowledged

    def append(self, seq: int, data: bytes) -> None:
        """Hand over the next chunk of audio."""
        if data:
            self._chunks.append(_Chunk(seq, self.fed, data))
            self.fed += len(data)
            self._ends.add(self.fed)

    def acknowledge(self, end: int) -> bool:
        """The service has everything before byte `end`; forget it.

        A late or repeated acknowledgement changes nothing. One beyond what was sent cannot be
        true and is refused.

        Returns:
            Whether the number could be true.
        """
        if not 0 <= end <= self.sent:
            return False
        if end <= self.acknowledged:
            return True
        # One source calls the range inclusive. Nothing else ends one byte before a chunk does.
        if end + 1 in self._ends and end not in self._ends:
            end += 1
        self.acknowledged = end
        while self._chunks and self._chunks[0].end <= self.acknowledged:
            self._ends.discard(self._chunks.popleft().end)
            self._next = max(0, self._next - 1)
        return True

    def rewind(self) -> None:
        """After a lost connection: begin again behind what is acknowledged."""
        self._next = 0

    def take(self) -> tuple[int, int, bytes] | None:
        """The next piece to send, as `(seq, first byte, data)`, or None when all is sent."""
        while self._next < len(self._chunks):
            chunk = self._chunks[self._next]
            self._next += 1
            # An acknowledgement can end inside a chunk; only the rest of it is sent again.
            skip = max(0, self.acknowledged - chunk.start)
            if skip < len(chunk.data):
                self.sent = max(self.sent, chunk.end)
                return chunk.seq, chunk.start + skip, chunk.data[skip:]
        return None

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """`(first byte, end)` of each chunk that is kept."""
        return ((chunk.start, chunk.end) for chunk in self._chunks)


class State(enum.Enum):
    """Where a session is."""

    NEW = "new"
    """Not yet initiated."""
    CONNECTING = "connecting"
    """Initiated; no connection is open yet."""
    RESUMING = "resuming"
    """Open again after a loss; the service is asked how much it has."""
    STREAMING = "streaming"
    """Audio can be sent."""
    STOPPING = "stopping"
    """Everything is sent, stop included; the rest of the messages is awaited."""
    LOST = "lost"
    """The connection is lost, the session is not."""
    ENDED = "ended"
    """No more will come."""


class FrameKind(enum.Enum):
    """What a frame to the service is."""

    AUDIO = "audio"
    PROBE = "probe"
    """An empty chunk, whose acknowledgement tells how many bytes the service has."""
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame to send.

    Attributes:
        kind: what it is.
        wire: bytes for a binary frame, text for a text frame.
        seq: number of the chunk, for audio.
        start_byte: its first byte, from the start of the session.
        end_byte: the byte after its last.
        resend: whether these bytes were sent before, on a lost connection.
    """

    kind: FrameKind
    wire: bytes | str
    seq: int = -1
    start_byte: int = 0
    end_byte: int = 0
    resend: bool = False


#: The text frame that asks for the rest of the messages.
STOP = '{"type":"stop_recording"}'
#: So many utterances are told apart; a session of three hours has some thousands.
MOST_FINALS = 100_000
#: Contradictions between what a service says and what was sent.
BEYOND_SENT = "an acknowledgement speaks of more than was sent"
NO_RANGE = "an acknowledgement has no byte range"


def audio_as_json(data: bytes) -> str:
    """The text frame of a chunk of audio.

    Example:
        >>> audio_as_json(b"")
        '{"type":"audio_chunk","data":{"chunk":""}}'
    """
    chunk = base64.b64encode(data).decode("ascii")
    return f'{{"type":"audio_chunk","data":{{"chunk":"{chunk}"}}}}'


#: The text frame of no audio: it asks how much the service has, and keeps a session alive.
EMPTY = audio_as_json(b"")


def _end_of_range(value: object) -> int | None:
    """The end of a byte range, or None when it is none: two whole numbers, as JSON knows them."""
    if not isinstance(value, list) or len(value) != 2:
        return None
    start, end = map(_whole, value)
    return None if start is None else end


def _whole(value: object) -> int | None:
    """A whole number, or None: for JSON 4 and 4.0 are one number, and true is none."""
    if type(value) is int:
        return value
    return int(value) if type(value) is float and value.is_integer() else None


class SessionProtocol:
    """The client's side of one live session.

    The owner opens connections, tells of them by `opened` and `closed`, hands over audio by `feed`,
    hands over frames by `receive`, and sends what `next_frame` returns until it returns None.

    Resuming is exact when the service answers an empty chunk: its acknowledgement says how much
    arrived, also when earlier acknowledgements were lost with the connection. A service that does
    not answer it is resumed at its last known acknowledgement (`probe_unanswered`).

    Args:
        json_audio: send audio as base64 in JSON instead of binary frames.
        acknowledged: whether the session was initiated with acknowledgements. Without them what
            was in flight at a loss is not sent again, since it cannot be known what arrived.

    Attributes:
        state: where the session is.
        stop_sent: whether a stop has been sent, on whichever connection.
        problems: sentences about messages that contradict what was sent, and how often.
        progress: grows whenever a message brings the session further: with audio that was not
            acknowledged before, and with the first final of an utterance. Nothing else does, or a
            service that greets or complains on every connection would be asked for ever.
    """

    def __init__(self, *, json_audio: bool = False, acknowledged: bool = True) -> None:
        self.state = State.NEW
        self.stop_sent = False
        self.problems: Counter[str] = Counter()
        self.buffer = ResumeBuffer()
        self.progress = 0
        self._finals: set[tuple[int, str]] = set()
        self._json_audio = json_audio
        self._acknowledged = acknowledged
        self._probe_to_send = False
        self._finishing = False
        self._stop_due = True

    def initiated(self) -> None:
        """The session exists; it can be connected to."""
        self.state = State.CONNECTING

    def opened(self) -> None:
        """A connection is open. After a loss this first asks the service where it is."""
        resuming = self.state is State.LOST
        self._stop_due = True
        if resuming and self._acknowledged:
            self.buffer.rewind()
            if self.buffer.unacknowledged:
                self._probe_to_send = True
                self.state = State.RESUMING
                return
        self.state = State.STREAMING

    def feed(self, seq: int, data: bytes) -> None:
        """Audio that is due; it is kept until the service has acknowledged it.

        Raises:
            ValueError: the chunk is longer than the service takes, or comes after `finish`.
        """
        if self._finishing:
            raise ValueError("no audio can follow after finish()")
        wire = len(audio_as_json(data)) if self._json_audio else len(data)
        if wire > MAX_FRAME_BYTES:
            raise ValueError(f"a frame has at most {MAX_FRAME_BYTES} bytes, not {wire}")
        self.buffer.append(seq, data)

    def finish(self) -> None:
        """No more audio will come; after what is left, send the stop."""
        self._finishing = True

    def next_frame(self) -> Frame | None:
        """What to send now, or None when there is nothing until something else happens."""
        if self.state is State.RESUMING:
            if self._probe_to_send:
                self._probe_to_send = False
                return Frame(FrameKind.PROBE, EMPTY)
            return None
        if self.state is not State.STREAMING:
            return None
        sent_before = self.buffer.sent
        piece = self.buffer.take()
        if piece is not None:
            seq, start, data = piece
            end = start + len(data)
            resend = start < sent_before
            if not self._acknowledged:
                self.buffer.acknowledge(end)
            wire = audio_as_json(data) if self._json_audio else data
            return Frame(FrameKind.AUDIO, wire, seq, start, end, resend)
        if self._finishing and self._stop_due:
            self._stop_due = False
            self.stop_sent = True
            self.state = State.STOPPING
            return Frame(FrameKind.STOP, STOP)
        return None

    def probe_unanswered(self) -> None:
        """The service did not answer the empty chunk in time: go on at the last acknowledgement."""
        if self.state is State.RESUMING:
            self.state = State.STREAMING

    def receive(self, raw: str | bytes) -> Message:
        """A frame from the service. Never raises."""
        message = parse_message(raw)
        if message.type == "audio_chunk" and message.acknowledged:
            before = self.buffer.acknowledged
            self._acknowledge(message)
            self.progress += self.buffer.acknowledged > before
        elif message.type == "transcript":
            self._count_final(message.data or {})
        return message

    def _count_final(self, data: dict[str, Any]) -> None:
        utterance, name = data.get("utterance"), data.get("id")
        if data.get("is_final") is not True or not isinstance(name, str):
            return
        channel = _whole(utterance.get("channel") if isinstance(utterance, dict) else None)
        key = (channel or 0, name)
        if key not in self._finals and len(self._finals) < MOST_FINALS:
            self._finals.add(key)
            self.progress += 1

    def _acknowledge(self, message: Message) -> None:
        end = _end_of_range((message.data or {}).get("byte_range"))
        if end is None:
            self.problems[NO_RANGE] += 1
        elif not self.buffer.acknowledge(end):
            self.problems[BEYOND_SENT] += 1
        if self.state is State.RESUMING and not self._probe_to_send:
            self.state = State.STREAMING

    def closed(self, code: int | None) -> CloseOutcome:
        """The connection has ended; what that means for the session."""
        outcome = classify_close(code)
        # A service that goes away with 1000 before the stop was sent has ended the session.
        self.state = State.LOST if outcome is CloseOutcome.RETRY else State.ENDED
        self._probe_to_send = False
        return outcome
