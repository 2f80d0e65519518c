"""The body of `POST /v2/live`: every field, its default, its range, and validation in words.

`SessionConfig` mirrors the API: a field that is not given has the API's own default, so that
`SessionConfig()` is the service's bare behaviour (no partials, for one). What this toolkit asks for
when it measures is `SessionConfig.measuring()`; what suits a use is in `PRESETS`.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from gladia_nb.errors import ConfigError

__all__ = [
    "BIT_DEPTHS",
    "ENCODINGS",
    "LANGUAGES",
    "MAX_CHANNELS",
    "PRESETS",
    "SAMPLE_RATES",
    "TRANSLATION_LANGUAGES",
    "CallbackConfig",
    "LanguageConfig",
    "MessagesConfig",
    "PostProcessing",
    "PreProcessing",
    "Problem",
    "RealtimeProcessing",
    "SessionConfig",
    "find_problems",
]

SAMPLE_RATES = (8000, 16000, 32000, 44100, 48000)
BIT_DEPTHS = (8, 16, 24, 32)
ENCODINGS = ("wav/pcm", "wav/alaw", "wav/ulaw")
MAX_CHANNELS = 8
#: Characters of `custom_metadata` once it is JSON.
MAX_METADATA = 2000

LANGUAGES = tuple(
    (
        "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha "
        "haw he hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr "
        "ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg "
        "th tk tl tr tt uk ur uz vi yi yo zh"
    ).split()
)
TRANSLATION_LANGUAGES = tuple(sorted((*LANGUAGES, "wo")))


class _Part(BaseModel):
    """Strict and immutable: a number in quotes is a mistake, not a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, protected_namespaces=())


def _check_languages(codes: tuple[str, ...], allowed: tuple[str, ...]) -> tuple[str, ...]:
    for code in codes:
        if code not in allowed:
            near = difflib.get_close_matches(code.lower()[:2], allowed, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"must contain only language codes such as 'en' or 'fr', got {code!r}{hint}"
            )
    return codes


def _as_tuple(value: object) -> object:
    """JSON has lists; a frozen configuration holds tuples."""
    return tuple(value) if isinstance(value, list) else value


Strings = Annotated[tuple[str, ...], pydantic.BeforeValidator(_as_tuple)]


class LanguageConfig(_Part):
    """Which languages to expect.

    Attributes:
        languages: none = detect, one = fixed, several = detect among them.
        code_switching: detect anew at each utterance.
    """

    languages: Strings = ()
    code_switching: bool = False

    @pydantic.field_validator("languages")
    @classmethod
    def _known(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return _check_languages(codes, LANGUAGES)


class PreProcessing(_Part):
    """What happens to the audio before recognition.

    Attributes:
        audio_enhancer: clean the audio first.
        speech_threshold: strictness of the voice activity detection, 0 to 1.
    """

    audio_enhancer: bool = False
    speech_threshold: Annotated[float, Field(ge=0, le=1)] = 0.6


class VocabularyEntry(_Part):
    """One word of the custom vocabulary.

    Attributes:
        value: the word as it shall be written.
        intensity: how strongly to prefer it, 0 to 1.
        pronunciations: how it may sound.
        language: its language code.
    """

    value: Annotated[str, Field(min_length=1)]
    intensity: Annotated[float, Field(ge=0, le=1)] | None = None
    pronunciations: Strings | None = None
    language: str | None = None


class CustomVocabularyConfig(_Part):
    """Words to prefer; plain strings or `VocabularyEntry`."""

    vocabulary: Annotated[tuple[str | VocabularyEntry, ...], pydantic.BeforeValidator(_as_tuple)]
    default_intensity: Annotated[float, Field(ge=0, le=1)] | None = None


class CustomSpellingConfig(_Part):
    """Wanted spelling -> what shall be replaced by it."""

    spelling_dictionary: dict[str, list[str]]


class TranslationConfig(_Part):
    """Into which languages to translate each final."""

    target_languages: Annotated[Strings, Field(min_length=1)]
    model: Literal["base", "batch", "enhanced"] = "base"
    match_original_utterances: bool = True
    lipsync: bool = True
    context_adaptation: bool = True
    context: str | None = None
    informal: bool = False

    @pydantic.field_validator("target_languages")
    @classmethod
    def _known(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return _check_languages(codes, TRANSLATION_LANGUAGES)


class RealtimeProcessing(_Part):
    """Add-ons that work on each final while the session runs."""

    custom_vocabulary: bool = False
    custom_vocabulary_config: CustomVocabularyConfig | None = None
    custom_spelling: bool = False
    custom_spelling_config: CustomSpellingConfig | None = None
    translation: bool = False
    translation_config: TranslationConfig | None = None
    named_entity_recognition: bool = False
    sentiment_analysis: bool = False


class SummarizationConfig(_Part):
    """Kind of summary."""

    type: Literal["general", "bullet_points", "concise"] = "general"


class PostProcessing(_Part):
    """Add-ons that work on the whole after the recording has stopped."""

    summarization: bool = False
    summarization_config: SummarizationConfig | None = None
    chapterization: bool = False


class MessagesConfig(_Part):
    """Which messages come over the WebSocket. The defaults are the API's."""

    receive_partial_transcripts: bool = False
    receive_final_transcripts: bool = True
    receive_speech_events: bool = True
    receive_pre_processing_events: bool = True
    receive_realtime_processing_events: bool = True
    receive_post_processing_events: bool = True
    receive_acknowledgments: bool = True
    receive_errors: bool = True
    receive_lifecycle_events: bool = False


class CallbackConfig(_Part):
    """Where and which messages are posted as callbacks. The defaults are the API's."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] | None = None
    receive_partial_transcripts: bool = False
    receive_final_transcripts: bool = True
    receive_speech_events: bool = False
    receive_pre_processing_events: bool = True
    receive_realtime_processing_events: bool = True
    receive_post_processing_events: bool = True
    receive_acknowledgments: bool = False
    receive_errors: bool = False
    receive_lifecycle_events: bool = True


class SessionConfig(_Part):
    """Configuration of one live session, field by field as `POST /v2/live` takes it.

    Attributes:
        encoding: of the audio that will be sent.
        bit_depth: bits per sample; A-law and mu-law have 8, and get it when it is not given.
        sample_rate: hertz.
        channels: interleaved channels, each transcribed by itself (and billed).
        custom_metadata: echoed in the result and searchable; 2000 characters of JSON at most.
        model: name of the recognition model.
        endpointing: seconds of silence that close an utterance.
        maximum_duration_without_endpointing: seconds after which an utterance is cut by force.
        language_config: expected languages.
        pre_processing: audio enhancement and speech threshold.
        realtime_processing: add-ons on each final.
        post_processing: add-ons on the whole.
        messages_config: which messages come over the WebSocket.
        callback: whether messages are also posted to `callback_config.url`.
        callback_config: where and which.

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

    encoding: Literal["wav/pcm", "wav/alaw", "wav/ulaw"] = "wav/pcm"
    bit_depth: Literal[8, 16, 24, 32] = 16
    sample_rate: Literal[8000, 16000, 32000, 44100, 48000] = 16000
    channels: Annotated[int, Field(ge=1, le=MAX_CHANNELS)] = 1
    custom_metadata: dict[str, Any] | None = None
    model: Annotated[str, Field(min_length=1)] = "solaria-1"
    endpointing: Annotated[float, Field(ge=0.01, le=10)] = 0.05
    maximum_duration_without_endpointing: Annotated[float, Field(ge=5, le=60)] = 5
    language_config: LanguageConfig = LanguageConfig()
    pre_processing: PreProcessing = PreProcessing()
    realtime_processing: RealtimeProcessing = RealtimeProcessing()
    post_processing: PostProcessing = PostProcessing()
    messages_config: MessagesConfig = MessagesConfig()
    callback: bool = False
    callback_config: CallbackConfig | None = None

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except pydantic.ValidationError as error:
            raise _as_config_error(error) from None

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
            except (TypeError, ValueError) as error:
                raise ValueError(f"must be plain JSON ({error})") from None
            if length > MAX_METADATA:
                raise ValueError(f"must be at most {MAX_METADATA} characters as JSON, got {length}")
        return value

    @pydantic.model_validator(mode="after")
    def _fields_fit(self) -> Self:
        if self.encoding != "wav/pcm" and self.bit_depth != 8:
            raise ValueError(f"bit_depth must be 8 with {self.encoding} (got {self.bit_depth})")
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


#: Gladia's recommended starting points, by use. Sources: "Recommended parameters" of its
#: documentation, which names ranges; the middle of a range is taken.
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "voice_agent": {
            "endpointing": 0.08,
            "maximum_duration_without_endpointing": 15,
            "messages_config": {"receive_partial_transcripts": True},
        },
        "meeting": {
            "endpointing": 0.4,
            "maximum_duration_without_endpointing": 15,
        },
        "call_centre": {
            "endpointing": 0.3,
            "maximum_duration_without_endpointing": 15,
        },
        "captions": {
            "endpointing": 0.3,
            "maximum_duration_without_endpointing": 5,
            "messages_config": {"receive_partial_transcripts": True},
        },
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration.

    Attributes:
        path: keys from the top to the field.
        kind: `unknown` for a key that the API does not have, else `invalid`.
        message: a sentence beginning with the field's dotted path.
    """

    path: tuple[str | int, ...]
    kind: Literal["unknown", "invalid"]
    message: str


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
    try:
        # Not through the class: its own errors are sentences, without path and kind.
        BaseModel.__init__(
            SessionConfig.__new__(SessionConfig),
            **{str(key): value for key, value in data.items()},
        )
    except pydantic.ValidationError as error:
        return _problems_of(error)
    return []


def _as_config_error(error: pydantic.ValidationError) -> ConfigError:
    found = _problems_of(error)
    messages = [problem.message for problem in found]
    return ConfigError("; ".join(messages), messages, found)


def _problems_of(error: pydantic.ValidationError) -> list[Problem]:
    problems: list[Problem] = []
    seen: set[str] = set()
    for detail in error.errors(include_url=False):
        path = tuple(part for part in detail["loc"] if not _is_branch(part))
        problem = _problem(path, detail)
        if problem.message not in seen:
            seen.add(problem.message)
            problems.append(problem)
    return problems


def _is_branch(part: int | str) -> bool:
    """Pydantic names the branch of a union in the location; it is no key of the data."""
    return part in ("str", "VocabularyEntry")


def _problem(path: tuple[str | int, ...], detail: Any) -> Problem:
    name = ".".join(str(part) for part in path) or "the configuration"
    kind, context, value = detail["type"], detail.get("ctx", {}), detail.get("input")
    if kind == "extra_forbidden":
        return Problem(path, "unknown", _unknown(path))
    if kind == "missing":
        return Problem(path, "invalid", f"{name} is required")
    if kind == "value_error":
        text = str(context.get("error", detail["msg"]))
        return Problem(path, "invalid", f"{name} {text}" if path else text)
    return Problem(path, "invalid", f"{name} {_rule(path, kind, context)} (got {_short(value)})")


def _rule(path: tuple[str | int, ...], kind: str, context: Mapping[str, Any]) -> str:
    limits = _limits(path)
    if limits and kind in {
        "greater_than_equal",
        "less_than_equal",
        "float_type",
        "int_type",
        "finite_number",
        "int_from_float",
    }:
        whole = "a whole number " if kind in {"int_type", "int_from_float"} else ""
        return f"must be {whole}between {limits[0]:g} and {limits[1]:g}"
    if kind == "literal_error":
        return f"must be one of {str(context['expected']).replace(' or ', ', ')}"
    rules = {
        "bool_type": "must be true or false",
        "string_type": "must be a string",
        "string_too_short": "must not be empty",
        "string_pattern_mismatch": "must be an http or https URL",
        "too_short": "must have at least one item",
        "float_type": "must be a number",
        "int_type": "must be a whole number",
        "dict_type": "must be an object",
        "list_type": "must be a list",
        "tuple_type": "must be a list",
        "model_type": "must be an object",
        "model_attributes_type": "must be an object",
    }
    return rules.get(kind, "is not valid")


def _field(path: tuple[str | int, ...]) -> pydantic.fields.FieldInfo | None:
    model: type[BaseModel] = SessionConfig
    field: pydantic.fields.FieldInfo | None = None
    for part in path:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        if field is None:
            return None
        model = _model_of(field.annotation) or model
    return field


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if found := _model_of(inner):
            return found
    return None


def _limits(path: tuple[str | int, ...]) -> tuple[float, float] | None:
    field = _field(path)
    if field is None:
        return None
    inside = [*field.metadata]
    for inner in getattr(field.annotation, "__args__", ()):
        for extra in getattr(inner, "__metadata__", ()):
            inside.extend(getattr(extra, "metadata", ()))
    low = next((float(item.ge) for item in inside if hasattr(item, "ge")), None)
    high = next((float(item.le) for item in inside if hasattr(item, "le")), None)
    return None if low is None or high is None else (low, high)


def _unknown(path: tuple[str | int, ...]) -> str:
    name = ".".join(str(part) for part in path)
    parent = _field(path[:-1]) if len(path) > 1 else None
    model = (_model_of(parent.annotation) if parent else None) or SessionConfig
    near = difflib.get_close_matches(str(path[-1]), list(model.model_fields), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(model.model_fields)}"
    return f"{name} is not a field of the live API; {hint}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
