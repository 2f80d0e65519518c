"""The engine that recognises with sherpa-onnx and a streaming model of one's own."""

from __future__ import annotations

import re

from gladia_nb.config import SessionConfig
from gladia_nb.config.values import LANGUAGES
from gladia_nb.server.engines.base import EngineError
from gladia_nb.server.engines.decoding_child import SHERPA
from gladia_nb.server.engines.decoding_engine import DecodingEngine
from gladia_nb.server.models.cache import folder_of
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["SherpaEngine", "languages_in"]

#: A model of some hundred megabytes, from a slow disk.
_READY_S = 110.0


class SherpaEngine(DecodingEngine):
    """Recognises what its model knows, each channel in a process of its own.

    Args:
        options: of the server; `model` is the folder of the model, or its name in the user's cache.

    Raises:
        EngineError: no model is named.
    """

    def __init__(self, options: ServerOptions) -> None:
        if not options.model:
            raise EngineError(
                "The engine 'sherpa' needs a model: name its folder with model=DIR or --model DIR, "
                "or fetch one with gladia-nb models get URL."
            )
        self._folder = folder_of(options.model)
        super().__init__(options, SHERPA, str(self._folder), ready_s=_READY_S)
        self._languages = options.model_languages or languages_in(self._folder.name)

    def no_start(self, reason: str) -> str:
        """The sentence about a model that sherpa-onnx did not survive."""
        return f"sherpa-onnx cannot use the model in {self._folder}: {reason}."

    def refusals(self, config: SessionConfig) -> list[str]:
        """Languages that the model is known not to know, and words of the user's own."""
        found = []
        asked = list(config.language_config.languages)
        foreign = [code for code in asked if code not in self._languages]
        if self._languages and foreign:
            found.append(
                f"language_config.languages must be of {list(self._languages)} or empty: the model "
                f"of this server knows no other (got {asked})"
            )
        if config.realtime_processing.custom_vocabulary:
            found.append(
                "realtime_processing.custom_vocabulary must be false: the engine 'sherpa' of this "
                "server knows the words of its model only"
            )
        return found

    def settings(self, config: SessionConfig) -> dict[str, object]:
        """As of every decoding process, and the language that transcripts are said to be in."""
        language = next(iter((*config.language_config.languages, *self._languages)), "en")
        return {**super().settings(config), "language": language}


def languages_in(name: str) -> tuple[str, ...]:
    """Languages of a model by its name, as sherpa-onnx's own models are called.

    Other names tell nothing: `is` and `no` are languages too.

    Example:
        >>> languages_in("sherpa-onnx-streaming-zipformer-bilingual-zh-en-2023-02-20")
        ('zh', 'en')
        >>> languages_in("tones")
        ()
    """
    if not name.startswith(("sherpa-onnx-", "icefall-")):
        return ()
    words = re.split(r"[^a-z]+", name.lower())
    found = [_BY_NAME.get(word, word) for word in words]
    return tuple(dict.fromkeys(code for code in found if code in LANGUAGES))


#: Names of sherpa-onnx's models that spell a language out.
_BY_NAME = {
    "english": "en", "french": "fr", "german": "de", "italian": "it", "japanese": "ja",
    "korean": "ko", "russian": "ru", "spanish": "es", "chinese": "zh",
}  # fmt: skip
