"""Keep the API key and the token of a WebSocket URL out of everything that is kept or shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

__all__ = ["MARK", "Redactor", "redact_url"]

MARK = "[redacted]"
#: Shorter strings would also be found in ordinary text; no real key or token is that short.
_SHORTEST = 8
_QUERY = re.compile(r"([?&][^=&#\s\"']*token=)[^&#\s\"'\\]+", re.IGNORECASE)


def redact_url(text: str) -> str:
    """Any text with the values of `token=` parameters of URLs taken out.

    Example:
        >>> redact_url("wss://api.gladia.io/v2/live?token=7a0c")
        'wss://api.gladia.io/v2/live?token=[redacted]'
    """
    return _QUERY.sub(rf"\g<1>{MARK}", text)


class Redactor:
    """Takes known secrets, and tokens in URLs, out of text.

    Its repr shows how many secrets it knows, never one of them.

    Example:
        >>> redactor = Redactor(["0123456789abcdef"])
        >>> redactor("key 0123456789abcdef refused")
        'key [redacted] refused'
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: list[str] = []
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
                self._forms.append(secret)
            secret = json.dumps(secret)[1:-1]

    def add_url(self, url: str) -> None:
        """From now on take out the values of this URL's parameters too."""
        for _, value in parse_qsl(urlsplit(url).query):
            self.add(value)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MARK)
        return redact_url(text) if "token=" in text else text

    def __repr__(self) -> str:
        return f"Redactor({len(self._forms)} forms)"
