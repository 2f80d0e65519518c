"""Sentences about what went wrong, until they are dismissed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from gladia_nb.errors import GladiaNbError
from gladia_nb.lab.wording import for_page

__all__ = ["Notices"]

#: So many are shown; the oldest goes first.
_MOST = 4


class Notices:
    """Numbered sentences, from any thread.

    Args:
        changed: is called when there are others to be shown.

    Example:
        >>> notices = Notices()
        >>> notices.add("The key is empty.")
        >>> notices.shown()
        [{'number': 1, 'text': 'The key is empty.', 'about': ''}]
        >>> notices.dismiss(1)
        >>> notices.shown()
        []
    """

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._count = 0
        self._said: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def add(self, text: str, about: str = "") -> None:
        """Say something, in place of what was said before in the same words or of the same kind.

        Args:
            text: a sentence; advice for Python becomes advice for a page.
            about: the kind of command that went wrong; the next one of it that goes well takes
                the sentence away.
        """
        with self._lock:
            self._count += 1
            said = {"number": self._count, "text": for_page(text), "about": about}
            left = [one for one in self._said if not _outdated(one, said)]
            self._said = [*left, said][-_MOST:]
        self._changed()

    def dismiss(self, number: int) -> None:
        """It has been read; one that is not there is no mistake."""
        with self._lock:
            self._said = [entry for entry in self._said if entry["number"] != number]
        self._changed()

    def mended(self, about: str) -> None:
        """What went wrong before has gone well now."""
        with self._lock:
            left = [entry for entry in self._said if entry["about"] != about]
            changed, self._said = len(left) != len(self._said), left
        if changed:
            self._changed()

    def guarded(self, call: Callable[..., object], *arguments: Any, about: str = "") -> bool:
        """Call a function; what goes wrong is said, not only in a log. Returns whether it went."""
        try:
            call(*arguments)
        except GladiaNbError as error:
            self.add(str(error), about)
            return False
        except Exception as error:  # noqa: BLE001 - a silent thread would be worse
            self.add(f"Something unexpected went wrong ({type(error).__name__}: {error}).", about)
            return False
        if about:
            self.mended(about)
        return True

    def shown(self) -> list[dict[str, Any]]:
        """All that are to be read, as plain data: `number`, `text` and `about`."""
        with self._lock:
            return list(self._said)


def _outdated(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether a sentence has nothing to say beside another: it is the same, or of what was before.

    Of what is of no kind only the same words are.
    """
    if old["about"] != new["about"]:
        return False
    return bool(new["about"]) or old["text"] == new["text"]
