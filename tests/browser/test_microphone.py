"""The microphone in real hosts, with a real browser that plays a file into it."""

import asyncio
import contextlib
import functools
import io
import json
import re
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Error

import gladia_nb as gn
from gladia_nb.metrics.base.clocks import first_sent
from tests.browser.bare_microphone import NO_TRACKS
from tests.support.breaking_network import breaking_network
from tests.support.likeness import likeness

SECONDS = 4.0
RATE = 16000

CELL = """
import json, pathlib, soundfile, gladia_nb as gn
folder = {folder!r}
mic = gn.Microphone(mode={mode!r}, chunk_ms=50)
# As from the environment: nobody writes a key into a notebook.
key = pathlib.Path(folder, "key").read_text()
options = dict(url={url!r}, key=key, path=folder + "/mic.run", endpointing=0.3)
mic.launch = lambda audio: gn.start(audio, chunk_ms=50, **options)
mic.launch_direct = lambda: gn.start_direct(chunk_ms=50, **options)

def on_event(event):
    if event["kind"] == "take":
        take = event["take"]
        soundfile.write(folder + "/take.wav", take.samples, take.sample_rate, "PCM_16")
    with open(folder + "/events.jsonl", "a") as file:
        file.write(json.dumps({{k: v for k, v in event.items() if isinstance(v, str)}}) + "\\n")

mic.on_event(on_event)
mic
"""


#: Silence in front of the speech: the device plays from when it is opened, and a page of a machine
#: that is busy takes its time until it listens.
LEAD = 2.5
#: How long the whole file takes, with a reserve behind it.
LISTEN_MS = round((LEAD + SECONDS + 1.0) * 1000)

COUNT_MICROPHONES = """
window.microphones = 0;
window.tracks = [];
const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  window.microphones += 1;
  const stream = await real(wanted);
  window.tracks.push(...stream.getTracks());
  return stream;
};
"""

HIDE = """() => {
  Object.defineProperty(document, "hidden", { value: true, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
FORBID_BLOBS = """() => {
  window.Worker = class { constructor() { throw new DOMException("", "SecurityError"); } };
  AudioWorklet.prototype.addModule = async () => { throw new DOMException("", "AbortError"); };
}"""
FAIL = "navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{}') }}"
TROUBLES = [
    (FAIL.format("NotFoundError"), "missing", "There is no microphone."),
    (FAIL.format("NotReadableError"), "busy", "another program may hold it"),
    (
        "Object.defineProperty(navigator, 'mediaDevices', {value: undefined, configurable: true})",
        "host",
        "does not let its pages use the microphone",
    ),
    (
        "Object.defineProperty(window, 'isSecureContext', {value: false, configurable: true})",
        "insecure",
        "This page is not secure",
    ),
]


@contextlib.contextmanager
def broken(url, every, times):
    """The breaking network, in an event loop of its own: Playwright has this thread's."""
    started, found = threading.Event(), {}

    async def work():
        done = asyncio.Event()
        async with breaking_network(url, every, times) as (address, losses):
            end = functools.partial(asyncio.get_running_loop().call_soon_threadsafe, done.set)
            found.update(url=address, losses=losses, end=end)
            started.set()
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    assert started.wait(10)
    try:
        yield found["url"], found["losses"]
    finally:
        found["end"]()
        thread.join()


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """The first seconds of the conversation, as 16-bit samples and as a file to play."""
    audio = gn.read_audio(gn.sample("conversation"))
    samples = np.rint(audio.samples[: round(SECONDS * RATE), 0] * 32768).astype(np.int16)
    path = tmp_path_factory.mktemp("speech") / "speech.wav"
    # And behind it: what the device makes of the end of its file is no matter of ours.
    before, behind = (np.zeros(round(seconds * RATE), np.int16) for seconds in (LEAD, 0.5))
    soundfile.write(path, np.concatenate([before, samples, behind]), RATE)
    return samples, path


@pytest.fixture(scope="module")
def speaking(make_browser, speech):
    """A browser whose microphone plays the speech once, to everybody who is allowed to hear."""
    return make_browser(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={speech[1]}%noloop",
    )


@pytest.fixture
def open_page():
    """Open a page in a browser, with a profile of its own."""
    contexts = []

    def open_(browser, **options):
        contexts.append(browser.new_context(viewport={"width": 1000, "height": 800}, **options))
        contexts[-1].set_default_timeout(30_000)
        return contexts[-1].new_page()

    yield open_
    for context in contexts:
        context.close()


class Desk:
    """A notebook with a microphone in it, and what came of it."""

    def __init__(self, host, page, folder, mode, url, key, extra=()):
        self.page = page
        self.folder = folder
        (folder / "key").write_text(key)
        cell = CELL.format(folder=str(folder), mode=mode, url=url)
        self.book = host.open(page, [cell, *extra])
        if host.name != "voila":
            self.book.run()
        self.mic = page.locator(".gladia-nb-mic").first
        self.mic.wait_for()

    def press(self, name):
        self.mic.get_by_role("button", name=name).click()

    def status(self, text):
        self.mic.locator(".gladia-nb-mic-status", has_text=text).wait_for(timeout=30_000)

    def record(self):
        """Everything that the file says."""
        self.press("Record")
        self.mic.locator(".gladia-nb-mic-state", has_text="Recording").wait_for()
        self.page.wait_for_timeout(LISTEN_MS)
        self.press("Stop")

    @property
    def events(self):
        lines = (self.folder / "events.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def until(self, kind):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if (self.folder / "events.jsonl").exists():
                for event in self.events:
                    if event["kind"] == kind:
                        return event
            self.page.wait_for_timeout(50)
        raise AssertionError(f"no {kind} in {self.events}")

    def run(self):
        path = self.folder / "mic.run"
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if path.exists() and gn.load(path).complete:
                return gn.load(path)
            self.page.wait_for_timeout(50)
        raise AssertionError(path.read_text()[-2000:])


def served(server, run):
    """What the service was sent, as it kept it."""
    request = urllib.request.Request(
        f"{server.url}/v2/live/{run.session_id}/file", headers={"x-gladia-key": server.key}
    )
    with urllib.request.urlopen(request) as reply:
        samples, _ = soundfile.read(io.BytesIO(reply.read()), dtype="int16")
    return samples


def until_stored(server, run):
    """The same of a session that nobody has ended."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.HTTPError):
            return served(server, run)
        time.sleep(0.1)
    raise AssertionError("the service has kept nothing of it")


def check(desk, server, speech, run, capture="track"):
    """The capture is the file, the take is what was streamed, and its words are recognised."""
    take, rate = soundfile.read(desk.folder / "take.wav", dtype="int16")
    assert rate == RATE
    assert np.array_equal(take, served(server, run))
    # So is what was kept beside the run.
    assert np.array_equal(np.rint(run.audio.samples[:, 0] * 2**15), take)
    alike = likeness(speech[0], take, RATE)
    print(f"The capture beside the file: {alike}.")
    assert alike.db >= 40
    # On a busy machine a fake device stands still for moments, of which a track tells, and an audio
    # graph leaves out what it cannot run. Whatever it is, no piece is lost on the way: see above.
    still = [gap for gap in run.record.of("gap") if gap["why"] == "lost"]
    assert list(run.record.of("gap")) == still
    assert sum(abs(gap["frames"]) for gap in still) < RATE / 4
    assert run.outcome == "finished"
    assert "very nice to see you" in run.text
    chunks = first_sent(run)
    starts, ends = chunks["start_frame"].to_numpy(), chunks["end_frame"].to_numpy()
    assert starts[0] == 0
    assert (starts[1:] == ends[:-1]).all()
    assert chunks["ack_ns"].notna().all()
    assert run.record.of("clock")
    device = run.record.of("device")[0]
    assert (device["capture"], device["echo_cancellation"]) == (capture, False)


def test_through_the_kernel_with_two_views(
    lab, open_page, speaking, speech, local_server, tmp_path
):
    page = open_page(speaking)
    page.add_init_script(COUNT_MICROPHONES)
    server = local_server
    desk = Desk(lab, page, tmp_path, "stream", server.url, server.key, ["mic"])
    views = page.locator(".gladia-nb-mic")
    views.nth(1).wait_for()
    desk.press("Record")
    views.nth(1).locator(".gladia-nb-mic-state", has_text="Recording").wait_for()
    assert views.nth(1).get_by_role("button", name="Record").is_disabled()
    page.wait_for_timeout(LISTEN_MS)
    # Either of them holds the one microphone.
    views.nth(1).get_by_role("button", name="Stop").click()
    desk.until("stopped")
    run = desk.run()
    check(desk, server, speech, run)
    assert run.record.of("vitals")
    assert page.evaluate("window.microphones") == 1
    assert page.evaluate("window.tracks.every((track) => track.readyState === 'ended')")


@pytest.mark.parametrize("capture", ["track", "worklet"])
def test_from_the_browser_over_a_connection_that_breaks(
    notebook, open_page, speaking, speech, local_server, tmp_path, capture
):
    page = open_page(speaking)
    page.add_init_script(NO_TRACKS if capture == "worklet" else "")
    with broken(local_server.url, 40_000, 2) as (url, losses):
        desk = Desk(notebook, page, tmp_path, "direct", url, local_server.key)
        desk.record()
        desk.until("stopped")
        run = desk.run()
        assert losses() == 2
    check(desk, local_server, speech, run, capture)
    record = run.record
    assert record.header["options"]["stopwatch"] == "browser"
    assert [event["connection"] for event in record.of("connect")] == [1, 2, 3]
    assert [event["code"] for event in record.of("close")] == [None, None, 1000]
    assert record.of("probe")
    assert record.of("audio_end")[0]["frames"] == run.chunks["end_frame"].max()
    uncertain_ms = record.of("clock")[-1]["uncertainty_ns"] / 1e6
    assert (run.chunks["lateness_ms"] >= -uncertain_ms).all()
    assert run.messages["recv_ns"].is_monotonic_increasing
    # Neither the key nor the token of the URL are kept anywhere.
    desk.book.save()
    saved = desk.book.path.read_text()
    assert "Microphone" in saved
    for text in (saved, run.path.read_text(), desk.mic.inner_html()):
        assert local_server.key not in text
        assert not re.search(r"token=(?!.?redacted)", text)


def test_a_page_that_is_killed_leaves_what_it_sent(lab, open_page, speaking, tmp_path):
    # What the service stored can be had when it has given the session up.
    with gn.LocalServer(idle_timeout_s=3) as server:
        page = open_page(speaking)
        desk = Desk(lab, page, tmp_path, "direct", server.url, server.key)
        desk.press("Record")
        desk.mic.locator(".gladia-nb-mic-time", has_text="0:03").wait_for()
        # While it goes on everything is there but for the last moments.
        run = gn.load(tmp_path / "mic.run")
        assert run.outcome == "incomplete"
        assert len(run.audio.samples) == run.chunks["end_frame"].max() > 2 * RATE
        # Nobody is left to answer.
        with contextlib.suppress(Error):
            page.context.new_cdp_session(page).send("Page.crash", timeout=3000)
        stored = until_stored(server, run)
    run = gn.load(run.path)
    kept = np.rint(run.audio.samples[:, 0] * 2**15)
    assert len(kept) == run.chunks["end_frame"].max() >= 3 * RATE
    assert 0 <= len(stored) - len(kept) <= RATE
    assert np.array_equal(kept, stored[: len(kept)])


def test_through_the_kernel_in_voila(voila, open_page, speaking, speech, local_server, tmp_path):
    server, page = local_server, open_page(speaking)
    # As in a browser that lets no track be read: its audio graph captures.
    page.add_init_script(NO_TRACKS)
    desk = Desk(voila, page, tmp_path, "stream", server.url, server.key)
    desk.record()
    desk.until("stopped")
    check(desk, server, speech, desk.run(), "worklet")


def test_a_take_with_a_pause_and_what_can_happen_to_it(lab, open_page, speaking, tmp_path):
    page = open_page(speaking)
    page.add_init_script(COUNT_MICROPHONES)
    desk = Desk(lab, page, tmp_path, "take", "http://127.0.0.1:9", "unused-key")
    desk.press("Record")
    desk.mic.locator(".gladia-nb-mic-time", has_text="0:01").wait_for()
    desk.press("Pause")
    desk.status("Paused; nothing is recorded.")
    assert desk.page.locator(".gladia-nb-mic-state").inner_text() == "Paused"
    desk.page.wait_for_timeout(300)
    desk.press("Resume")
    desk.page.wait_for_timeout(300)
    desk.press("Stop")
    desk.status("Recorded.")
    desk.until("stopped")
    kinds = [event["kind"] for event in desk.events]
    assert kinds == ["started", "paused", "resumed", "take", "stopped"]
    take, rate = soundfile.read(tmp_path / "take.wav")
    assert rate == RATE
    assert len(take) > RATE
    (tmp_path / "events.jsonl").unlink()
    desk.press("Record")
    desk.mic.locator(".gladia-nb-mic-state", has_text="Recording").wait_for()
    page.evaluate(HIDE)
    desk.status("This page is hidden; recording goes on")
    assert desk.until("notice")["code"] == "hidden"
    page.evaluate("() => window.tracks.at(-1).dispatchEvent(new Event('ended'))")
    desk.status("The microphone was disconnected.")
    assert desk.until("error")["code"] == "unplugged"
    desk.until("take")
    (tmp_path / "events.jsonl").unlink()
    page.evaluate(FORBID_BLOBS)
    desk.press("Record")
    desk.status("The server's content security policy forbids this page")
    assert desk.until("error")["code"] == "worklet"
    assert page.evaluate("window.tracks.every((track) => track.readyState === 'ended')")


def test_what_goes_wrong_is_said_in_words(lab, open_page, make_browser, tmp_path):
    page = open_page(make_browser("--use-fake-device-for-media-stream"))
    desk = Desk(lab, page, tmp_path, "take", "http://127.0.0.1:9", "unused-key")
    desk.press("Record")
    desk.status("The microphone was refused. Allow it for this page")
    event = desk.until("error")
    assert event["code"] == "denied"
    assert "Allow it for this page" in event["text"]
    assert desk.mic.get_by_role("button", name="Record").is_enabled()
    assert desk.mic.get_by_role("status").get_attribute("aria-live") == "polite"
    for number, (what, code, words) in enumerate(TROUBLES, 2):
        page.evaluate(f"() => {{ {what}; }}")
        desk.press("Record")
        desk.status(words)
        while len(desk.events) < number:
            page.wait_for_timeout(20)
        assert desk.events[-1]["code"] == code
        assert words in desk.events[-1]["text"]
