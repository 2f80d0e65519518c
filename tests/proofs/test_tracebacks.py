"""A traceback that shows the local variables of every frame shows neither key nor token."""

from __future__ import annotations

import asyncio
import sys
import traceback
from typing import Any

import numpy as np
import pytest

import gladia_nb as gn
from gladia_nb.api.client import GladiaClient
from gladia_nb.api.transport import Retry
from gladia_nb.lab.recipe import Recipe
from gladia_nb.sessions.process import get_worker
from tests.support.fake_service import TOKEN
from tests.support.hostile_service import MISBEHAVIOURS
from tests.support.raw_service import Misbehaviour, hostile

SHORT = (np.zeros(1600, "float32"), 16_000)
NOWHERE = "http://me:hunter-2-hunter@127.0.0.1:9"
ONCE = Retry(attempts=1)


def key() -> str:
    """No frame of a test holds it."""
    return "-".join(["a", "key", "that", "nobody", "may", "see"])


def shown(error: BaseException) -> str:
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    text = "".join(told.format())
    # The names of frames below the test's own: it is a traceback with something in it.
    assert "gladia_nb" in text
    return text


def check(error: BaseException) -> None:
    text = shown(error) + repr(error) + str(vars(error))
    for secret in (key(), TOKEN, "hunter-2"):
        assert secret not in text


def configured_wrongly() -> Any:
    return gn.transcribe(SHORT, key=key(), url=NOWHERE, endpointing=99)


def unreachable() -> Any:
    return gn.transcribe(SHORT, key=key(), url=NOWHERE, progress=False)


def no_address() -> Any:
    return gn.start(SHORT, key=key(), url=NOWHERE.replace("http", "gopher"))


def unwritable() -> Any:
    return gn.start(SHORT, key=key(), url=NOWHERE, path="/nowhere/at/all.run")


def in_a_browser() -> Any:
    return gn.start_direct(key=key(), url=NOWHERE, encoding="wav/ulaw")


def from_the_lab() -> Any:
    return Recipe(target="url", url="no url").start(key=key())


def of_no_text() -> Any:
    return GladiaClient(key() + "\n" + key())


@pytest.mark.parametrize(
    "door",
    [
        configured_wrongly,
        unreachable,
        no_address,
        unwritable,
        in_a_browser,
        from_the_lab,
        of_no_text,
    ],
)
def test_doors_that_fail(door):
    with pytest.raises(gn.GladiaNbError) as caught:
        door()
    check(caught.value)


def test_the_key_of_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("GLADIA_API_KEY", key())
    monkeypatch.setenv("GLADIA_API_URL", NOWHERE)
    with pytest.raises(gn.UnreachableError) as caught:
        gn.transcribe(SHORT, progress=False)
    check(caught.value)
    kept = caught.value.run.save(tmp_path / "a.run").read_text()
    assert "hunter-2" not in kept
    assert key() not in kept


def test_an_interrupt_while_a_session_is_handed_over(monkeypatch):
    worker = get_worker()

    class Outbox:
        @property
        def put(self) -> None:
            raise KeyboardInterrupt

    monkeypatch.setattr(worker, "_outbox", Outbox())
    with pytest.raises(KeyboardInterrupt) as caught:
        gn.start(SHORT, key=key(), url=NOWHERE)
    check(caught.value)


def test_what_cannot_be_handed_over(monkeypatch):
    monkeypatch.setattr("gladia_nb.sessions.runner._create", lambda *_: np.int64(7))
    monkeypatch.setattr("gladia_nb.sessions.runner.str", lambda value: value, raising=False)
    with pytest.raises(TypeError, match="cannot hold a int64") as caught:
        gn.start(SHORT, key=key(), url=NOWHERE, audio=False)
    check(caught.value)


async def steps(url: str) -> None:
    async with GladiaClient(key(), url=url, retry=ONCE) as client:
        made = await client.init({})
        async with await client.connect(made) as live:
            async for _ in live.messages():
                pass
        await client.get(made.session_id)


TOLD = [
    name
    for name, one in MISBEHAVIOURS.items()
    # The next test is for those that never answer.
    if one.error in ("ApiError", "UnreachableError") and one.words != "no answer in time"
]


@pytest.mark.parametrize("name", [*TOLD, "a key repeated"])
async def test_a_client_whose_service_misbehaves(name):
    async with hostile(MISBEHAVIOURS[name]) as service:
        with pytest.raises(gn.GladiaNbError) as caught:
            await steps(service.url)
    check(caught.value)


async def forever(request: Any) -> None:
    await request.reader.read()


@pytest.mark.parametrize("where", ["post", "live"])
async def test_a_client_that_is_cancelled(where):
    async with hostile(Misbehaviour(**{where: forever})) as service:
        task = asyncio.create_task(steps(service.url))
        while where not in service.counts:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    check(caught.value)


def test_locals_are_shown_here():
    """The check itself sees what a careless frame holds."""

    def careless(secret: str) -> None:
        raise ValueError("gladia_nb")

    with pytest.raises(ValueError, match="gladia_nb") as caught:
        careless(key())
    assert sys.exc_info() == (None, None, None)
    with pytest.raises(AssertionError):
        check(caught.value)
