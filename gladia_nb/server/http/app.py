"""The routes of the server, their checks and their errors."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import time
from collections.abc import Awaitable, Callable
from itertools import islice

from aiohttp import web

from gladia_nb.server.engines.base import Engine
from gladia_nb.server.http.body import configuration, json_of
from gladia_nb.server.http.control import Bench
from gladia_nb.server.http.door import Door, is_socket
from gladia_nb.server.http.listing import Query, page
from gladia_nb.server.http.refusal import RefusalError, invalid, is_same
from gladia_nb.server.session import sentiment
from gladia_nb.server.session.courier import Courier
from gladia_nb.server.session.session import Session, Status
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["Server"]

_log = logging.getLogger(__name__)

#: Largest body of a request, and largest frame of a WebSocket, in bytes.
_LARGEST = 1 << 20
#: Largest body of a `PATCH`, in bytes.
_LARGEST_PATCH = 100 * 1024
#: After how long a client over its limit may ask again, in seconds.
_RETRY_AFTER_S = 1

_REGIONS = ("eu-west", "us-west")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """All sessions of one server, and the routes to them.

    Args:
        engine: recognises the audio; started and closed with the application.
        options: of the server.
    """

    def __init__(self, engine: Engine, options: ServerOptions) -> None:
        self._engine = engine
        self._options = options
        self._courier = Courier(options)
        self._door = Door(options)
        self._bench = Bench(options, self._session, self._authenticate)
        self._by_id: dict[str, Session] = {}
        self._by_token: dict[str, Session] = {}

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=_LARGEST, middlewares=[self._common])
        app.router.add_post("/v2/live", self._init)
        app.router.add_get("/v2/live", self._list_or_socket, allow_head=False)
        app.router.add_get("/v2/live/{id}", self._get, allow_head=False)
        app.router.add_patch("/v2/live/{id}", self._patch)
        app.router.add_delete("/v2/live/{id}", self._delete)
        app.router.add_get("/v2/live/{id}/file", self._file, allow_head=False)
        self._bench.add_routes(app.router)
        app.router.add_route("*", "/{path:.*}", _no_route)
        app.on_startup.append(self._on_startup)
        app.on_shutdown.append(self._on_shutdown)
        app.on_cleanup.append(self._on_cleanup)
        return app

    async def _on_startup(self, _: web.Application) -> None:
        await self._engine.start()

    async def _on_shutdown(self, _: web.Application) -> None:
        await asyncio.gather(*(session.close() for session in self._by_id.values()))

    async def _on_cleanup(self, _: web.Application) -> None:
        await self._courier.close()
        await self._bench.close()
        await self._engine.close()

    # -- routes -------------------------------------------------------------------------------

    async def _init(self, request: web.Request) -> web.Response:
        key = self._authenticate(request)
        await self._bench.before_init()
        _check_region(request)
        config = configuration(await json_of(request))
        engine = self._bench.engine(self._engine, config)
        if config.realtime_processing.sentiment_analysis:
            with contextlib.suppress(ImportError):  # is answered at each final
                await asyncio.to_thread(sentiment.load)
        # After the last wait, so that no two requests take the same place.
        self._check_limit(key)
        session = Session(
            config,
            engine=engine,
            options=self._options,
            courier=self._courier,
            faults=self._bench.faults,
            key=key,
            when_over=self._on_over,
        )
        self._by_id[session.id] = session
        self._by_token[session.token] = session
        self._forget_oldest()
        scheme = "wss" if request.secure else "ws"
        body = {
            "id": session.id,
            "created_at": session.created_at,
            "url": f"{scheme}://{request.host}/v2/live?token={session.token}",
        }
        return web.json_response(body, status=201)

    async def _list_or_socket(self, request: web.Request) -> web.StreamResponse:
        if is_socket(request):
            return await self._socket(request)
        key = self._authenticate(request)
        query = Query(request.query.items())
        own = (session for session in reversed(self._by_id.values()) if session.key == key)
        base = f"{request.scheme}://{request.host}{request.path}"
        return web.json_response(page(own, query, base, Session.summary))

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        self._bench.before_handshake()
        session = self._by_token.get(request.query.get("token", ""))
        if session is None:
            raise RefusalError(self._options.unknown_token_status, "Invalid token")
        # Compression would cost time on every acknowledgement and save nothing on a machine's
        # own network; a client that offers it goes on without.
        # aiohttp refuses frames from this size on.
        # The session's connection answers pings, or it would see no pongs.
        ws = web.WebSocketResponse(
            max_msg_size=_LARGEST + 1, compress=False, timeout=2.0, autoping=False
        )
        await ws.prepare(request)
        await session.serve(ws, request)
        return ws

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._session(request).summary())

    async def _patch(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if (request.content_length or 0) > _LARGEST_PATCH:
            raise RefusalError(413, "payload too large", job=session.id)
        if len(await request.read()) > _LARGEST_PATCH:
            raise RefusalError(413, "payload too large", job=session.id)
        data = await json_of(request)
        if not isinstance(data, dict):
            raise invalid("body must be an object")
        session.post_session_metadata = data
        return web.Response(status=204)

    async def _delete(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if not session.is_over:
            raise RefusalError(403, "Invalid parameter", job=session.id)
        self._forget(session)
        return web.Response(status=202)

    async def _file(self, request: web.Request) -> web.Response:
        session = self._session(request)
        wav = session.intake.wav() if session.is_over else None
        if wav is None:
            raise RefusalError(404, "Not found", job=session.id)
        # As a stream, so that a long recording leaves in pieces between other answers.
        return web.Response(body=io.BytesIO(wav), content_type="application/octet-stream")

    # -- checks -------------------------------------------------------------------------------

    def _authenticate(self, request: web.Request) -> str:
        key = request.headers.get("x-gladia-key", "")
        if not key:
            raise RefusalError(401, "no gladia key provided")
        keys = self._options.keys
        if keys is not None and not any(is_same(key, known) for known in keys):
            raise RefusalError(401, "gladia user not found")
        return key

    def _check_limit(self, key: str) -> None:
        most = self._options.max_sessions
        if most is None:
            return
        # Keys that anyone can make up are no limit: all of them have one together.
        together = self._options.keys is None
        running = sum(
            not self._is_past(session)
            for session in self._by_id.values()
            if together or session.key == key
        )
        if running >= most:
            raise RefusalError(
                429,
                f"Maximum number of concurrent sessions reached ({most})",
                headers={"Retry-After": str(_RETRY_AFTER_S)},
            )

    def _is_past(self, session: Session) -> bool:
        """Whether a session is over, or was made and nobody ever came for it."""
        oldest = time.monotonic() - self._options.idle_timeout_s
        return session.is_over or (session.status is Status.QUEUED and session.made_at <= oldest)

    def _forget(self, session: Session) -> None:
        del self._by_id[session.id]
        del self._by_token[session.token]

    def _forget_oldest(self) -> None:
        more = len(self._by_id) - self._options.keep_sessions
        if more > 0:
            past = (session for session in self._by_id.values() if self._is_past(session))
            for session in list(islice(past, more)):
                self._forget(session)

    def _session(self, request: web.Request) -> Session:
        key = self._authenticate(request)
        name = request.match_info["id"]
        session = self._by_id.get(name)
        if session is None or session.key != key:
            raise RefusalError(404, "Not found")
        return session

    def _on_over(self, _: Session) -> None:
        """Keep the newest audio of finished sessions, as much as is allowed."""
        room = self._options.keep_audio_bytes
        for session in reversed(self._by_id.values()):
            if session.is_over:
                room -= session.intake.kept_bytes
                if room < 0:
                    session.intake.forget()

    @web.middleware
    async def _common(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Checks, errors in the common shape, and headers for browsers, on every route."""
        response: web.StreamResponse
        try:
            self._door.check(request)
            response = (
                web.Response(status=204) if request.method == "OPTIONS" else await handler(request)
            )
        except RefusalError as refusal:
            response = refusal.response(request)
        except web.HTTPRequestEntityTooLarge:
            response = RefusalError(413, "payload too large").response(request)
        except web.HTTPException as error:
            response = RefusalError(error.status, error.reason).response(request)
        except Exception:  # noqa: BLE001 - the client is owed an answer, the log has the rest
            # Not its path, in which a client may have written anything.
            _log.exception("a %s request failed", request.method)
            response = RefusalError(500, "Internal server error").response(request)
        if not response.prepared:
            response.headers.update(self._door.headers(request))
        return response


def _check_region(request: web.Request) -> None:
    for region in request.query.getall("region", []):
        if region not in _REGIONS:
            raise invalid(f"region must be one of {', '.join(_REGIONS)} (got {region[:40]!r})")


async def _no_route(request: web.Request) -> web.StreamResponse:
    raise RefusalError(404, f"Cannot {request.method} {request.path}")
