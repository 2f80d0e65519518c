"""The local microphone, with a sound library in which a test decides what is heard."""

import builtins
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

import gladia_nb as gn
from gladia_nb.sessions.local_microphone import LocalMicrophone, _Dater, record_audio


class PortAudioError(Exception):
    pass


class Stream:
    """Delivers a ramp, piece by piece, from a thread of its own as PortAudio does."""

    def __init__(self, samplerate, channels, dtype, blocksize, device, callback):
        if device == "none":
            raise PortAudioError("Invalid device")
        assert dtype == "int16"
        self.rate, self.channels, self.block = samplerate, channels, blocksize
        self.callback = callback
        self.open = False
        self.overflow = self.silent = False
        self.age_s = 0.25
        self.sent = 0
        self.stamps, self.ends = [], []

    def start(self):
        self.open = True
        self.thread = threading.Thread(target=self.play)
        self.thread.start()

    def play(self):
        while self.open:
            if not self.silent:
                ramp = (np.arange(self.sent, self.sent + self.block) % 30_000).astype(np.int16)
                data = np.repeat(ramp[:, None], self.channels, axis=1).tobytes()
                self.stamps.append(time.perf_counter_ns())
                # The device's clock began at another moment than ours.
                called_s = time.perf_counter() + 100
                times = SimpleNamespace(
                    currentTime=called_s, inputBufferAdcTime=called_s - self.age_s
                )
                status = SimpleNamespace(input_overflow=self.overflow and self.sent > 0)
                self.sent += self.block
                self.callback(memoryview(data), self.block, times, status)
                self.ends.append(time.perf_counter_ns())
            time.sleep(0.001)

    def stop(self):
        self.open = False
        self.thread.join()

    def close(self):
        assert not self.open


@pytest.fixture
def streams(monkeypatch):
    made = []
    settings = {}

    def make(**options):
        stream = Stream(**options)
        vars(stream).update(settings)
        made.append(stream)
        return stream

    module = SimpleNamespace(RawInputStream=make, PortAudioError=PortAudioError)
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return SimpleNamespace(made=made, settings=settings)


@pytest.mark.parametrize("channels", [1, 2])
def test_a_recording_is_what_the_device_delivered(streams, channels):
    audio = record_audio(0.5, channels=channels, sample_rate=8000)
    assert audio.samples.shape == (4000, channels)
    assert audio.sample_rate == 8000
    assert (audio.samples * 32768 == np.arange(4000)[:, None]).all()
    assert not streams.made[0].open
    assert [t.name for t in threading.enumerate() if "local microphone" in t.name] == []


def test_pieces_are_dated_by_the_device(streams, monkeypatch):
    fed = []
    monkeypatch.setattr(
        gn.LiveAudio, "feed", lambda self, samples, captured_ns, seq: fed.append((captured_ns, seq))
    )
    with LocalMicrophone(8000, chunk_ms=100):
        while len(fed) < 3:
            time.sleep(0.001)
    stamps, ends = streams.made[0].stamps, streams.made[0].ends
    # 0.25 s after its first sample was captured, a piece of 0.1 s is 0.15 s old.
    for (captured_ns, _), before_ns, after_ns in zip(fed, stamps, ends, strict=False):
        assert before_ns <= captured_ns + 150_000_000 <= after_ns
    assert [seq for _, seq in fed][:3] == [1, 2, 3]


def test_a_busy_interpreter_does_not_date_pieces_late():
    dater = _Dater()
    second, apart = 10**9, 7 * 10**9
    dates = [
        # The device calls every 0.1 s, 20 ms after a piece was full; the interpreter is 0 to 160 ms
        # late for it.
        dater.date(k * second // 10, k * second // 10 + 20_000_000, k * second // 10 + apart + late)
        for k, late in enumerate([20_300_000, 180_000_000, 20_000_000, 95_000_000, 21_000_000])
    ]
    errors = [date - apart - k * second // 10 for k, date in enumerate(dates)]
    assert errors == [300_000, 300_000, 0, 0, 0]
    # A computer that slept: what was known of the clocks is void.
    assert dater.date(second, second + 20_000_000, 90 * second) == 90 * second - 20_000_000
    # Times that the system leaves out.
    assert dater.date(second // 10, 0, 91 * second) == 91 * second


def test_an_overflow_leaves_a_number_out(streams, monkeypatch):
    streams.settings.update(overflow=True, age_s=0.0)
    fed = []
    monkeypatch.setattr(
        gn.LiveAudio, "feed", lambda self, samples, captured_ns, seq: fed.append(seq)
    )
    with LocalMicrophone(8000):
        while len(fed) < 3:
            time.sleep(0.001)
    assert fed[:3] == [1, 3, 5]


def test_a_session_from_the_local_microphone(streams, local_server):
    with LocalMicrophone(16000, chunk_ms=50) as mic:
        live = gn.start(mic.audio, server=local_server)
        while live.sent_s < 0.5:
            assert not live.wait(0.01)
    run = live.result(30)
    assert run.outcome == "finished"
    assert run.name == "microphone"
    assert run.duration_s == mic.audio.duration_s


def test_a_device_that_cannot_be_opened(streams):
    with pytest.raises(gn.AudioError, match=r"cannot be opened \(Invalid device\). Look at"):
        record_audio(1, device="none")


@pytest.mark.parametrize("seconds", [0, -1, 3601, "5", float("nan")])
def test_times_that_cannot_be(streams, seconds):
    with pytest.raises(gn.ConfigError, match="above 0 and at most 3600"):
        record_audio(seconds)
    assert streams.made == []


def test_a_device_that_is_silent(streams, monkeypatch):
    streams.settings.update(silent=True)
    late = iter([0, 10**12])
    monkeypatch.setattr(
        "gladia_nb.sessions.local_microphone.time.perf_counter_ns", lambda: next(late, 10**12)
    )
    with pytest.raises(gn.AudioError, match=r"delivered 0.0 of 1 s. Look whether it is muted"):
        record_audio(1)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ImportError("no"), r"pip install 'gladia-nb\[mic-local\]'"),
        (
            OSError("PortAudio library not found"),
            "install it .Debian: apt-get install libportaudio2",
        ),
    ],
)
def test_what_is_missing_is_said(monkeypatch, error, sentence):
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    real = builtins.__import__

    def broken(name, *rest):
        if name == "sounddevice":
            raise error
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(gn.AudioError, match=sentence):
        LocalMicrophone()


def test_nothing_of_it_is_loaded_before_it_is_used():
    code = "import sys, gladia_nb as gn; gn.record_audio; print('sounddevice' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
