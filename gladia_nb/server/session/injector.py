"""The faults of one connection: counts what passes, and does what a fault says when it is due."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable

from gladia_nb.server.settings.faults import Fault, FaultBoard

__all__ = ["Injector"]

_ENDS = ("drop", "close")
_ADDED = ("malformed", "unknown_type")
_CHANGED = ("null_data", "unknown_fields")
_ACKS = ("withhold_acks", "duplicate_acks", "reorder_acks", "delay_acks")
_TYPE = re.compile(r'"type":"(\w+)"')
_NOVELTY = '{"type":"novelty","created_at":"2030-01-01T00:00:00.000Z","data":{"level":11}}'
_MALFORMED = '{"type":"transcript","data":{"id":'


class Injector:
    """Lets faults strike on one connection.

    Args:
        board: faults of the server.
        end: breaks the connection, or closes it with a code.
        say: sends a text as it is.
    """

    def __init__(
        self,
        board: FaultBoard,
        *,
        end: Callable[[int | None], None],
        say: Callable[[str], None],
    ) -> None:
        self._board = board
        self._end = end
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._opened = self._loop.time()
        self._bytes = 0
        self._messages = 0
        self._timers: set[asyncio.TimerHandle] = set()
        self._delayed: dict[asyncio.TimerHandle, str] = {}
        self._held: str | None = None
        self._said: set[Fault] = set()
        self._is_ending = False
        self._is_losing = False
        self._forget = board.listen(self._added)

    def received(self, length: int) -> None:
        """Audio came in and has been dealt with."""
        self._bytes += length
        self.check()

    def sent(self) -> None:
        """A message has been written."""
        self._messages += 1
        self.check()

    def _added(self) -> None:
        """Be there at the moments that faults name."""
        now = self._loop.time()
        for fault, _ in self._board.armed:
            if fault.at_s is not None and self._opened + fault.at_s >= now:
                self._later(self._opened + fault.at_s - now, self.check)
        self.check()

    begin = _added

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.add(self._loop.call_later(seconds, call))

    def _is_due(self, fault: Fault) -> bool:
        return (
            (fault.at_byte is None or self._bytes >= fault.at_byte)
            and (fault.at_message is None or self._messages >= fault.at_message)
            and (fault.at_s is None or self._loop.time() - self._opened >= fault.at_s - 1e-4)
        )

    def _take(self, *kinds: str) -> Fault | None:
        return self._board.take(
            lambda fault: fault.kind in kinds and fault not in self._said and self._is_due(fault)
        )

    def check(self) -> None:
        """Let what is due strike: the end of the connection, and messages nobody asked for."""
        if not self._board.armed or self._is_ending:
            return
        while (fault := self._take(*_ADDED)) is not None:
            if fault.times is None:
                # Each of them is a message, after which this would be due again.
                self._said.add(fault)
            self._say(_MALFORMED if fault.kind == "malformed" else _NOVELTY)
        if (fault := self._take(*_ENDS)) is not None:
            code = fault.code if fault.kind == "close" else None
            self._is_ending = True
            if fault.lose_s:
                self._is_losing = True
                self._later(fault.lose_s, lambda: self._end(code))
            else:
                self._end(code)

    def stall(self) -> float:
        """Seconds for which nothing may be read now."""
        fault = self._take("stall") if self._board.armed else None
        return 0.0 if fault is None else fault.wait_s

    @property
    def is_busy(self) -> bool:
        """Whether messages must pass through here."""
        return bool(self._board.armed) or self._is_losing or self._held is not None

    def outgoing(self, text: str) -> tuple[str, ...]:
        """What leaves in place of a message."""
        if self._is_losing:
            return ()
        found = _TYPE.search(text)
        kind = found[1] if found is not None else ""
        if self._board.armed:
            changed = self._board.take(
                lambda fault: fault.kind in _CHANGED and fault.type == kind and self._is_due(fault)
            )
            if changed is not None:
                text = _changed(text, changed.kind)
        if kind != "audio_chunk":
            return (text,)
        if self._held is not None:
            held, self._held = self._held, None
            return (text, held)
        fault = self._take(*_ACKS) if self._board.armed else None
        if fault is None:
            return (text,)
        if fault.kind == "duplicate_acks":
            return (text, text)
        if fault.kind == "reorder_acks":
            self._held = text
        elif fault.kind == "delay_acks":
            self._delay(fault.wait_s, text)
        return ()

    def _delay(self, seconds: float, text: str) -> None:
        def out() -> None:
            del self._delayed[handle]
            if not self._is_losing:
                self._say(text)

        handle = self._loop.call_later(seconds, out)
        self._delayed[handle] = text

    def flush(self) -> None:
        """The connection will be closed properly: what was held back leaves now."""
        texts = list(self._delayed.values())
        for handle in self._delayed:
            handle.cancel()
        self._delayed.clear()
        if self._held is not None:
            texts.append(self._held)
            self._held = None
        for text in () if self._is_losing else texts:
            self._say(text)

    def close(self) -> None:
        """The connection is over."""
        self._forget()
        for handle in (*self._timers, *self._delayed):
            handle.cancel()
        self._timers.clear()
        self._delayed.clear()


def _changed(text: str, kind: str) -> str:
    message = json.loads(text)
    if kind == "null_data":
        message["data"] = None
    else:
        message["novelty"] = {"level": 11}
        if isinstance(message.get("data"), dict):
            message["data"]["novelty"] = [11]
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
