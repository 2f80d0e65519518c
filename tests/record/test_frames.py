import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.record import columns as reader
from gladia_nb.record import frames, schema
from gladia_nb.record.file import Record
from gladia_nb.run import load
from tests.support.make_runs import make_run, rich_run, transcript, utterance, words
from tests.support.record_events import HEADER, message, record
from tests.support.slow_frames import expected, slow_rows, slow_utterances

BUILDERS = {
    "messages": (frames.messages_frame, schema.MESSAGES),
    "chunks": (frames.chunks_frame, schema.CHUNKS),
    "utterances": (frames.utterances_frame, schema.UTTERANCES),
    "words": (frames.words_frame, schema.WORDS),
    "reference": (frames.reference_frame, schema.REFERENCE),
}


@pytest.mark.parametrize("name", BUILDERS)
def test_an_empty_run_has_the_same_columns_and_dtypes(name):
    build, schema = BUILDERS[name]
    for empty in (Record(HEADER, ()), record()):
        frame = build(empty)
        assert len(frame) == 0
        assert {column: str(dtype) for column, dtype in frame.dtypes.items()} == dict(schema)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_rich_run_too(name):
    build, schema = BUILDERS[name]
    frame = build(rich_run().record)
    assert len(frame) > 0
    assert {column: str(dtype) for column, dtype in frame.dtypes.items()} == dict(schema)


def test_a_final_by_hand():
    body = {
        "type": "transcript",
        "session_id": "s",
        "created_at": "2026-11-20T10:00:01.234Z",
        "data": {
            "id": "01_00000007",
            "is_final": True,
            "utterance": {
                "text": " Good morning.",
                "start": 0.42,
                "end": 1.38,
                "language": "en",
                "confidence": 0.93,
                "channel": 1,
                "words": [
                    {"word": " Good", "start": 0.42, "end": 0.7, "confidence": 0.95},
                    {"word": " morning.", "start": 0.72, "end": 1.38, "confidence": 0.91},
                ],
            },
        },
    }
    made = record(message(body))
    row = frames.messages_frame(made).iloc[0]
    assert row[["type", "utterance_id", "channel", "is_final", "text", "n_words"]].to_list() == [
        "transcript",
        "01_00000007",
        1,
        True,
        " Good morning.",
        2,
    ]
    assert row["recv_s"] == 2.0
    assert json.loads(row["raw"]) == body
    assert pd.isna(row["acknowledged"])
    word = frames.words_frame(made).iloc[1]
    assert word[["word", "position", "start_s", "end_s", "is_final"]].to_list() == [
        "morning.",
        1,
        0.72,
        1.38,
        True,
    ]
    only = frames.utterances_frame(made).iloc[0]
    assert only[["channel", "utterance_id", "n_partials", "n_finals", "final_s"]].to_list() == [
        1,
        "01_00000007",
        0,
        1,
        2.0,
    ]
    assert pd.isna(only["first_partial_ns"])


SESSION = {"session_id": "5f0c", "created_at": "2026-11-21T09:00:00.123Z"}
WORDS = [
    {"word": " See", "start": 3.0, "end": 3.2, "confidence": 0.8},
    {"word": " you.", "start": 3.25, "end": 3.6, "confidence": 0.7},
]
SPOKEN = {
    "text": " See you.",
    "start": 3.0,
    "end": 3.6,
    "language": "en",
    "confidence": 0.75,
    "channel": 0,
    "words": WORDS,
}
WHOLE = {"full_transcript": "See you.", "languages": ["en"], "utterances": [SPOKEN]}
META = {
    "audio_duration": 4.0,
    "number_of_distinct_channels": 1,
    "billing_time": 4.0,
    "transcription_time": 4.4,
}
ADDED = {"utterance_id": "00_00000002", "utterance": SPOKEN}
FAILED = {"error": {"message": "not today"}, "data": None}
ACK = {"byte_range": [0, 3200], "time_range": [0.0, 0.1]}
CHAPTER = {
    "headline": "Farewell",
    "gist": "They part",
    "keywords": ["see"],
    "start": 3.0,
    "end": 3.6,
    "text": "See you.",
    "sentences": [],
}
FEELING = {
    "sentiment": "positive",
    "emotion": "contentment",
    "text": "See you.",
    "start": 3.0,
    "end": 3.6,
    "channel": 0,
}
#: Every type of message, and the two shapes of those that can fail.
EXAMPLES = [
    {"type": "audio_chunk", "acknowledged": True, "error": None, "data": ACK},
    {"type": "audio_chunk", "acknowledged": False, **FAILED},
    {
        "type": "stop_recording",
        "acknowledged": True,
        "error": None,
        "data": {"recording_duration": 4.0, "recording_left_to_process": 0.4},
    },
    {"type": "stop_recording", "acknowledged": False, **FAILED},
    {"type": "start_session"},
    {"type": "start_recording"},
    {"type": "end_recording", "data": {"recording_duration": 4.0}},
    {"type": "end_session"},
    {"type": "speech_start", "data": {"time": 0.42, "channel": 1}},
    {"type": "speech_end", "data": {"time": 3.6, "channel": 1}},
    {"type": "transcript", "data": {"id": "00_2", "is_final": False, "utterance": SPOKEN}},
    {"type": "transcript", "data": {"id": "00_2", "is_final": True, "utterance": SPOKEN}},
    {
        "type": "translation",
        "error": None,
        "data": {
            **ADDED,
            "utterance_id": "2",
            "original_language": "en",
            "target_language": "fr",
            "translated_utterance": {**SPOKEN, "text": " A bientot.", "language": "fr"},
        },
    },
    {"type": "translation", **FAILED},
    {
        "type": "named_entity_recognition",
        "error": None,
        "data": {
            **ADDED,
            "results": [{"entity_type": "NAME_GIVEN", "text": "Ada", "start": 3.0, "end": 3.2}],
        },
    },
    {"type": "named_entity_recognition", **FAILED},
    {"type": "sentiment_analysis", "error": None, "data": {**ADDED, "results": [FEELING]}},
    {"type": "sentiment_analysis", **FAILED},
    {"type": "post_transcript", "data": WHOLE},
    {"type": "post_final_transcript", "data": {"metadata": META, "transcription": WHOLE}},
    {"type": "post_summarization", "error": None, "data": {"results": "They part."}},
    {"type": "post_chapterization", "error": None, "data": {"results": [CHAPTER]}},
    {"type": "error", "data": {"code": "internal_error", "message": "simulated"}},
    {"type": "error", "message": "of another shape"},
]
EXAMPLES = [{**SESSION, **example} for example in EXAMPLES]
#: What no reference has.
UNKNOWN = [
    {"type": "of a later version", "data": {"id": 5, "utterance": "text", "channel": "x"}},
    {
        "type": "transcript",
        "data": {
            "id": None,
            "is_final": "yes",
            "utterance": {"channel": 2**70, "words": [1, {"word": 3}], "start": "0"},
        },
    },
]


@pytest.mark.parametrize("body", [*EXAMPLES, *UNKNOWN], ids=lambda body: body["type"])
def test_every_message_gets_a_row_and_stays_verbatim(body):
    frame = frames.messages_frame(record(message(body)))
    assert len(frame) == 1
    assert frame.loc[0, "type"] == body["type"]
    assert json.loads(frame.loc[0, "raw"]) == body


def test_every_message_survives_record_save_load_and_frames(tmp_path):
    bodies = [*EXAMPLES, *UNKNOWN]
    run = make_run([(float(n), json.dumps(body)) for n, body in enumerate(bodies)], ack_ms=None)
    again = load(run.save(tmp_path / "a.run"))
    assert [json.loads(event["raw"]) for event in again.record.of("message")] == bodies
    assert [json.loads(raw) for raw in again.messages["raw"]] == bodies
    assert again.messages["type"].to_list() == [body["type"] for body in bodies]
    assert again.messages.equals(run.messages)


def test_acknowledgements_speech_events_and_errors_are_read():
    made = record(*map(message, EXAMPLES))
    frame = frames.messages_frame(made)
    assert len(frame) == 24
    assert frame["created_at"].eq(SESSION["created_at"]).all()
    assert frame.loc[0, ["byte_end", "start_s", "end_s", "acknowledged"]].to_list() == [
        3200,
        0.0,
        0.1,
        True,
    ]
    assert frame.loc[1, ["acknowledged", "error"]].to_list() == [False, "not today"]
    assert frame.loc[8, ["start_s", "channel"]].to_list() == [0.42, 1]
    assert frame.loc[12, ["utterance_id", "text"]].to_list() == ["2", " See you."]
    failed = frame[frame["error"] == "not today"]
    assert len(failed) == 5
    assert frame["error"].tail(2).to_list() == ["simulated", "of another shape"]
    assert len(frames.utterances_frame(made)) == 1
    assert len(frames.words_frame(made)) == 4


@given(st.lists(st.text() | st.binary().map(lambda b: b.decode("utf-8", "surrogateescape"))))
def test_any_frames_make_frames(raws):
    made = record(*(message(raw) for raw in raws))
    frame = frames.messages_frame(made)
    assert len(frame) == len(raws)
    assert frame["type"].isna().all() or any('"type"' in raw for raw in raws)
    for build, _ in BUILDERS.values():
        build(made)


def chunk(seq: int, **changes: Any) -> dict[str, Any]:
    return {
        "event": "chunk",
        "seq": seq,
        "start_frame": seq * 1600,
        "end_frame": (seq + 1) * 1600,
        "start_byte": seq * 3200,
        "end_byte": (seq + 1) * 3200,
        "due_ns": (seq + 1) * 100_000_000,
        "send_start_ns": (seq + 1) * 100_000_000 + 50_000,
        "send_end_ns": (seq + 1) * 100_000_000 + 80_000,
        "connection": 1,
        "resend": False,
        **changes,
    }


def ack(end: int, recv_ns: int) -> dict[str, Any]:
    return message(
        {"type": "audio_chunk", "acknowledged": True, "data": {"byte_range": [0, end]}}, recv_ns
    )


def test_chunks_by_hand():
    made = record(
        chunk(0),
        ack(3200, 100_580_000),
        chunk(1, send_end_ns=None),
        chunk(1, send_start_ns=900_000_000, send_end_ns=900_000_000, connection=2, resend=True),
        ack(3200, 950_000_000),
        chunk(2),
    )
    frame = frames.chunks_frame(made)
    assert frame["start_s"].to_list() == [0.0, 0.1, 0.1, 0.2]
    assert frame.loc[0, ["lateness_ms", "send_ms", "ack_ms"]].to_list() == [0.05, 0.03, 0.5]
    assert math.isnan(frame.loc[1, "send_ms"])
    assert frame.loc[2, "lateness_ms"] == 700.0
    assert frame["resend"].to_list() == [False, False, True, False]
    assert frame["ack_ns"].isna().to_list() == [False, True, True, True]


def test_an_acknowledgement_covers_all_before_it():
    made = record(chunk(0), chunk(1), ack(6400, 300_000_000))
    assert frames.chunks_frame(made)["ack_ns"].to_list() == [300_000_000] * 2


SAID = words("good morning", start_s=1.0)


def test_same_id_on_two_channels_is_two_utterances():
    body = {"id": "00_0", "is_final": True, "utterance": {"text": "a", "channel": 0}}
    other = {**body, "utterance": {"text": "b", "channel": 1}}
    made = record(*(message({"type": "transcript", "data": data}) for data in (body, other)))
    assert frames.utterances_frame(made)["channel"].to_list() == [0, 1]


def test_partials_only():
    row = make_run(utterance(SAID, final_s=None, speech_end_s=None)).utterances.iloc[0]
    assert not row["is_final"]
    assert row["n_partials"] == 2
    assert pd.isna(row["final_ns"])
    assert pd.isna(row["trigger"])
    assert row["text"].strip() == "good morning"
    assert row["last_partial_s"] == pytest.approx(SAID[-1][2] + 0.2)


# -- the same frames by a plain loop --


def check_frames(made: Record) -> None:
    messages, spoken = slow_rows(made)
    pd.testing.assert_frame_equal(
        frames.messages_frame(made), expected(messages, dict(schema.MESSAGES))
    )
    pd.testing.assert_frame_equal(frames.words_frame(made), expected(spoken, dict(schema.WORDS)))
    rows = slow_utterances(made)
    names = list(rows[0]) if rows else ["channel", "utterance_id", "final_ns"]
    wanted = expected(rows, dict(schema.UTTERANCES), names)
    pd.testing.assert_frame_equal(frames.utterances_frame(made)[names], wanted)


def test_a_rich_run_by_a_plain_loop():
    check_frames(rich_run().record)


TEXTS = st.lists(st.sampled_from(["a", "caf\u00e9", "\u0928", '"', "\U0001f600"]), max_size=4)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 10**6), TEXTS, st.sampled_from("xyz"), st.booleans(), st.integers(0, 1)
        ),
        max_size=12,
    )
)
def test_any_session_by_a_plain_loop(shown):
    arrivals = [
        transcript(
            at / 1e5,
            [(word, k / 7, k / 7 + 0.1) for k, word in enumerate(text)],
            ident,
            final=final,
            channel=channel,
        )
        for at, text, ident, final, channel in shown
    ]
    check_frames(make_run(arrivals, duration_s=1.0, channels=2).record)


def test_a_frame_is_yours_and_the_next_one_is_as_the_first():
    made = rich_run()
    first = made.messages.copy()
    mine = made.messages
    mine.loc[0, ["start_s", "end_s"]] = 99.0
    mine.loc[1, "text"] = "changed"
    mine["channel"] += 5
    mine.loc[2, "is_final"] = True
    mine["recv_ns"] = 0
    said = made.words.copy()
    made.words.loc[:, ["start_s", "confidence"]] = -1.0
    pd.testing.assert_frame_equal(frames.messages_frame(made.record), first)
    pd.testing.assert_frame_equal(frames.words_frame(made.record), said)
    fresh = reader.read(Record(made.record.header, made.record.events))
    np.testing.assert_array_equal(reader.read(made.record).start_s, fresh.start_s)
    with pytest.raises(ValueError, match="read-only"):
        frames.messages_frame(made.record)["recv_ns"].to_numpy()[0] = 1
