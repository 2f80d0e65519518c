"""The key that is typed in the Lab: in memory only, and never shown."""

from __future__ import annotations

import os
from typing import Any

from gladia_nb.child import KEY_VARIABLE
from gladia_nb.errors import ConfigError
from gladia_nb.keys import Secret

__all__ = ["KeyEntry"]


class KeyEntry:
    """The key that was typed, or none.

    Attributes:
        secret: the key; None where none was typed.

    Example:
        >>> entry = KeyEntry()
        >>> entry.take({"value": "0123456789"})
        >>> entry.state(), entry.missing("gladia")
        ('typed', '')
    """

    def __init__(self) -> None:
        self.secret: Secret | None = None

    def take(self, content: dict[str, Any]) -> None:
        """Take the key out of a command.

        Raises:
            ConfigError: it cannot be a key.
        """
        key = Secret(str(content.pop("value", "")))
        if fault := key.fault():
            raise ConfigError(fault)
        self.secret = key

    def forget(self) -> None:
        """Know none any more."""
        self.secret = None

    def state(self) -> str:
        """`typed`, `environment` or `none`."""
        if self.secret:
            return "typed"
        return "environment" if os.environ.get(KEY_VARIABLE) else "none"

    def missing(self, target: str) -> str:
        """Why nothing can be sent to a target yet, in a sentence, or ""."""
        if target == "gladia" and self.state() == "none":
            return f"Gladia's service needs a key: set {KEY_VARIABLE}, or type it below."
        return ""
