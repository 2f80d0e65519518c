"""Messages posted to receivers: in order, tried again, and never in a session's way.

Each session has one queue for its callbacks and one for its webhooks, so that a dead receiver of
the one does not hold up the other. A post fails when nobody answers in time or the answer is 408,
429 or 5xx, and is then tried again after a wait that doubles each time; any other answer that is
not 2xx is final. After the last attempt the message is given up, and the next one follows.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from typing import Any

import aiohttp

from gladia_nb.config import SessionConfig
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["Courier", "Post"]

_log = logging.getLogger(__name__)

#: Longest wait between two attempts, in seconds.
_LONGEST_WAIT_S = 10.0
#: Messages that may wait in one queue; a receiver that is so far behind loses the newest.
_MOST_WAITING = 10_000
#: How long the server's end waits for posts that are under way, in seconds.
_FAREWELL_S = 1.0
_HOOKS = ("start_session", "start_recording", "end_recording", "end_session")


class Courier:
    """Posts for all sessions of a server.

    Args:
        options: of the server.
    """

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._http: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def post(self, config: SessionConfig, session_id: str) -> Post:
        """The post of one session."""
        return Post(self, config, session_id, self._options)

    def start(self, work: _Queue) -> None:
        """Deliver what a queue holds, in the background."""
        task = asyncio.create_task(work.run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def deliver(self, url: str, body: str) -> str:
        """Post one body, with all its attempts; returns why it failed, or nothing."""
        options = self._options
        why = ""
        for attempt in range(options.callback_attempts):
            if attempt:
                wait = options.callback_backoff_s * 2.0 ** (attempt - 1)
                await asyncio.sleep(min(wait, _LONGEST_WAIT_S))
            try:
                status = await self._attempt(url, body)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                why = type(error).__name__
                continue
            if 200 <= status < 300:
                return ""
            why = f"status {status}"
            if status not in (408, 429) and status < 500:
                break
        return why

    async def _attempt(self, url: str, body: str) -> int:
        if self._http is None:
            limit = aiohttp.ClientTimeout(total=self._options.callback_timeout_s)
            # Without a limit on connections: the slow receiver of one session is not another's.
            connector = aiohttp.TCPConnector(limit=0)
            self._http = aiohttp.ClientSession(connector=connector, timeout=limit)
        headers = {"Content-Type": "application/json"}
        data = body.encode()
        async with self._http.post(
            url, data=data, headers=headers, allow_redirects=False
        ) as response:
            return response.status

    async def close(self) -> None:
        """Give posts under way a moment, drop the others, and close all connections."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=_FAREWELL_S)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._http is not None:
            await self._http.close()
            self._http = None


class _Queue:
    """Bodies on their way to one receiver, one after the other."""

    def __init__(self, courier: Courier, url: str, name: str) -> None:
        self._courier = courier
        self._url = url
        self._name = name
        self._waiting: deque[str] = deque()
        self._is_running = False

    def put(self, body: str) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            _log.warning("%s: too many messages wait; one is lost", self._name)
            return
        self._waiting.append(body)
        if not self._is_running:
            self._is_running = True
            self._courier.start(self)

    async def run(self) -> None:
        try:
            while self._waiting:
                why = await self._courier.deliver(self._url, self._waiting.popleft())
                if why:
                    # The address is not logged: it may hold a secret of the receiver's.
                    _log.warning("%s: a message was given up (%s)", self._name, why)
        finally:
            self._is_running = False


class Post:
    """What one session posts: the messages of its `callback_config`, and the server's webhooks.

    Args:
        courier: takes it.
        config: of the session.
        session_id: its id.
        options: of the server.
    """

    def __init__(
        self, courier: Courier, config: SessionConfig, session_id: str, options: ServerOptions
    ) -> None:
        self._id = session_id
        self._wants: dict[str, Any] = {}
        self._callbacks: _Queue | None = None
        self._hooks: _Queue | None = None
        asked = config.callback_config
        if config.callback and asked is not None and asked.url is not None:
            self._wants = asked.model_dump(exclude={"url"})
            self._callbacks = _Queue(courier, asked.url, f"callbacks of {session_id}")
        if options.webhook_url is not None:
            self._hooks = _Queue(courier, options.webhook_url, f"webhooks of {session_id}")

    def message(self, kind: str, flag: str, text: str) -> None:
        """Post a message if it is asked for; never waits.

        Args:
            kind: its type.
            flag: of `callback_config` that asks for it.
            text: the message, JSON.
        """
        if self._callbacks is not None and self._wants[flag]:
            body = f'{{"id":"{self._id}","event":"live.{kind}","payload":{text}}}'
            self._callbacks.put(body)
        self._hook(kind)

    def as_recorded(self, kind: str, flag: str | None, body: str) -> None:
        """Post a callback that was recorded, if it is asked for; never waits.

        Args:
            kind: type of the message in it.
            flag: as for `message`; None for what nobody can refuse.
            body: of the post.
        """
        if self._callbacks is not None and (flag is None or self._wants[flag]):
            self._callbacks.put(body)
        self._hook(kind)

    def _hook(self, kind: str) -> None:
        if self._hooks is not None and kind in _HOOKS:
            self._hooks.put(json.dumps({"event": f"live.{kind}", "payload": {"id": self._id}}))
