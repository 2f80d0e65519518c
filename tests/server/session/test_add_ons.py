"""Add-ons: their messages, their results, and what an engine supplies itself."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from gladia_nb.config import SessionConfig
from gladia_nb.server import LocalServer, ServerOptions
from gladia_nb.server.engines.base import AddOn, Transcript, Word
from gladia_nb.server.session.add_ons import AddOns
from gladia_nb.server.session.messages import Messages, utterance
from gladia_nb.server.session.results import transcription
from tests.support.server_helpers import client_of, speech

EVERYTHING = {
    "realtime_processing": {
        "sentiment_analysis": True,
        "named_entity_recognition": True,
        "translation": True,
        "translation_config": {"target_languages": ["fr", "de"]},
    },
    "post_processing": {"summarization": True},
}
WORDS = (Word("That", 0.0, 0.2, 0.9), Word("is", 0.2, 0.3, 0.9), Word("great!", 0.3, 0.8, 0.6))
SAID = utterance(Transcript(0, is_final=True, words=WORDS), 1)
ALL_KINDS = frozenset({"translation", "named_entity_recognition", "sentiment_analysis"})


def add_ons(supplied: frozenset[str] = frozenset(), **config: Any) -> AddOns:
    options = ServerOptions()
    asked = SessionConfig.from_dict(config or EVERYTHING)
    return AddOns(asked, Messages("job", options), supplied)


def test_without_any() -> None:
    idle = add_ons(endpointing=0.3)
    assert idle.after_final("01_00000000", SAID, WORDS) == []
    assert idle.summarise(transcription([SAID])) == []
    assert idle.results() == {}


def test_what_the_server_does_itself() -> None:
    mine = add_ons()
    said = [json.loads(text) for _, text in mine.after_final("01_00000000", SAID, WORDS)]
    assert [m["type"] for m in said] == [
        "translation",
        "translation",
        "named_entity_recognition",
        "sentiment_analysis",
    ]
    for message in said[:3]:
        assert message["data"] is None
        assert set(message["error"]) == {"status_code", "exception", "message"}
        assert "embedded recogniser cannot" in message["error"]["message"]
    assert said[3]["error"] is None
    found = {
        "sentiment": "positive",
        "emotion": "contentment",
        "text": "That is great!",
        "start": 0.0,
        "end": 0.8,
        "channel": 1,
    }
    assert said[3]["data"] == {
        "utterance_id": "01_00000000",
        "utterance": SAID,
        "results": [found],
    }
    [(kind, text)] = mine.summarise(transcription([SAID]))
    assert kind == "post_summarization"
    assert json.loads(text)["data"] == {"results": "That is great!"}
    results = mine.results()
    assert set(results) == {*ALL_KINDS, "summarization"}
    for result in results.values():
        assert set(result) == {"success", "is_empty", "exec_time", "error", "results"}
    assert json.loads(results["sentiment_analysis"]["results"]) == [found]
    assert results["sentiment_analysis"]["exec_time"] > 0
    assert results["summarization"]["results"] == "That is great!"
    for kind in ("translation", "named_entity_recognition"):
        assert results[kind]["success"] is False
        assert results[kind]["error"]["status_code"] == 501
        assert results[kind]["results"] is None


def test_nothing_was_said() -> None:
    mine = add_ons()
    mine.summarise(transcription([]))
    for kind, result in mine.results().items():
        assert (result["success"], result["is_empty"], result["error"]) == (True, True, None), kind


def test_what_the_engine_supplies() -> None:
    mine = add_ons(ALL_KINDS)
    assert mine.after_final("01_00000000", SAID, WORDS) == []
    entity = {"entity_type": "NAME_GIVEN", "text": "Robin", "start": 0.0, "end": 0.2}
    translated = {**SAID, "text": " C'est super !", "language": "fr"}
    events = (
        AddOn(0, "named_entity_recognition", {"results": [entity]}),
        AddOn(
            0,
            "translation",
            {
                "original_language": "en",
                "target_language": "fr",
                "translated_utterance": translated,
            },
        ),
        AddOn(0, "sentiment_analysis", None, problem="no idea"),
        AddOn(0, "sentiment_analysis", {"results": []}),
    )
    said = []
    for event in events:
        [(kind, text)] = mine.from_engine(event, "01_00000000", SAID)
        assert kind == event.kind
        said.append(json.loads(text))
    assert said[0]["data"] == {
        "utterance_id": "01_00000000",
        "utterance": SAID,
        "results": [entity],
    }
    assert said[2]["data"] is None
    assert said[2]["error"]["message"] == "no idea"
    assert said[1]["data"]["utterance_id"] == "0", "translations name it by its number alone"
    results = mine.results()
    assert results["named_entity_recognition"]["results"] == [entity]
    french, german = results["translation"]["results"]
    assert (french["full_transcript"], french["languages"]) == ("C'est super !", ["fr"])
    assert german["utterances"] == []
    assert results["sentiment_analysis"]["success"] is True
    assert results["sentiment_analysis"]["is_empty"] is True
    idle = add_ons(ALL_KINDS, endpointing=0.3)
    assert idle.from_engine(events[0], "01_00000000", SAID) == []


def test_translations_with_the_long_name() -> None:
    config = SessionConfig.from_dict(EVERYTHING)
    messages = Messages("job", ServerOptions(short_utterance_ids=False))
    event = AddOn(0, "translation", {"target_language": "fr", "translated_utterance": SAID})
    [(_, text)] = AddOns(config, messages, ALL_KINDS).from_engine(event, "01_00000003", SAID)
    assert json.loads(text)["data"]["utterance_id"] == "01_00000003"


def test_without_vader(monkeypatch: pytest.MonkeyPatch) -> None:
    from gladia_nb.server.session import sentiment

    sentiment.load.cache_clear()
    monkeypatch.setitem(sys.modules, "vaderSentiment.vaderSentiment", None)
    mine = add_ons(realtime_processing={"sentiment_analysis": True})
    [(_, text)] = mine.after_final("01_00000000", SAID, WORDS)
    message = json.loads(text)
    assert message["data"] is None
    assert 'pip install "gladia-nb[local]"' in message["error"]["message"]
    assert mine.results()["sentiment_analysis"]["results"] == ""


async def test_a_session_with_all(local_server: LocalServer) -> None:
    spelling = {"Nice": ["nice"], "see U": ["see you"]}
    async with client_of(local_server) as client:
        talk = await client.talk(
            speech(),
            endpointing=0.3,
            messages_config={"receive_partial_transcripts": True},
            realtime_processing={
                "sentiment_analysis": True,
                "custom_spelling": True,
                "custom_spelling_config": {"spelling_dictionary": spelling},
            },
            post_processing={
                "summarization": True,
                "summarization_config": {"type": "bullet_points"},
            },
        )
        result = (await client.get(talk))["result"]
    assert talk.texts()[0] == " hello it is very Nice to see U again"
    assert any("Nice to" in text for text in talk.texts(final=False))
    assert not any("nice" in text or "see you" in text for text in talk.texts(final=False))
    final = next(m for m in talk.of("transcript") if m["data"]["is_final"])["data"]
    assert [word["word"] for word in final["utterance"]["words"]][-3:] == [" see", " U", " again"]
    sentiments = talk.of("sentiment_analysis")
    assert len(sentiments) == len(talk.texts())
    assert sentiments[0]["data"]["utterance_id"] == final["id"]
    assert sentiments[0]["data"]["utterance"] == final["utterance"]
    assert sentiments[0]["data"]["results"][0]["sentiment"] == "positive"
    [summed] = talk.of("post_summarization")
    lines = summed["data"]["results"].splitlines()
    assert lines[0] == "- hello it is very Nice to see U again"
    [post] = talk.of("post_final_transcript")
    for kind in ("sentiment_analysis", "summarization"):
        assert result[kind]["success"] is True
        assert post["data"][kind] == result[kind]
    assert result["summarization"]["results"] == summed["data"]["results"]
    assert talk.kinds.index("post_transcript") < talk.kinds.index("post_summarization")
    assert talk.kinds[-1] == "post_final_transcript"
