"""What of a record the embedded server needs to play it back: a cassette, as plain data.

Each message has the moment that it followed, and how long after that it came. The moment is the
opening of the connection, the arrival of audio up to a position, or the stop; the delay is on the
send clock: from when the audio to that position began to be sent for the first time, to the stamp
of the message. The position is that of the latest audio that the service had acknowledged when the
message came, since what the service knew then was no more; without acknowledgements it is the
latest that had been sent.

Acknowledgements are not on a cassette: the server makes its own, of the audio that it really gets.
Frames of a kind that the service never sends (binary ones, texts that are no UTF-8) are left out.
What a cassette looks like to the server: `gladia_nb.server.settings.cassette`.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Mapping
from typing import Any

from gladia_nb.record.anonymous import MARK
from gladia_nb.record.file import Event, Record
from gladia_nb.record.message import Message, parse_message

__all__ = ["cassette_of"]

_OPEN, _AUDIO, _STOP = "open", "audio", "stop"
#: Messages that the server makes anew.
_OWN = ("audio_chunk", "stop_recording")
#: Callbacks that it makes anew; the first is posted before anybody connects.
_OWN_EVENTS = ("live.audio_chunk", "live.stop_recording", "live.start_session")
#: What each session has of its own, and what is not compared for that.
_FREE = ("custom_metadata", "callback_config.url")
#: What an anonymous run does not tell any more.
_HIDDEN = (
    "realtime_processing.custom_vocabulary_config",
    "realtime_processing.custom_spelling_config",
    "realtime_processing.translation_config.context",
)
_ALREADY_LOST = "retry"


def cassette_of(record: Record, name: str) -> dict[str, Any]:
    """A record as a cassette.

    Args:
        record: of any session, also one that was cut off.
        name: what to call it.
    """
    header = record.header
    anchors = _Anchors(record)
    messages: list[list[Any]] = []
    close: dict[str, Any] | None = None
    for event in _in_time(record):
        if event["event"] == "close":
            close = _close(event, anchors, record.outcome)
            continue
        found = anchors.place(event["recv_ns"])
        kept = _kept(event, anchors)
        if kept is not None:
            messages.append([*found, event["via"], kept])
    return {
        "name": name,
        "config": _config(header),
        "free": [*_FREE, *(_HIDDEN if header.get(MARK) else ())],
        "session_id": record.session_id or "",
        "duration_s": anchors.duration_s,
        "messages": messages,
        "close": close,
        "left_s": anchors.left_s,
        "result": _result(record),
    }


def _in_time(record: Record) -> list[Event]:
    """Messages and closes, in the order of their stamps."""
    events = [*record.of("message"), *record.of("close")]
    return sorted(events, key=lambda event: event.get("recv_ns", event.get("ns", 0)))


def _config(header: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for; the header does not know of the address for callbacks."""
    config = dict(header["config"])
    if header["options"].get("callbacks"):
        asked = config.get("callback_config")
        flags = asked if isinstance(asked, Mapping) else {}
        config |= {"callback": True, "callback_config": {"url": "http://127.0.0.1/", **flags}}
    return config


def _kept(event: Event, anchors: _Anchors) -> str | None:
    """The text of a message that is played back, or None; what it acknowledges is noted."""
    text: str = event["raw"]
    if event["via"] == "callback":
        try:
            kind = json.loads(text).get("event")
        except (ValueError, AttributeError, RecursionError):
            kind = None
        return None if kind in _OWN_EVENTS or not _can_be_sent(text) else text
    message = parse_message(text)
    if message.type in _OWN and message.acknowledged is not None:
        anchors.acknowledged(message)
        return None
    return None if event.get("binary") or not _can_be_sent(text) else text


def _can_be_sent(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _close(event: Event, anchors: _Anchors, outcome: str) -> dict[str, Any] | None:
    """The end of the session; a connection that was lost, or that the client let go, is none."""
    code = event["code"]
    by_client = outcome == "aborted" and anchors.stop_ns is None
    if code is None or event["outcome"] == _ALREADY_LOST or by_client:
        return None
    after, position_s, delay_s = anchors.place(event["ns"])
    return {"after": after, "position_s": position_s, "delay_s": delay_s, "code": code}


def _result(record: Record) -> str | None:
    for event in record.of("result"):
        try:
            body = json.loads(event["raw"])
        except (ValueError, RecursionError):
            return None
        if isinstance(body, dict) and body.get("status") == "done" and body.get("result"):
            return str(event["raw"])
    return None


class _Anchors:
    """Which moment a message followed, while messages are gone through in order.

    Attributes:
        duration_s: of the audio that was sent.
        left_s: what the service still had to process at the stop, as it said.
        stop_ns: when the stop was sent, or None.
    """

    def __init__(self, record: Record) -> None:
        self._rate = int(record.header["config"]["sample_rate"])
        flags = record.header["config"].get("messages_config")
        asked = flags.get("receive_acknowledgments", True) if isinstance(flags, Mapping) else True
        self._is_told = bool(asked)
        self._open_ns = min(
            (event["end_ns"] for event in record.of("connect") if event["error"] is None),
            default=record.t0_ns or 0,
        )
        self.stop_ns = min((event["send_start_ns"] for event in record.of("stop")), default=None)
        self.left_s = 0.0
        first: dict[int, Event] = {}
        for chunk in record.of("chunk"):
            # What is sent again counts when it was sent first.
            known = first.setdefault(chunk["end_byte"], chunk)
            if chunk["send_start_ns"] < known["send_start_ns"]:
                first[chunk["end_byte"]] = chunk
        self._chunks = [first[end] for end in sorted(first)]
        self._ends = [chunk["end_byte"] for chunk in self._chunks]
        self._sent_ns = [chunk["send_start_ns"] for chunk in self._chunks]
        frames = self._chunks[-1]["end_frame"] if self._chunks else 0
        self.duration_s = frames / self._rate
        self._known = 0
        self._is_stopped = False

    def acknowledged(self, message: Message) -> None:
        """The service has said what it has."""
        data = message.data or {}
        if message.type == "stop_recording":
            self._is_stopped = self._is_stopped or message.acknowledged is True
            left = data.get("recording_left_to_process")
            if isinstance(left, int | float) and not isinstance(left, bool) and 0 <= left < 1e6:
                self.left_s = float(left)
            return
        match data.get("byte_range"):
            case [_, int(end)] if message.acknowledged:
                # One source calls the range inclusive.
                self._known = max(self._known, bisect.bisect_right(self._ends, end + 1))

    def place(self, ns: int) -> tuple[str, float, float]:
        """What a message of this moment followed: kind of moment, position and delay in seconds."""
        known = self._known
        if not self._is_told:
            known = self._known = max(known, bisect.bisect_right(self._sent_ns, ns))
            self._is_stopped = self.stop_ns is not None and ns >= self.stop_ns
        if self._is_stopped and self.stop_ns is not None:
            return _STOP, self.duration_s, (ns - self.stop_ns) / 1e9
        if known:
            chunk = self._chunks[known - 1]
            position_s = chunk["end_frame"] / self._rate
            return _AUDIO, position_s, (ns - chunk["send_start_ns"]) / 1e9
        return _OPEN, 0.0, max(0.0, (ns - self._open_ns) / 1e9)
