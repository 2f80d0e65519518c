"""All looks in their order, and the door to them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pandas as pd

from gladia_nb.keys import Hidden, Secret
from gladia_nb.server.local import LocalServer
from gladia_nb.sessions.checkup import installed, machine, services
from gladia_nb.sessions.checkup.findings import Finding, as_frame, looked

__all__ = ["doctor", "examine"]


def examine(
    *,
    key: str | Secret | None = None,
    url: str | None = None,
    server: Callable[[], Any] | None = None,
    browser: str | None = None,
    session: bool = True,
    over: threading.Event | None = None,
) -> Generator[Finding, None, None]:
    """What `doctor` finds, as it is found; what fails is a finding, and is not raised.

    Args:
        key: API key; by default `GLADIA_API_KEY`. It is never shown.
        url: base URL of the service; by default `GLADIA_API_URL`, else Gladia's.
        server: gives the `LocalServer` that is asked in the place of a service.
        browser: what the browser of a page calls itself (`navigator.userAgent`).
        session: whether the embedded server is started and hears a few seconds of speech.
        over: when it is set, what is under way ends early; close the generator then.
    """
    key, url = Secret.of(key), Hidden.of(url)
    clocks = machine.ClockWatch()
    yield looked("python", installed.python)
    yield looked("packages", installed.packages)
    yield looked("extras", installed.extras)
    yield looked("widgets", installed.widgets)
    yield looked("browser", lambda: installed.browser(browser))
    yield looked("sound", installed.sound)
    yield looked("microphone", installed.microphone)
    yield looked("processor", machine.processor)
    yield looked("timer", machine.timer)
    yield looked("runs folder", machine.runs_folder)
    over = over or threading.Event()
    yield looked("service", lambda: services.service(key, url, server, over))
    if session:
        yield from _locally(over)
    yield looked("clocks", clocks.finding)


def _locally(over: threading.Event) -> Iterator[Finding]:
    """The embedded server, and a session with it where it runs."""
    server = LocalServer()
    try:
        found = looked("embedded server", lambda: services.started_server(server))
        yield found
        if found.state == "ok":
            yield looked("session", lambda: services.trial_session(server, over))
    finally:
        server.stop()


def doctor(
    *,
    key: str | Secret | None = None,
    url: str | None = None,
    browser: str | None = None,
    session: bool = True,
) -> pd.DataFrame:
    """Look at everything that live sessions need here, and say what to do.

    Python, packages, widgets and browser, sound libraries and microphones, processor, timer and
    clocks, the folder of runs, the service with the key or without, the embedded server, and a
    short session with it. The service is asked for a list of one session, which costs nothing; no
    audio leaves this machine. Takes about ten seconds.

    Args:
        key: API key; by default `GLADIA_API_KEY`. It is never shown.
        url: base URL of the service; by default `GLADIA_API_URL`, else Gladia's.
        browser: what the browser of a page calls itself (`navigator.userAgent`).
        session: whether the embedded server is started and hears a few seconds of speech.

    Returns:
        One row a thing: `name`, `state` (`ok`, `note`, `todo`), `found`, and `advice`, which says
        what to do.

    Example:
        `gn.doctor().query("state == 'todo'")[["name", "advice"]]`
    """
    return as_frame(examine(key=key, url=url, browser=browser, session=session))
