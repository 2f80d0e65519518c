"""The routes of the server, their checks and their errors."""

from __future__ import annotations

import asyncio
import hmac
import io
import json
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from gladia_nb.config import SessionConfig, find_problems
from gladia_nb.errors import ConfigError
from gladia_nb.server.engine import Engine
from gladia_nb.server.messages import timestamp
from gladia_nb.server.options import ServerOptions
from gladia_nb.server.session import Session

__all__ = ["Server"]

_log = logging.getLogger(__name__)

#: Largest body of a request, and largest frame of a WebSocket, in bytes.
_LARGEST = 1 << 20

_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Expose-Headers": "*",
    "Access-Control-Max-Age": "600",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _RefusalError(Exception):
    """A request that is answered with an error of the common shape."""

    def __init__(
        self, status: int, message: str, *, problems: list[str] | None = None, job: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.problems = problems
        self.job = job

    def response(self, request: web.Request) -> web.Response:
        """The common error body."""
        body: dict[str, Any] = {
            "timestamp": timestamp(time.time()),
            "path": request.path,
            "request_id": f"G-{self.job[:8] or secrets.token_hex(4)}",
            "statusCode": self.status,
            "message": self.message,
        }
        if self.problems is not None:
            body["validation_errors"] = self.problems
        return web.json_response(body, status=self.status)


class Server:
    """All sessions of one server, and the routes to them.

    Args:
        engine: recognises the audio; started and closed with the application.
        options: of the server.
    """

    def __init__(self, engine: Engine, options: ServerOptions) -> None:
        self._engine = engine
        self._options = options
        self._by_id: dict[str, Session] = {}
        self._by_token: dict[str, Session] = {}

    def application(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=_LARGEST, middlewares=[_common])
        app.router.add_post("/v2/live", self._init)
        app.router.add_get("/v2/live", self._socket, allow_head=False)
        app.router.add_get("/v2/live/{id}", self._get, allow_head=False)
        app.router.add_get("/v2/live/{id}/file", self._file, allow_head=False)
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
        await self._engine.close()

    # -- routes -------------------------------------------------------------------------------

    async def _init(self, request: web.Request) -> web.Response:
        key = self._authenticate(request)
        config = _configuration(await _json(request))
        refusals = self._engine.refusals(config)
        if refusals:
            raise _RefusalError(400, "Invalid parameter(s)", problems=refusals)
        session = Session(
            config,
            engine=self._engine,
            options=self._options,
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

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return await _no_route(request)
        session = self._by_token.get(request.query.get("token", ""))
        if session is None:
            raise _RefusalError(self._options.unknown_token_status, "Invalid token")
        # Compression would cost time on every acknowledgement and save nothing on a machine's
        # own network; a client that offers it goes on without.
        # aiohttp refuses frames from this size on.
        ws = web.WebSocketResponse(max_msg_size=_LARGEST + 1, compress=False, timeout=2.0)
        await ws.prepare(request)
        await session.serve(ws, request)
        return ws

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(self._session(request).summary())

    async def _file(self, request: web.Request) -> web.Response:
        session = self._session(request)
        wav = session.intake.wav() if session.is_over else None
        if wav is None:
            raise _RefusalError(404, "Not found", job=session.id)
        # As a stream, so that a long recording leaves in pieces between other answers.
        return web.Response(body=io.BytesIO(wav), content_type="application/octet-stream")

    # -- checks -------------------------------------------------------------------------------

    def _authenticate(self, request: web.Request) -> str:
        key = request.headers.get("x-gladia-key", "")
        if not key:
            raise _RefusalError(401, "no gladia key provided")
        keys = self._options.keys
        if keys is not None and not any(
            hmac.compare_digest(key.encode(), known.encode()) for known in keys
        ):
            raise _RefusalError(401, "gladia user not found")
        return key

    def _session(self, request: web.Request) -> Session:
        key = self._authenticate(request)
        name = request.match_info["id"]
        session = self._by_id.get(name)
        if session is None or session.key != key:
            raise _RefusalError(404, "Not found")
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
        except _RefusalError as refusal:
            response = refusal.response(request)
        except web.HTTPRequestEntityTooLarge:
            response = _RefusalError(413, "payload too large").response(request)
        except web.HTTPException as error:
            response = _RefusalError(error.status, error.reason).response(request)
        except Exception:  # noqa: BLE001 - the client is owed an answer, the log has the rest
            _log.exception("a request to %s failed", request.path)
            response = _RefusalError(500, "Internal server error").response(request)
    if not response.prepared:
        response.headers.update(_CORS)
    return response


async def _no_route(request: web.Request) -> web.StreamResponse:
    raise _RefusalError(404, f"Cannot {request.method} {request.path}")


async def _json(request: web.Request) -> Any:
    body = await request.read()
    if not body.strip():
        return {}
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _RefusalError(
            400, "Invalid parameter(s)", problems=[f"body must be JSON ({error})"]
        ) from None


def _configuration(data: Any) -> SessionConfig:
    """The configuration in a request's body.

    As far as is known the service ignores what it does not know, and takes null as not given.
    """
    if not isinstance(data, dict):
        raise _RefusalError(400, "Invalid parameter(s)", problems=["body must be an object"])
    clean = _without_null(data)
    for problem in find_problems(clean):
        if problem.kind == "unknown":
            _remove(clean, problem.path)
    try:
        return SessionConfig.from_dict(clean)
    except ConfigError as error:
        raise _RefusalError(400, "Invalid parameter(s)", problems=error.problems) from None


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
