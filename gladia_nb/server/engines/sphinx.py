"""The engine that recognises English with PocketSphinx."""

from __future__ import annotations

from gladia_nb.config import SessionConfig
from gladia_nb.server.engines.decoding_child import SPHINX, DecodingChild
from gladia_nb.server.engines.decoding_engine import DecodingEngine
from gladia_nb.server.engines.vocabulary import entries_of, problems_of
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["SphinxEngine"]


class SphinxEngine(DecodingEngine):
    """Recognises English, each channel in a process of its own.

    Args:
        options: of the server.
        child: the process that holds its model, where it has been started already.
    """

    def __init__(self, options: ServerOptions, child: DecodingChild | None = None) -> None:
        super().__init__(options, SPHINX, child=child)

    def refusals(self, config: SessionConfig) -> list[str]:
        """The model knows English only, and words need letters that it can read."""
        foreign = [code for code in config.language_config.languages if code != "en"]
        if not foreign:
            return problems_of(config)
        sentence = (
            "language_config.languages must be ['en'] or empty: this server's own recogniser "
            f"knows English only (got {list(config.language_config.languages)})"
        )
        return [sentence, *problems_of(config)]

    def settings(self, config: SessionConfig) -> dict[str, object]:
        """As of every decoding process, and the user's own words."""
        return {**super().settings(config), "vocabulary": entries_of(config)}
