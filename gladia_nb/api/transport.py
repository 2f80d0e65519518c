"""HTTP to the service, and the way to its WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urljoin, urlsplit

import aiohttp

from gladia_nb.api.bodies import ACCEPTED, BodyError, read_body
from gladia_nb.api.connection import Connection, OnPong
from gladia_nb.api.limits import (
    MAX_AUDIO_BYTES,
    MAX_ERROR_BYTES,
    MAX_MESSAGE_BYTES,
    MAX_REDIRECTS,
    MAX_REPLY_BYTES,
    MAX_RESULT_BYTES,
)
from gladia_nb.api.origins import origin_of, place_of, websocket_fault
from gladia_nb.api.refusal import api_error, brief, object_of, unreachable
from gladia_nb.api.route import Route, RouteConnector
from gladia_nb.clock import Clock
from gladia_nb.errors import ApiError, NotFoundError
from gladia_nb.keys import Hidden, Secret
from gladia_nb.record.redact import Redactor

__all__ = ["Initiated", "Reply", "Retry", "Transport"]

KEY_HEADER = "x-gladia-key"
#: Statuses that may be gone a moment later.
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
#: Pings keep middleboxes from dropping a silent connection and find one that is half dead.
_HEARTBEAT_S = 20.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Initiated:
    """Answer of `POST /v2/live`; the URL holds a token, and its repr is stars."""

    session_id: str
    created_at: str | None
    url: str = field(repr=False)
    status: int = 201


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer of a request: status, body, headers; it may repeat the key, and shows its status."""

    status: int
    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)

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
        key: the API key, or None when only URLs initiated elsewhere are used. It goes to the
            scheme, host and port of `base_url` and nowhere else, redirects included.
        clock: where stamps come from.
        timeout_s: bound of each request and of each handshake.
        retry: how often and when a request is repeated.
        route: over which every connection goes; open while the transport is.
    """

    def __init__(
        self,
        base_url: str,
        key: str | Secret | None,
        clock: Clock,
        *,
        timeout_s: float = 10.0,
        retry: Retry | None = None,
        route: Route | None = None,
    ) -> None:
        self._route = route
        self._retry = retry or Retry()
        self._base = Hidden(base_url.rstrip("/"))
        self._place = place_of(base_url)
        self._key = key = Secret.of(key)
        #: What a service says comes into errors, and it may repeat what it was sent.
        self._redact = Redactor([key.reveal()] if key else [])
        self._clock = clock
        self._timeout_s = timeout_s
        self._http: aiohttp.ClientSession | None = None
        self._connection: Connection | None = None
        self.phases: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"Transport({self._place!r})"

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
        trace.on_request_redirect.append(_refuse_redirect)
        if self._route is not None:
            await self._route.open()
        self._http = aiohttp.ClientSession(
            connector=None if self._route is None else RouteConnector(self._route),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            trace_configs=[trace],
            headers={"Accept-Encoding": ACCEPTED},
            # What comes is unpacked here, up to a limit.
            auto_decompress=False,
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
        if self._route is not None:
            await self._route.close()

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
        try:
            reply = await self.request("POST", "/v2/live", json=body, params=query)
        except NotFoundError as error:
            raise ApiError(
                f"{self._place} answered POST /v2/live with 404: there is no live speech-to-text "
                "service at this address; check the URL.",
                status=404,
                request_id=error.request_id,
            ) from None
        status, answer = reply.status, object_of(reply.text)
        session_id, url = answer.get("id"), answer.get("url")
        if not isinstance(session_id, str) or not isinstance(url, str):
            raise ApiError(
                f"{self._place} answered POST /v2/live with {status} but without id and url; "
                "is this a live speech-to-text service?",
                status=status,
            )
        url = Hidden(url)
        if fault := websocket_fault(self._base, url):
            raise ApiError(
                f"{self._place} answered POST /v2/live with {fault}; nothing was sent there.",
                status=status,
            )
        created = answer.get("created_at")
        return Initiated(session_id, created if isinstance(created, str) else None, url, status)

    async def get(self, session_id: str) -> str:
        """The text of `GET /v2/live/:id`; errors as in `init`, and NotFoundError for 404."""
        reply = await self.request("GET", _path(session_id), limit=MAX_RESULT_BYTES)
        text = reply.text
        if len(reply.body) > MAX_MESSAGE_BYTES and "\ufffd" in text and not _is_utf8(reply.body):
            # Each of its bytes would be six in a file.
            raise ApiError(
                f"The stored result of {self._place} is not text (UTF-8); it was not kept.",
                status=reply.status,
            )
        return text

    async def get_audio(self, session_id: str) -> bytes:
        """The body of `GET /v2/live/:id/file`; errors as in `get`."""
        path = _path(session_id) + "/file"
        return (await self.request("GET", path, limit=MAX_AUDIO_BYTES)).body

    async def delete(self, session_id: str) -> None:
        """`DELETE /v2/live/:id`; errors as in `get`, and ApiError for 403: it still runs."""
        await self.request("DELETE", _path(session_id))

    async def connect(self, url: str) -> Connection:
        """Open the WebSocket at a URL, which is used exactly as given and needs no key.

        Without compression: it costs processor time, disturbs the stopwatch and gains little on
        audio. Messages have `MAX_MESSAGE_BYTES` at most. Redirects are not followed: the audio
        goes where the service said, and nowhere else.

        Raises:
            ApiError: the handshake was answered with a status.
            UnreachableError: no answer.
        """
        self.phases.clear()
        url = Hidden(url)
        try:
            socket = await asyncio.wait_for(
                self._session.ws_connect(
                    url,
                    compress=0,
                    max_msg_size=MAX_MESSAGE_BYTES,
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
        except _RedirectedError as error:
            raise ApiError(
                f"The service redirects its WebSocket to {place_of(error.location)}; "
                "that is not followed.",
                status=error.status,
            ) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise unreachable(url, error) from None
        except (asyncio.CancelledError, KeyboardInterrupt) as error:
            # An interrupt: the frames below hold the URL and are nothing for a traceback.
            raise error.with_traceback(None) from None
        self._connection = Connection(socket, self._clock)
        return self._connection

    async def ping(self, on_pong: OnPong) -> None:
        """Ping over the newest connection, if there is one; see `Connection.ping`."""
        if self._connection is not None:
            await self._connection.ping(on_pong)

    def take_backlog(self) -> int:
        """Of the newest connection; see `Connection.take_backlog`."""
        return 0 if self._connection is None else self._connection.take_backlog()

    async def request(
        self, method: str, path: str, *, limit: int = MAX_REPLY_BYTES, **options: Any
    ) -> Reply:
        """One request, repeated within a bound where repeating may help.

        Statuses 408, 429 and 5xx are asked again, after the wait that `Retry-After` names, else
        after one that doubles; what could not be reached at all is reported at once. A redirect is
        followed within the same scheme, host and port, and to no other.

        Args:
            method: of HTTP.
            path: behind the base URL, or an absolute URL of the same service.
            limit: bytes of the answer at most, unpacked.
            **options: of aiohttp, such as `json` and `params`.

        Raises:
            ApiError: the last answer was an error status, a redirect to somewhere else or too
                large; a subclass says which kind.
            UnreachableError: no answer.
        """
        url = Hidden(path if path.startswith(("http://", "https://")) else self._base + path)
        for attempt in range(1, self._retry.attempts + 1):
            reply = await self._follow(method, url, limit, options)
            if reply.status < 400:
                return reply
            if reply.status not in _PASSING or attempt == self._retry.attempts:
                break
            await asyncio.sleep(self._retry.wait_s(attempt, reply.headers.get("Retry-After")))
        raise api_error(reply.status, self._redact(reply.text), reply.headers.get("Retry-After"))

    async def _follow(self, method: str, url: Hidden, limit: int, options: Any) -> Reply:
        """One request, and those to which the service redirects it within itself."""
        for _ in range(MAX_REDIRECTS + 1):
            reply = await self._once(method, url, limit, options)
            location = reply.headers.get("Location")
            if reply.status not in _REDIRECTS or location is None:
                return reply
            target = _joined(url, location)
            # Only these two keep method and body; a GET has nothing to lose by the others.
            if origin_of(target) != origin_of(url) or not (
                method == "GET" or reply.status in (307, 308)
            ):
                raise ApiError(
                    f"{place_of(url)} redirects to {place_of(target)}; the API key is not sent to "
                    "another address. If that is the right one, name it as the URL.",
                    status=reply.status,
                )
            url, options = target, {**options, "params": None}
        raise ApiError(
            f"{self._place} redirects in a circle, or more than {MAX_REDIRECTS} times.",
            status=reply.status,
        )

    async def _once(self, method: str, url: Hidden, limit: int, options: Any) -> Reply:
        headers = {}
        if self._key is not None and self._is_ours(url):
            headers[KEY_HEADER] = self._key.reveal()
        try:
            async with self._session.request(
                method, url, headers=headers, allow_redirects=False, **options
            ) as answer:
                failed = answer.status >= 300
                body = await read_body(answer, MAX_ERROR_BYTES if failed else limit, cut=failed)
                return Reply(answer.status, body, dict(answer.headers))
        except BodyError as error:
            raise ApiError(
                f"The answer of {self._place} to {method} {brief(self._redact(_path_of(url)))} "
                f"{error}; it was not read.",
                status=answer.status,
            ) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise unreachable(url, error) from None
        except (asyncio.CancelledError, KeyboardInterrupt) as error:
            # An interrupt: the frames below hold the headers and are nothing for a traceback.
            raise error.with_traceback(None) from None

    def _is_ours(self, url: str) -> bool:
        """The key goes to the service that it is for, and to no other that an answer names."""
        return origin_of(url) == origin_of(self._base)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


class _RedirectedError(Exception):
    """The handshake of a WebSocket was answered with a redirect."""

    def __init__(self, status: int, location: str) -> None:
        super().__init__(status)
        self.status = status
        self.location = location


async def _refuse_redirect(
    session: aiohttp.ClientSession,  # noqa: ARG001 - as aiohttp calls it
    context: object,  # noqa: ARG001
    redirect: aiohttp.TraceRequestRedirectParams,
) -> None:
    """Called before aiohttp follows one; requests do not let it, and `ws_connect` always would."""
    answer = redirect.response
    answer.close()
    location = _joined(Hidden(redirect.url), answer.headers.get("Location", ""))
    raise _RedirectedError(answer.status, location)


def _joined(url: Hidden, location: str) -> Hidden:
    """Where a redirect leads; what is no address stays as it is, and is refused as one."""
    try:
        return Hidden(urljoin(str(url), location))
    except ValueError:
        return Hidden(location)


def _path(session_id: str) -> str:
    """Of a session; a name that the service made up leads to no other place."""
    return f"/v2/live/{quote(session_id, safe='')}"


def _path_of(url: str) -> str:
    """What a URL asks for, without its query."""
    return urlsplit(url).path
