"""The sound beside a run is what the service stored: files, live audio, drops, kills, no room."""

import json
import os
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path

import numpy as np
import pytest

import gladia_nb as gn
from gladia_nb.audio import decode
from gladia_nb.errors import RunFileError
from gladia_nb.record.folders import delete_run, move_run, sound_files
from gladia_nb.record.sound import Wire
from gladia_nb.record.sound_writing import SoundWriter
from gladia_nb.server import LocalServer
from gladia_nb.sessions import sound_keeping
from gladia_nb.sessions.sound_keeping import SoundKeeper, keeping
from tests.support.faulty import arm, file_of, left, run_session
from tests.support.kept_sounds import LAYOUTS
from tests.support.make_runs import make_run
from tests.support.scripted_helpers import RATE, SCRIPT, make_sound


@pytest.fixture(scope="module")
def server():
    with LocalServer(engine="scripted", script=SCRIPT) as found:
        yield found


@pytest.fixture(scope="module")
def stereo():
    noise = np.random.default_rng(3).normal(0, 0.2, (2 * RATE, 2))
    return gn.Audio(noise, RATE, "noise")


def stored(server, run):
    """What the service has, decoded. The head of its WAV file is longer for A-law and mu-law."""
    wire = Wire.of(run.config)
    data = file_of(server, run)
    head = 0 if wire.encoding == "wav/pcm" else 14
    return decode(data[head:], wire.encoding, wire.bit_depth, wire.channels)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_of_a_file_in_every_encoding(layout, server, stereo):
    # Another rate than the file's, and as many samples as that makes.
    run = gn.start(
        stereo, server=server, speed=20, encoding=layout[0], bit_depth=layout[1], sample_rate=8000
    ).result(25)
    assert run.outcome == "finished"
    truth = stored(server, run)
    assert np.array_equal(run.audio.samples, truth)
    assert truth.shape[1] == 2
    assert (run.audio.sample_rate, run.audio.name) == (8000, "noise")
    suffix = ".wav" if layout == ("wav/pcm", 32) else ".flac"
    assert sound_files(run.path) == [Path(f"{run.path}{suffix}")]
    assert np.array_equal(gn.load(run.path).audio.samples, truth)


def test_over_connections_that_break(server, tmp_path):
    make_sound(tmp_path / "a.wav")
    arm(server, "drop:at_byte=20000,times=3")
    run = run_session(server, tmp_path / "a.wav")
    assert not left(server)
    assert len(run.record.of("connect")) == 4
    assert np.array_equal(run.audio.samples, stored(server, run))


def test_of_a_session_that_is_stopped_only_what_was_sent(server, tmp_path):
    make_sound(tmp_path / "a.wav", 30.0)
    live = gn.start(tmp_path / "a.wav", server=server, speed=2)
    while live.sent_s < 1:
        time.sleep(0.02)
    live.stop()
    run = live.result(25)
    assert run.outcome == "stopped"
    truth = stored(server, run)
    assert RATE <= len(truth) < 20 * RATE
    assert np.array_equal(run.audio.samples, truth)
    # Nor has the file itself any more, and nothing lies beside it.
    assert sound_files(run.path) == [Path(f"{run.path}.flac")]
    assert np.array_equal(gn.read_audio(f"{run.path}.flac").samples, truth)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_of_live_audio(rate, server):
    audio = gn.LiveAudio(rate, 2)
    live = gn.start(audio, server=server, sample_rate=16000, channels=1)
    noise = np.random.default_rng(4).normal(0, 0.2, (rate, 2))
    for start in range(0, rate, rate // 10):
        audio.feed(noise[start : start + rate // 10])
    # Also amid the session it can be had.
    assert len(audio.take().samples) > 8000
    audio.close()
    run = live.result(25)
    truth = stored(server, run)
    assert np.array_equal(run.audio.samples, truth)
    assert np.array_equal(audio.take().samples, truth)
    saved = audio.save(run.path.with_suffix(".take.wav"))
    assert np.array_equal(gn.read_audio(saved).samples, truth)


def test_left_out_when_it_is_not_wanted(server, tmp_path):
    make_sound(tmp_path / "a.wav")
    run = run_session(server, tmp_path / "a.wav", audio=False)
    assert run.audio is None
    assert not sound_files(run.path)
    audio = gn.LiveAudio()
    live = gn.start(audio, server=server, audio=False)
    audio.feed(np.zeros(1600))
    audio.close()
    assert live.result(25).audio is None
    assert len(audio.take().samples) == 1600


def test_a_name_that_is_taken_is_refused_before_anything_is_sent(server, tmp_path):
    make_sound(tmp_path / "a.wav")
    (tmp_path / "a.run.flac").write_bytes(b"mine")
    with pytest.raises(RunFileError, match=r"a\.run\.flac exists already"):
        gn.start(tmp_path / "a.wav", server=server, path=tmp_path / "a.run")
    assert not (tmp_path / "a.run").exists()
    assert (tmp_path / "a.run.flac").read_bytes() == b"mine"


KERNEL = """
import sys, time, numpy as np, gladia_nb as gn
kind, url, key, path = sys.argv[1:]
noise = np.random.default_rng(5).normal(0, 0.2, 60 * 16000)
source = (noise, 16000) if kind == "file" else gn.LiveAudio()
live = gn.start(source, url=url, key=key, path=path)
at = 0
while live.sent_s < 1.2:
    if kind == "live":
        source.feed(noise[at : at + 800])
        at += 800
    time.sleep(0.05)
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
@pytest.mark.parametrize("kind", ["file", "live"])
def test_a_killed_kernel_keeps_all_that_was_sent(kind, server, tmp_path):
    path = tmp_path / "killed.run"
    kernel = subprocess.Popen(
        [sys.executable, "-c", KERNEL, kind, server.url, server.key, str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert kernel.stdout.readline() == "ready\n"
    os.kill(kernel.pid, signal.SIGKILL)
    kernel.wait()
    kernel.stdout.close()
    deadline = time.monotonic() + 25
    while not (run := gn.load(path)).complete and time.monotonic() < deadline:
        time.sleep(0.05)
    truth = stored(server, run)
    assert len(truth) >= 16000
    assert np.array_equal(run.audio.samples, truth)
    assert len(sound_files(path)) == 2
    # A copy is a file like any other.
    copy = gn.load(run.save(tmp_path / "copy.run", audio=True))
    assert np.array_equal(copy.audio.samples, truth)
    assert len(sound_files(copy.path)) == 1


FULL = """
import json, resource, sys
import gladia_nb as gn

sound, url, key, path = sys.argv[1:]
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
live = gn.start(sound, url=url, key=key, speed=10, path=path)
# The worker has the limit of before: the run goes on, its sound does not.
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
run = live.result(60)
print(json.dumps([run.outcome, run.warnings, run.audio.samples.ravel().tolist()]))
"""


def test_a_full_disk_costs_the_sound_and_not_the_session(server, tmp_path):
    data = make_sound(tmp_path / "a.wav", 20.0)
    place = [str(tmp_path / "a.wav"), server.url, server.key, str(tmp_path / "full.run")]
    done = subprocess.run(
        [sys.executable, "-c", FULL, *place], check=True, capture_output=True, text=True
    )
    outcome, warnings, samples = json.loads(done.stdout)
    assert outcome == "finished"
    assert any("did not take the sound of the run" in text for text in warnings)
    truth = decode(data, "wav/pcm", 16, 1).ravel()
    assert 0 < len(samples) < len(truth)
    assert np.array_equal(samples, truth[: len(samples)])


def test_what_the_disk_did_not_take_of_live_audio_is_in_memory(tmp_path):
    run = make_run()
    path = run.save(tmp_path / "a.run")
    keeper = SoundKeeper(path, run.record.header, None)
    keeper.begin()
    told = []
    keeper.failed = told.append
    keeper.tell()
    first, second = (np.full(1000, value, "<i2").tobytes() for value in (1, 2))
    keeper.feed(first)
    assert len(keeper.so_far("x").samples) == 1000

    def refuse(_):
        raise OSError(28, "No space left on device")

    keeper._writer.set_down = refuse
    keeper.feed(second)
    keeper.feed(second)
    assert (keeper.so_far("x").samples * 2**15).ravel().tolist() == [1] * 1000 + [2] * 2000
    assert len(told) == 1
    assert "No space left on device" in told[0]
    keeper.end()
    assert keeper.wait(10)
    assert (keeper.so_far("x").samples * 2**15).ravel().tolist() == [1] * 1000 + [2] * 2000


def test_what_the_disk_refuses_at_once_is_told_when_somebody_can_be_told(tmp_path, monkeypatch):
    """A note for a session that the worker does not know yet would go nowhere."""

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SoundWriter, "set_down", refuse)
    path = make_run().save(tmp_path / "a.run")
    told = []
    with keeping(path, bytes(3200)) as keeper:
        keeper.failed = told.append
        keeper.end()
        assert keeper.wait(10)
        assert told == []
    assert len(told) == 1
    assert "behind 0.0 s (No space left on device)" in told[0]
    keeper.tell()
    assert len(told) == 1


def test_at_the_end_of_the_interpreter_nobody_is_waited_for_who_was_left(tmp_path, monkeypatch):
    """Whoever was interrupted before it had the keeper has not ended it."""
    path = make_run().save(tmp_path / "a.run")
    keeper = SoundKeeper(path, gn.load(path).record.header, None)
    keeper.begin()
    monkeypatch.setattr(sound_keeping, "_everyone", weakref.WeakSet([keeper]))
    monkeypatch.setattr(sound_keeping, "_PARTING_S", 60.0)
    sound_keeping._finish_all()
    assert keeper.wait(0)


def test_what_cannot_begin_leaves_nothing(tmp_path):
    path = make_run().save(tmp_path / "a.run")
    with pytest.raises(ZeroDivisionError), keeping(path, b"") as sound:
        raise ZeroDivisionError
    assert sound.wait(10)
    assert list(tmp_path.iterdir()) == [path]
    with keeping(path, b"", wanted=False) as none:
        assert none is None
    with pytest.raises(RunFileError, match="audio=False"), keeping(tmp_path / "no" / "a.run", b""):
        pass


def test_a_take_outlives_a_session_that_never_was(tmp_path):
    audio = gn.LiveAudio()
    audio.feed(np.full(1600, 0.25))
    live = gn.start(audio, url="http://127.0.0.1:9", key="nobody", path=tmp_path / "a.run")
    with pytest.raises(gn.GladiaNbError):
        live.result(30)
    # There is no run, and no sound without one.
    assert list(tmp_path.iterdir()) == []
    assert audio.take().samples.ravel().tolist() == [0.25] * 1600


@pytest.mark.parametrize("withdrawn", [False, True])
def test_what_is_fed_behind_the_end_is_not_lost(tmp_path, withdrawn):
    path = make_run().save(tmp_path / "a.run")
    with keeping(path, None) as keeper:
        keeper.feed(np.full(10, 1, "<i2").tobytes())
    if withdrawn:
        keeper.withdraw()
    else:
        keeper.end()
    assert keeper.wait(10)
    for value in (2, 3):
        keeper.feed(np.full(10, value, "<i2").tobytes())
        held = (keeper.so_far("x").samples * 2**15).ravel().tolist()
        assert held == [kept for kept in range(1, value + 1) for _ in range(10)]


def test_a_run_moves_and_goes_with_its_sound(server, tmp_path):
    make_sound(tmp_path / "a.wav")
    run = gn.start(tmp_path / "a.wav", server=server, speed=10, path=tmp_path / "a.run").result(25)
    truth = run.audio.samples
    moved = gn.load(move_run(run.path, tmp_path / "b.run"))
    assert np.array_equal(moved.audio.samples, truth)
    assert not sound_files(tmp_path / "a.run")
    with pytest.raises(RunFileError, match="exists already"):
        move_run(moved.path, moved.path)
    delete_run(moved.path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]
    with pytest.raises(RunFileError, match="Cannot delete"):
        delete_run(moved.path)
