"""The microphone without a browser: what a page would say comes by hand."""

import threading
import time

import numpy as np
import pytest

import gladia_nb as gn
from gladia_nb.widgets.microphone import Microphone

PIECE = 800


class Page:
    """Says what a page says, and answers as one does."""

    def __init__(self, mic, name="page", ahead_ms=1000.0):
        self.mic = mic
        self.name = name
        self.ahead_ms = ahead_ms
        self.heard = []
        self.events = []
        mic.on_event(self.events.append)
        mic.send = self.hear
        self.deaf = False
        self.say("hello")

    @property
    def now_ms(self):
        return time.perf_counter_ns() / 1e6 + self.ahead_ms

    def say(self, kind, *buffers, **fields):
        content = {"kind": kind, "page": self.name, **fields}
        self.mic._handle_custom_msg(content, [memoryview(b) for b in buffers])

    def hear(self, content, buffers=None):
        self.heard.append(content)
        if content["kind"] == "ping" and not self.deaf:
            self.say("pong", number=content["number"], at_ms=self.now_ms)

    def start(self, mode, rate=16000, channels=1, run=1):
        self.run, self.seq = run, 0
        device = {"label": "Fake", "capture": "track", "echo_cancellation": False}
        self.say("start", run=run, mode=mode, rate=rate, channels=channels, device=device)

    def piece(self, samples):
        data = np.rint(np.asarray(samples) * 32768).astype("<i2").tobytes()
        self.say(
            "piece", data, run=self.run, seq=self.seq, frames=len(samples), captured_ms=self.now_ms
        )
        self.seq += 1

    def end(self):
        self.say("end", run=self.run, pieces=self.seq, clipped=0)

    def wait(self, kind):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for event in self.events:
                if event["kind"] == kind:
                    return event
            time.sleep(0.005)
        raise AssertionError(f"no {kind} in {self.events}")


def chunk(page, frames, seq=0):
    """What a page tells of a chunk that it has sent."""
    at = page.now_ms
    stamps = {"due_ms": at, "send_start_ms": at, "send_end_ms": at}
    place = {"start_frame": 0, "end_frame": frames, "start_byte": 0, "end_byte": 2 * frames}
    return {"event": "chunk", "seq": seq, **place, **stamps, "connection": 1, "resend": False}


@pytest.fixture
def mic():
    mic = Microphone()
    yield mic
    mic.close()
    deadline = time.monotonic() + 5
    names = ["gladia_nb microphone"]
    while names and time.monotonic() < deadline:
        names = [t.name for t in threading.enumerate() if t.name.startswith("gladia_nb mic")]
        time.sleep(0.01)
    assert names == []


def test_a_take_is_what_the_page_sent(mic):
    page = Page(mic)
    whole = np.arange(-1200, 1200) / 32768
    page.start("take")
    for start in range(0, len(whole), PIECE):
        page.piece(whole[start : start + PIECE])
    page.say("paused", run=1)
    page.say("resumed", run=1)
    page.end()
    page.wait("stopped")
    assert [e["kind"] for e in page.events] == ["started", "paused", "resumed", "take", "stopped"]
    assert mic.take.samples[:, 0].tolist() == whole.tolist()
    assert mic.captured_rate == 16000
    assert page.events[3]["take"] is mic.take


def test_a_session_through_the_kernel(mic, local_server, clip):
    page = Page(mic)
    mic.launch = lambda audio: gn.start(audio, server=local_server, endpointing=0.3)
    speech = gn.read_audio(clip).samples[:, 0]
    page.start("stream")
    for start in range(0, len(speech), PIECE):
        page.piece(speech[start : start + PIECE])
    live = page.wait("started")["live"]
    page.end()
    run = live.result(60)
    page.wait("stopped")
    assert "very nice to see you again" in run.text
    assert (mic.take.samples[:, 0] == speech).all()
    assert run.record.of("device")[0]["label"] == "Fake"
    assert run.record.of("device")[0]["capture"] == "track"
    clock = run.record.of("clock")[0]
    assert abs(clock["offset_ns"] - 1e9) <= clock["uncertainty_ns"]
    # The page dated each piece before it sent it.
    assert (run.chunks["lateness_ms"] > -2 * clock["uncertainty_ns"] / 1e6).all()
    assert run.chunks["due_ns"].is_monotonic_increasing


def test_a_rate_that_the_service_does_not_take_is_resampled(mic, local_server):
    page = Page(mic)
    mic.launch = lambda audio: gn.start(audio, server=local_server, sample_rate=16000)
    page.start("stream", rate=22050)
    page.piece(np.zeros(22050))
    live = page.wait("started")["live"]
    page.end()
    assert live.result(30).duration_s == 1.0


def test_a_session_that_cannot_begin_is_said_in_words_and_the_take_is_kept(mic):
    page = Page(mic)
    mic.launch = lambda audio: gn.start(audio, url="https://example.org")
    page.start("stream")
    page.piece(np.full(PIECE, 0.5))
    error = page.wait("error")
    assert "no API key for example.org" in error["text"]
    failed = [c for c in page.heard if c["kind"] == "failed"]
    assert failed[0]["text"] == error["text"]
    page.end()
    page.wait("stopped")
    assert len(mic.take.samples) == PIECE


def test_a_session_that_fails_is_said_in_words(mic, local_server):
    page = Page(mic)
    mic.launch = lambda audio: gn.start(audio, url=local_server.url, key="wrong-wrong-wrong")
    page.start("stream")
    assert "refused the API key" in page.wait("error")["text"]
    page.piece(np.zeros(PIECE))
    page.end()
    page.wait("stopped")


def test_stop_from_the_handle_reaches_the_page(mic, local_server):
    page = Page(mic)
    mic.launch = lambda audio: gn.start(audio, server=local_server)
    page.start("stream")
    page.piece(np.zeros(PIECE))
    live = page.wait("started")["live"]
    while not live.sent_s and not live.wait(0.01):
        page.piece(np.zeros(PIECE))
    live.stop()
    assert live.result(30).outcome == "stopped"
    while not any(c["kind"] == "stop" for c in page.heard):
        time.sleep(0.005)
    page.end()
    page.wait("stopped")


def test_an_error_of_the_page_and_a_notice(mic):
    page = Page(mic)
    page.say("error", run=1, code="denied", text="The microphone was refused.")
    assert page.wait("error")["text"] == "The microphone was refused."
    page.start("take")
    page.say("notice", run=1, code="hidden", text="This page is hidden.")
    assert page.wait("notice")["code"] == "hidden"
    page.end()
    page.wait("stopped")
    assert mic.take is None


def test_a_page_that_goes_away_ends_the_session_properly(mic, local_server):
    page = Page(mic)
    mic.launch = lambda audio: gn.start(audio, server=local_server)
    page.start("stream")
    page.piece(np.zeros(PIECE))
    live = page.wait("started")["live"]
    page.say("gone", run=1)
    page.wait("stopped")
    assert live.result(30).outcome == "finished"
    assert mic.state == "idle"


def test_silence_of_a_page_is_found(mic, monkeypatch):
    monkeypatch.setattr("gladia_nb.widgets.recorder._GONE_S", 0.05)
    page = Page(mic)
    page.deaf = True
    page.start("take")
    page.piece(np.zeros(PIECE))
    assert "has gone" in page.wait("error")["text"]
    assert len(page.wait("take")["take"].samples) == PIECE


def test_another_page_cannot_speak_for_the_one_that_records(mic):
    page = Page(mic)
    page.start("take")
    page.piece(np.zeros(PIECE))
    other = Page(mic, "other", ahead_ms=-5e6)
    mic.send = page.hear
    other.say("gone", run=1)
    page.piece(np.zeros(PIECE))
    page.end()
    page.wait("stopped")
    assert len(mic.take.samples) == 2 * PIECE


def test_a_callback_that_fails_hurts_only_the_log(mic, caplog):
    def broken(event):
        raise RuntimeError("mine")

    mic.on_event(broken)
    page = Page(mic)
    page.start("take")
    page.piece(np.zeros(PIECE))
    page.end()
    page.wait("stopped")
    assert "A callback of the microphone failed" in caplog.text


def test_nonsense_is_survived(mic, caplog):
    page = Page(mic)
    mic._handle_custom_msg("text", [])
    page.say("start")
    assert "The recording failed" in page.wait("error")["text"]
    page.start("take")
    page.end()
    page.wait("stopped")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"sample_rate": 11025}, "sample_rate must be one of 8000, 16000"),
        ({"channels": 0}, "channels must be from 1 to"),
        ({"chunk_ms": 1}, "chunk_ms must be between 10 and 2000"),
        ({"mode": "loud"}, "mode must be 'take', 'stream' or 'direct'"),
    ],
)
def test_bad_options(options, sentence):
    with pytest.raises(gn.ConfigError, match=sentence):
        Microphone(**options)


def test_the_front_end_asks_nobody_outside(mic):
    assert "http://" not in mic._esm.replace("http://localhost", "")
    assert "https://" not in mic._esm
    assert "url(" not in mic._css
    assert "@import" not in mic._css


# -- the session in the page, up to its URL --


def test_the_page_gets_the_url_and_never_the_key(mic, local_server):
    page = Page(mic)
    mic.launch_direct = lambda: gn.start_direct(server=local_server)
    page.start("direct")
    live = page.wait("started")["live"]
    while not (direct := [c for c in page.heard if c["kind"] == "direct"]):
        time.sleep(0.005)
    assert direct[0]["url"].startswith("ws://")
    assert direct[0]["acknowledged"] is True
    assert local_server.key not in str(page.heard)
    assert direct[0]["url"] not in str(mic.get_state())
    at = page.now_ms
    page.say("events", run=1, events=[{"event": "audio_start", "t0_ms": at}], sound_at=0)
    # The host may deliver what was said first as the second.
    for k in (2, 0):
        sound = np.arange(k, k + 2, dtype="<i2").tobytes()
        page.say("events", sound, run=1, events=[], sound_at=2 * k)
    page.say("end", run=1, pieces=1, clipped=0)
    page.say("done", run=1, outcome="aborted", error=None)
    page.say("handed_over", run=1, sound_bytes=8)
    page.wait("stopped")
    run = live.result(30)
    token = direct[0]["url"].split("token=")[1]
    assert token not in run.path.read_text()
    assert local_server.key not in run.path.read_text()
    assert run.outcome == "aborted"
    clock = run.record.of("clock")[-1]
    assert abs(run.record.t0_ns - (at - 1000) * 1e6) <= 2 * clock["uncertainty_ns"] + 2000
    assert (mic.take.samples[:, 0] * 32768).tolist() == [0, 1, 2, 3]
    kept = gn.read_audio(f"{run.path}.flac")
    assert (kept.samples[:, 0] * 32768).tolist() == [0, 1, 2, 3]


def test_layouts_that_do_not_match(mic, local_server):
    page = Page(mic)
    mic.launch_direct = lambda: gn.start_direct(server=local_server, sample_rate=8000)
    page.start("direct")
    assert "records 1 channels at 16000 Hz and the session expects" in page.wait("error")["text"]
    page.say("gone", run=1)
    page.wait("stopped")


def test_a_page_that_goes_away_with_its_session(mic, local_server):
    page = Page(mic)
    mic.launch_direct = lambda: gn.start_direct(server=local_server)
    page.start("direct")
    live = page.wait("started")["live"]
    live.ticket(20)
    sound = np.arange(4, dtype="<i2").tobytes()
    page.say("events", sound, run=1, events=[chunk(page, 4)], sound_at=0)
    # What lies between the two has never come: nobody knows what it was.
    page.say("events", sound, run=1, events=[chunk(page, 20, 1)], sound_at=16000)
    page.say("gone", run=1)
    with pytest.raises(gn.SessionError, match="closed or reloaded"):
        live.result(30)
    run = gn.load(live.path)
    assert (run.audio.samples[:, 0] * 32768).tolist() == [0, 1, 2, 3]
    assert (page.wait("take")["take"].samples[:, 0] * 32768).tolist() == [0, 1, 2, 3]
    assert [text for text in run.warnings if "did not come from the page" in text] == [
        "0.50 s of the sound did not come from the page: what is kept of it ends there."
    ]


def test_without_a_file_beside_the_run_the_take_is_there(mic, local_server):
    page = Page(mic)
    mic.launch_direct = lambda: gn.start_direct(server=local_server, audio=False)
    page.start("direct")
    live = page.wait("started")["live"]
    live.ticket(20)
    sound = np.arange(4, dtype="<i2").tobytes()
    page.say("events", sound, run=1, events=[chunk(page, 4)], sound_at=0)
    page.say("end", run=1, pieces=1, clipped=0)
    page.say("done", run=1, outcome="aborted", error=None)
    page.say("handed_over", run=1, sound_bytes=8)
    page.wait("stopped")
    assert (mic.take.samples[:, 0] * 32768).tolist() == [0, 1, 2, 3]
    assert live.result(30).audio is None


def test_what_is_no_sound_ends_the_recording(mic, local_server, caplog):
    page = Page(mic)
    mic.launch_direct = lambda: gn.start_direct(server=local_server)
    page.start("direct")
    page.wait("started")["live"].ticket(20)
    page.say("events", b"odd", run=1, events=[], sound_at=0)
    assert "The recording failed" in page.wait("error")["text"]
    page.say("gone", run=1)
    page.wait("stopped")
