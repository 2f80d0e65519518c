"""The live API by hand, step by step: for teaching, and for programs that want no more than that.

`transcribe` and `start` do all of this by themselves, in a process with a stopwatch. Here every
step is a call of one's own:

    async with GladiaClient() as client:
        made = await client.init(SessionConfig(endpointing=0.3))
        async with await client.connect(made) as live:
            await live.send(audio)
            await live.stop()
            async for message in live.messages():
                print(message.type, message.data)
        result = await client.get(made.session_id)
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any, Self

from gladia_nb.api.connection import Closed, Connection
from gladia_nb.api.protocol import (
    MAX_FRAME_BYTES,
    STOP,
    CloseOutcome,
    audio_as_json,
    classify_close,
)
from gladia_nb.api.target import resolve_target
from gladia_nb.api.transport import Initiated, Retry, Transport
from gladia_nb.clock import MonotonicClock
from gladia_nb.config import SessionConfig
from gladia_nb.errors import ApiError, SessionError
from gladia_nb.record.message import Message, parse_message

__all__ = ["GladiaClient", "LiveConnection"]


class LiveConnection:
    """One open WebSocket of a session. Made by `GladiaClient.connect`; `async with` closes it.

    Attributes:
        closed: how it ended, once it has: `code`, `reason` and the stamp `ns`; else None.
        recv_ns: monotonic stamp of the message that was yielded last.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.closed: Closed | None = None
        self.recv_ns = 0

    async def send(self, audio: bytes) -> None:
        """Send audio as a binary frame: whole sample frames, 1 MiB at most.

        Raises:
            ValueError: the frame is too long; the service would close the connection.
            ConnectionError: the connection is lost.
        """
        await self._send(audio)

    async def send_base64(self, audio: bytes) -> None:
        """Send audio as base64 in JSON; as `send` otherwise."""
        await self._send(audio_as_json(audio))

    async def stop(self) -> None:
        """Ask for the rest of the messages; the service then closes with 1000."""
        await self._send(STOP)

    async def _send(self, wire: bytes | str) -> None:
        if len(wire) > MAX_FRAME_BYTES:
            raise ValueError(f"A frame has {MAX_FRAME_BYTES} bytes at most, not {len(wire)}.")
        await self._connection.send(wire)

    async def messages(self) -> AsyncIterator[Message]:
        """Every message, as it comes, until the connection ends.

        Raises:
            SessionError: it ended in another way than with 1000; `code` says how, and the sentence
                whether the same URL can be opened again.
        """
        while self.closed is None:
            item = await self._connection.receive()
            if isinstance(item, Closed):
                self.closed = item
                break
            self.recv_ns = item.recv_ns
            yield parse_message(item.raw)
        outcome = classify_close(self.closed.code)
        if outcome is not CloseOutcome.FINISHED:
            again = outcome is CloseOutcome.RETRY
            raise SessionError(
                f"The connection ended with {self.closed.code or 'no close frame'} "
                f"({'lost' if again else outcome.value}); "
                + ("open the same URL again." if again else "the session is over."),
                code=self.closed.code,
            )

    async def close(self, code: int = 1000) -> None:
        """Close from this side. 1000 means stop: results come by callback, or from `get`."""
        await self._connection.close(code)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


class GladiaClient:
    """The live API, one method a step; `async with`.

    Args:
        key: API key; by default `GLADIA_API_KEY`. Without one the embedded server is used.
        url: base URL; by default `GLADIA_API_URL`, else Gladia's.
        region: `eu-west` or `us-west`.
        server: a `LocalServer` to use.
        retry: how often and when a request is repeated.

    Raises:
        AuthenticationError, ConfigError: as `start`.
    """

    def __init__(
        self,
        key: str | None = None,
        *,
        url: str | None = None,
        region: str | None = None,
        server: Any = None,
        retry: Retry | None = None,
    ) -> None:
        target = resolve_target(key=key, url=url, server=server)
        self.region = region
        self._transport = Transport(target.url, target.key, MonotonicClock(), retry=retry)
        self._label = target.label

    def __repr__(self) -> str:
        return f"GladiaClient({self._label!r})"

    async def open(self) -> Self:
        """What `async with` does at its beginning, for notebooks in which a step is a cell."""
        await self._transport.__aenter__()
        return self

    async def close(self) -> None:
        """What `async with` does at its end."""
        await self._transport.__aexit__(None, None, None)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def init(self, config: SessionConfig | Mapping[str, Any] | None = None) -> Initiated:
        """`POST /v2/live`: id and URL of a new session.

        The URL can be handed to a browser: its token is all that `connect` needs.

        Args:
            config: a `SessionConfig`, or a body that is sent as it is.

        Raises:
            ApiError, UnreachableError: and their kinds.
        """
        if config is None or isinstance(config, SessionConfig):
            config = (config or SessionConfig()).to_body()
        return await self._transport.init(dict(config), region=self.region)

    async def connect(self, made: Initiated | str) -> LiveConnection:
        """Open the WebSocket of a session, also of one that was initiated elsewhere.

        Args:
            made: what `init` returned, or a URL, which is used exactly as it is.

        Raises:
            ApiError, UnreachableError: and their kinds.
        """
        url = made if isinstance(made, str) else made.url
        return LiveConnection(await self._transport.connect(url))

    async def get(self, session_id: str) -> dict[str, Any]:
        """`GET /v2/live/:id`: status and, once it is `done`, the result."""
        return _object(await self._transport.get(session_id))

    async def list(self, **filters: Any) -> AsyncIterator[dict[str, Any]]:
        """`GET /v2/live`: sessions, page after page, as they are asked for.

        Args:
            **filters: `limit` (of a page), `offset`, `date`, `before_date`, `after_date` (ISO
                8601), `status` (one or several), `custom_metadata` (an object).
        """
        query: list[tuple[str, str]] = []
        for name, value in filters.items():
            if isinstance(value, Mapping):
                query += [(f"{name}[{key}]", str(inner)) for key, inner in value.items()]
            elif isinstance(value, (list, tuple)):
                query += [(name, str(inner)) for inner in value]
            else:
                query.append((name, str(value)))
        path: str | None = "/v2/live"
        while path:
            page = _object((await self._transport.request("GET", path, params=query)).text)
            for item in page.get("items") or ():
                yield item
            # The link holds the whole query of the next page.
            path, query = page.get("next"), []

    async def delete(self, session_id: str) -> None:
        """`DELETE /v2/live/:id`; refused with 403 while the session runs."""
        await self._transport.request("DELETE", f"/v2/live/{session_id}")

    async def audio(self, session_id: str) -> bytes:
        """`GET /v2/live/:id/file`: the audio that the service has kept, a WAV file."""
        return (await self._transport.request("GET", f"/v2/live/{session_id}/file")).body


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ApiError("The service answered with something that is no JSON object.", status=200)
    return value
