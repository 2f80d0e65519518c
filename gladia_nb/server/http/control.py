"""The server's own routes for tests and lessons: faults, scripts and traces.

They are outside `/v2` and want the API key like all others; beside it they want a token of their
own, as a header, because what they change concerns all sessions of a server. They answer this
machine only, and no page in a browser.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from aiohttp import web

from gladia_nb.config import SessionConfig
from gladia_nb.server.engines.base import Engine, PerSession
from gladia_nb.server.engines.scripted import ScriptedEngine
from gladia_nb.server.engines.timetable import Timetable
from gladia_nb.server.http.refusal import RefusalError, invalid, is_same
from gladia_nb.server.session.trace import Trace
from gladia_nb.server.settings.faults import Fault, FaultBoard
from gladia_nb.server.settings.options import CONTROL_HEADER, ServerOptions
from gladia_nb.server.settings.script import Script

__all__ = ["Bench"]

_HERE = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
_MOST_SCRIPTS = 1000


class _Traced(Protocol):
    trace: Trace | None


class Bench:
    """Faults that are to come, scripts of the next sessions, and who may see traces.

    Args:
        options: of the server.
        find: the session that a request asks for.
        authenticate: checks the key of a request.

    Attributes:
        faults: what is to go wrong on purpose.
    """

    def __init__(
        self,
        options: ServerOptions,
        find: Callable[[web.Request], _Traced],
        authenticate: Callable[[web.Request], str],
    ) -> None:
        self.faults = FaultBoard(options.faults)
        self._token = options.control_token
        self._end_first = options.speech_end_first
        self._find = find
        self._authenticate = authenticate
        self._timetable = Timetable()
        self._scripts: deque[Script] = deque()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get("/_trace/{id}", self._get_trace, allow_head=False)
        router.add_get("/_control/faults", self._get_faults, allow_head=False)
        router.add_post("/_control/faults", self._post_faults)
        router.add_delete("/_control/faults", self._delete_faults)
        router.add_post("/_control/script", self._post_script)

    async def close(self) -> None:
        """Forget what scripts would still say."""
        await self._timetable.close()

    # -- what the server asks -----------------------------------------------------------------

    def engine(self, usual: Engine, config: SessionConfig) -> Engine:
        """The engine of the next session: the usual one, unless a script waits for it.

        Of one that plays recordings, that of the recording whose turn it is.

        Raises:
            RefusalError: the engine cannot do what is asked.
        """
        if not self._scripts:
            if refusals := usual.refusals(config):
                raise invalid(*refusals)
            return usual.for_session(config) if isinstance(usual, PerSession) else usual
        script = self._scripts.popleft()
        return ScriptedEngine(script, self._timetable, end_first=self._end_first)

    async def before_init(self) -> None:
        """Let the faults of an initiation strike."""
        slow = self.faults.take(lambda fault: fault.kind == "slow_post")
        if slow is not None:
            await asyncio.sleep(slow.wait_s)
        fault = self.faults.take(lambda fault: fault.kind == "post")
        if fault is not None:
            wait = fault.retry_after_s
            headers = None if wait is None else {"Retry-After": f"{wait:g}"}
            raise RefusalError(fault.status, "simulated fault", headers=headers)

    def before_handshake(self) -> None:
        """Let the faults of a handshake strike."""
        fault = self.faults.take(lambda fault: fault.kind == "refuse")
        if fault is not None:
            raise RefusalError(fault.status, "simulated fault")

    # -- routes -------------------------------------------------------------------------------

    def _check(self, request: web.Request) -> None:
        if request.remote not in _HERE or self._token is None:
            raise RefusalError(404, f"Cannot {request.method} {request.path}")
        if "Origin" in request.headers:
            raise RefusalError(403, "Pages have no part in the controls of this server")
        self._authenticate(request)
        given = request.headers.get(CONTROL_HEADER, "")
        if not given:
            raise RefusalError(401, f"no control token provided in {CONTROL_HEADER}")
        if not is_same(given, self._token):
            raise RefusalError(401, "this is not the control token of the server")

    async def _get_trace(self, request: web.Request) -> web.Response:
        self._check(request)
        trace = self._find(request).trace
        if trace is None:
            raise RefusalError(404, "This server keeps no traces; start it with trace=True")
        text = await asyncio.to_thread(trace.as_json)
        return web.Response(text=text, content_type="application/json")

    async def _get_faults(self, request: web.Request) -> web.Response:
        self._check(request)
        return web.json_response({"faults": self.faults.describe()})

    async def _post_faults(self, request: web.Request) -> web.Response:
        self._check(request)
        given = await _body(request)
        several = given if isinstance(given, list) else [given]
        try:
            faults = [Fault.parse(item) for item in several]
        except ValueError as error:
            raise invalid(str(error)) from None
        self.faults.add(faults)
        return await self._get_faults(request)

    async def _delete_faults(self, request: web.Request) -> web.Response:
        self._check(request)
        self.faults.clear()
        return await self._get_faults(request)

    async def _post_script(self, request: web.Request) -> web.Response:
        """The script of the next session; several are for the next sessions, in turn."""
        self._check(request)
        if len(self._scripts) >= _MOST_SCRIPTS:
            raise invalid(f"at most {_MOST_SCRIPTS} scripts can wait for their sessions")
        try:
            self._scripts.append(Script.from_dict(await _body(request)))
        except ValueError as error:
            raise invalid(str(error)) from None
        return web.json_response({"waiting": len(self._scripts)})


async def _body(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise invalid(f"body must be JSON ({error})") from None
