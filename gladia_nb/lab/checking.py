"""A check of what a session needs, with the service of the form: a doctor's look in the Lab."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gladia_nb.api.target import GLADIA_URL, shared_server
from gladia_nb.errors import ConfigError
from gladia_nb.keys import Secret
from gladia_nb.lab.recipe import Recipe
from gladia_nb.lab.wording import for_page
from gladia_nb.sessions.checkup.examination import examine
from gladia_nb.sessions.checkup.findings import Finding

__all__ = ["Checking"]

#: What a recipe needs to say which service it means.
_WHERE = ("target", "url")
#: Of what a browser calls itself.
_LONGEST = 500


class Checking:
    """The check of a Lab: begun, watched line by line, stopped and closed, from any thread.

    Args:
        changed: is called when there is something else to be shown.

    Example:
        >>> Checking(lambda: None).view()["open"]
        False
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._done = threading.Event()
        self._done.set()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._open = False
        self._rows: tuple[Finding, ...] = ()

    @property
    def is_running(self) -> bool:
        """Whether a check is under way."""
        return not self._done.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until no check is under way; False when `timeout_s` was too short for that."""
        return self._done.wait(timeout_s)

    def launch(self, recipe: Recipe, *, key: Secret | None, server: Any, browser: object) -> None:
        """Begin to look, and return at once.

        Args:
            recipe: tells which service.
            key: API key, as for `Recipe.start`.
            server: likewise.
            browser: what the browser of the page calls itself.

        Raises:
            ConfigError: a check is under way already, or the service is to be mended first.
        """
        problems = recipe.problems()
        if wrong := [problems[name] for name in _WHERE if name in problems]:
            raise ConfigError("; ".join(wrong), wrong)
        asked: dict[str, Any] = {"key": key, "browser": str(browser or "")[:_LONGEST] or None}
        if recipe.target == "embedded":
            asked["server"] = shared_server if server is None else lambda: server
        else:
            asked["url"] = GLADIA_URL if recipe.target == "gladia" else recipe.url
        with self._lock:
            if self.is_running:
                raise ConfigError("A check is running; stop it first.")
            self._over = over = threading.Event()
            self._open, self._rows = True, ()
            self._done.clear()
        threading.Thread(
            target=self._look, args=(over, asked), name="gladia_nb lab check", daemon=True
        ).start()
        self._changed()

    def _look(self, over: threading.Event, asked: Mapping[str, Any]) -> None:
        looking = examine(over=over, **asked)
        try:
            for finding in looking:
                if over.is_set():
                    break
                self._rows = (*self._rows, finding)
                self._changed()
        finally:
            # The server that it started is stopped before anybody hears that it has ended.
            looking.close()
            self._done.set()
            self._changed()

    def stop(self) -> None:
        """Look no further; what was begun ends within seconds."""
        self._over.set()
        self._changed()

    def close(self) -> None:
        """Look no further, and show nothing of it any more."""
        self._open = False
        self.stop()

    def commands(self) -> dict[str, Callable[[Mapping[str, Any], Sequence[bytes]], object]]:
        """What a page can ask for by the kind of a command, beside beginning one."""
        return {
            "check_stop": lambda _c, _b: self.stop(),
            "check_close": lambda _c, _b: self.close(),
        }

    def view(self) -> dict[str, Any]:
        """Everything that the panel shows, as plain data.

        Returns:
            `open`, `running`, `stopping`; `rows` of `name`, `state`, `found` and `advice`; and
            `summary`, a sentence.
        """
        if not self._open:
            return {"open": False, "running": self.is_running}
        running, over, rows = self.is_running, self._over.is_set(), self._rows
        return {
            "open": True,
            "running": running,
            "stopping": running and over,
            "rows": [_row(finding) for finding in rows],
            "summary": _summary(rows, running=running, over=over),
        }


def _row(finding: Finding) -> dict[str, str]:
    return {
        "name": finding.name,
        "state": finding.state,
        "found": for_page(finding.found),
        "advice": for_page(finding.advice),
    }


def _summary(rows: tuple[Finding, ...], *, running: bool, over: bool) -> str:
    if running:
        return "It is being stopped." if over else "Looking; this takes about ten seconds."
    names = ", ".join(finding.name for finding in rows if finding.state == "todo")
    told = f"To do: {names}." if names else "Nothing to do."
    return f"Stopped before its end. {told}" if over else told
