"""Every message of the server by hand, and as a client reads it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.config import SessionConfig
from gladia_nb.record.message import parse_message
from gladia_nb.server.engines.base import Transcript, Word
from gladia_nb.server.session.messages import FLAGS, Messages, failure, timestamp, utterance
from gladia_nb.server.settings.options import ServerOptions

HEAD = {"session_id": "s", "created_at": "1970-01-01T00:16:40.500Z"}
WORDS = (Word("caf\u00e9", 0.5, 0.75, 0.5), Word("noir", 1.0, 1.5, 0.75))


def messages(**options: Any) -> Messages:
    return Messages("s", ServerOptions(**options), lambda: 1000.5)


def body(text: str) -> dict[str, Any]:
    """A message without what all of them have."""
    found = json.loads(text)
    assert {name: found.pop(name) for name in HEAD} == HEAD
    kind: dict[str, Any] = found
    return kind


@given(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)))
def test_a_stamp_is_the_millisecond_that_has_begun(moment: datetime) -> None:
    moment = moment.replace(tzinfo=UTC)
    text = timestamp(moment.timestamp())
    assert len(text) == 24
    back = datetime.fromisoformat(text)
    exact = datetime.fromtimestamp(moment.timestamp(), UTC)
    assert back == exact.replace(microsecond=exact.microsecond // 1000 * 1000)


def test_the_clock_can_be_ahead() -> None:
    text = messages(clock_offset_s=86400.0).lifecycle("end_session")
    assert json.loads(text)["created_at"] == "1970-01-02T00:16:40.500Z"


def test_acknowledgements_of_audio() -> None:
    assert body(messages().audio_chunk((3200, 6400), (0.1, 0.2000000001))) == {
        "type": "audio_chunk",
        "acknowledged": True,
        "error": None,
        "data": {"byte_range": [3200, 6400], "time_range": [0.1, 0.2]},
    }
    inclusive = body(messages(inclusive_acks=True).audio_chunk((3200, 6400), (0.1, 0.2)))
    assert inclusive["data"]["byte_range"] == [3200, 6399]
    assert body(messages().audio_chunk(None, (0.0, 0.0), "no base64")) == {
        "type": "audio_chunk",
        "acknowledged": False,
        "error": {"message": "no base64"},
        "data": None,
    }


def test_acknowledgements_of_the_stop() -> None:
    assert body(messages().stop_recording(5.1, 0.25)) == {
        "type": "stop_recording",
        "acknowledged": True,
        "error": None,
        "data": {"recording_duration": 5.1, "recording_left_to_process": 0.25},
    }
    assert body(messages().stop_recording(None, 0.0, "twice")) == {
        "type": "stop_recording",
        "acknowledged": False,
        "error": {"status_code": 409, "exception": "Conflict", "message": "twice"},
        "data": None,
    }


def test_a_transcript() -> None:
    wanted = {
        "text": " caf\u00e9 noir",
        "start": 0.5,
        "end": 1.5,
        "language": "fr",
        "confidence": 0.625,
        "channel": 2,
        "words": [
            {"word": " caf\u00e9", "start": 0.5, "end": 0.75, "confidence": 0.5},
            {"word": " noir", "start": 1.0, "end": 1.5, "confidence": 0.75},
        ],
    }
    transcript = Transcript(7, is_final=True, words=WORDS, language="fr")
    assert utterance(transcript, 2) == wanted
    text = messages().transcript(transcript, 2)
    assert body(text) == {
        "type": "transcript",
        "data": {"id": "02_00000007", "is_final": True, "utterance": wanted},
    }
    assert "caf\u00e9" in text, "letters are sent as they are"
    assert ": " not in text, "and no blank that nobody needs"


def test_the_others() -> None:
    made = messages(hyphen_ids=True)
    assert made.utterance_id(12, 0) == "00-00000012"
    assert body(made.lifecycle("start_recording")) == {"type": "start_recording"}
    assert body(made.end_recording(1.23456789)) == {
        "type": "end_recording",
        "data": {"recording_duration": 1.234568},
    }
    assert body(made.speech("speech_end", 1.5, 1)) == {
        "type": "speech_end",
        "data": {"time": 1.5, "channel": 1},
    }
    assert body(made.add_on("translation", None, failure("no"))) == {
        "type": "translation",
        "error": {"status_code": 501, "exception": "NotImplemented", "message": "no"},
        "data": None,
    }
    assert body(made.post("post_transcript", {"a": 1})) == {
        "type": "post_transcript",
        "data": {"a": 1},
    }


def test_each_flag_is_one_that_a_configuration_has() -> None:
    flags = SessionConfig().with_defaults()["messages_config"]
    assert set(FLAGS.values()) <= flags.keys()


TEXTS = st.text(min_size=1).filter(str.strip)
SECONDS = st.floats(0, 1e5)
SPOKEN = st.builds(
    Transcript,
    utterance=st.integers(0, 99),
    is_final=st.booleans(),
    words=st.lists(
        st.builds(Word, TEXTS, SECONDS, SECONDS, st.floats(0, 1)), min_size=1, max_size=5
    ).map(tuple),
)


@given(SPOKEN, st.integers(0, 7))
def test_a_client_reads_what_was_said(said: Transcript, channel: int) -> None:
    message = parse_message(messages().transcript(said, channel))
    assert (message.type, message.session_id, message.problem) == ("transcript", "s", None)
    assert message.data is not None
    found = message.data["utterance"]
    assert found["text"] == "".join(word["word"] for word in found["words"])
    assert [word["word"][1:] for word in found["words"]] == [word.text for word in said.words]
    assert 0 <= found["confidence"] <= 1
    assert (found["start"], found["end"]) == (said.words[0].start, said.words[-1].end)


@pytest.mark.parametrize("acknowledged", [True, False])
def test_a_client_reads_whether_it_was_taken(acknowledged: bool) -> None:
    text = messages().audio_chunk((0, 2) if acknowledged else None, (0, 0.1), "no audio")
    message = parse_message(text)
    assert message.acknowledged is acknowledged
    assert message.error == (None if acknowledged else "no audio")
