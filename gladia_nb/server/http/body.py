"""What the body of a request says: JSON, and the configuration of a session in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Self

import pydantic
from aiohttp import web

from gladia_nb.config import LANGUAGES, TRANSLATION_LANGUAGES, SessionConfig
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
    if problems := list(_foreign_codes(config)):
        raise invalid(*problems)
    return config


def _foreign_codes(config: SessionConfig) -> Iterator[str]:
    """A sentence for each code that is no language of the schema; a client may know more."""
    realtime = config.realtime_processing
    translation = realtime.translation_config
    wanted = realtime.custom_vocabulary_config
    words = wanted.vocabulary if wanted is not None else ()
    targets = translation.target_languages if translation is not None else ()
    vocabulary = "realtime_processing.custom_vocabulary_config.vocabulary"
    places = [
        ("language_config.languages", config.language_config.languages, LANGUAGES),
        (
            "realtime_processing.translation_config.target_languages",
            targets,
            TRANSLATION_LANGUAGES,
        ),
        *(
            (f"{vocabulary}.{number}.language", (word.language,), LANGUAGES)
            for number, word in enumerate(words)
            if not isinstance(word, str) and word.language is not None
        ),
    ]
    for name, codes, known in places:
        for code in codes:
            if code not in known:
                yield f"{name} must be a language code such as 'en' or 'fr' (got {code[:40]!r})"


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
