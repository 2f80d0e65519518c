"""What must not be shown: the API key, and the URL of a WebSocket with its token.

A traceback with local variables, a debugger, a log line and a notebook's output all show values by
their repr. From the door at which a key comes in to the header in which it leaves, it is therefore
an object whose repr is stars; only what a library wants as text is text, and its repr is stars too.
"""

from __future__ import annotations

import hmac
from typing import NoReturn, Self

from gladia_nb.errors import ConfigError

__all__ = ["STARS", "Hidden", "Secret"]

STARS = "********"


class Hidden(str):
    """Text for a library or a header; its repr is stars, and it is not pickled.

    `str(text)` is the plain text.

    Example:
        >>> url = Hidden("wss://x/?token=7a0c")
        >>> [url], url.startswith("wss:"), str(url)
        ([********], True, 'wss://x/?token=7a0c')
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return STARS

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not written to files or other processes")


class Secret:
    """An API key that nothing shows: neither `repr`, nor `str`, nor a format.

    Args:
        value: the key; spaces and line ends around it are taken off.

    Raises:
        ConfigError: it is no text, is empty, or holds what no header can hold.

    Example:
        >>> key = Secret("0123456789")
        >>> key, str(key), f"{key}", key.reveal() == "0123456789"
        (********, '********', '********', True)
        >>> key == Secret("0123456789"), key == "0123456789"
        (True, False)
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise ConfigError(f"An API key is text, not {type(value).__name__}.")
        value = Hidden(value.strip())
        if not value:
            raise ConfigError("The key is empty; paste it from your account.")
        if not value.isprintable():
            raise ConfigError(
                "The API key holds characters that no key has, such as a line end; copy it again."
            )
        self._value = value

    @classmethod
    def of(cls, value: str | Secret | None) -> Secret | None:
        """A secret of what may be one already; None for None and for an empty text."""
        if isinstance(value, Secret):
            return value
        return None if value is None or value == "" else cls(value)

    def reveal(self) -> Hidden:
        """The key itself, for the header of a request."""
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, str(self._value)))

    def __repr__(self) -> str:
        return STARS

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not written to files or other processes")
