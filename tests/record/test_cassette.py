"""What a cassette says of a made-up run, by hand."""

import json

import pytest

from gladia_nb.record.cassette import cassette_of
from gladia_nb.run import Run
from gladia_nb.server.settings.cassette import Cassette
from tests.support.make_runs import make_run, message, rich_run, transcript, words

WORDS = words("one two")
STOP_S = 1.0


def acknowledged_stop(recv_s: float):
    data = {"recording_duration": 1.0, "recording_left_to_process": 0.25}
    return message(recv_s, "stop_recording", data, acknowledged=True, error=None)


def taken(*arrivals, close_s: float | None = 1.9, code: int | None = 1000, **options) -> dict:
    extra = [
        {"event": "connect", "connection": 1, "start_ns": 4_900_000_000, "error": None}
        | {"end_ns": 4_950_000_000},
    ]
    if close_s is not None:
        at = 5_000_000_000 + round(close_s * 1e9)
        outcome = "retry" if code is None else "finished"
        extra.append(
            {"event": "close", "ns": at, "connection": 1, "code": code, "reason": ""}
            | {"outcome": outcome}
        )
    options = {"duration_s": 1.0, "send_ms": 0, "stop_s": STOP_S, "extra": extra} | options
    run = make_run(arrivals, **options)
    return cassette_of(run.record, "made.run")


def moments(cassette: dict) -> list[tuple[str, float, float]]:
    return [
        (after, position, round(delay, 6)) for after, position, delay, *_ in cassette["messages"]
    ]


def test_each_message_follows_what_was_acknowledged_when_it_came():
    # Chunks of 0.1 s are sent when they are spoken and acknowledged 20 ms later.
    cassette = taken(
        message(-0.02, "start_recording"),
        message(0.11, "before the first acknowledgement"),
        transcript(0.615, WORDS[:1]),
        transcript(0.725, WORDS),
        message(1.01, "after the stop was sent"),
        acknowledged_stop(1.1),
        message(1.5, "end_session"),
    )
    assert moments(cassette) == [
        ("open", 0.0, 0.03),
        ("open", 0.0, 0.16),
        ("audio", 0.5, 0.115),
        ("audio", 0.7, 0.025),
        ("audio", 0.9, 0.11),
        ("stop", 1.0, 0.5),
    ]
    close = cassette["close"]
    assert (close["after"], close["code"], round(close["delay_s"], 6)) == ("stop", 1000, 0.9)
    assert cassette["left_s"] == 0.25
    assert cassette["duration_s"] == 1.0
    assert "audio_chunk" not in str(cassette["messages"])
    # It is what the server takes.
    assert len(Cassette.from_dict(json.loads(json.dumps(cassette))).messages) == 6


def test_without_acknowledgements_each_follows_what_was_sent():
    flags = {"messages_config": {"receive_acknowledgments": False}}
    cassette = taken(
        transcript(0.615, WORDS[:1]), message(1.25, "end_session"), ack_ms=None, config=flags
    )
    assert moments(cassette) == [("audio", 0.6, 0.015), ("stop", 1.0, 0.25)]


def test_what_was_sent_again_counts_when_it_was_sent_first():
    again = {
        "event": "chunk",
        "seq": 4,
        "start_frame": 6400,
        "end_frame": 8000,
        "start_byte": 12800,
        "end_byte": 16000,
        "due_ns": 5_500_000_000,
        "send_start_ns": 5_800_000_000,
        "send_end_ns": 5_800_000_000,
        "connection": 2,
        "resend": True,
    }
    cassette = taken(transcript(0.9, WORDS), extra=[again], ack_ms=1000, duration_s=0.5, stop_s=2)
    assert moments(cassette) == [("open", 0.0, 0.9)]
    cassette = taken(transcript(0.9, WORDS), extra=[again], duration_s=0.5, stop_s=2)
    assert moments(cassette) == [("audio", 0.5, 0.4)]


@pytest.mark.parametrize(
    ("options", "code"),
    [({}, 1000), ({"code": 4408}, 4408), ({"code": None}, None), ({"close_s": None}, None)],
)
def test_how_it_ended(options, code):
    close = taken(acknowledged_stop(1.1), **options)["close"]
    assert (close and close["code"]) == code


def test_callbacks_are_taken_but_for_those_that_are_made_anew():
    def called(event: str) -> str:
        return json.dumps({"id": "s", "event": event, "payload": {"type": event[5:]}})

    kinds = ["live.start_session", "live.audio_chunk", "live.transcript", "live.stop_recording"]
    run = make_run([(0.5 + 0.01 * k, called(kind)) for k, kind in enumerate(kinds)])
    events = [
        {**event, "via": "callback"} if '"live.' in event.get("raw", "") else event
        for event in run.record.events
    ]
    header = {**run.record.header, "options": {**run.record.header["options"], "callbacks": True}}
    record = type(run.record)(header, tuple(events))
    cassette = cassette_of(record, "called.run")
    assert [row[3:] for row in cassette["messages"]] == [["callback", called("live.transcript")]]
    assert cassette["config"]["callback"] is True
    assert cassette["config"]["callback_config"]["url"]


def test_what_no_service_sends_is_left_out():
    run = make_run([(0.5, "\udcff"), (0.6, "not JSON")])
    texts = [row[4] for row in cassette_of(run.record, "odd.run")["messages"]]
    assert texts == ["not JSON"]


def test_what_an_anonymous_run_does_not_tell_is_not_compared():
    run = rich_run()
    assert "custom_metadata" in cassette_of(run.record, "a")["free"]
    hidden = "realtime_processing.custom_vocabulary_config"
    assert hidden not in cassette_of(run.record, "a")["free"]
    assert hidden in cassette_of(run.without_speech().record, "a")["free"]


def test_the_stored_result_is_taken_when_it_was_complete():
    def with_result(raw: str) -> Run:
        return make_run(extra=[{"event": "result", "start_ns": 1, "end_ns": 2, "raw": raw}])

    done = json.dumps({"status": "done", "result": {"metadata": {}}})
    assert cassette_of(with_result(done).record, "a")["result"] == done
    for raw in ("no", "[]", '{"status": "processing", "result": {}}', "[" * 100_000):
        assert cassette_of(with_result(raw).record, "a")["result"] is None
