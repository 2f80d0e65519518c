"""A service that misbehaves, for callers that block."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from tests.support.raw_service import HostileService, Misbehaviour, hostile

__all__ = ["Elsewhere"]

_BOUND_S = 60


class Elsewhere:
    """A hostile service on a loop of its own."""

    def __init__(self, misbehaviour: Misbehaviour) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._context = hostile(misbehaviour)

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_BOUND_S)

    def __enter__(self) -> HostileService:
        self._thread.start()
        return self._run(self._context.__aenter__())

    def __exit__(self, *_: object) -> None:
        self._run(self._context.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_BOUND_S)
        self._loop.close()
