"""What must not be shown: the API key, and the URL of a WebSocket with its token.

A traceback with local variables, a debugger, a log line and a notebook's output all show values by
their repr. From the door at which a key comes in to the header in which it leaves, it is therefore
an object whose repr is stars; only what a library wants as text is text, and its repr is stars too.
"""

from __future__ import annotations

import hmac
from typing import NoReturn, Self

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

    @classmethod
    def of(cls, value: str | None) -> Hidden | None:
        """The same text, hidden; None for None."""
        return None if value is None else cls(value)

    def __repr__(self) -> str:
        return STARS

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not written to files or other processes")


class Secret:
    """An API key that nothing shows: neither `repr`, nor `str`, nor a format.

    Anything can be one, so that the door at which it comes in holds it hidden before it is judged;
    `fault` says what is wrong with it.

    Args:
        value: the key; spaces and line ends around it are taken off.

    Example:
        >>> key = Secret("0123456789")
        >>> key, str(key), f"{key}", key.reveal() == "0123456789"
        (********, '********', '********', True)
        >>> key == Secret("0123456789"), key == "0123456789"
        (True, False)
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = Hidden(value.strip() if isinstance(value, str) else "")

    def fault(self) -> str | None:
        """Why it cannot be a key, in a sentence, or None.

        Example:
            >>> Secret(" ").fault()
            'The key is empty; paste it from your account.'
        """
        if not self._value:
            return "The key is empty; paste it from your account."
        if not self._value.isprintable():
            return "The key holds what no key has, such as a line end; copy it again."
        return None

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
        mine, theirs = self.reveal(), other.reveal()
        form = ("utf-8", "surrogatepass")
        return hmac.compare_digest(mine.encode(*form), theirs.encode(*form))

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
