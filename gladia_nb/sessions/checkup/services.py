"""The service from here, the embedded server, and a short session from end to end."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any

from gladia_nb.api.target import GLADIA_URL, URL_VARIABLE, Target, resolve_target
from gladia_nb.api.transport import Retry, Transport
from gladia_nb.audio import read_audio
from gladia_nb.child import KEY_VARIABLE
from gladia_nb.clock import MonotonicClock
from gladia_nb.errors import (
    ApiError,
    AuthenticationError,
    ConfigError,
    GladiaNbError,
    NotFoundError,
    ServerError,
    UnreachableError,
)
from gladia_nb.keys import Secret
from gladia_nb.metrics import verdict
from gladia_nb.run import Run
from gladia_nb.scratch import ScratchFolder
from gladia_nb.server.local import LocalServer
from gladia_nb.sessions.checkup.findings import Finding
from gladia_nb.sessions.handle import Live
from gladia_nb.sessions.runner import start
from gladia_nb.sessions.samples import sample

__all__ = ["service", "started_server", "trial_session"]

#: How long the service may take to answer, and a short session to end.
_ANSWER_S, _SESSION_S = 8.0, 60.0
#: Seconds between two looks whether anybody still wants to know.
_LOOK_S = 0.1
#: Seconds that what nobody wants any more has to end.
_LEAVE_S = 0.3
#: Seconds of the recording that a short session sends, and silence behind them.
_SPEECH_S, _TAIL_S = 3.0, 1.0
_START_AGAIN = "Then start it again."
#: In the place of a key where there is none: the service is asked whether it is there.
_NONE = "none"


def service(
    key: str | Secret | None = None,
    url: str | None = None,
    server: Callable[[], Any] | None = None,
    over: threading.Event | None = None,
) -> Finding:
    """Whether the service answers from here, and takes the key where there is one.

    It is asked for a list of one session, which costs nothing.

    Args:
        key: API key; by default `GLADIA_API_KEY`.
        url: base URL; by default `GLADIA_API_URL`, else Gladia's.
        server: gives the `LocalServer` to ask instead, with its own key.
        over: when it is set, nobody waits for an answer any more.
    """
    over = over or threading.Event()
    if server is not None:
        return _embedded(server, over)
    key = Secret.of(key) or Secret.of(os.environ.get(KEY_VARIABLE))
    url = url or os.environ.get(URL_VARIABLE)
    try:
        target = resolve_target(key=key or _NONE, url=url or GLADIA_URL)
    except ConfigError as error:
        advice = f"Mend {KEY_VARIABLE} or {URL_VARIABLE}, or what was passed."
        return Finding("service", "todo", str(error), advice)
    return _asked(target, over, has_key=key is not None, chosen=url is not None)


def _embedded(server: Callable[[], Any], over: threading.Event) -> Finding:
    try:
        target = resolve_target(server=server())
    except ServerError as error:
        return Finding("service", "todo", str(error), _START_AGAIN)
    return _asked(replace(target, label="The embedded server"), over, has_key=True, chosen=True)


def _asked(target: Target, over: threading.Event, *, has_key: bool, chosen: bool) -> Finding:
    """What it answers."""
    began = time.perf_counter()
    # A notebook has a loop of its own on this thread.
    pool = ThreadPoolExecutor(1, "gladia_nb checkup")
    asked = pool.submit(lambda: asyncio.run(_unless(over, _listed(target))))
    try:
        while not wait((asked,), _LOOK_S).done and not over.is_set():
            pass
        # Looking a name up cannot be ended: its thread is left to do so by itself.
        text = asked.result(_LEAVE_S if over.is_set() else None)
    except (TimeoutError, asyncio.CancelledError, CancelledError):
        return Finding("service", "note", f"{target.label} was not waited for.")
    except GladiaNbError as error:
        return _refused(target.label, error, has_key=has_key, chosen=chosen)
    finally:
        pool.shutdown(wait=False)
    if not _is_list(text):
        return _no_service(target.label)
    taken = "takes the key" if has_key else "takes any key"
    found = f"{target.label} answers in {(time.perf_counter() - began) * 1e3:.0f} ms and {taken}."
    return Finding("service", "ok", found)


async def _unless(over: threading.Event, work: Coroutine[Any, Any, str]) -> str:
    """What some work gives, unless nobody wants it any more.

    Raises:
        CancelledError: nobody does.
    """
    task = asyncio.ensure_future(work)
    while not (await asyncio.wait((task,), timeout=_LOOK_S))[0]:
        if over.is_set():
            task.cancel()
    return task.result()


async def _listed(target: Target) -> str:
    retry = Retry(attempts=1)
    async with Transport(
        target.url, target.key, MonotonicClock(), timeout_s=_ANSWER_S, retry=retry
    ) as transport:
        return (await transport.request("GET", "/v2/live", params=[("limit", "1")])).text


def _is_list(text: str) -> bool:
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and isinstance(found.get("items"), list)


def _no_service(label: str) -> Finding:
    found = f"{label} answers, and is no live speech-to-text service."
    return Finding("service", "todo", found, f"Check the URL ({URL_VARIABLE}).")


def _refused(label: str, error: GladiaNbError, *, has_key: bool, chosen: bool) -> Finding:
    """What it means that the service gave no list."""
    if isinstance(error, AuthenticationError):
        if has_key:
            advice = f"Copy the key anew from your account into {KEY_VARIABLE}."
            return Finding("service", "todo", f"{label} answers and refuses the key.", advice)
        found = f"{label} answers; there is no key for it."
        advice = f"Set {KEY_VARIABLE} to use it; without one the embedded server is used."
        return Finding("service", "note", found, advice)
    if isinstance(error, UnreachableError):
        if not has_key and not chosen:
            advice = "Nothing here needs it: without a key the embedded server is used."
            return Finding("service", "note", str(error), advice)
        return Finding("service", "todo", str(error))
    if isinstance(error, NotFoundError):
        return _no_service(label)
    again = isinstance(error, ApiError) and error.status >= 429
    advice = "Try again later." if again else f"Check the URL ({URL_VARIABLE})."
    return Finding("service", "todo", str(error), advice)


def started_server(server: LocalServer) -> Finding:
    """Whether the embedded server starts; it is left running.

    Args:
        server: one that has not been started.
    """
    began = time.perf_counter()
    try:
        server.start()
    except ServerError as error:
        return Finding("embedded server", "todo", str(error), _START_AGAIN)
    took_s = time.perf_counter() - began
    return Finding("embedded server", "ok", f"It started in {took_s:.1f} s.")


def trial_session(server: LocalServer, over: threading.Event | None = None) -> Finding:
    """A few seconds of speech, from the file to the final, in the process of the stopwatch.

    Args:
        server: where to; running.
        over: when it is set, the session ends at once.
    """
    audio = read_audio(sample())
    speech = audio.samples[: round(_SPEECH_S * audio.sample_rate)]
    with ScratchFolder() as folder:
        try:
            live = start(
                (speech, audio.sample_rate),
                path=folder / "checkup.run",
                tail_s=_TAIL_S,
                server=server,
            )
            _wait(live, over or threading.Event())
            run = live.result(0)
        except TimeoutError:
            live.abort()
            found = f"It has not ended within {_SESSION_S:.0f} s."
            return Finding("session", "todo", found, "Please report it.")
        except GladiaNbError as error:
            advice = "Run `gladia-nb demo`, which tells more; please report it."
            return Finding("session", "todo", str(error), advice)
        return _judged(run)


def _wait(live: Live, over: threading.Event) -> None:
    """Until it has ended, or lasts too long; one that nobody wants any more is ended."""
    limit_s = time.monotonic() + _SESSION_S
    while not live.wait(min(_LOOK_S, _SESSION_S)) and time.monotonic() < limit_s:
        if over.is_set():
            live.abort()
            live.wait(_SESSION_S)


def _judged(run: Run) -> Finding:
    utterances = run.utterances
    finals = int(utterances["is_final"].sum())
    found = f"{run.duration_s:.1f} s of audio, {finals} final{'s' * (finals != 1)}"
    if not finals:
        advice = "The recogniser heard nothing in a recording that it knows; please report it."
        return Finding("session", "todo", f"{found}.", advice)
    judged = verdict(run)
    found = f"{found}; measurement {judged.status}."
    if judged.status == "valid":
        return Finding("session", "ok", found)
    advice = "End what else computes here, and try again."
    found = f"{found} {' '.join(judged.reasons[:1])}"
    return Finding("session", "todo" if judged.status == "invalid" else "note", found, advice)
