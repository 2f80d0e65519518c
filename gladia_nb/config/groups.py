"""The groups of fields inside the body of `POST /v2/live`."""

from __future__ import annotations

import difflib
from typing import Annotated, Literal

import pydantic
from pydantic import ConfigDict, Field
from pydantic.fields import ComputedFieldInfo, FieldInfo

from gladia_nb.config.base import Part, title

__all__ = [
    "CallbackConfig",
    "CustomSpellingConfig",
    "CustomVocabularyConfig",
    "LanguageConfig",
    "MessagesConfig",
    "PostProcessing",
    "PreProcessing",
    "RealtimeProcessing",
    "SummarizationConfig",
    "TranslationConfig",
    "VocabularyEntry",
    "unknown_languages",
]


def _check_languages(codes: tuple[str, ...]) -> tuple[str, ...]:
    for code in codes:
        if not code.strip():
            raise ValueError(f"must contain only language codes such as 'en' or 'fr', got {code!r}")
    return codes


def unknown_languages(codes: tuple[str, ...], known: tuple[str, ...]) -> list[str]:
    """Each code that is not known here, in quotes, with the nearest one that is.

    Example:
        >>> unknown_languages(("en", "yue", "EN"), ("en", "fr"))
        ["'yue'", "'EN' (did you mean 'en'?)"]
    """
    found = []
    for code in codes:
        if code not in known:
            near = difflib.get_close_matches(code.lower()[:2], known, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            found.append(f"{code[:40]!r}{hint}")
    return found


def _as_tuple(value: object) -> object:
    """JSON has lists; a frozen configuration holds tuples."""
    return tuple(value) if isinstance(value, list) else value


def _translation(name: str, info: FieldInfo | ComputedFieldInfo) -> str:
    """Apart from the fields of other groups that have the same name."""
    return f"Translation: {title(name, info).lower()}"


def _summarization(name: str, info: FieldInfo | ComputedFieldInfo) -> str:
    return f"Summarization: {title(name, info).lower()}"


Strings = Annotated[tuple[str, ...], pydantic.BeforeValidator(_as_tuple)]
Share = Annotated[float, Field(ge=0, le=1)]


class LanguageConfig(Part):
    """Which languages to expect."""

    languages: Strings = ()
    """None = detect, one = fixed, several = detect among them."""
    code_switching: bool = False
    """Detect anew at each utterance."""

    @pydantic.field_validator("languages")
    @classmethod
    def _known(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return _check_languages(codes)


class PreProcessing(Part):
    """What happens to the audio before recognition."""

    audio_enhancer: bool = False
    """Clean the audio first."""
    speech_threshold: Share = 0.6
    """Strictness of the voice activity detection, 0 to 1."""


class VocabularyEntry(Part):
    """One word of the custom vocabulary."""

    value: Annotated[str, Field(min_length=1)]
    """The word as it shall be written."""
    intensity: Share | None = None
    """How strongly to prefer it, 0 to 1."""
    pronunciations: Strings | None = None
    """How it may sound."""
    language: str | None = None
    """Its language code."""

    @pydantic.field_validator("language")
    @classmethod
    def _known(cls, code: str | None) -> str | None:
        return None if code is None else _check_languages((code,))[0]


def _branch(value: object) -> str:
    """Which of the two a word is meant to be, so that only its own problems are told."""
    return "VocabularyEntry" if isinstance(value, dict | VocabularyEntry) else "str"


_Word = Annotated[
    Annotated[str, pydantic.Tag("str")]
    | Annotated[VocabularyEntry, pydantic.Tag("VocabularyEntry")],
    pydantic.Discriminator(_branch),
]


class CustomVocabularyConfig(Part):
    """Words to prefer; plain strings or `VocabularyEntry`."""

    vocabulary: Annotated[tuple[_Word, ...], pydantic.BeforeValidator(_as_tuple)]
    """JSON: a list of words, or of {"value", "intensity", "pronunciations", "language"}."""
    default_intensity: Share | None = None
    """How strongly to prefer words that do not say it themselves."""


class CustomSpellingConfig(Part):
    """Wanted spelling -> what shall be replaced by it."""

    spelling_dictionary: dict[str, list[str]]
    """JSON: {"Gladia": ["gladya", "glad ear"]}."""


class TranslationConfig(Part):
    """Into which languages to translate each final."""

    model_config = ConfigDict(field_title_generator=_translation)

    target_languages: Annotated[Strings, Field(min_length=1)]
    """Language codes, such as fr, de."""
    model: Literal["base", "batch", "enhanced"] = "base"
    """Which model."""
    match_original_utterances: bool = True
    """Keep the utterances of the original."""
    lipsync: bool = True
    """Translations that suit the lips."""
    context_adaptation: bool = True
    """Let the context shape the translation."""
    context: str | None = None
    """The context, in words."""
    informal: bool = False
    """Informal address."""

    @pydantic.field_validator("target_languages")
    @classmethod
    def _known(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        return _check_languages(codes)


class RealtimeProcessing(Part):
    """Add-ons that work on each final while the session runs."""

    custom_vocabulary: bool = False
    """Prefer certain words; needs the words below."""
    custom_vocabulary_config: CustomVocabularyConfig | None = None
    custom_spelling: bool = False
    """Replace spellings; needs the dictionary below."""
    custom_spelling_config: CustomSpellingConfig | None = None
    translation: bool = False
    """Translate each final; needs target languages."""
    translation_config: TranslationConfig | None = None
    named_entity_recognition: bool = False
    """Find names, dates, places."""
    sentiment_analysis: bool = False
    """Sentiment and emotion of each final."""


class SummarizationConfig(Part):
    """Kind of summary."""

    model_config = ConfigDict(field_title_generator=_summarization)

    type: Literal["general", "bullet_points", "concise"] = "general"
    """Kind of summary."""


class PostProcessing(Part):
    """Add-ons that work on the whole after the recording has stopped."""

    summarization: bool = False
    """Summarise the whole at the end."""
    summarization_config: SummarizationConfig | None = None
    chapterization: bool = False
    """Divide the whole into chapters at the end."""


_PRE = Field(title="Pre-processing events")
_REALTIME = Field(title="Real-time processing events")
_POST = Field(title="Post-processing events")


class MessagesConfig(Part):
    """Which messages come over the WebSocket. The defaults are the API's."""

    receive_partial_transcripts: bool = False
    receive_final_transcripts: bool = True
    receive_speech_events: bool = True
    receive_pre_processing_events: Annotated[bool, _PRE] = True
    receive_realtime_processing_events: Annotated[bool, _REALTIME] = True
    receive_post_processing_events: Annotated[bool, _POST] = True
    receive_acknowledgments: bool = True
    receive_errors: bool = True
    receive_lifecycle_events: bool = False


class CallbackConfig(Part):
    """Where and which messages are posted as callbacks. The defaults are the API's."""

    url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] | None = Field(
        default=None, title="Callback URL"
    )
    """Where callbacks are posted."""
    receive_partial_transcripts: bool = False
    receive_final_transcripts: bool = True
    receive_speech_events: bool = False
    receive_pre_processing_events: Annotated[bool, _PRE] = True
    receive_realtime_processing_events: Annotated[bool, _REALTIME] = True
    receive_post_processing_events: Annotated[bool, _POST] = True
    receive_acknowledgments: bool = False
    receive_errors: bool = False
    receive_lifecycle_events: bool = True
