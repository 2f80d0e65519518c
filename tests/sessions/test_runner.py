import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import gladia_nb as gn
from gladia_nb.record.file import load_record
from gladia_nb.server import LocalServer
from gladia_nb.sessions.process import get_worker
from tests.support.scripted_helpers import SCRIPT

FAST = {"speed": 8, "endpointing": 0.3}


def test_a_session_from_speech_to_frames(local_server, clip):
    run = gn.transcribe(clip, server=local_server, progress=False, **FAST)
    assert run.outcome == "finished"
    assert run.path.parent == Path(os.environ["GLADIA_NB_RUNS"])
    assert "hello it is very nice to see you again" in run.text
    assert set(run.messages["type"]) >= {
        "audio_chunk",
        "speech_start",
        "speech_end",
        "transcript",
        "stop_recording",
        "end_session",
    }
    assert (run.messages["is_final"] == False).sum() > 3  # noqa: E712 - nullable
    assert len(run.chunks) == 50
    assert run.chunks["ack_ns"].notna().all()
    assert (run.chunks["lateness_ms"] >= 0).all()
    assert gn.word_errors(run).iloc[-1]["wer"] <= 0.25
    result = json.loads(run.record.of("result")[0]["raw"])
    assert result["status"] == "done"
    assert len(result["result"]["messages"]) == len(run.messages)


def test_live_equals_saved(local_server, clip):
    live = gn.start(clip, server=local_server, **FAST)
    seen = []
    live.subscribe(seen.append)
    run = live.result(60)
    assert [dict(event) for event in run.record.events] == seen
    late = []
    live.subscribe(late.append)
    assert late == seen
    assert list(live.events()) == seen
    copy = gn.load(run.save(run.path.with_name("copy.run")))
    assert copy.record.events == run.record.events
    assert copy.messages.equals(run.messages)


def test_it_works_inside_a_running_loop_and_can_be_awaited(local_server, clip):
    async def cell() -> tuple:
        blocking = gn.transcribe(clip, server=local_server, progress=False, **FAST)
        awaited = await gn.start(clip, server=local_server, **FAST)
        return blocking, awaited

    blocking, awaited = asyncio.run(cell())
    assert blocking.text == awaited.text != ""


def test_two_sessions_at_once_do_not_mix(local_server, clip):
    lives = [gn.start(clip, server=local_server, **FAST) for _ in range(2)]
    runs = [live.result(60) for live in lives]
    assert runs[0].session_id != runs[1].session_id
    assert runs[0].text == runs[1].text
    assert runs[0].path != runs[1].path


def test_stop_keeps_what_was_said(local_server):
    live = gn.start(gn.sample("conversation"), server=local_server, speed=4)
    while live.sent_s < 4:
        assert not live.wait(0.02)
    live.stop()
    live.stop()
    run = live.result(30)
    assert run.outcome == "stopped"
    assert 4 <= run.chunks["end_s"].max() < 20
    assert run.text.startswith("hello")
    assert "finished" not in repr(live)


def test_abort_ends_at_once(local_server):
    live = gn.start(gn.sample("conversation"), server=local_server)
    time.sleep(0.5)
    live.abort()
    run = live.result(10)
    assert run.outcome == "aborted"
    live.abort()


def test_result_has_a_bound(local_server):
    live = gn.start(gn.sample("conversation"), server=local_server)
    with pytest.raises(TimeoutError):
        live.result(0.05)
    live.abort()
    live.wait(10)


def test_a_subscriber_that_fails_hurts_only_the_log(local_server, clip, caplog):
    live = gn.start(clip, server=local_server, **FAST)

    def broken(event):
        raise RuntimeError("mine")

    unsubscribe = live.subscribe(broken)
    unsubscribe()
    unsubscribe()
    live.subscribe(broken)
    assert live.result(60).outcome == "finished"
    assert "A subscriber of a live session failed" in caplog.text


def test_arrays_json_audio_and_encodings(local_server, clip):
    audio = gn.read_audio(clip)
    samples = audio.samples[:, 0]
    for options in ({"json_audio": True}, {"encoding": "wav/ulaw"}, {"bit_depth": 24}):
        run = gn.transcribe(
            (samples, audio.sample_rate), server=local_server, progress=False, **options, **FAST
        )
        assert "very nice to see you" in run.text
        assert run.name == "array"
        assert len(run.reference) == 0


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"chunk_ms": 0}, gn.ConfigError, "chunk_ms must be between 1 and 10000 .got 0"),
        ({"speed": "fast"}, gn.ConfigError, "speed must be between 0.1 and 100 .got 'fast'"),
        ({"region": "mars"}, gn.ConfigError, "region must be 'eu-west' or 'us-west'"),
        ({"endpointing": 99}, gn.ConfigError, "endpointing must be between"),
        ({"endpoint": 1}, gn.ConfigError, "endpoint is not a field of the live API"),
        ({"url": "ftp://x"}, gn.ConfigError, "is not the URL of a service"),
        ({"url": "https://example.org"}, gn.AuthenticationError, "no API key for example.org"),
        ({"path": "/dev/null/x.run"}, gn.RunFileError, "Cannot write the run to"),
        ({"reference": [{"word": 1}]}, gn.ConfigError, "needs word, start_s and end_s"),
    ],
)
def test_bad_input_is_one_sentence_before_anything_is_sent(clip, options, error, sentence):
    with pytest.raises(error, match=sentence):
        gn.start(clip, **options)


def test_chunks_above_a_frame_are_refused():
    with pytest.raises(gn.ConfigError, match="choose a shorter chunk_ms"):
        gn.start((np.zeros((48000, 8)), 48000), bit_depth=32, chunk_ms=1000)


def test_a_run_is_never_overwritten(local_server, clip, tmp_path):
    path = tmp_path / "mine.run"
    path.write_text("precious")
    with pytest.raises(gn.RunFileError, match="exists already; a run is never overwritten"):
        gn.start(clip, server=local_server, path=path)
    assert path.read_text() == "precious"


def test_a_wrong_key_is_said_and_leaves_no_file(local_server, clip, tmp_path):
    with pytest.raises(gn.AuthenticationError, match="refused the API key") as caught:
        gn.transcribe(clip, url=local_server.url, key="wrong-wrong-wrong", progress=False)
    assert caught.value.status == 401
    assert caught.value.run.outcome == "failed"
    # What is known of it is in memory, and can be saved.
    assert caught.value.run.path is None
    assert not list((tmp_path / "runs").iterdir())
    saved = caught.value.run.save(tmp_path / "a.run")
    assert "wrong-wrong-wrong" not in saved.read_text()
    assert gn.load(saved).record.events == caught.value.run.record.events


def test_nobody_there(clip, tmp_path):
    # A place that is named is free again for the next attempt.
    for _ in range(2):
        with pytest.raises(gn.UnreachableError, match=r"Cannot reach http://127\.0\.0\.1:9 "):
            gn.transcribe(
                clip, url="http://127.0.0.1:9", key="k", progress=False, path=tmp_path / "a.run"
            )
    assert not (tmp_path / "a.run").exists()


def test_a_session_that_could_not_be_connected_keeps_its_file(clip, tmp_path):
    with (
        LocalServer(engine="scripted", script=SCRIPT, faults=["refuse:status=403"]) as server,
        pytest.raises(gn.GladiaNbError) as caught,
    ):
        gn.transcribe(clip, server=server, progress=False, path=tmp_path / "a.run")
    # The service has it, by this name.
    assert caught.value.run.path == tmp_path / "a.run"
    assert gn.load(tmp_path / "a.run").session_id


def worker_pid() -> int:
    return get_worker().pid


def test_a_killed_worker_loses_nothing_that_was_recorded(local_server):
    live = gn.start(gn.sample("conversation"), server=local_server)
    while live.sent_s < 1:
        time.sleep(0.02)
    seen = []
    live.subscribe(seen.append)
    os.kill(worker_pid(), signal.SIGKILL)
    with pytest.raises(gn.WorkerError, match="killed by signal 9") as caught:
        live.result(10)
    run = caught.value.run
    assert (run.outcome, run.complete) == ("incomplete", False)
    assert len(run.record.events) >= len(seen) > 10
    assert run.chunks["end_s"].max() >= 1
    live.stop()
    again = gn.start(gn.sample("conversation"), server=local_server)
    again.abort()
    assert again.result(10).outcome == "aborted"


KERNEL = """
import sys, time, gladia_nb as gn
live = gn.start(gn.sample("conversation"), url=sys.argv[1], key=sys.argv[2])
from gladia_nb.sessions.process import get_worker
while live.sent_s < 1:
    time.sleep(0.02)
print(live.path, get_worker().pid, flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
def test_a_killed_kernel_leaves_no_process_and_a_run_that_loads(local_server):
    kernel = subprocess.Popen(
        [sys.executable, "-c", KERNEL, local_server.url, local_server.key],
        stdout=subprocess.PIPE,
        text=True,
    )
    path, pid = kernel.stdout.readline().split()
    kernel.kill()
    kernel.wait()
    kernel.stdout.close()
    deadline = time.monotonic() + 10
    while not gone(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert gone(int(pid))
    record = load_record(path)
    assert record.outcome in ("aborted", "incomplete")
    assert len(record.of("chunk")) >= 10


@pytest.fixture
def interruptible():
    """SIGINT raises KeyboardInterrupt, as it does unless tests were started with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_stops_properly_and_returns_the_run(local_server, interruptible):
    def interrupt() -> None:
        time.sleep(1.5)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    run = gn.transcribe(gn.sample("conversation"), server=local_server, progress=False)
    assert run.outcome == "stopped"
    assert 1 < run.chunks["end_s"].max() < 10
    assert run.record.of("stop")


def test_modules_of_the_user_s_folder_do_not_get_into_the_worker(local_server, clip, tmp_path):
    (tmp_path / "json.py").write_text("raise SystemExit('not this json')")
    code = (
        "import sys, gladia_nb as gn; "
        "run = gn.transcribe(sys.argv[1], url=sys.argv[2], key=sys.argv[3], "
        "progress=False, speed=20, path='x.run'); print(run.outcome)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, clip, local_server.url, local_server.key],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "finished", done.stderr


def test_shutdown_ends_the_process_and_a_later_session_begins_another(local_server, clip):
    gn.transcribe(clip, server=local_server, progress=False, speed=20)
    pid = worker_pid()
    gn.shutdown()
    assert gone(pid)
    assert gn.transcribe(clip, server=local_server, progress=False, speed=20).complete
    assert worker_pid() != pid


def test_a_network_is_between_here_and_the_service_and_in_the_record(local_server, clip):
    asked = {"profile": "mobile", "stall": 0, "seed": 4}
    run = gn.transcribe(clip, server=local_server, progress=False, network=asked, **FAST)
    told = run.record.header["options"]["network"]
    assert (told["profile"], told["seed"], told["delay_ms"]) == ("mobile", 4, 40)
    added = gn.network_delays(run)
    assert set(added["direction"]) == {"up", "down"}
    assert added["added_ms"].min() >= 15
    assert added.loc[added["direction"] == "up", "size_bytes"].sum() > run.chunks["end_byte"].max()
    assert {"uplink", "downlink"} <= set(gn.waterfall(run)["part"])
    assert run.record.events[-1]["event"] == "end"
    again = gn.load(run.path)
    assert gn.network_delays(again).equals(added)


def test_resets_are_survived_and_each_run_draws_its_own_seed(local_server, clip):
    # In real time: the shortest distance of two resets is half of a second.
    run = gn.transcribe(clip, server=local_server, progress=False, speed=1, network={"reset": 1})
    assert run.outcome == "finished"
    told = [ns for event in run.record.of("network") for ns in event["resets"]]
    assert len(told) >= 1
    assert len(run.record.of("connect")) > 1
    audit = gn.audio_audit(run).iloc[0]
    assert audit["acknowledged_bytes"] == audit["spoken_bytes"]
    assert run.record.header["options"]["network"]["seed"] >= 0


def test_a_network_that_cannot_be(clip):
    with pytest.raises(gn.ConfigError, match=r"network must be one of none, .* \(got 'moblie'\)"):
        gn.start(clip, network="moblie")
    with pytest.raises(gn.ConfigError, match="delay_ms must be between"):
        gn.start(clip, network={"delay": -1})
