"""Every message that the server sends, as JSON text, with all the fields that clients rely on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from gladia_nb.server.engines.base import Transcript, Word
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["FLAGS", "Messages", "failure", "timestamp", "utterance"]

_LIFECYCLE = ("start_session", "start_recording", "end_recording", "end_session")
_ADD_ONS = ("translation", "named_entity_recognition", "sentiment_analysis")
_POST = ("post_transcript", "post_final_transcript", "post_summarization")

#: Type of a message -> the flag of `messages_config` that asks for it. Transcripts have two flags,
#: and are not here.
FLAGS: dict[str, str] = {
    "audio_chunk": "receive_acknowledgments",
    "stop_recording": "receive_acknowledgments",
    "speech_start": "receive_speech_events",
    "speech_end": "receive_speech_events",
    **dict.fromkeys(_LIFECYCLE, "receive_lifecycle_events"),
    **dict.fromkeys(_ADD_ONS, "receive_realtime_processing_events"),
    **dict.fromkeys(_POST, "receive_post_processing_events"),
}


def timestamp(seconds: float) -> str:
    """ISO 8601 in UTC with milliseconds, of seconds since 1970.

    Example:
        >>> timestamp(0.0125)
        '1970-01-01T00:00:00.012Z'
    """
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def utterance(transcript: Transcript, channel: int) -> dict[str, Any]:
    """An utterance as the protocol has it; text and words begin with a blank."""
    words = transcript.words
    return {
        "text": "".join(f" {word.text}" for word in words),
        "start": words[0].start,
        "end": words[-1].end,
        "language": transcript.language,
        "confidence": _mean_confidence(words),
        "channel": channel,
        "words": [
            {
                "word": f" {word.text}",
                "start": word.start,
                "end": word.end,
                "confidence": word.confidence,
            }
            for word in words
        ],
    }


def _mean_confidence(words: Sequence[Word]) -> float:
    return round(sum(word.confidence for word in words) / len(words), 3)


def failure(message: str) -> dict[str, Any]:
    """The `error` of an add-on that this server cannot do."""
    return {"status_code": 501, "exception": "NotImplemented", "message": message}


class Messages:
    """Makes the messages of one session.

    Args:
        session_id: of the session, in every message.
        options: of the server.
        wall: seconds since 1970, for `created_at`.
    """

    def __init__(
        self, session_id: str, options: ServerOptions, wall: Callable[[], float] = time.time
    ) -> None:
        self._session_id = session_id
        self._options = options
        self._wall = wall

    def now(self) -> str:
        """The server's time, as messages tell it."""
        return timestamp(self._wall() + self._options.clock_offset_s)

    def _text(self, kind: str, **fields: Any) -> str:
        return json.dumps(
            {
                "session_id": self._session_id,
                "created_at": self.now(),
                "type": kind,
                **fields,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    def audio_chunk(
        self, byte_range: tuple[int, int] | None, time_range: tuple[float, float], error: str = ""
    ) -> str:
        """Acknowledgement of audio.

        Args:
            byte_range: first byte and the byte after the last one, of the whole session; None
                with an error.
            time_range: the same in seconds of audio.
            error: why the audio was not taken.
        """
        if byte_range is None:
            return self._refused("audio_chunk", error)
        start, end = byte_range
        return self._text(
            "audio_chunk",
            acknowledged=True,
            error=None,
            data={
                "byte_range": [start, end - self._options.inclusive_acks],
                "time_range": [round(seconds, 6) for seconds in time_range],
            },
        )

    def stop_recording(self, duration: float | None, left: float, error: str = "") -> str:
        """Acknowledgement of the stop.

        Args:
            duration: seconds of audio received; None with an error.
            left: seconds of it that are not recognised yet.
            error: why the stop was not taken.
        """
        if duration is None:
            return self._refused("stop_recording", error, status_code=409, exception="Conflict")
        return self._text(
            "stop_recording",
            acknowledged=True,
            error=None,
            data={
                "recording_duration": round(duration, 6),
                "recording_left_to_process": round(left, 6),
            },
        )

    def _refused(self, kind: str, message: str, **error: Any) -> str:
        return self._text(kind, acknowledged=False, error={**error, "message": message}, data=None)

    def lifecycle(self, kind: str) -> str:
        """`start_session`, `start_recording` or `end_session`."""
        return self._text(kind)

    def end_recording(self, duration: float) -> str:
        """The recording is over, with its length in seconds."""
        return self._text("end_recording", data={"recording_duration": round(duration, 6)})

    def speech(self, kind: str, seconds: float, channel: int) -> str:
        """`speech_start` or `speech_end`."""
        return self._text(kind, data={"time": seconds, "channel": channel})

    def utterance_id(self, number: int, channel: int) -> str:
        """The name of an utterance.

        Example:
            >>> Messages("", ServerOptions()).utterance_id(3, 1)
            '01_00000003'
        """
        return f"{channel:02d}{'-' if self._options.hyphen_ids else '_'}{number:08d}"

    def utterance_of(self, kind: str, utterance_id: str) -> str:
        """How an add-on names the utterance that it is about; translations do by number alone.

        Example:
            >>> messages = Messages("", ServerOptions())
            >>> [messages.utterance_of(kind, "01_00000003") for kind in ("translation", "other")]
            ['3', '01_00000003']
        """
        if kind == "translation" and self._options.short_utterance_ids:
            return str(int(utterance_id[3:]))
        return utterance_id

    def transcript(self, transcript: Transcript, channel: int) -> str:
        """A partial or a final."""
        return self._text(
            "transcript",
            data={
                "id": self.utterance_id(transcript.utterance, channel),
                "is_final": transcript.is_final,
                "utterance": utterance(transcript, channel),
            },
        )

    def add_on(
        self, kind: str, data: dict[str, Any] | None, error: dict[str, Any] | None = None
    ) -> str:
        """An add-on's message: its data, or an error in place of it."""
        return self._text(kind, error=error, data=data)

    def post(self, kind: str, data: dict[str, Any]) -> str:
        """`post_transcript` or `post_final_transcript`."""
        return self._text(kind, data=data)
