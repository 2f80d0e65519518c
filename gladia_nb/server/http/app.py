"""The routes of the server, their checks and their errors."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import io
import json
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from gladia_nb.config import SessionConfig, find_problems
from gladia_nb.errors import ConfigError
from gladia_nb.server.engines.base import Engine
from gladia_nb.server.http.control import Bench
from gladia_nb.server.http.listing import Query, page
from gladia_nb.server.http.refusal import RefusalError, invalid
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

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Expose-Headers": "*",
    "Access-Control-Max-Age": "600",
}

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
        self._bench = Bench(options, self._session, self._authenticate)
        self._by_id: dict[str, Session] = {}
        self._by_token: dict[str, Session] = {}

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=_LARGEST, middlewares=[_common])
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
        config = _configuration(await _json(request))
        engine = self._bench.engine(self._engine)
        refusals = engine.refusals(config)
        if refusals:
            raise invalid(*refusals)
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
        scheme = "wss" if request.secure else "ws"
        body = {
            "id": session.id,
            "created_at": session.created_at,
            "url": f"{scheme}://{request.host}/v2/live?token={session.token}",
        }
        return web.json_response(body, status=201)

    async def _list_or_socket(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
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
        ws = web.WebSocketResponse(max_msg_size=_LARGEST + 1, compress=False, timeout=2.0)
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
        data = await _json(request)
        if not isinstance(data, dict):
            raise invalid("body must be an object")
        session.post_session_metadata = data
        return web.Response(status=204)

    async def _delete(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if not session.is_over:
            raise RefusalError(403, "Invalid parameter", job=session.id)
        del self._by_id[session.id]
        del self._by_token[session.token]
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
        if keys is not None and not any(
            hmac.compare_digest(key.encode(), known.encode()) for known in keys
        ):
            raise RefusalError(401, "gladia user not found")
        return key

    def _check_limit(self, key: str) -> None:
        most = self._options.max_sessions
        if most is None:
            return
        # Nobody may ever come for a session that has been made; it must not hold a place for ever.
        oldest = time.monotonic() - self._options.idle_timeout_s
        running = sum(
            session.status is Status.PROCESSING
            or (session.status is Status.QUEUED and session.made_at > oldest)
            for session in self._by_id.values()
            if session.key == key
        )
        if running >= most:
            raise RefusalError(
                429,
                f"Maximum number of concurrent sessions reached ({most})",
                headers={"Retry-After": str(_RETRY_AFTER_S)},
            )

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
async def _common(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors in the common shape, and headers for browsers, on every route."""
    response: web.StreamResponse
    if request.method == "OPTIONS":
        response = web.Response(status=204)
    else:
        try:
            response = await handler(request)
        except RefusalError as refusal:
            response = refusal.response(request)
        except web.HTTPRequestEntityTooLarge:
            response = RefusalError(413, "payload too large").response(request)
        except web.HTTPException as error:
            response = RefusalError(error.status, error.reason).response(request)
        except Exception:  # noqa: BLE001 - the client is owed an answer, the log has the rest
            _log.exception("a request to %s failed", request.path)
            response = RefusalError(500, "Internal server error").response(request)
    if not response.prepared:
        response.headers.update(_CORS)
    return response


async def _no_route(request: web.Request) -> web.StreamResponse:
    raise RefusalError(404, f"Cannot {request.method} {request.path}")


async def _json(request: web.Request) -> Any:
    body = await request.read()
    if not body.strip():
        return {}
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid(f"body must be JSON ({error})") from None


def _configuration(data: Any) -> SessionConfig:
    """The configuration in a request's body.

    As far as is known the service ignores what it does not know, and takes null as not given.
    """
    if not isinstance(data, dict):
        raise invalid("body must be an object")
    clean = _without_null(data)
    for problem in find_problems(clean):
        if problem.kind == "unknown":
            _remove(clean, problem.path)
    try:
        return SessionConfig.from_dict(clean)
    except ConfigError as error:
        raise invalid(*error.problems) from None


def _without_null(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_null(value) if isinstance(value, dict) and key != "custom_metadata" else value
        for key, value in data.items()
        if value is not None
    }


def _remove(data: Any, path: tuple[str | int, ...]) -> None:
    for part in path[:-1]:
        data = data[part]
    data.pop(path[-1], None)
