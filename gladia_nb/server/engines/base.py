"""What the server asks of an engine that turns audio into words, and what an engine reports.

A session opens one stream for each of its channels. An engine may recognise (`recogniser`), or do
anything else that has these few methods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from gladia_nb.config import SessionConfig

__all__ = [
    "AddOn",
    "Due",
    "Ended",
    "Engine",
    "EngineError",
    "Event",
    "NeedsWay",
    "PerSession",
    "Progress",
    "Recorded",
    "Speech",
    "Stream",
    "Transcript",
    "Way",
    "Word",
]


class EngineError(Exception):
    """The engine cannot serve a stream, or died while it did."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word.

    Attributes:
        text: as it is written, without blanks.
        start: seconds from the start of the session's audio.
        end: likewise.
        confidence: 0 to 1.
    """

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Due:
    """When a scripted event is to be reported, and what that follows from.

    Attributes:
        ns: on the monotonic clock (`time.perf_counter_ns`).
        position: of the audio that the event waited for, in seconds.
        received_ns: when the frame that covers the position was received.
    """

    ns: int
    position: float
    received_ns: int


@dataclass(slots=True)
class Way:
    """The way from the server to a client and back.

    Attributes:
        ns: how long it takes at least, as measured; 0 as long as that is not known.
    """

    ns: int = 0


@dataclass(frozen=True, slots=True)
class Speech:
    """Speech began or ended at `time`, in seconds of the session's audio.

    Attributes:
        began: or else ended.
        time: seconds.
        due: when it was to be reported, of scripted engines.
    """

    began: bool
    time: float
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was understood of one utterance, so far or for good.

    Attributes:
        utterance: number of the utterance within its channel, from 0.
        is_final: whether it will not change any more.
        words: at least one.
        language: code of the language.
        due: when it was to be reported, of scripted engines.
    """

    utterance: int
    is_final: bool
    words: tuple[Word, ...]
    language: str = "en"
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class AddOn:
    """What the engine itself has found out about an utterance, after its final.

    Attributes:
        utterance: number of the utterance within its channel.
        kind: `translation`, `named_entity_recognition` or `sentiment_analysis`.
        data: `data` of the message; the server adds `utterance_id` and `utterance`. None when it
            went wrong.
        problem: what went wrong, for the message's `error`.
        due: when it was to be reported, of scripted engines.
    """

    utterance: int
    kind: str
    data: dict[str, Any] | None
    problem: str | None = None
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """The engine has processed the audio up to `position`, in seconds."""

    position: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message of a recorded session.

    Attributes:
        text: as it was recorded.
        via: the way that it came: `websocket`, `callback`, or `both` where callbacks were not
            recorded.
        session_id: of the recorded session, as the text names it.
        kind: its type; "" for what has none.
        is_final: of a transcript, whether it is a final.
        data: its `data`, of finals and add-ons.
        error: its `error`, of add-ons.
        due: when it was to be reported.
    """

    text: str
    via: str = "both"
    session_id: str = ""
    kind: str = ""
    is_final: bool = False
    data: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of a stream.

    Attributes:
        problem: None when all went well.
        code: WebSocket close code of a session that was recorded to its end, whose last words have
            been said; None leaves them, and the end, to the server.
        result: of such a session the stored result, as text, or None.
    """

    problem: str | None = None
    code: int | None = None
    result: str | None = None


Event = Speech | Transcript | AddOn | Progress | Recorded | Ended


class Stream(Protocol):
    """One channel on its way through the engine. No method blocks."""

    def feed(self, data: bytes, received_ns: int) -> None:
        """Take audio of this channel.

        Args:
            data: whole samples in the session's encoding.
            received_ns: when its frame was received, on the monotonic clock.
        """
        ...

    def finish(self) -> None:
        """There is no more audio; report what is left, then `Ended`."""
        ...

    def abort(self) -> None:
        """Forget the stream; nothing more is reported."""
        ...


class Engine(Protocol):
    """Turns audio into events."""

    @property
    def supplies(self) -> frozenset[str]:
        """Kinds of messages that it reports itself: add-ons; of a recording its beginning too.

        The server answers for the other add-ons.
        """
        ...

    async def start(self) -> None:
        """Get ready; returns when a stream can be opened without delay.

        Raises:
            EngineError: it cannot; the sentence says why and what to do.
        """
        ...

    async def close(self) -> None:
        """End every stream, and every process that the engine has started."""
        ...

    def refusals(self, config: SessionConfig) -> list[str]:
        """What this engine cannot do at all, one sentence each that begins with the field."""
        ...

    async def open(
        self, config: SessionConfig, channel: int, report: Callable[[Event], None]
    ) -> Stream:
        """Open a stream for one channel of a session.

        Args:
            config: of the session.
            channel: its number, from 0.
            report: called in the event loop with each event, in order.

        Raises:
            EngineError: the stream cannot be opened.
        """
        ...


@runtime_checkable
class PerSession(Protocol):
    """An engine that has one of its own for each session; an engine may be one, and need not."""

    def for_session(self, config: SessionConfig) -> Engine:
        """The engine of the next session that asks for this; called once a session."""
        ...


@runtime_checkable
class NeedsWay(Protocol):
    """An engine of one session, for which the way to the client counts; likewise.

    Attributes:
        way: the session measures it, and notes it here.
    """

    way: Way
