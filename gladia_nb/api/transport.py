"""HTTP to the service, and the way to its WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp

from gladia_nb.api.connection import Connection, OnPong
from gladia_nb.api.refusal import api_error, object_of, unreachable
from gladia_nb.clock import Clock
from gladia_nb.errors import (
    ApiError,
)

__all__ = ["Initiated", "Reply", "Retry", "Transport"]

KEY_HEADER = "x-gladia-key"
#: Statuses that may be gone a moment later.
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
#: Pings keep middleboxes from dropping a silent connection and find one that is half dead.
_HEARTBEAT_S = 20.0


@dataclass(frozen=True, slots=True)
class Initiated:
    """Answer of `POST /v2/live`; the URL holds a token and stays out of the repr."""

    session_id: str
    created_at: str | None
    url: str = field(repr=False)
    status: int = 201


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer of a request: status, body, headers."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def text(self) -> str:
        """The body as text, whatever it holds."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Retry:
    """When a request is repeated.

    Attributes:
        attempts: requests at most.
        first_s: seconds before the second; they double from there.
        longest_s: longest wait, also when the service asks for more.
    """

    attempts: int = 3
    first_s: float = 0.3
    longest_s: float = 10.0

    def wait_s(self, attempt: int, asked: str | None = None) -> float:
        """Seconds to wait after an attempt (from 1); `asked` is the header `Retry-After`.

        Example:
            >>> Retry().wait_s(2), Retry().wait_s(1, "4"), Retry().wait_s(1, "3600")
            (0.6, 4.0, 10.0)
        """
        wait = self.first_s * float(2 ** (attempt - 1))
        if asked is not None:
            # It can also be a date; the doubling wait serves as well then.
            with contextlib.suppress(ValueError):
                wait = max(0.0, float(asked))
        return min(wait, self.longest_s)


class Transport:
    """Requests to one service with one key; `async with`.

    Args:
        base_url: such as `https://api.gladia.io`.
        key: the API key, or None when only URLs initiated elsewhere are used.
        clock: where stamps come from.
        timeout_s: bound of each request and of each handshake.
        retry: how often and when a request is repeated.
    """

    def __init__(
        self,
        base_url: str,
        key: str | None,
        clock: Clock,
        *,
        timeout_s: float = 10.0,
        retry: Retry | None = None,
    ) -> None:
        self._retry = retry or Retry()
        self._base = base_url.rstrip("/")
        self._key = key
        self._clock = clock
        self._timeout_s = timeout_s
        self._http: aiohttp.ClientSession | None = None
        self._connection: Connection | None = None
        self.phases: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"Transport({self._base!r})"

    async def __aenter__(self) -> Self:
        trace = aiohttp.TraceConfig()
        starts: dict[str, int] = {}

        def begin(name: str) -> Any:
            async def on(*_: object) -> None:
                starts[name] = self._clock.now_ns()

            return on

        def end(name: str) -> Any:
            async def on(*_: object) -> None:
                self.phases[name] = (self._clock.now_ns() - starts[name]) / 1e6

            return on

        trace.on_dns_resolvehost_start.append(begin("dns_ms"))
        trace.on_dns_resolvehost_end.append(end("dns_ms"))
        trace.on_connection_create_start.append(begin("connect_ms"))
        trace.on_connection_create_end.append(end("connect_ms"))
        self._http = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._timeout_s), trace_configs=[trace]
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            raise RuntimeError("use a Transport with 'async with'")
        return self._http

    async def init(self, body: dict[str, Any], *, region: str | None = None) -> Initiated:
        """`POST /v2/live`.

        Raises:
            AuthenticationError: 401.
            LimitError: 429.
            ApiError: any other error status, or an answer without id and URL.
            UnreachableError: no answer.
        """
        self.phases.clear()
        query = {"region": region} if region else None
        reply = await self.request("POST", "/v2/live", json=body, params=query)
        status, answer = reply.status, object_of(reply.text)
        session_id, url = answer.get("id"), answer.get("url")
        if not isinstance(session_id, str) or not isinstance(url, str):
            raise ApiError(
                f"{self._base} answered POST /v2/live with {status} but without id and url; "
                "is this a live speech-to-text service?",
                status=status,
            )
        created = answer.get("created_at")
        return Initiated(session_id, created if isinstance(created, str) else None, url, status)

    async def get(self, session_id: str) -> str:
        """The text of `GET /v2/live/:id`; errors as in `init`, and NotFoundError for 404."""
        return (await self.request("GET", f"/v2/live/{session_id}")).text

    async def connect(self, url: str) -> Connection:
        """Open the WebSocket at a URL, which is used exactly as given and needs no key.

        Without compression: it costs processor time, disturbs the stopwatch and gains little on
        audio. Frames of any length are accepted.

        Raises:
            ApiError: the handshake was answered with a status.
            UnreachableError: no answer.
        """
        self.phases.clear()
        try:
            socket = await asyncio.wait_for(
                self._session.ws_connect(
                    url,
                    compress=0,
                    max_msg_size=0,
                    heartbeat=_HEARTBEAT_S,
                    autoclose=True,
                    # Pongs are wanted; pings are answered by `Connection.receive`.
                    autoping=False,
                ),
                self._timeout_s,
            )
        except aiohttp.WSServerHandshakeError as error:
            raise ApiError(
                f"The service refused the WebSocket with status {error.status}.",
                status=error.status,
            ) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise unreachable(url, error) from None
        self._connection = Connection(socket, self._clock)
        return self._connection

    async def ping(self, on_pong: OnPong) -> None:
        """Ping over the newest connection, if there is one; see `Connection.ping`."""
        if self._connection is not None:
            await self._connection.ping(on_pong)

    def take_backlog(self) -> int:
        """Of the newest connection; see `Connection.take_backlog`."""
        return 0 if self._connection is None else self._connection.take_backlog()

    async def request(self, method: str, path: str, **options: Any) -> Reply:
        """One request, repeated within a bound where repeating may help.

        Statuses 408, 429 and 5xx are asked again, after the wait that `Retry-After` names, else
        after one that doubles; what could not be reached at all is reported at once.

        Args:
            method: of HTTP.
            path: behind the base URL, or an absolute URL of the same service.
            **options: of aiohttp, such as `json` and `params`.

        Raises:
            ApiError: the last answer was an error status; a subclass says which kind.
            UnreachableError: no answer.
        """
        url = path if path.startswith(("http://", "https://")) else self._base + path
        headers = {KEY_HEADER: self._key} if self._key and self._is_ours(url) else {}
        for attempt in range(1, self._retry.attempts + 1):
            try:
                async with self._session.request(method, url, headers=headers, **options) as answer:
                    reply = Reply(answer.status, await answer.read(), dict(answer.headers))
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
                raise unreachable(url, error) from None
            if reply.status < 400:
                return reply
            if reply.status not in _PASSING or attempt == self._retry.attempts:
                break
            await asyncio.sleep(self._retry.wait_s(attempt, reply.headers.get("Retry-After")))
        raise api_error(reply.status, reply.text)

    def _is_ours(self, url: str) -> bool:
        """The key goes to the service that it is for, and to no other that an answer names."""
        return urlsplit(url)[:2] == urlsplit(self._base)[:2]
