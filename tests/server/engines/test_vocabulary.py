"""Custom vocabulary: words that the decoder did not know, in a real recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb import audio
from gladia_nb.config import SessionConfig
from gladia_nb.server import LocalServer
from gladia_nb.server.engines.base import Word
from gladia_nb.server.engines.sphinx_decoder import load_sphinx
from gladia_nb.server.engines.vocabulary import Vocabulary, entries_of, phones_by_rule, problems_of
from tests.support.server_helpers import client_of

SAYS_GLADIA = Path(__file__).parents[2] / "data" / "gladia.flac"


def config(*words: Any, **more: Any) -> dict[str, Any]:
    return {
        "endpointing": 0.3,
        "realtime_processing": {
            "custom_vocabulary": True,
            "custom_vocabulary_config": {"vocabulary": list(words), **more},
        },
    }


@pytest.fixture(scope="module")
def recording() -> bytes:
    return audio.encode(audio.read_audio(SAYS_GLADIA).samples, "wav/pcm", 16)


async def heard(server: LocalServer, recording: bytes, *words: Any) -> str:
    async with client_of(server) as client:
        talk = await client.talk(recording, **(config(*words) if words else {"endpointing": 0.3}))
    assert talk.close_code == 1000
    return " ".join("".join(talk.texts()).split())


async def test_a_word_becomes_known(local_server: LocalServer, recording: bytes) -> None:
    assert "glad" not in await heard(local_server, recording)
    for sounds in (["glay dee uh"], ["glad e a", "G L EY D IY AH"]):
        word = {"value": "Gladia", "pronunciations": sounds}
        said = await heard(local_server, recording, word, "Solaria", "Zürich 2")
        assert said == "please ask Gladia to write it down"


async def test_of_several_words(local_server: LocalServer, recording: bytes) -> None:
    word = {"value": "[Gla] Dia(2)", "pronunciations": ["glay dee uh"], "intensity": 0.2}
    async with client_of(local_server) as client:
        talk = await client.talk(recording, **config(word))
    [final] = talk.of("transcript")
    words = final["data"]["utterance"]["words"]
    assert [word["word"] for word in words][2:4] == [" [Gla]", " Dia(2)"]
    times = [time for word in words for time in (word["start"], word["end"])]
    assert times == sorted(times)


async def test_a_word_without_letters_is_refused(local_server: LocalServer) -> None:
    async with client_of(local_server) as client:
        body = config({"value": "東京", "pronunciations": []}, "ok")
        async with client.http.post(f"{client.base}/v2/live", json=body) as response:
            answer = await response.json()
        assert response.status == 400
        assert answer["validation_errors"] == [
            "realtime_processing.custom_vocabulary_config.vocabulary must have pronunciations in "
            "Latin letters for '東京' (got '東京')"
        ]
        body = config({"value": "東京", "pronunciations": ["toe kyo"]})
        async with client.http.post(f"{client.base}/v2/live", json=body) as response:
            assert response.status == 201


def test_what_a_session_asks_for() -> None:
    words = ("a", {"value": "b", "intensity": 0.0}, {"value": "c", "pronunciations": ["see"]})
    asked = SessionConfig.from_dict(config(*words, default_intensity=0.9))
    assert entries_of(asked) == [("a", (), 0.9), ("b", (), 0.0), ("c", ("see",), 0.9)]
    asked = SessionConfig.from_dict(config("a"))
    assert entries_of(asked) == [("a", (), 0.5)]
    body = config("東京")
    body["realtime_processing"]["custom_vocabulary"] = False
    assert entries_of(SessionConfig.from_dict(body)) == []
    assert problems_of(SessionConfig.from_dict(body)) == []


@pytest.mark.parametrize(
    ("token", "phones"),
    [
        ("zorblax", "Z AO R B L AE K S"),
        ("gladia", "G L AE D IY AH"),
        ("nabonidus", "N AE B AA N IH D AH S"),
        ("schmitt", "SH M IH T"),
        ("e", "EH"),
    ],
)
def test_rules(token: str, phones: str) -> None:
    assert phones_by_rule(token) == phones


def test_a_known_word_has_its_own_phones() -> None:
    decoder = load_sphinx()
    vocabulary = Vocabulary(decoder, [("Night", ["knight", "night"], 0.5), ("4U", [], 0.5)])
    assert vocabulary
    assert decoder.lookup_word("~0") == decoder.lookup_word("knight") == "N AY T"
    assert decoder.lookup_word("~1") == "F AO R Y UW"
    assert vocabulary.written([Word("~0", 0.0, 1.0, 0.5), Word("x", 1.0, 2.0, 0.5)]) == (
        Word("Night", 0.0, 1.0, 0.5),
        Word("x", 1.0, 2.0, 0.5),
    )


@given(st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=20))
def test_every_word_has_phones_that_the_model_knows(token: str) -> None:
    from gladia_nb.server.engines import vocabulary

    phones = phones_by_rule(token).split()
    assert phones
    assert vocabulary._PHONES.issuperset(phones)
