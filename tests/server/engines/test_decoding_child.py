"""The process that holds a model, before anybody serves with it."""

import json

import psutil

from gladia_nb.server.engines.decoding_child import SPHINX, launch_decoding
from gladia_nb.server.engines.sphinx import SphinxEngine
from gladia_nb.server.settings.options import ServerOptions


def test_it_loads_by_itself_and_says_so() -> None:
    child = launch_decoding(SPHINX)
    try:
        assert child.is_running
        child.control.setblocking(True)
        assert json.loads(child.control.recv(1 << 16)) == {"ready": True}
    finally:
        child.end()
    assert child.process.returncode == 0, "it ends when its socket is closed"
    child.close()
    child.close()


def test_one_that_nobody_wants_is_killed_while_it_loads() -> None:
    child = launch_decoding(SPHINX)
    pid = child.process.pid
    child.close()
    assert not psutil.pid_exists(pid)
    assert child.process.stderr is not None
    assert child.process.stderr.closed


async def test_an_engine_takes_it_over_and_ends_it() -> None:
    child = launch_decoding(SPHINX)
    engine = SphinxEngine(ServerOptions(), child)
    await engine.start()
    assert child.is_running
    await engine.close()
    assert not child.is_running
    await engine.start()
    assert not child.is_running, "it starts another"
    await engine.close()


async def test_an_engine_that_was_never_started_ends_it_too() -> None:
    child = launch_decoding(SPHINX)
    await SphinxEngine(ServerOptions(), child).close()
    assert not child.is_running
