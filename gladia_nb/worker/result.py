"""The result that the service stored, once the conversation is over."""

from __future__ import annotations

import asyncio

import msgspec

from gladia_nb.api.transport import Transport
from gladia_nb.clock import Clock
from gladia_nb.errors import ApiError, UnreachableError
from gladia_nb.record.event_kinds import Emit, ResultEvent, WarningEvent

__all__ = ["fetch_result"]


async def fetch_result(
    transport: Transport, session_id: str, clock: Clock, emit: Emit, longest_s: float
) -> None:
    """Ask for the stored result until the service has finished it, within a bound.

    What came is emitted as a `result`; what did not, or not finished, as a `warning`.

    Args:
        transport: an open transport.
        session_id: the service's name for the session.
        clock: of all stamps.
        emit: called with each event.
        longest_s: how long to ask.
    """
    deadline_ns = clock.now_ns() + int(longest_s * 1e9)
    wait = 0.1
    while True:
        start_ns = clock.now_ns()
        late = start_ns > deadline_ns
        try:
            text = await transport.get(session_id)
        except (ApiError, UnreachableError) as error:
            if late or (isinstance(error, ApiError) and error.status < 500):
                _warn(f"The stored result could not be fetched: {error}", clock, emit)
                return
        else:
            done = _status(text) in ("done", "error")
            if done or late:
                end_ns = clock.now_ns()
                emit(ResultEvent(start_ns, end_ns, text))
                if not done:
                    _warn("The service had not finished the stored result in time.", clock, emit)
                return
        await asyncio.sleep(wait)
        wait = min(wait * 1.5, 1.0)


def _warn(text: str, clock: Clock, emit: Emit) -> None:
    emit(WarningEvent(clock.now_ns(), text))


class _Stored(msgspec.Struct):
    """What of a stored result is looked at; the rest is passed over, and takes no memory."""

    status: str | None = None


_read = msgspec.json.Decoder(_Stored).decode


def _status(text: str) -> str | None:
    try:
        return _read(text).status
    except (ValueError, RecursionError):
        return None
