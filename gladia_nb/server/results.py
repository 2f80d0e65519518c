"""What a session has come to, in the shapes of `GET /v2/live/:id` and of the post messages."""

from __future__ import annotations

from typing import Any

from gladia_nb.config import SessionConfig
from gladia_nb.server.messages import failure

__all__ = ["ADD_ON_REASONS", "metadata", "post_final", "transcription"]

#: Why the add-ons of the API cannot be had here.
ADD_ON_REASONS = {
    "translation": "The embedded recogniser cannot translate.",
    "named_entity_recognition": "The embedded recogniser cannot find named entities.",
    "sentiment_analysis": "The embedded server has no sentiment analysis.",
    "summarization": "The embedded server cannot summarise.",
}


def transcription(utterances: list[dict[str, Any]]) -> dict[str, Any]:
    """The finals of a session, in the order of their beginning."""
    ordered = sorted(utterances, key=lambda item: (item["start"], item["channel"]))
    return {
        "full_transcript": " ".join(item["text"].strip() for item in ordered),
        "languages": sorted({item["language"] for item in ordered}),
        "utterances": ordered,
    }


def metadata(duration: float, channels: int, took: float) -> dict[str, Any]:
    """Length, channels and times.

    Args:
        duration: seconds of audio.
        channels: of the session; each is billed.
        took: seconds from the first connection to the last final.
    """
    return {
        "audio_duration": round(duration, 3),
        "number_of_distinct_channels": channels,
        "billing_time": round(duration * channels, 3),
        "transcription_time": round(took, 3),
    }


def post_final(config: SessionConfig, meta: dict[str, Any], text: dict[str, Any]) -> dict[str, Any]:
    """`data` of `post_final_transcript`: metadata, transcription and each add-on asked for."""
    asked = {
        **config.realtime_processing.model_dump(),
        **config.post_processing.model_dump(),
    }
    failed = {
        name: {
            "success": False,
            "is_empty": True,
            "exec_time": 0,
            "error": failure(reason),
            "results": None,
        }
        for name, reason in ADD_ON_REASONS.items()
        if asked[name]
    }
    return {"metadata": meta, "transcription": text, **failed}
