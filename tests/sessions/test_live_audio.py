import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

import gladia_nb as gn
from gladia_nb.audio import decode, encode
from gladia_nb.config import SessionConfig
from gladia_nb.metrics.base.clocks import captured_s
from gladia_nb.record.event_kinds import ClockEvent
from gladia_nb.record.file import load_record
from gladia_nb.sessions.live_audio import LiveAudio
from gladia_nb.worker.commands import End


class Sink:
    """Takes what a session's handle would."""

    done = False

    def __init__(self):
        self.commands = []
        self.callbacks = []

    def command(self, command, audio=b""):
        self.commands.append((command, bytes(audio)))

    def before_stop(self, callback):
        self.callbacks.append(callback)

    @property
    def audio(self):
        return b"".join(audio for _, audio in self.commands)

    @property
    def kinds(self):
        return [command.__struct_config__.tag for command, _ in self.commands]


def connect(live, **fields):
    sink = Sink()
    live.connect(sink, live.prepare(SessionConfig(**fields)).config)
    return sink


@given(
    st.lists(st.integers(1, 500), min_size=1, max_size=8),
    st.integers(0, 8),
    st.sampled_from([("wav/pcm", 16), ("wav/pcm", 24), ("wav/ulaw", 8), ("wav/pcm", 8)]),
)
def test_the_take_is_what_went_over_the_wire(lengths, before, layout):
    samples = np.random.default_rng(sum(lengths)).uniform(-1.1, 1.1, (sum(lengths), 2))
    live, sink, at = LiveAudio(16000, 2), None, 0
    fields = {"encoding": layout[0], "bit_depth": layout[1]}
    for number, length in enumerate(lengths):
        if number == before:
            sink = connect(live, **fields)
        live.feed(samples[at : at + length], captured_ns=number, seq=number)
        at += length
    sink = sink or connect(live, **fields)
    live.close()
    assert sink.audio == encode(samples, *layout)
    assert [c.seq for c, _ in sink.commands[:-1]] == list(range(len(lengths)))
    assert sink.commands[-1][0] == End(int(np.count_nonzero(np.abs(samples) > 1)))
    assert np.array_equal(live.take().samples, decode(sink.audio, *layout, 2))


def test_whole_numbers_stay_what_they_are(tmp_path):
    whole = np.array([-32768, -1, 0, 1, 32767], np.int16)
    live = LiveAudio(8000, name="numbers")
    live.feed(whole)
    live.feed(whole)
    read, rate = soundfile.read(live.save(tmp_path / "a.wav"), dtype="int16")
    assert rate == 8000
    assert read.tolist() == [*whole, *whole]
    take = live.take()
    assert (take.samples[:5, 0] * 32768).tolist() == whole.tolist()
    assert repr(live) == "LiveAudio(8000 Hz, 1 channels, 0.0 s, open)"


@pytest.mark.parametrize(("rate", "target"), [(48000, 16000), (44100, 16000), (22050, 32000)])
def test_another_rate_is_resampled_without_a_seam_and_dated_by_its_position(rate, target):
    t = np.arange(rate) / rate
    tone = 0.5 * np.sin(2 * np.pi * 440 * t)
    live = LiveAudio(rate)
    sink = connect(live, sample_rate=target)
    for start in range(0, rate, 441):
        piece = tone[start : start + 441]
        live.feed(piece, captured_ns=(start + len(piece)) * 1_000_000_000 // rate)
    live.close()
    heard = live.take().samples[:, 0]
    assert len(heard) == target
    ideal = 0.5 * np.sin(2 * np.pi * 440 * np.arange(target) / target)
    middle = slice(target // 10, -target // 10)
    assert np.abs(heard - ideal)[middle].max() < 1e-3
    frames = 0
    for command, audio in sink.commands[:-1]:
        frames += len(audio) // 2
        if frames:
            assert abs(command.captured_ns - frames * 1_000_000_000 // target) <= 2


@pytest.mark.parametrize("numbers", [(None, None), (3, 5)], ids=["unnumbered", "numbered"])
def test_a_hole_does_not_move_what_the_resampler_holds(numbers):
    live = LiveAudio(48000)
    sink = connect(live, sample_rate=16000)
    second = 10**9
    live.feed(np.zeros(48000), captured_ns=second, seq=numbers[0])
    live.feed(np.zeros(48000), captured_ns=2 * second + 30_000_000, seq=numbers[1])
    live.close()
    feeds = [(c, len(audio) // 2) for c, audio in sink.commands if not isinstance(c, End)]
    ends = np.cumsum([frames for _, frames in feeds])
    # All of the first second is sent, with its moments, before anything of the second one.
    behind = int(np.flatnonzero(ends == 16000)[0]) + 1
    for (command, _), end in zip(feeds[:behind], ends, strict=False):
        assert command.captured_ns == pytest.approx(end * second / 16000, abs=2)
    for (command, _), end in zip(feeds[behind:], ends[behind:], strict=True):
        assert command.captured_ns == pytest.approx(end * second / 16000 + 30_000_000, abs=2)


def test_a_hole_is_in_the_record_the_clock_and_the_verdict(local_server):
    audio = LiveAudio()
    live = gn.start(audio, server=local_server)
    now = time.perf_counter_ns() - 10 * 10**9
    audio.feed(np.zeros(800), captured_ns=now)
    audio.feed(np.zeros(15200), captured_ns=now + 980_000_000)
    audio.close()
    run = live.result(30)
    assert [e["why"] for e in run.record.of("gap")] == ["hole"]
    # Sample 0 was captured 50 ms before `now`; 30 ms are missing behind sample 800.
    at = captured_s(run, [0.02, 0.05, 0.06, 0.5, 1.0])
    assert at == pytest.approx([0.02, 0.05, 0.09, 0.53, 1.03], abs=1e-6)
    assert "Live audio was lost or stalled once" in str(run.verdict)


def test_channels_are_mixed_when_one_is_asked_for():
    live = LiveAudio(16000, 2)
    connect(live, channels=1)
    live.feed(np.array([[0.5, -0.5], [0.5, 0.25]]))
    assert live.take().samples.tolist() == [[0.0], [0.375]]
    with pytest.raises(gn.ConfigError, match="3 channels and 2 are asked for"):
        LiveAudio(16000, 3).prepare(SessionConfig(channels=2))


def test_a_pause_flushes_the_resampler():
    live = LiveAudio(48000)
    sink = connect(live, sample_rate=16000)
    live.feed(np.zeros(4800))
    live.pause()
    assert len(sink.audio) == 2 * 1600
    live.feed(np.zeros(4800))
    live.close()
    assert len(sink.audio) == 2 * 3200
    assert [k for k in sink.kinds if k != "feed"] == ["pause", "end"]


@pytest.mark.parametrize(
    ("samples", "sentence"),
    [
        ([], "has no samples"),
        ([float("nan")], "1 samples that are NaN or infinite"),
        (np.zeros((4, 3)), "3 channels and this live audio has 1"),
        (np.zeros((2, 2, 2)), "has the shape"),
        (np.array(["a"]), "Audio samples are floats"),
    ],
)
def test_bad_pieces(samples, sentence):
    with pytest.raises(gn.AudioError, match=sentence):
        LiveAudio().feed(samples)


@pytest.mark.parametrize("options", [{"sample_rate": 0}, {"sample_rate": 1.5}, {"channels": 0}])
def test_bad_layouts(options):
    with pytest.raises(gn.AudioError):
        LiveAudio(**options)


def test_after_the_end(tmp_path):
    live = LiveAudio()
    with pytest.raises(gn.AudioError, match="Nothing has been recorded"):
        live.take()
    live.close()
    live.close()
    for step in (lambda: live.feed([0.0]), live.pause):
        with pytest.raises(gn.AudioError, match="has been closed"):
            step()
    full = LiveAudio()
    full.feed([0.5])
    with pytest.raises(gn.AudioError, match="Cannot write"):
        full.save(tmp_path / "no" / "a.wav")
    over = LiveAudio()
    connect(over).done = True
    assert over.closed
    with pytest.raises(gn.AudioError, match="session that this audio went to is over"):
        over.feed([0.0])
    with pytest.raises(gn.AudioError, match="has a session already"):
        gn.start(over)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [({"speed": 2}, "comes at its own speed"), ({"tail_s": 1}, "known beforehand")],
)
def test_options_that_live_audio_cannot_have(options, sentence):
    with pytest.raises(gn.ConfigError, match=sentence):
        gn.start(LiveAudio(), **options)


# -- real sessions --


def speak(live, clip, *, piece=800, seconds=None, pace_s=0.0):
    """Feed a clip as if it were spoken, every sample dated in its turn."""
    samples = gn.read_audio(clip).samples[:, 0]
    samples = samples[: None if seconds is None else round(seconds * 16000)]
    begun = time.perf_counter_ns() - len(samples) * 1_000_000_000 // 16000
    for number, start in enumerate(range(0, len(samples), piece)):
        part = samples[start : start + piece]
        captured_ns = begun + (start + len(part)) * 1_000_000_000 // 16000
        live.feed(part, captured_ns=captured_ns, seq=number)
        time.sleep(pace_s)
    return samples, begun


def test_a_live_session_from_feed_to_frames(local_server, clip, tmp_path):
    audio = LiveAudio(name="spoken")
    live = gn.start(audio, server=local_server, endpointing=0.3, chunk_ms=60)
    samples, begun = speak(audio, clip)
    audio.note(ClockEvent(1, "device", offset_ns=5.0, uncertainty_ns=1.0, n=1))
    audio.close()
    run = live.result(60)
    assert (run.outcome, run.name, live.state) == ("finished", "spoken", "finished")
    assert "very nice to see you again" in run.text
    whole = np.rint(samples * 32768).astype("<i2")
    assert (audio.take().samples[:, 0] * 32768 == whole).all()
    assert run.duration_s == len(whole) / 16000 == live.duration_s
    chunks = run.chunks
    assert chunks["end_frame"].tolist()[:3] == [960, 1920, 2880]
    due = chunks["due_ns"].to_numpy() - begun
    assert np.abs(due - chunks["end_frame"].to_numpy() * 62500).max() <= 2
    assert (chunks["lateness_ms"] >= 0).all()
    assert abs(run.record.t0_ns - begun) <= 2
    assert run.record.header["audio"]["frames"] is None
    assert run.record.of("clock")[0]["name"] == "device"
    assert run.record.of("audio_end")[0]["frames"] == len(whole)
    positions = np.array([0.0, 0.03, 1.0, 5.0, 6.0])
    assert captured_s(run, positions)[:4] == pytest.approx(positions[:4], abs=1e-6)
    assert np.isnan(captured_s(run, positions)[4])
    assert gn.latency_table(run).shape[0] > 0
    assert run._repr_html_()


def test_what_was_spoken_before_the_start_is_sent_too(local_server, clip):
    audio = LiveAudio()
    speak(audio, clip)
    audio.close()
    run = gn.transcribe(audio, server=local_server, progress=False)
    assert run.outcome == "finished"
    assert run.chunks["end_frame"].max() == len(audio.take().samples)


def test_a_pause_is_in_the_record_and_in_the_clock(local_server):
    audio = LiveAudio()
    live = gn.start(audio, server=local_server)
    now = time.perf_counter_ns() - 10 * 10**9
    audio.feed(np.zeros(16000), captured_ns=now + 10**9)
    audio.pause()
    audio.feed(np.zeros(16000), captured_ns=now + 9 * 10**9)
    audio.close()
    run = live.result(30)
    assert [e["event"] for e in run.record.of("gap", "gap_end")] == ["gap", "gap_end"]
    assert captured_s(run, [0.5, 1.0, 1.5, 2.0]) == pytest.approx([0.5, 1.0, 8.5, 9.0], abs=1e-6)


def test_stop_sends_all_that_was_fed_and_closes_the_audio(local_server, clip):
    audio = LiveAudio()
    live = gn.start(audio, server=local_server)
    samples, _ = speak(audio, clip, seconds=1.03)
    live.stop()
    assert audio.closed
    with pytest.raises(gn.AudioError, match="has been closed"):
        audio.feed([0.0])
    run = live.result(30)
    assert run.outcome == "stopped"
    assert run.chunks["end_frame"].max() == len(samples) == len(audio.take().samples)


def test_silence_is_marked_and_the_session_lives(local_server):
    audio = LiveAudio(stall_s=0.2)
    live = gn.start(audio, server=local_server)
    audio.feed(np.zeros(1600))
    gap = threading.Event()
    live.subscribe(lambda event: gap.set() if event["event"] == "gap" else None)
    assert gap.wait(20)
    audio.feed(np.zeros(1600))
    audio.close()
    run = live.result(30)
    assert run.outcome == "finished"
    assert run.record.of("gap")[0]["why"] == "stalled"
    assert any("No audio has come" in text for text in run.warnings)


def test_nothing_fed_is_a_session_without_audio(local_server):
    audio = LiveAudio()
    live = gn.start(audio, server=local_server)
    audio.close()
    run = live.result(30)
    assert (run.outcome, len(run.chunks), run.duration_s) == ("finished", 0, 0.0)
    assert run.verdict.status == "invalid"


async def test_it_can_be_awaited_while_it_is_fed(local_server, clip):
    audio = LiveAudio()
    live = gn.start(audio, server=local_server)
    feeding = asyncio.to_thread(speak, audio, clip, seconds=1)
    await feeding
    audio.close()
    assert (await live).outcome == "finished"


FEEDER = """
import sys, time, numpy as np, gladia_nb as gn
audio = gn.LiveAudio()
live = gn.start(audio, url=sys.argv[1], key=sys.argv[2])
while live.sent_s < 0.5:
    audio.feed(np.zeros(800))
    time.sleep(0.02)
print(live.path, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_killed_feeder_ends_its_session_properly(local_server):
    feeder = subprocess.Popen(
        [sys.executable, "-c", FEEDER, local_server.url, local_server.key],
        stdout=subprocess.PIPE,
        text=True,
    )
    path = Path(feeder.stdout.readline().strip())
    os.kill(feeder.pid, signal.SIGKILL)
    feeder.wait()
    feeder.stdout.close()
    deadline = time.monotonic() + 20
    while not load_record(path).complete and time.monotonic() < deadline:
        time.sleep(0.05)
    record = load_record(path)
    assert record.outcome == "stopped"
    assert record.of("stop")
    assert record.of("result")
