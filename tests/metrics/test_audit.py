import json

import pytest

import gladia_nb as gn
from gladia_nb.metrics.audit import (
    AUDIO_AUDIT,
    MESSAGE_AUDIT,
    audio_audit,
    audit_note,
    message_audit,
)
from tests.support.make_runs import make_run, message

A, B, C = (message(float(n), "transcript", {"id": name}) for n, name in enumerate("abc", 1))
D = message(4.0, "end_session")


def audited(received, stored, file=None):
    result = {"status": "done", "file": file, "result": {"messages": [text for _, text in stored]}}
    event = {"event": "result", "start_ns": 1, "end_ns": 2, "raw": json.dumps(result)}
    return make_run(received, extra=[event], ack_ms=None)


def counts(run) -> dict[str, int]:
    row = message_audit(run).iloc[-1]
    assert row["type"] == "all"
    names = ("lost", "doubled", "not_stored", "out_of_order")
    return {name: int(row[name]) for name in names if row[name]}


def at(seconds: float, arrival):
    return seconds, arrival[1]


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ([A, B, C, D], {}),
        ([A, C, D], {"lost": 1}),
        ([A, at(1.5, A), B, C, D], {"doubled": 1}),
        ([at(2.5, A), B, C, D], {"out_of_order": 1}),
        ([A, B, C, D, message(5.0, "novelty")], {"not_stored": 1}),
        ([], {"lost": 4}),
    ],
)
def test_each_kind_of_difference(received, expected):
    assert counts(audited(received, [A, B, C, D])) == expected


def test_by_type():
    frame = message_audit(audited([A, D], [A, B, D])).set_index("type")
    assert frame.loc["transcript", ["received", "stored", "lost"]].to_list() == [1, 2, 1]
    assert frame.loc["end_session", ["received", "stored", "lost"]].to_list() == [1, 1, 0]
    assert frame.loc["all", ["received", "stored", "lost"]].to_list() == [2, 3, 1]


def test_how_a_message_is_written_does_not_matter():
    spaced = [(1.0, json.dumps(json.loads(A[1]), indent=2, sort_keys=True))]
    assert counts(audited([A], spaced)) == {}


@pytest.mark.parametrize("run", [make_run(), make_run([A])])
def test_without_a_stored_result_there_is_nothing_to_compare(run):
    frame = message_audit(run)
    assert len(frame) == 0
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dict(MESSAGE_AUDIT)


def test_unreadable_frames_are_counted():
    frame = message_audit(audited([(1.0, "garbage"), A], [A])).set_index("type")
    assert frame.loc["unreadable", "not_stored"] == 1


def test_audio():
    run = audited([], [], file={"audio_duration": 4.0})
    frame = audio_audit(run)
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dict(AUDIO_AUDIT)
    row = frame.iloc[0]
    assert row["spoken_bytes"] == row["sent_bytes"] == 4 * 16000 * 2
    assert row[["resent_bytes", "stored_s", "spoken_s"]].to_list() == [0, 4.0, 4.0]


def test_a_real_run_has_nothing_lost(local_server, clip):
    run = gn.transcribe(clip, server=local_server, progress=False, speed=20)
    assert counts(run) == {}
    row = gn.audio_audit(run).iloc[0]
    assert row["spoken_bytes"] == row["sent_bytes"] == row["acknowledged_bytes"]
    assert row["stored_s"] == row["spoken_s"] == 5.0
    assert gn.message_audit(run).iloc[-1]["received"] == len(run.messages)


def test_what_is_missing_is_said_where_people_look():
    run = audited([A, at(1.5, A), C, D], [A, B, C, D])
    assert audit_note(run) == (
        "Of 4 messages that the service stored, 1 never arrived and 1 came twice."
    )
    assert "1 never arrived" in run._repr_html_()
    assert audit_note(audited([A], [A])) == audit_note(make_run()) == ""
