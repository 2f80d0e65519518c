"""Differences of traffic: those that were made on purpose are found, and no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import gladia_nb as gn
from gladia_nb.metrics.traffic import ASPECTS, TRAFFIC
from tests.support.make_runs import make_run, message, rich_run, utterance, words

WORDS = words("good morning to you")


def session(change: Callable[[dict[str, Any]], None] = lambda _: None, **options: Any) -> gn.Run:
    """A session of which each message is changed."""
    translation = {"utterance_id": "0", "utterance": {"channel": 0, "start": 0.5}}
    arrivals = [
        message(-0.1, "start_recording"),
        *utterance(WORDS),
        message(3.0, "translation", translation, error=None),
        message(4.2, "end_recording", {"recording_duration": 4.125}),
        message(4.3, "post_transcript", {"full_transcript": "Good morning", "languages": ["en"]}),
        message(4.4, "end_session"),
    ]
    changed = []
    for at, raw in arrivals:
        body = json.loads(raw)
        change(body)
        changed.append((at + body.pop("shift", 0), json.dumps(body)))
    return make_run(changed, **options)


def rows(a: gn.Run, b: gn.Run) -> set[tuple[str, str, str]]:
    frame = gn.compare_traffic(a, b)
    assert list(frame) == list(TRAFFIC)
    assert frame["aspect"].tolist() == sorted(frame["aspect"], key=ASPECTS.index)
    return set(frame[["aspect", "message", "what"]].itertuples(index=False, name=None))


def test_none_with_itself_nor_without_speech():
    for run in (session(), rich_run(), make_run()):
        assert rows(run, run) == set()
    # A name of a session that is a word looks like one still.
    assert rows(session(), session().without_speech()) == set()


def test_whatever_else_is_said():
    other = make_run([*utterance(words("something quite different follows"))])
    one = make_run([*utterance(WORDS)])
    assert rows(one, other) == set()


def _changed(kind: str, change: Callable[[dict[str, Any]], Any]) -> Callable[[dict], None]:
    def apply(body: dict[str, Any]) -> None:
        if body["type"] == kind:
            change(body)

    return apply


def _final(change: Callable[[dict[str, Any]], Any]) -> Callable[[dict], None]:
    return _changed("transcript", lambda body: body["data"]["is_final"] and change(body["data"]))


@pytest.mark.parametrize(
    ("change", "found", "told"),
    [
        (
            _changed("translation", lambda b: b.update(type="novelty")),
            ("type", "novelty", "came"),
            (None, "yes"),
        ),
        (
            _final(lambda data: data.update(mood=1)),
            ("field", "transcript", "data.mood"),
            (None, "there"),
        ),
        (
            _changed("translation", lambda b: b.update(error={"message": "no"})),
            ("field", "translation", "error.message"),
            (None, "there"),
        ),
        (
            _changed("end_recording", lambda b: b.update(data=None)),
            ("value", "end_recording", "data"),
            ("object", "null"),
        ),
        (
            _final(lambda data: data["utterance"].update(text="No blank")),
            ("text", "transcript", "data.utterance.text"),
            (
                "a blank before, none behind",
                "a blank before, none behind, no blank before, none behind",
            ),
        ),
        (
            _changed("transcript", lambda b: b["data"].update(id="00-00000000")),
            ("id", "transcript", "data.id"),
            ("99_99999999", "99-99999999"),
        ),
        (
            _changed("transcript", lambda b: b["data"].update(id="00_00000001")),
            ("id", "transcript", "the first number"),
            ("0", "1"),
        ),
        (
            _changed("translation", lambda b: b["data"].update(utterance_id="00_00000000")),
            ("id", "translation", "utterances are named"),
            ("otherwise than the transcript", "as the transcript"),
        ),
        (
            _final(lambda data: data.update(id="00_00000009")),
            ("id", "transcript", "ids of partials"),
            ("those of the finals", "others than the finals'"),
        ),
        (
            _changed("end_recording", lambda b: b["data"].update(recording_duration=4)),
            ("rounding", "end_recording", "data.recording_duration"),
            ("3 digits", "whole"),
        ),
        (
            _changed("post_transcript", lambda b: b.update(shift=-0.15)),
            ("order", "(all)", "behind start_recording"),
            ("end_recording", "post_transcript"),
        ),
        (
            _changed("speech_end", lambda b: b.update(shift=0.5)),
            ("order", "transcript", "behind final on a channel"),
            (None, "speech_end"),
        ),
    ],
)
def test_what_was_made_on_purpose_is_found(change, found, told):
    frame = gn.compare_traffic(session(), session(change))
    row = frame.set_index(["aspect", "message", "what"]).loc[[found]]
    assert len(row) == 1
    assert tuple(None if value != value else value for value in row.iloc[0]) == told


def test_what_only_one_has_is_told_once():
    one, other = session(), session(_changed("translation", lambda b: b.update(type="novelty")))
    assert rows(one, other) == {("type", "translation", "came"), ("type", "novelty", "came")}
    added = session(_final(lambda data: data.update(mood={"level": [1.25], "id": "7"})))
    assert rows(session(), added) == {("field", "transcript", "data.mood")}


def test_rounding_is_told_where_it_is_no_chance():
    def with_durations(*values: float) -> gn.Run:
        said = [message(4 + k, "end_recording", {"n": value}) for k, value in enumerate(values)]
        return make_run(said)

    key = ("rounding", "end_recording", "data.n")
    few, whole = with_durations(1.25), with_durations(3)
    assert key in rows(few, whole)
    assert key not in rows(few, with_durations(1.2))
    assert key not in rows(few, with_durations(0))
    assert key in rows(with_durations(1.25, 2.5, 3.75, 4.25), with_durations(1.2, 2.5, 3.7, 4.2))
    assert key not in rows(few, with_durations(0.1 + 0.2))
    found = gn.compare_traffic(with_durations(*[1.25] * 4), with_durations(*[0.1 + 0.2] * 4))
    assert found.iloc[0][["a", "b"]].tolist() == ["2 digits", "not rounded"]


def test_acknowledgements():
    one = session()
    assert rows(one, session(ack_ms=None)) >= {("type", "audio_chunk", "came")}

    def inclusive(event: dict[str, Any]) -> dict[str, Any]:
        if '"byte_range"' not in event.get("raw", ""):
            return event
        body = json.loads(event["raw"])
        body["data"]["byte_range"][1] -= 1
        return {**event, "raw": json.dumps(body)}

    record = one.record
    other = gn.Run(type(record)(record.header, tuple(inclusive(dict(e)) for e in record.events)))
    assert rows(one, other) == {
        ("acknowledgement", "audio_chunk", "each begins"),
        ("acknowledgement", "audio_chunk", "the last ends"),
    }


def test_the_end_and_what_is_stored():
    def ended(code: int, status: str) -> gn.Run:
        close = {"event": "close", "ns": 9_900_000_000, "connection": 1, "code": code}
        stored = {
            "id": "s",
            "status": status,
            "file": {"audio_duration": 4 if code < 4000 else 4.25},
        }
        result = {"event": "result", "start_ns": 9_900_000_000, "end_ns": 9_900_000_001}
        extra = [
            {**close, "reason": "", "outcome": "finished"},
            {**result, "raw": json.dumps(stored)},
        ]
        return session(extra=extra)

    assert rows(ended(1000, "done"), ended(4408, "error")) == {
        ("end", "(all)", "close code"),
        ("end", "(all)", "stored result"),
        ("rounding", "(stored result)", "file.audio_duration"),
    }


def test_whatever_a_service_says():
    odd = ["no JSON", "[]", "{}", '{"type": 5, "data": [1, [2, {"a": null}]]}', "[" * 100_000]
    odd.append('{"type": "transcript", "data": {"id": 5, "utterance": {"channel": "x"}}}')
    run = make_run([(1.0 + k, raw) for k, raw in enumerate(odd)])
    assert len(gn.compare_traffic(run, make_run()))
    assert rows(run, run) == set()
