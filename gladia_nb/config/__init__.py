"""The body of `POST /v2/live`: every field, its default, its range, and validation in words.

`SessionConfig` mirrors the API: a field that is not given has the API's own default, so that
`SessionConfig()` is the service's bare behaviour (no partials, for one). What this toolkit asks for
when it measures is `SessionConfig.measuring()`; what suits a use is in `PRESETS`.
"""

from gladia_nb.config.groups import (
    CallbackConfig,
    LanguageConfig,
    MessagesConfig,
    PostProcessing,
    PreProcessing,
    RealtimeProcessing,
)
from gladia_nb.config.model import SessionConfig, find_problems
from gladia_nb.config.presets import PRESETS
from gladia_nb.config.problems import Problem
from gladia_nb.config.values import (
    BIT_DEPTHS,
    ENCODINGS,
    LANGUAGES,
    MAX_CHANNELS,
    SAMPLE_RATES,
    TRANSLATION_LANGUAGES,
)

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
