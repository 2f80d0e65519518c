"""What one session received and sent, and when: the truth that a client's stopwatch is judged by.

Stamps are `time.perf_counter_ns()`, on Linux the same clock in every process of a machine. While a
session runs only tuples are appended; what they mean is worked out when somebody asks.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from gladia_nb.server.engines.base import Due

__all__ = ["Trace"]

#: Of each session, the newest so many frames and messages are kept.
_KEPT = 200_000


class Trace:
    """The frames and messages of one session, in their order.

    Args:
        session_id: of the session.
    """

    def __init__(self, session_id: str) -> None:
        self._session_id = session_id
        self._connected = 0
        self._received: deque[tuple[int, int, int, int, int]] = deque(maxlen=_KEPT)
        self._sent: deque[tuple[int, int, int, str, Due | None]] = deque(maxlen=_KEPT)
        self._connections: deque[tuple[int, str, int, int | None]] = deque(maxlen=_KEPT)

    def opened(self, ns: int) -> int:
        """A connection is open; returns its number, from 1."""
        self._connected += 1
        self._connections.append((self._connected, "open", ns, None))
        return self._connected

    def closed(self, ns: int, number: int, code: int | None) -> None:
        """A connection has ended, with a WebSocket close code unless it broke."""
        self._connections.append((number, "close", ns, code))

    def received(self, ns: int, length: int, first: int, last: int) -> None:
        """Audio was received.

        Args:
            ns: when its frame was, before anything was done with it.
            length: bytes of audio in the frame.
            first: its first byte in the session.
            last: the byte after its last.
        """
        self._received.append((ns, self._connected, length, first, last))

    def sent(self, before_ns: int, after_ns: int, number: int, text: str, due: Due | None) -> None:
        """A message was written to the socket.

        Args:
            before_ns: before the write.
            after_ns: after it.
            number: of the connection.
            text: the message.
            due: of scripted events.
        """
        self._sent.append((before_ns, after_ns, number, text, due))

    def as_json(self) -> str:
        """Everything as JSON text; takes long for a long session, so not in the event loop."""
        return json.dumps(
            {
                "session_id": self._session_id,
                "clock": "perf_counter_ns",
                "connections": [
                    {"connection": number, "event": what, "ns": ns, "code": code}
                    for number, what, ns, code in list(self._connections)
                ],
                "received": [
                    {
                        "ns": ns,
                        "connection": number,
                        "length": length,
                        "byte_range": [first, last],
                    }
                    for ns, number, length, first, last in list(self._received)
                ],
                "sent": [_sent(*item) for item in list(self._sent)],
            }
        )


def _sent(before_ns: int, after_ns: int, number: int, text: str, due: Due | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "before_ns": before_ns,
        "after_ns": after_ns,
        "connection": number,
        "text": text,
    }
    told.update(_meaning(text))
    if due is not None:
        told["due_ns"] = due.ns
        told["position_s"] = due.position
        told["received_ns"] = due.received_ns
    return told


def _meaning(text: str) -> dict[str, Any]:
    """Type, and of a transcript what it shows; nothing of a message that a fault has broken."""
    try:
        message = json.loads(text)
    except ValueError:
        return {"type": None}
    told: dict[str, Any] = {"type": message.get("type")}
    data = message.get("data") or {}
    if told["type"] == "transcript" and data:
        found = data["utterance"]
        told["id"] = data["id"]
        told["is_final"] = data["is_final"]
        told["channel"] = found["channel"]
        told["words"] = [
            {"word": word["word"].strip(), "start_s": word["start"], "end_s": word["end"]}
            for word in found["words"]
        ]
    elif "byte_range" in data:
        told["byte_range"] = data["byte_range"]
    return told
