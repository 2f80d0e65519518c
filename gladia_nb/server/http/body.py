"""What the body of a request says: JSON, and the configuration of a session in it."""

from __future__ import annotations

import json
from typing import Any, Self

import pydantic
from aiohttp import web

from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.server.http.refusal import invalid

__all__ = ["configuration", "json_of"]

#: Objects with keys of the client's own, in which null is a value.
_FREE = ("custom_metadata", "spelling_dictionary")


class _Asked(SessionConfig):
    """A configuration as the API's schema takes it: a switch may be on without its settings."""

    @pydantic.model_validator(mode="after")
    def _switches_have_their_settings(self) -> Self:
        return self


async def json_of(request: web.Request) -> Any:
    """The body of a request, an empty object where there is none.

    Raises:
        RefusalError: it is not JSON.
    """
    body = await request.read()
    if not body.strip():
        return {}
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise invalid(f"body must be JSON ({error})") from None


def configuration(data: Any) -> SessionConfig:
    """The configuration in a request's body.

    As far as is known the service ignores what it does not know, and takes null as not given.

    Raises:
        RefusalError: something in it is wrong; each field is named.

    Example:
        >>> configuration({"endpointing": 0.3, "numerals": True, "callback": True}).to_dict()
        {'endpointing': 0.3, 'callback': True}
    """
    if not isinstance(data, dict):
        raise invalid("body must be an object")
    clean = _without_null(data)
    for problem in _Asked.problems_in(clean):
        if problem.kind == "unknown":
            _remove(clean, problem.path)
    try:
        config = _Asked.from_dict(clean)
    except ConfigError as error:
        raise invalid(*error.problems) from None
    # A client leaves to the service which languages there are.
    if unknown := config.unknown_languages():
        allowed = "must be a language code such as 'en' or 'fr'"
        raise invalid(*(f"{path} {allowed} (got {said})" for path, said in unknown))
    return config


def _without_null(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_null(value) if isinstance(value, dict) and key not in _FREE else value
        for key, value in data.items()
        if value is not None
    }


def _remove(data: Any, path: tuple[str | int, ...]) -> None:
    for part in path[:-1]:
        data = data[part]
    data.pop(path[-1], None)
