"""The engine of PocketSphinx: what it refuses, and the user's own words."""

from __future__ import annotations

import pytest

from gladia_nb.config import SessionConfig
from gladia_nb.server.engines.sphinx import SphinxEngine
from gladia_nb.server.settings.options import ServerOptions


@pytest.mark.parametrize(
    ("languages", "refused"),
    [([], False), (["en"], False), (["fr"], True), (["en", "fr"], True)],
)
def test_only_english_is_known(languages: list[str], refused: bool) -> None:
    config = SessionConfig.from_dict({"language_config": {"languages": languages}})
    found = SphinxEngine(ServerOptions()).refusals(config)
    assert len(found) == refused
    assert all(text.startswith("language_config.languages must be") for text in found)


def test_words_of_the_user_reach_the_decoder() -> None:
    asked = {
        "realtime_processing": {
            "custom_vocabulary": True,
            "custom_vocabulary_config": {"vocabulary": ["Gladia"]},
        }
    }
    engine = SphinxEngine(ServerOptions())
    assert engine.settings(SessionConfig.from_dict(asked))["vocabulary"] == [("Gladia", (), 0.5)]
    assert engine.settings(SessionConfig())["vocabulary"] == []
