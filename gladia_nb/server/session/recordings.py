"""Messages of a recorded session, as this session says them: with its own name and its own time."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from gladia_nb.server.engines.base import Recorded
from gladia_nb.server.session.messages import FLAGS

__all__ = ["Told", "job_as_recorded", "told"]

_CREATED_AT = re.compile(r'("created_at"\s*:\s*")[^"\\]*(")')
_FINAL, _PARTIAL = "receive_final_transcripts", "receive_partial_transcripts"
#: What a session knows better than its recording.
_OWN = (
    *("id", "request_id", "status", "created_at", "completed_at", "error_code"),
    *("custom_metadata", "request_params", "post_session_metadata"),
)


@dataclass(frozen=True, slots=True)
class Told:
    """A message to be told.

    Attributes:
        text: it, or of a callback the body that is posted.
        kind: its type; "" for what has none.
        flag: what has to be asked for; None for what nobody can refuse.
        data: its `data`, where it has any.
        error: its `error`, where it has any.
    """

    text: str
    kind: str
    flag: str | None
    data: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    @property
    def is_final(self) -> bool:
        """Whether it is a final transcript."""
        return self.flag == _FINAL and self.data is not None

    @property
    def key(self) -> tuple[int, str]:
        """Channel and id of the utterance of a transcript."""
        assert self.data is not None  # noqa: S101 - of a transcript
        channel = self.data["utterance"].get("channel")
        return (channel if isinstance(channel, int) else 0, str(self.data.get("id")))


def told(event: Recorded, session_id: str, created_at: str) -> Told:
    """What a recorded message becomes.

    Args:
        event: the message.
        session_id: of this session; it stands in place of the recorded one, wherever that stood.
        created_at: now.

    Example:
        >>> event = Recorded('{"session_id":"old","type":"end_session"}', session_id="old")
        >>> told(event, "new", "now").text
        '{"session_id":"new","type":"end_session"}'
    """
    text = event.text
    if event.session_id:
        text = text.replace(event.session_id, session_id)
    text = _CREATED_AT.sub(rf"\g<1>{created_at}\g<2>", text, count=1)
    try:
        message = json.loads(text)
        if event.via == "callback":
            message = message["payload"]
        kind = message["type"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Told(text, "", None)
    if not isinstance(kind, str):
        return Told(text, "", None)
    data, error = message.get("data"), message.get("error")
    data = data if isinstance(data, dict) else None
    flag = FLAGS.get(kind)
    if kind == "transcript":
        flag, data = _of_transcript(data)
    return Told(text, kind, flag, data, error if isinstance(error, dict) else None)


def _of_transcript(data: dict[str, Any] | None) -> tuple[str, dict[str, Any] | None]:
    """Its flag, and its data where it has an utterance with all that a result is made of."""
    flag = _FINAL if data is not None and data.get("is_final") is True else _PARTIAL
    said = data.get("utterance") if data is not None else None
    needed = {"text": str, "start": int | float, "language": str, "channel": int}
    whole = isinstance(said, dict) and all(isinstance(said.get(k), t) for k, t in needed.items())
    return flag, data if whole else None


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
