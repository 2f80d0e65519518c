"""A record without speech: nothing of it is left, and everything that is measured of time is."""

import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gladia_nb as gn
from gladia_nb.record.anonymous import MARK, without_speech
from gladia_nb.record.file import dump_line, read_lines
from tests.support.make_runs import make_run, message, rich_run
from tests.support.spoken_everywhere import SECRETS, spoken_everywhere

OLD = Path(__file__).resolve().parents[1] / "data" / "before_the_move"


def text_of(run: gn.Run) -> str:
    record = run.record
    return "".join(map(dump_line, (record.header, *record.events))).lower()


def test_no_word_is_left_wherever_it_was_said():
    run = spoken_everywhere()
    before, after = text_of(run), text_of(run.without_speech())
    assert [word for word in SECRETS if word not in before] == [], "each is somewhere"
    assert [word for word in SECRETS if word in after] == []


@pytest.mark.parametrize("name", ["recognised", "resumed", "live"])
def test_no_word_of_a_session_is_left(name):
    run = gn.load(OLD / f"{name}.run")
    found = run.without_speech()
    spoken = {*run.words["word"], *run.reference["word"]}
    assert len(spoken) > 3
    assert not spoken & {*found.words["word"], *found.reference["word"]}
    assert not {word for word in spoken if len(word) > 3 and f" {word}" in text_of(found)}


@settings(max_examples=30)
@given(st.text(min_size=1), st.text(min_size=1))
def test_whatever_is_said_is_replaced(text, name):
    said = message(1.0, "transcript", {"utterance": {"text": text}, "note": {"b": name}})
    run = make_run([said], ack_ms=None, duration_s=0.1)
    raw = run.without_speech().record.of("message")[-1]["raw"]
    found = json.loads(raw)
    assert found["type"] == "transcript"
    for before, after in (
        (text, found["data"]["utterance"]["text"]),
        (name, found["data"]["note"]["b"]),
    ):
        pairs = zip(before.split(), after.split(), strict=False)
        assert not [a for a, b in pairs if a == b and any(c.isalnum() for c in a)]


RUNS = [rich_run(), *(gn.load(OLD / f"{name}.run") for name in ("recognised", "resumed", "live"))]


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_times_and_structure_stay(run, tmp_path):
    found = gn.load(run.without_speech().save(tmp_path / "shared.run"))
    assert found.problems == []
    assert found.outcome == run.outcome
    for table in ("chunks", "messages", "utterances", "words", "reference"):
        before, after = getattr(run, table), getattr(found, table)
        # A made-up name of a session looks like a word.
        hidden = {"text", "word", "raw", "last_partial_text", "speaker", "session_id"}
        kept = [name for name in before if name not in hidden]
        pd.testing.assert_frame_equal(before[kept], after[kept])
        for name in hidden & {*before}:
            lengths = [frame[name].str.len() for frame in (before, after)]
            if name != "raw":
                pd.testing.assert_series_equal(*lengths)


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_what_is_measured_of_time_is_the_same(run):
    found = run.without_speech()
    for measure in (gn.latency, gn.health, gn.stability_summary, gn.ack_delays, gn.startup):
        before, after = measure(run), measure(found)
        kept = [name for name in before if name != "word"]
        pd.testing.assert_frame_equal(before[kept], after[kept])
    if len(run.reference):
        pd.testing.assert_frame_equal(gn.wer_at(run), gn.wer_at(found))
        errors = [gn.word_errors(one).drop(columns="cer") for one in (run, found)]
        pd.testing.assert_frame_equal(*errors)


def test_runs_of_one_recording_can_still_be_compared():
    first, second = rich_run(7).without_speech(), rich_run(8).without_speech()
    assert first.reference.equals(second.reference)
    assert len(gn.compare(first, second))


def test_it_says_so_and_can_be_repeated():
    run = rich_run()
    record = without_speech(run.record)
    assert record.header[MARK] is True
    assert record.path is None
    assert text_of(gn.Run(record)) == text_of(run.without_speech())
    again = gn.Run(without_speech(record))
    assert again.utterances["n_words"].tolist() == run.utterances["n_words"].tolist()


def test_what_is_no_message_stays_none():
    odd = ['{"type":"transcript","data":{"id":"se', "secret words 12", "[" * 100_000, '"secret"']
    run = make_run([(1.0 + k, raw) for k, raw in enumerate(odd)], ack_ms=None)
    found = run.without_speech()
    assert found.messages["problem"].tolist() == run.messages["problem"].tolist()
    assert "secret" not in text_of(found)


def test_events_of_a_later_version_lose_their_texts():
    run = make_run(extra=[{"event": "mood", "ns": 5, "words": ["secret", 3], "id": "7"}])
    (event,) = run.without_speech().record.of("mood")
    assert event["words"] == ["bbbbbb", 3]
    assert event["id"] == "7"


def test_how_a_microphone_was_captured_stays_and_its_name_does_not():
    device = {"event": "device", "ns": 5, "label": "secret", "capture": "worklet"}
    (event,) = make_run(extra=[device]).without_speech().record.of("device")
    assert event["capture"] == "worklet"
    assert event["label"] != "secret"
    (event,) = (
        make_run(extra=[{**device, "capture": "secret"}]).without_speech().record.of("device")
    )
    assert event["capture"] != "secret"


def test_labels_that_are_none_are_taken_for_speech():
    said = {"language": "secret", "sentiment": "secret", "entity_type": "secret", "id": "added"}
    run = make_run(
        [message(1.0, "secret phrase", {**said, "emotion": "joyless"}, created_at="noon")]
    )
    text = text_of(run.without_speech())
    assert not [word for word in ("secret", "phrase", "added", "joyless", "noon") if word in text]


def test_problems_of_the_file_are_still_told():
    lines = [dump_line(event).encode() for event in (rich_run().record.header, {"event": "chunk"})]
    record = read_lines(lines)
    assert len(record.problems) == 1
    assert without_speech(record).problems == record.problems
