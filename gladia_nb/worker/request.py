"""The request that begins a session, and what a record says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from gladia_nb.api.transport import Initiated, Transport
from gladia_nb.clock import Clock
from gladia_nb.record.event_kinds import Emit, InitEvent
from gladia_nb.record.redact import redact_url

__all__ = ["request_session"]


async def request_session(
    transport: Transport,
    body: dict[str, Any],
    region: str | None,
    clock: Clock,
    emit: Emit,
    *,
    secret: Callable[[str], None],
) -> Initiated:
    """Ask the service for a session; the answer is emitted as an `init`.

    Args:
        transport: an open transport.
        body: of `POST /v2/live`.
        region: `eu-west`, `us-west` or None.
        clock: of the stamps.
        emit: called with the event.
        secret: called with the URL of the WebSocket before anything is emitted.

    Raises:
        ApiError: the service refused.
        UnreachableError: it gave no answer.
    """
    start_ns = clock.now_ns()
    reply = await transport.init(body, region=region)
    end_ns = clock.now_ns()
    secret(reply.url)
    phases = transport.phases
    emit(
        InitEvent(
            start_ns=start_ns,
            end_ns=end_ns,
            status=reply.status,
            session_id=reply.session_id,
            created_at=reply.created_at,
            url=redact_url(reply.url),
            dns_ms=phases.get("dns_ms", UNSET),
            connect_ms=phases.get("connect_ms", UNSET),
        )
    )
    return reply
