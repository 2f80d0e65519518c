"""What goes wrong on purpose: each fault, and what a user of the client sees of it."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import gladia_nb as gn
from gladia_nb.errors import ApiError, LimitError, ServerError, SessionError
from gladia_nb.server import LocalServer
from gladia_nb.server.settings.faults import Fault, FaultBoard
from tests.support.scripted_helpers import SCRIPT, TEXT, ask, make_sound, trace_of

BOUND_S = 25.0


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer(engine="scripted", script=SCRIPT, trace=True, idle_timeout_s=1.5) as server:
        yield server
        # Nothing is left open once all sessions are over.
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            open_ones = [
                one
                for one in psutil.Process(server.pid).net_connections()
                if one.status not in ("LISTEN", "TIME_WAIT")
            ]
            if not open_ones:
                break
            time.sleep(0.05)
        assert not open_ones


@pytest.fixture(autouse=True)
def no_faults_left(server: LocalServer) -> Iterator[None]:
    yield
    ask(server, "/_control/faults", method="DELETE")


@pytest.fixture
def sound(tmp_path: Path) -> tuple[Path, bytes]:
    path = tmp_path / "sound.wav"
    return path, make_sound(path)


def arm(server: LocalServer, *faults: Any) -> None:
    status, body = ask(server, "/_control/faults", list(faults))
    assert status == 200, body


def left(server: LocalServer) -> list[dict[str, Any]]:
    return json.loads(ask(server, "/_control/faults")[1])["faults"]


def run_session(server: LocalServer, path: Path, **options: Any) -> gn.Run:
    live = gn.start(path, server=server, **{"speed": 8, "endpointing": 0.3, **options})
    return live.result(BOUND_S)


def failure_of(server: LocalServer, path: Path, **options: Any) -> Any:
    with pytest.raises(gn.GladiaNbError) as caught:
        run_session(server, path, **options)
    assert caught.value.run is not None
    return caught.value


def file_of(server: LocalServer, run: gn.Run, seconds: float = 4.0) -> bytes:
    """The audio that the server has, once it has given up waiting for the client."""
    deadline = time.monotonic() + seconds
    while True:
        status, body = ask(server, f"/v2/live/{run.session_id}/file")
        if status == 200:
            return body[44:]
        assert time.monotonic() < deadline, "the server never ended the session"
        time.sleep(0.05)


def stored_messages(server: LocalServer, run: gn.Run) -> list[str]:
    body = json.loads(ask(server, f"/v2/live/{run.session_id}")[1])
    return body["result"]["messages"]


def check_whole(server: LocalServer, run: gn.Run, data: bytes) -> None:
    """The session finished, and not a byte of audio is missing or doubled."""
    assert run.outcome == "finished"
    assert run.error is None
    assert file_of(server, run) == data
    stored = json.loads(run.record.of("result")[0]["raw"])
    texts = [item["text"].strip() for item in stored["result"]["transcription"]["utterances"]]
    assert "\n".join(texts) == TEXT
    for frame in (run.messages, run.chunks, run.utterances, run.words):
        assert len(frame)
    assert isinstance(run._repr_html_(), str)


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


def test_a_fault_has_three_forms() -> None:
    fault = Fault.parse("drop:at_byte=40000,times=2,lose_s=0.5")
    assert fault == Fault("drop", at_byte=40000, times=2, lose_s=0.5)
    assert Fault.parse(fault.to_dict()) == Fault.parse(str(fault)) == fault
    assert str(Fault.parse({"kind": "refuse"})) == "refuse"
    assert Fault.parse("null_data:type=translation,times=all").times is None
    assert Fault.parse(str(Fault("stall", times=None))) == Fault("stall", times=None)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("explode", "there is no fault 'explode'; there are drop, close"),
        ("drop:code=1011,at_byte", "'at_byte' in the fault .* must be NAME=VALUE"),
        ("drop:code=4000", "the fault drop has no code; it takes at_byte, at_s, at_message"),
        ("close:code=99", "code of the fault close must be a whole number from 1000 to 4999"),
        ("drop:at_byte=1.5", "at_byte of the fault drop must be a whole number"),
        ("drop:at_byte=1,at_s=1", "the fault drop takes one of at_byte, at_s, at_message"),
        ("drop:times=0", "times of the fault drop must be a whole number from 1"),
        ("stall:wait_s=long", "wait_s of the fault stall must be a number from 0"),
        ({"at_byte": 3}, "a fault needs a kind, one of drop"),
        ({"kind": "drop", "colour": 1}, "a fault has no 'colour'; there are kind"),
        ({"kind": "null_data", "type": 3}, "type of the fault null_data must be text"),
        (7, "a fault is a mapping or text like drop:at_byte=40000"),
    ],
)
def test_a_wrong_declaration(given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Fault.parse(given)


def test_the_board_counts_down() -> None:
    board = FaultBoard((Fault("drop", times=2), Fault("stall", times=None)))
    for _ in range(2):
        assert board.take(lambda fault: fault.kind == "drop") is not None
    assert board.take(lambda fault: fault.kind == "drop") is None
    assert board.take(lambda fault: fault.kind == "stall") is not None
    assert board.describe() == [{"kind": "stall", "times": "all", "left": "all"}]
    board.clear()
    assert board.describe() == []


def test_faults_of_a_server_from_its_start(sound: tuple[Path, bytes]) -> None:
    faults = ["drop:at_byte=40000", {"kind": "refuse"}, Fault("malformed")]
    with LocalServer(engine="scripted", script=SCRIPT, faults=faults) as server:
        assert len(left(server)) == 3
        run = run_session(server, sound[0])
        check_whole(server, run, sound[1])
        assert left(server) == []
        assert ask(server, f"/_trace/{run.session_id}")[0] == 404
    with pytest.raises(ServerError, match="there is no fault 'explode'"):
        LocalServer(faults=["explode"]).start()


def test_faults_on_the_command_line() -> None:
    command = [sys.executable, "-m", "gladia_nb.server", "--fault", "drop:at_byte=x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("at_byte of the fault drop must be a whole number")
    assert done.stderr.count("\n") == 1
    arguments = ["serve", "--port", "0", "--fault", "explode"]
    code = f"import sys; from gladia_nb.cli.commands import main; sys.exit(main({arguments!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no fault 'explode'; there are drop, close" in done.stderr


@pytest.mark.parametrize(
    ("path", "body"),
    [("/_control/faults", ["drop"]), ("/_control/script", {}), ("/_trace/x", None)],
)
def test_the_controls_want_the_key(server: LocalServer, path: str, body: Any) -> None:
    assert ask(server, path, body, key="")[0] == 401
    assert ask(server, path, body, key="wrong")[0] == 401


def test_wrong_requests_to_the_controls(server: LocalServer) -> None:
    for path in ("/_control/faults", "/_control/script"):
        status, body = ask(server, path, "explode")
        assert status == 400
        assert json.loads(body)["validation_errors"]
        assert ask(server, path, method="PUT")[0] == 404
    assert ask(server, "/_trace/unknown")[0] == 404
