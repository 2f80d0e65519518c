"""Messages of a recorded session, as this session says them: with its own name and its own time."""

from __future__ import annotations

import json
import re
from typing import Any

from gladia_nb.server.engines.base import Recorded
from gladia_nb.server.session.messages import FLAGS

__all__ = ["flag_of", "job_as_recorded", "key_of", "retold"]

_CREATED_AT = re.compile(r'("created_at"\s*:\s*")[^"\\]*(")')
#: What a session knows better than its recording.
_OWN = (
    *("id", "request_id", "status", "created_at", "completed_at", "error_code"),
    *("custom_metadata", "request_params", "post_session_metadata"),
)


def retold(event: Recorded, session_id: str, created_at: str) -> str:
    """The text of a recorded message for another session.

    Args:
        event: the message.
        session_id: of this session; it stands in place of the recorded one, wherever that stood.
        created_at: now.

    Example:
        >>> event = Recorded('{"session_id":"old","type":"end_session"}', session_id="old")
        >>> retold(event, "new", "now")
        '{"session_id":"new","type":"end_session"}'
    """
    text = event.text
    if event.session_id:
        text = text.replace(event.session_id, session_id)
    return _CREATED_AT.sub(rf"\g<1>{created_at}\g<2>", text, count=1)


def flag_of(event: Recorded) -> str | None:
    """What has to be asked for to hear a message; None for what nobody can refuse.

    Example:
        >>> flag_of(Recorded("", kind="speech_end")), flag_of(Recorded("", kind="novelty"))
        ('receive_speech_events', None)
    """
    if event.kind == "transcript":
        return f"receive_{'final' if event.is_final else 'partial'}_transcripts"
    return FLAGS.get(event.kind)


def key_of(data: dict[str, Any]) -> tuple[int, str]:
    """Channel and id of the utterance of a transcript."""
    return data["utterance"]["channel"], str(data.get("id"))


def job_as_recorded(raw: str, recorded_id: str, job: dict[str, Any]) -> dict[str, Any]:
    """The body of `GET /v2/live/:id` as it was recorded, with what this session knows better.

    Args:
        raw: the recorded body.
        recorded_id: the recorded session's name; this one's stands in its place.
        job: what this session would say.
    """
    text = raw.replace(recorded_id, job["id"]) if recorded_id else raw
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return job
    if not isinstance(found, dict) or not isinstance(found.get("result"), dict):
        return job
    result = found["result"]
    if "messages" in result:
        result["messages"] = job["result"]["messages"]
    return {**found, **{name: job[name] for name in _OWN}}
