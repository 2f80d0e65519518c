"""Keep the API key and the token of a WebSocket URL out of everything that is kept or shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

from gladia_nb.keys import Hidden

__all__ = ["MARK", "Redactor", "redact_url"]

MARK = "[redacted]"
#: Shorter strings would also be found in ordinary text; no real key or token is that short.
_SHORTEST = 8
#: A name ends where another begins: a text of nothing but question marks is looked at once.
_QUERY = re.compile(r"([?&][^=?&#\s\"']*token=)[^&#\s\"'\\]+", re.IGNORECASE)
#: Name and password in front of a host; a scheme comes before them, and no slash is in them.
_USER = re.compile(r"(\b[a-z][a-z0-9+.-]{1,19}://)[^/?#\s\"'\\@]*@", re.IGNORECASE)


def redact_url(text: str) -> str:
    """Any text with the `token=` parameters, the names and the passwords of URLs taken out.

    Example:
        >>> redact_url("wss://api.gladia.io/v2/live?token=7a0c")
        'wss://api.gladia.io/v2/live?token=[redacted]'
        >>> redact_url("posted to https://me:secret@example.com/hook")
        'posted to https://[redacted]@example.com/hook'
    """
    return _QUERY.sub(rf"\g<1>{MARK}", _USER.sub(rf"\g<1>{MARK}@", text))


class Redactor:
    """Takes known secrets, and tokens in URLs, out of text.

    Its repr shows how many secrets it knows, never one of them.

    Example:
        >>> redactor = Redactor(["0123456789abcdef"])
        >>> redactor("key 0123456789abcdef refused")
        'key [redacted] refused'
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: list[Hidden] = []
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """From now on take out this secret too, as it is and as JSON writes it.

        A record holds messages verbatim: JSON in a string of JSON.
        """
        if len(secret) < _SHORTEST:
            return
        for _ in range(3):
            if secret not in self._forms:
                self._forms.append(Hidden(secret))
            secret = json.dumps(secret)[1:-1]

    def add_url(self, url: str) -> None:
        """From now on take out the values of this URL's parameters, and its password, too."""
        try:
            parts = urlsplit(url)
            values = [value for _, value in parse_qsl(parts.query)]
        except ValueError:
            # It is no URL: nothing of it is known to be a secret but all of it.
            self.add(url)
            return
        for value in (*values, unquote(parts.password or "")):
            self.add(value)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MARK)
        return redact_url(text) if "token=" in text or "@" in text else text

    def __repr__(self) -> str:
        return f"Redactor({len(self._forms)} forms)"
