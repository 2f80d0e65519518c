"""What a session has come to, by hand and by laws."""

from __future__ import annotations

import uuid
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.config import SessionConfig
from gladia_nb.server.session.add_ons import AddOns
from gladia_nb.server.session.intake import Intake
from gladia_nb.server.session.messages import Messages, timestamp
from gladia_nb.server.session.results import (
    Outcome,
    Status,
    metadata,
    seconds_between,
    transcription,
)
from gladia_nb.server.settings.options import ServerOptions


def final(text: str, start: float, channel: int = 0, language: str = "en") -> dict[str, Any]:
    return {"text": f" {text}", "start": start, "channel": channel, "language": language}


def test_finals_are_in_the_order_of_their_beginning() -> None:
    found = transcription(
        [
            final("third", 2.0, 1, "fr"),
            final("second", 2.0, 0, "fr"),
            final("first", 0.5, 1, "en"),
        ]
    )
    assert found["full_transcript"] == "first second third"
    assert found["languages"] == ["fr", "en"], "the commonest first"
    assert [item["start"] for item in found["utterances"]] == [0.5, 2.0, 2.0]
    assert transcription([]) == {"full_transcript": "", "languages": [], "utterances": []}


@given(st.integers(0, 10**12), st.integers(0, 10**8))
def test_seconds_between_two_moments(start_ms: int, passed_ms: int) -> None:
    earlier, later = (timestamp((ms + 0.5) / 1000) for ms in (start_ms, start_ms + passed_ms))
    assert seconds_between(earlier, later) == passed_ms / 1000


def test_every_channel_is_billed() -> None:
    assert metadata(5.12345, 2, 1.00049) == {
        "audio_duration": 5,
        "number_of_distinct_channels": 2,
        "billing_time": 10,
        "transcription_time": 1.0,
    }


FINALS = st.lists(
    st.builds(
        final,
        st.text(max_size=5),
        st.floats(0, 100),
        st.integers(0, 7),
        st.sampled_from(["en", "fr", "de"]),
    ),
    max_size=8,
)


@given(FINALS, st.randoms())
def test_the_order_of_arrival_does_not_matter_and_nothing_is_lost(
    finals: list[dict[str, Any]], rng: Any
) -> None:
    found = transcription(finals)
    key = lambda item: (item["start"], item["channel"])  # noqa: E731 - as in the description
    assert [key(item) for item in found["utterances"]] == sorted(map(key, finals))
    assert sorted(map(repr, found["utterances"])) == sorted(map(repr, finals))
    assert set(found["languages"]) == {item["language"] for item in finals}
    counts = [sum(i["language"] == code for i in finals) for code in found["languages"]]
    assert counts == sorted(counts, reverse=True)
    if len({key(item) for item in finals}) == len(finals):
        shuffled = rng.sample(finals, len(finals))
        again = transcription(shuffled)
        assert again["full_transcript"] == found["full_transcript"]


ID = str(uuid.UUID(int=5))
#: What the published schema has for a session that asks for nothing: no nulls, no metadata.
PARAMS = {
    "encoding": "wav/pcm",
    "bit_depth": 16,
    "sample_rate": 16000,
    "channels": 1,
    "model": "solaria-1",
    "endpointing": 0.05,
    "maximum_duration_without_endpointing": 5,
    "language_config": {"languages": [], "code_switching": False},
    "pre_processing": {"audio_enhancer": False, "speech_threshold": 0.6},
    "realtime_processing": {
        "custom_vocabulary": False,
        "custom_spelling": False,
        "translation": False,
        "named_entity_recognition": False,
        "sentiment_analysis": False,
    },
    "post_processing": {"summarization": False, "chapterization": False},
    "messages_config": SessionConfig().with_defaults()["messages_config"],
    "callback": False,
}


def outcome(config: SessionConfig) -> Outcome:
    return Outcome(config, AddOns(config, Messages(ID, ServerOptions()), frozenset()))


def test_a_session_under_way_has_neither_file_nor_result() -> None:
    config = SessionConfig(custom_metadata={"run": "a1"}, channels=2)
    made, intake = outcome(config), Intake(config)
    intake.push(bytes(6400))
    made.finals[0, 0] = final("early", 0.5)
    job = made.job(ID, intake, status=Status.PROCESSING, error_code=None)
    assert job == {
        "id": ID,
        "request_id": "G-00000000",
        "version": 2,
        "kind": "live",
        "status": "processing",
        "error_code": None,
        "custom_metadata": {"run": "a1"},
        "request_params": PARAMS | {"channels": 2},
        "file": None,
        "result": None,
    }


def test_a_complete_one_has_both() -> None:
    config = SessionConfig(channels=2)
    made, intake = outcome(config), Intake(config)
    intake.push(bytes(64000))
    made.finals[1, 0] = final("there", 0.7, 1)
    made.finals[0, 0] = final("hello", 0.5)
    made.sent.append("{}")
    made.complete(1.0, 0.25)
    job = made.job(ID, intake)
    assert job["file"] == {
        "id": ID,
        "filename": f"{ID}.wav",
        "source": None,
        "audio_duration": 1.0,
        "number_of_channels": 2,
    }
    assert job["result"] == {**made.post_final(), "messages": ["{}"]}
    assert made.post_final() == {
        "metadata": metadata(1.0, 2, 0.25),
        "transcription": transcription(list(made.finals.values())),
    }
    assert made.transcription()["full_transcript"] == "hello there"
    job["result"]["messages"].append("changed")
    assert made.sent == ["{}"]
    intake.forget()
    assert made.job(ID, intake)["file"] is None, "audio that was given up is no file"


def test_nothing_was_said_in_no_audio() -> None:
    config = SessionConfig()
    made = outcome(config)
    made.complete(0.0, 0.0)
    job = made.job(ID, Intake(config))
    assert job["file"] is None
    assert job["result"]["transcription"]["full_transcript"] == ""
