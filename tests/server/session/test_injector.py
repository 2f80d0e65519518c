"""What goes wrong on purpose: each fault, and what a user of the client sees of it."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from pathlib import Path

import pytest

import gladia_nb as gn
from gladia_nb.errors import ApiError, LimitError, SessionError
from gladia_nb.server import LocalServer
from gladia_nb.server.settings.faults import Fault
from tests.support.faulty import (
    BOUND_S,
    arm,
    check_whole,
    failure_of,
    file_of,
    left,
    run_session,
    stored_messages,
)
from tests.support.scripted_helpers import TEXT, trace_of

# -- the connection breaks --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "connections"),
    [
        ("drop:at_byte=40000", 2),
        ("drop:at_byte=20000,times=3", 4),
        ("drop:at_s=0.1", 2),
        ("drop:at_message=5,times=2", 3),
        ("drop", 2),
        ("close:code=1011,at_byte=40000", 2),
        ("close:code=4500,at_message=4", 2),
        ("close:code=1001,at_s=0.1", 2),
    ],
)
def test_a_lost_connection_is_resumed(
    server: LocalServer, sound: tuple[Path, bytes], fault: str, connections: int
) -> None:
    arm(server, fault)
    run = run_session(server, sound[0])
    check_whole(server, run, sound[1])
    assert not left(server)
    assert run.warnings == []
    closes = run.record.of("close")
    assert len(closes) == len(run.record.of("connect")) == connections
    expected = Fault.parse(fault).code if fault.startswith("close") else None
    assert [event["code"] for event in closes[:-1]] == [expected] * (connections - 1)
    trace = trace_of(server, run.session_id)
    assert [item["event"] for item in trace["connections"]] == ["open", "close"] * connections


@pytest.mark.parametrize("kind", ["drop", "close"])
def test_messages_lost_before_a_drop_are_in_the_stored_result(
    server: LocalServer, sound: tuple[Path, bytes], kind: str
) -> None:
    arm(server, f"{kind}:at_byte=20000,lose_s=0.15")
    run = run_session(server, sound[0])
    check_whole(server, run, sound[1])
    received = [event["raw"] for event in run.record.of("message")]
    stored = stored_messages(server, run)
    # The answer to the question how much has arrived belongs to the acknowledgements too.
    assert set(received) < set(stored)
    lost = [json.loads(text)["type"] for text in stored if text not in set(received)]
    assert lost.count("audio_chunk") >= 5


def test_a_connection_that_breaks_for_ever_ends_with_a_named_error(
    server: LocalServer, sound: tuple[Path, bytes]
) -> None:
    arm(server, "drop:times=all")
    began = time.monotonic()
    error = failure_of(server, sound[0])
    assert isinstance(error, SessionError)
    # The server has given up waiting before the client is at its eighth attempt.
    assert error.code == 4403
    assert time.monotonic() - began < BOUND_S
    assert error.run.outcome == "failed"


def test_a_connection_that_breaks_at_each_answer_ends_too(
    server: LocalServer, sound: tuple[Path, bytes]
) -> None:
    arm(server, "drop:at_message=1,times=all")
    live = gn.start(sound[0], server=server, speed=8, endpointing=0.3)
    try:
        assert live.wait(60), f"{live} is still trying"
    finally:
        live.abort()
        live.wait(5)
    # Where an acknowledgement slips through before each break, the session gets to its end.
    with contextlib.suppress(SessionError):
        live.result()
    run = gn.load(live.path)
    assert run.complete
    assert len(run.record.of("connect")) < 40


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (4403, "had already ended this session (close code 4403)"),
        (4408, "gave up because no audio came (close code 4408)"),
        (4429, "refused to go on (close code 4429)"),
    ],
)
def test_codes_at_which_no_client_comes_back(
    server: LocalServer, sound: tuple[Path, bytes], code: int, words: str
) -> None:
    arm(server, {"kind": "close", "code": code, "at_byte": 40000})
    error = failure_of(server, sound[0])
    assert isinstance(error, SessionError)
    assert error.code == code
    assert words in str(error)
    kept = file_of(server, error.run)
    assert len(kept) >= 40000
    assert sound[1].startswith(kept)
    sent = error.run.chunks["end_byte"].max()
    assert sent >= len(kept)


def test_an_end_before_all_audio_was_sent_is_told(
    server: LocalServer, sound: tuple[Path, bytes]
) -> None:
    arm(server, "close:code=1000,at_byte=40000")
    run = run_session(server, sound[0])
    assert run.outcome == "finished"
    assert run.warnings == ["The service ended the session before all audio had been sent."]
    kept = file_of(server, run)
    assert sound[1].startswith(kept)
    assert len(kept) >= 40000


def test_audio_in_json_counts_as_audio(server: LocalServer, sound: tuple[Path, bytes]) -> None:
    arm(server, "drop:at_byte=40000")
    run = run_session(server, sound[0], json_audio=True)
    check_whole(server, run, sound[1])
    assert len(run.record.of("connect")) == 2
    first = run.chunks[run.chunks["connection"] == 1]
    assert first["end_byte"].max() >= 40000


def test_a_fault_at_run_time(server: LocalServer, sound: tuple[Path, bytes]) -> None:
    live = gn.start(sound[0], server=server, speed=2, endpointing=0.3)
    while live.sent_s < 0.5:
        assert not live.wait(0.01)
    arm(server, "drop")
    run = live.result(BOUND_S)
    check_whole(server, run, sound[1])
    assert len(run.record.of("close")) == 2


# -- the start is refused ---------------------------------------------------------------------


def test_refused_handshakes_of_a_service_in_trouble_are_tried_again(
    server: LocalServer, sound: tuple[Path, bytes]
) -> None:
    arm(server, "refuse:status=503,times=2")
    run = run_session(server, sound[0])
    check_whole(server, run, sound[1])
    errors = [event["error"] for event in run.record.of("connect")]
    assert errors == ["The service refused the WebSocket with status 503."] * 2 + [None]


def test_a_refused_first_handshake_is_an_answer(
    server: LocalServer, sound: tuple[Path, bytes]
) -> None:
    arm(server, "refuse:status=403")
    error = failure_of(server, sound[0])
    assert isinstance(error, ApiError)
    assert str(error) == "The service refused the WebSocket with status 403."


def test_refused_handshakes_of_a_resume_are_tried_again(
    server: LocalServer, sound: tuple[Path, bytes]
) -> None:
    live = gn.start(sound[0], server=server, speed=3, endpointing=0.3)
    while live.sent_s < 0.3:
        assert not live.wait(0.01)
    arm(server, "refuse:status=403,times=2", "drop")
    run = live.result(BOUND_S)
    check_whole(server, run, sound[1])
    assert len(run.record.of("connect")) == 4


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [(429, LimitError, "Too many sessions"), (500, ApiError, "answered 500: simulated fault")],
)
def test_a_start_that_is_refused_for_good(
    server: LocalServer, sound: tuple[Path, bytes], status: int, kind: type, words: str
) -> None:
    arm(server, f"post:status={status},times=all")
    error = failure_of(server, sound[0])
    assert isinstance(error, kind)
    assert error.status == status
    assert words in str(error)


@pytest.mark.parametrize(
    "fault", ["post:status=500", "post:status=429,retry_after_s=0.2", "post:status=503"]
)
def test_a_passing_refusal_of_the_start_is_tried_again(
    server: LocalServer, sound: tuple[Path, bytes], fault: str
) -> None:
    arm(server, fault)
    check_whole(server, run_session(server, sound[0]), sound[1])


def test_a_slow_start_is_awaited(server: LocalServer, sound: tuple[Path, bytes]) -> None:
    arm(server, "slow_post:wait_s=0.4")
    run = run_session(server, sound[0])
    check_whole(server, run, sound[1])
    (init,) = run.record.of("init")
    assert init["end_ns"] - init["start_ns"] >= 0.4e9


# -- acknowledgements -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        "delay_acks:wait_s=0.15,times=8",
        "delay_acks:wait_s=5,times=all",
        "duplicate_acks:times=8",
        "duplicate_acks:times=all",
        "reorder_acks:times=8",
        "reorder_acks:times=all",
        "withhold_acks:times=8",
        "withhold_acks:times=all",
        "withhold_acks:at_byte=40000,times=all",
    ],
)
def test_acknowledgements_that_are_not_as_they_should_be(
    server: LocalServer, sound: tuple[Path, bytes], fault: str
) -> None:
    arm(server, fault)
    run = run_session(server, sound[0])
    check_whole(server, run, sound[1])
    assert run.warnings == []
    assert len(run.record.of("connect")) == 1
    acks = run.messages[run.messages["type"] == "audio_chunk"]
    if "withhold" in fault:
        assert len(acks) < len(run.chunks)
    elif "duplicate" in fault:
        assert len(acks) > len(run.chunks)
    else:
        assert len(acks) == len(run.chunks)
        ends = [json.loads(event["raw"]) for event in run.record.of("message")]
        ends = [m["data"]["byte_range"][1] for m in ends if m["type"] == "audio_chunk"]
        assert sorted(ends) == run.chunks["end_byte"].tolist()
        if "wait_s=5" not in fault:
            assert ends != sorted(ends)


@pytest.mark.parametrize(
    "fault",
    ["withhold_acks:times=4", "duplicate_acks:times=all", "delay_acks:wait_s=0.05,times=9"],
)
def test_strange_acknowledgements_and_a_drop(
    server: LocalServer, sound: tuple[Path, bytes], fault: str
) -> None:
    arm(server, fault, "drop:at_byte=16000,times=2")
    run = run_session(server, sound[0])
    check_whole(server, run, sound[1])
    assert len(run.record.of("connect")) == 3


@pytest.mark.parametrize("fault", ["withhold_acks:times=all", "reorder_acks:times=all"])
def test_a_resume_without_an_answer_is_told(
    server: LocalServer, sound: tuple[Path, bytes], fault: str
) -> None:
    """Nobody can know then what arrived; audio is there twice rather than not at all."""
    arm(server, fault, "drop:at_byte=16000")
    run = run_session(server, sound[0])
    assert run.outcome == "finished"
    assert "a little audio may be there twice" in run.warnings[0]
    kept = file_of(server, run)
    resent = run.chunks[run.chunks["resend"]]
    start, end = resent["start_byte"].min(), resent["end_byte"].max()
    arrived = len(kept) - (len(sound[1]) - start)
    assert kept == sound[1][:arrived] + sound[1][start:]
    assert start < arrived <= end


def test_a_server_that_does_not_read(server: LocalServer, sound: tuple[Path, bytes]) -> None:
    arm(server, "stall:wait_s=0.5,at_byte=10000")
    run = run_session(server, sound[0])
    check_whole(server, run, sound[1])
    assert len(run.record.of("connect")) == 1
    assert run.chunks["ack_ms"].max() > 250
    # The speaker does not wait for the service: all audio leaves when it is due.
    assert run.chunks["lateness_ms"].max() < 200
    stamps = [item["ns"] for item in trace_of(server, run.session_id)["received"]]
    assert max(b - a for a, b in itertools.pairwise(stamps)) > 0.45e9


# -- messages ---------------------------------------------------------------------------------


def test_a_frame_that_is_not_json_is_kept(server: LocalServer, sound: tuple[Path, bytes]) -> None:
    arm(server, "malformed:at_message=3,times=2")
    run = run_session(server, sound[0])
    check_whole(server, run, sound[1])
    assert run.text == TEXT
    broken = [event["raw"] for event in run.record.of("message")][3:5]
    assert broken == ['{"type":"transcript","data":{"id":'] * 2
    assert run.messages["problem"].dropna().tolist() == ["not JSON"] * 2


def test_a_type_that_nobody_knows_is_kept(server: LocalServer, sound: tuple[Path, bytes]) -> None:
    arm(server, "unknown_type:at_byte=10000")
    run = run_session(server, sound[0])
    check_whole(server, run, sound[1])
    assert run.text == TEXT
    assert (run.messages["type"] == "novelty").sum() == 1


def test_fields_that_nobody_knows_are_kept(server: LocalServer, sound: tuple[Path, bytes]) -> None:
    arm(server, "unknown_fields:times=all", "unknown_fields:type=audio_chunk,times=all")
    run = run_session(server, sound[0])
    check_whole(server, run, sound[1])
    assert run.text == TEXT
    texts = [event["raw"] for event in run.record.of("message")]
    assert sum('"novelty":[11]' in text for text in texts) > 30


@pytest.mark.parametrize("kind", ["transcript", "audio_chunk", "stop_recording", "speech_start"])
def test_data_that_is_null(server: LocalServer, sound: tuple[Path, bytes], kind: str) -> None:
    arm(server, f"null_data:type={kind},times=2")
    run = run_session(server, sound[0])
    check_whole(server, run, sound[1])
    assert len(run.record.of("message")) == len(stored_messages(server, run))
    texts = [event["raw"] for event in run.record.of("message")]
    struck = [json.loads(text) for text in texts if '"data":null' in text]
    assert struck
    assert {message["type"] for message in struck} == {kind}


# -- the declaration --------------------------------------------------------------------------
