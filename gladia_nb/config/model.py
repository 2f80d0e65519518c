"""The configuration of a session as a whole, and what can be wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

import pydantic
from pydantic import BaseModel, Field

from gladia_nb.config.base import Settings
from gladia_nb.config.groups import (
    CallbackConfig,
    LanguageConfig,
    MessagesConfig,
    PostProcessing,
    PreProcessing,
    RealtimeProcessing,
    unknown_languages,
)
from gladia_nb.config.presets import PRESETS
from gladia_nb.config.problems import Problem
from gladia_nb.config.values import (
    LANGUAGES,
    MAX_CHANNELS,
    MAX_METADATA,
    TRANSLATION_LANGUAGES,
)
from gladia_nb.errors import ConfigError

__all__ = ["SessionConfig", "find_problems"]


def _whole(value: object) -> object:
    """JSON has one kind of number: 1.0 is 1, as the rates and depths have it already."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class SessionConfig(Settings):
    """Configuration of one live session, field by field as `POST /v2/live` takes it.

    Attributes:
        {fields}

    Raises:
        ConfigError: naming each field that is unknown or out of range, the value and what is
            allowed.

    Example:
        >>> SessionConfig(endpointing=0.3).to_body()["endpointing"]
        0.3
        >>> SessionConfig(endpointing=30)
        Traceback (most recent call last):
        ...
        gladia_nb.errors.ConfigError: endpointing must be between 0.01 and 10 (got 30)
    """

    field_noun: ClassVar[str] = "a field of the live API"

    encoding: Literal["wav/pcm", "wav/alaw", "wav/ulaw"] = "wav/pcm"
    """Of the audio that will be sent."""
    bit_depth: Literal[8, 16, 24, 32] = 16
    """Bits per sample; A-law and mu-law have 8, and get it when it is not given."""
    sample_rate: Annotated[
        Literal[8000, 16000, 32000, 44100, 48000], Field(title="Sample rate, Hz")
    ] = 16000
    """Hertz."""
    channels: Annotated[int, pydantic.BeforeValidator(_whole), Field(ge=1, le=MAX_CHANNELS)] = 1
    """Interleaved channels, each transcribed by itself (and billed)."""
    custom_metadata: dict[str, Any] | None = None
    """Echoed in the result and searchable; 2000 characters of JSON at most."""
    model: Annotated[str, Field(min_length=1)] = "solaria-1"
    """Name of the recognition model."""
    endpointing: Annotated[float, Field(ge=0.01, le=10, title="Endpointing, s")] = 0.05
    """Seconds of silence that close an utterance."""
    maximum_duration_without_endpointing: Annotated[
        float, Field(ge=5, le=60, title="Maximum duration, s")
    ] = 5
    """Seconds after which an utterance is cut by force."""
    language_config: LanguageConfig = LanguageConfig()
    """Expected languages."""
    pre_processing: PreProcessing = PreProcessing()
    """Audio enhancement and speech threshold."""
    realtime_processing: RealtimeProcessing = RealtimeProcessing()
    """Add-ons on each final."""
    post_processing: PostProcessing = PostProcessing()
    """Add-ons on the whole."""
    messages_config: MessagesConfig = MessagesConfig()
    """Which messages come over the WebSocket."""
    callback: bool = False
    """Whether messages are also posted to `callback_config.url`."""
    callback_config: CallbackConfig | None = None
    """Where and which."""

    def __init__(self, **fields: Any) -> None:
        # Of no more type than this: type checkers would ask for each field's own, where plain data
        # of JSON is welcome too.
        super().__init__(**fields)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _companded_is_8_bit(cls, data: Any) -> Any:
        if (
            isinstance(data, dict)
            and data.get("encoding") in ("wav/alaw", "wav/ulaw")
            and "bit_depth" not in data
        ):
            return {**data, "bit_depth": 8}
        return data

    @pydantic.field_validator("custom_metadata")
    @classmethod
    def _metadata_is_short(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None:
            try:
                length = len(json.dumps(value, ensure_ascii=False))
            except RecursionError:
                raise ValueError("is nested too deeply") from None
            except (TypeError, ValueError) as error:
                raise ValueError(f"must be plain JSON ({error})") from None
            if length > MAX_METADATA:
                raise ValueError(f"must be at most {MAX_METADATA} characters as JSON, got {length}")
        return value

    @pydantic.model_validator(mode="after")
    def _fields_fit(self) -> Self:
        if self.encoding != "wav/pcm" and self.bit_depth != 8:
            raise ValueError(f"bit_depth must be 8 with {self.encoding} (got {self.bit_depth})")
        return self

    @pydantic.model_validator(mode="after")
    def _switches_have_their_settings(self) -> Self:
        """What is switched on has what it needs to do anything; the API itself does not ask."""
        if self.callback and (self.callback_config is None or self.callback_config.url is None):
            raise ValueError("callback_config.url is required when callback is on")
        realtime = self.realtime_processing
        for name in ("custom_vocabulary", "custom_spelling", "translation"):
            if getattr(realtime, name) and getattr(realtime, f"{name}_config") is None:
                raise ValueError(f"realtime_processing.{name}_config is required when {name} is on")
        return self

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SessionConfig:
        """From plain data as in a JSON file; see the class for errors."""
        if not isinstance(data, Mapping):
            raise ConfigError(
                f"A configuration is a JSON object with field names, not {type(data).__name__}."
            )
        return cls(**{str(key): value for key, value in data.items()})

    @classmethod
    def preset(cls, name: str, **changes: Any) -> SessionConfig:
        """A recommended starting point, with changes.

        Args:
            name: a key of `PRESETS`.
            **changes: fields that differ from the preset.

        Example:
            >>> SessionConfig.preset("captions").maximum_duration_without_endpointing
            5.0
        """
        if name not in PRESETS:
            raise ConfigError(f"There is no preset {name!r}; there are {', '.join(PRESETS)}.")
        return cls(**_merge(PRESETS[name], changes))

    def replace(self, **changes: Any) -> SessionConfig:
        """A copy with other values; groups are merged field by field."""
        return type(self)(**_merge(self.to_dict(), changes))

    def measuring(self) -> SessionConfig:
        """Ask for every message, unless `messages_config` was set by hand.

        A stopwatch needs partials and acknowledgements; the API leaves the first off by default.
        """
        if "messages_config" in self.model_fields_set:
            return self
        return self.replace(
            messages_config=dict.fromkeys(MessagesConfig.model_fields, True),
        )

    def doubts(self) -> list[str]:
        """What is unusual and sent all the same, a sentence each: the service decides.

        Example:
            >>> len(SessionConfig(language_config={"languages": ["en", "yue"]}).doubts())
            1
        """
        return [
            f"{said} is not among the language codes that are known here; the service decides."
            for _, said in self.unknown_languages()
        ]

    def unknown_languages(self) -> list[tuple[str, str]]:
        """Language codes that are not known here: the path of the field, and the code in quotes.

        Example:
            >>> SessionConfig(language_config={"languages": ["EN"]}).unknown_languages()
            [('language_config.languages', "'EN' (did you mean 'en'?)")]
        """
        realtime = "realtime_processing"
        translation = self.realtime_processing.translation_config
        vocabulary = self.realtime_processing.custom_vocabulary_config
        found = [("language_config.languages", self.language_config.languages, LANGUAGES)]
        if translation is not None:
            path = f"{realtime}.translation_config.target_languages"
            found.append((path, translation.target_languages, TRANSLATION_LANGUAGES))
        for number, word in enumerate(() if vocabulary is None else vocabulary.vocabulary):
            if not isinstance(word, str) and word.language is not None:
                path = f"{realtime}.custom_vocabulary_config.vocabulary.{number}.language"
                found.append((path, (word.language,), LANGUAGES))
        return [
            (path, said) for path, codes, known in found for said in unknown_languages(codes, known)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Only what was set, as plain JSON data: `from_dict` makes an equal configuration."""
        return self.model_dump(mode="json", exclude_unset=True)

    def to_body(self) -> dict[str, Any]:
        """The request body: what was set, and always the format of the audio."""
        body = self.to_dict()
        for name in ("encoding", "bit_depth", "sample_rate", "channels"):
            body[name] = getattr(self, name)
        return body

    def with_defaults(self) -> dict[str, Any]:
        """Every field with its effective value, as the service reports it back."""
        return self.model_dump(mode="json")


def _merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in changes.items():
        if isinstance(value, BaseModel):
            value = value.model_dump(mode="json", exclude_unset=True)  # noqa: PLW2901
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping) and key != "custom_metadata":
            value = _merge(old, value)  # noqa: PLW2901
        merged[key] = value
    return merged


def find_problems(data: Any) -> list[Problem]:
    """Everything wrong with the data of a configuration; empty when it is right.

    Example:
        >>> [problem.message for problem in find_problems({"sample_rate": 22050})]
        ['sample_rate must be one of 8000, 16000, 32000, 44100, 48000 (got 22050)']
        >>> [(problem.kind, problem.path) for problem in find_problems({"numerals": True})]
        [('unknown', ('numerals',))]
    """
    if not isinstance(data, Mapping):
        return [Problem((), "invalid", "the configuration must be an object with field names")]
    return SessionConfig.problems_in(data)
