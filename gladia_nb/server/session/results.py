"""What a session has come to, in the shapes of `GET /v2/live/:id` and of the post messages."""

from __future__ import annotations

import math
from collections import Counter
from datetime import datetime
from enum import StrEnum
from typing import Any

from gladia_nb.config import SessionConfig
from gladia_nb.server.session.add_ons import AddOns
from gladia_nb.server.session.intake import Intake

__all__ = ["Outcome", "Status", "metadata", "seconds_between", "transcription"]


def transcription(utterances: list[dict[str, Any]]) -> dict[str, Any]:
    """The finals of a session, in the order of their beginning; the commonest language first."""
    ordered = sorted(utterances, key=lambda item: (item["start"], item["channel"]))
    return {
        "full_transcript": " ".join(item["text"].strip() for item in ordered),
        "languages": [code for code, _ in Counter(i["language"] for i in ordered).most_common()],
        "utterances": ordered,
    }


def seconds_between(earlier: str, later: str) -> float:
    """Seconds from one moment to another, both in ISO 8601.

    Example:
        >>> seconds_between("2026-11-20T10:00:00.900Z", "2026-11-20T10:00:02.005Z")
        1.105
    """
    passed = datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
    return round(passed.total_seconds(), 3)


def metadata(duration: float, channels: int, took: float) -> dict[str, Any]:
    """Length, channels and times; of the service, lengths are whole seconds, rounded down.

    Args:
        duration: seconds of audio.
        channels: of the session; each is billed.
        took: seconds from `created_at` to `completed_at`.
    """
    return {
        "audio_duration": math.floor(duration),
        "number_of_distinct_channels": channels,
        "billing_time": math.floor(duration * channels),
        "transcription_time": round(took, 3),
    }


class Status(StrEnum):
    """Where a session is in its life."""

    QUEUED = "queued"
    PROCESSING = "processing"
    DONE = "done"
    ERROR = "error"


class Outcome:
    """Finals, add-ons and messages of one session.

    Args:
        config: of the session.
        add_ons: of the session.

    Attributes:
        finals: channel and number (of a recording: id) of each utterance, and the utterance.
        sent: the messages that the client asked for, JSON.
    """

    def __init__(self, config: SessionConfig, add_ons: AddOns) -> None:
        self._config = config
        self._add_ons = add_ons
        self._metadata: dict[str, Any] | None = None
        self.finals: dict[tuple[int, int | str], dict[str, Any]] = {}
        self.sent: list[str] = []

    def complete(self, duration: float, took: float) -> None:
        """Everything has been recognised; see `metadata`."""
        self._metadata = metadata(duration, self._config.channels, took)

    def transcription(self) -> dict[str, Any]:
        """`data` of `post_transcript`."""
        return transcription(list(self.finals.values()))

    def post_final(self) -> dict[str, Any]:
        """`data` of `post_final_transcript`: metadata, transcription and add-ons asked for."""
        return {
            "metadata": self._metadata,
            "transcription": self.transcription(),
            **self._add_ons.results(),
        }

    def job(self, session_id: str, intake: Intake, **facts: Any) -> dict[str, Any]:
        """The body of `GET /v2/live/:id`; its file and its result only once it is complete.

        Args:
            session_id: of the session.
            intake: its audio.
            **facts: fields that the session itself knows.
        """
        return {
            "id": session_id,
            "request_id": f"G-{session_id[:8]}",
            "version": 2,
            "kind": "live",
            **facts,
            "custom_metadata": self._config.custom_metadata,
            "request_params": self._params(),
            "file": self._file(session_id, intake),
            "result": None
            if self._metadata is None
            else {**self.post_final(), "messages": list(self.sent)},
        }

    def _params(self) -> dict[str, Any]:
        """What the client asked for, with defaults; what has neither is left out, not null."""
        hidden = {"custom_metadata"}
        return self._config.model_dump(mode="json", exclude_none=True, exclude=hidden)

    def _file(self, session_id: str, intake: Intake) -> dict[str, Any] | None:
        if self._metadata is None or not intake.kept_bytes:
            return None
        return {
            "id": session_id,
            "filename": f"{session_id}.wav",
            "source": None,
            "audio_duration": math.floor(intake.duration),
            "number_of_channels": self._config.channels,
        }
