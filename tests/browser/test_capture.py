"""Both ways to capture a microphone in a real browser, whose device plays a steady tone."""

import numpy as np
import pytest
import soundfile

from tests.browser.bare_microphone import NO_TRACKS, BareMicrophone

RATE, TONE_HZ, LEVEL = 44100, 440.0, 0.3
WAYS = {"track": "", "worklet": NO_TRACKS}

#: Keeps every track that is given out, and what asks for an audio graph.
WATCH = """
window.tracks = [];
window.contexts = [];
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await ask(wanted);
  window.tracks.push(...stream.getTracks());
  return stream;
};
const Graph = window.AudioContext;
window.AudioContext = class extends Graph {
  constructor(options) { super(options); window.contexts.push(this); }
};
"""
#: Puts something between a track and whoever reads it: `change(data, number, controller)`.
BETWEEN = """
const Processor = window.MediaStreamTrackProcessor;
window.MediaStreamTrackProcessor = class {
  constructor(options) {
    let number = 0;
    const transform = (data, controller) => {
      number += 1;
      (CHANGE)(data, number, controller);
    };
    const through = new TransformStream({ transform });
    this.readable = new Processor(options).readable.pipeThrough(through);
  }
};
"""


def between(change):
    """Code that changes what a track delivers."""
    return BETWEEN.replace("CHANGE", change)


@pytest.fixture(scope="module")
def sounding(make_browser, tmp_path_factory):
    """A browser whose microphone hears a tone."""
    path = tmp_path_factory.mktemp("tone") / "tone.wav"
    at = np.arange(60 * RATE) / RATE
    soundfile.write(path, LEVEL * np.sin(2 * np.pi * TONE_HZ * at), RATE, subtype="PCM_16")
    return make_browser(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}%noloop",
    )


@pytest.fixture
def microphone(sounding):
    """Make a page with a microphone, in a profile of its own."""
    contexts = []

    def make(before="", **values):
        contexts.append(sounding.new_context())
        contexts[-1].set_default_timeout(30_000)
        return BareMicrophone(contexts[-1], WATCH + before, **values)

    yield make
    for context in contexts:
        context.close()


def numbers(found):
    return [piece["seq"] for piece in found.pieces]


def in_order(found):
    """Pieces in their order. On a busy machine the fake device stands still for some milliseconds,
    and then plays on where it was: that is a number that is missing, and no sound.
    """
    assert set(np.diff(numbers(found))) <= {1, 2}
    return True


def inside(found):
    """The sound without its ends, behind which a resampler knows of nothing but silence."""
    rate = int(found.rate)
    return found.samples[rate // 4 : -rate // 50] / 32768


def purity_db(sound, rate):
    """How much louder the tone is than all else. One millisecond that lacks, or is silent, leaves
    less than 40 dB.
    """
    at = np.arange(len(sound)) / rate
    basis = np.stack([np.cos(2 * np.pi * TONE_HZ * at), np.sin(2 * np.pi * TONE_HZ * at)])
    fit, *_ = np.linalg.lstsq(basis.T, sound, rcond=None)
    return 10 * np.log10(np.var(sound) / np.var(sound - fit @ basis))


def nothing_is_left(mic):
    """No track, no thread and no audio graph of a recording that is over."""
    assert mic.page.evaluate("window.tracks.every(({ readyState }) => readyState === 'ended')")
    mic.page.wait_for_function("window.contexts.every(({ state }) => state === 'closed')")
    for _ in range(100):
        if not mic.page.workers:
            return
        mic.page.wait_for_timeout(50)
    raise AssertionError(mic.page.workers)


@pytest.mark.parametrize(
    ("way", "rate", "channels"), [("track", 16000, 1), ("track", 48000, 2), ("worklet", 16000, 1)]
)
def test_the_tone_is_what_was_played(microphone, way, rate, channels):
    mic = microphone(WAYS[way], sample_rate=rate, channels=channels)
    found = mic.record(24)
    assert (found.device["capture"], found.rate) == (way, rate)
    assert (found.device["base_latency_s"] is None) is (way == "track")
    assert found.device["device_rate"] == RATE
    assert in_order(found)
    # Whole pieces of 50 ms, and a shorter one at the end.
    assert max(piece["frames"] for piece in found.pieces) == rate // 20
    end = next(one for one in found.said if one["kind"] == "end")
    assert (end["pieces"], end["clipped"]) == (found.pieces[-1]["seq"] + 1, 0)
    assert found.samples.shape[1] == channels
    for heard in inside(found).T:
        loudest = np.argmax(np.abs(np.fft.rfft(heard, 4 * rate))) / 4
        assert loudest == pytest.approx(TONE_HZ, abs=1)
        if way == "track":
            # In the audio graph of a busy machine it may be worse; that is why.
            assert purity_db(heard, rate) > 60
            assert np.sqrt(2) * np.std(heard) == pytest.approx(LEVEL, rel=0.01)
    moments = np.array([piece["captured_ms"] for piece in found.pieces[:-1]])
    assert np.median(np.diff(moments)) == pytest.approx(50, abs=1)
    nothing_is_left(mic)


@pytest.mark.parametrize("way", WAYS)
def test_a_pause_leaves_no_number_out(microphone, way):
    mic = microphone(WAYS[way])
    mic.press("Record")
    mic.until("live")
    mic.listen(5)
    mic.press("Pause")
    mic.until("paused")
    mic.page.wait_for_timeout(600)
    mic.press("Resume")
    mic.until("live")
    mic.listen(5)
    found = mic.stop()
    assert in_order(found)
    kinds = [one["kind"] for one in found.said if one["kind"] in ("piece", "paused", "resumed")]
    parted = kinds.index("paused")
    assert kinds[parted + 1] == "resumed"
    moments = [piece["captured_ms"] for piece in found.pieces]
    assert moments[parted] - moments[parted - 1] > 500
    # Unlike what was lost.
    assert numbers(found)[parted] == numbers(found)[parted - 1] + 1
    nothing_is_left(mic)


def test_a_track_needs_no_audio_graph(microphone):
    mic = microphone("window.AudioContext = undefined;")
    found = mic.record(12)
    assert found.device["capture"] == "track"
    assert purity_db(inside(found)[:, 0], found.rate) > 60


def test_a_page_that_is_busy_loses_nothing_of_a_track(microphone):
    mic = microphone()
    mic.press("Record")
    mic.until("live")
    mic.page.evaluate("() => { const at = Date.now() + 1500; while (Date.now() < at); }")
    mic.listen(5)
    found = mic.stop()
    assert in_order(found)
    assert len(found.samples) > 1.2 * found.rate
    assert purity_db(inside(found)[:, 0], found.rate) > 60
    assert found.holes == []


@pytest.mark.parametrize(
    "broken",
    [
        "window.MediaStreamTrackProcessor = class { constructor() { throw new Error('no'); } };",
        between("(data, number, controller) => controller.error(new Error('torn'))"),
    ],
    ids=["refused", "torn"],
)
def test_a_track_that_cannot_be_read_from_the_beginning_is_left_to_the_audio_graph(
    microphone, broken
):
    mic = microphone(broken)
    found = mic.record(6)
    assert found.device["capture"] == "worklet"
    assert found.pieces
    nothing_is_left(mic)


def test_blocks_that_are_lost_are_a_number_that_is_missing(microphone):
    lose = "(d, number, c) => number > 50 && number <= 80 ? d.close() : c.enqueue(d)"
    found = microphone(between(lose)).record(24)
    assert in_order(found)
    moments = np.array([piece["captured_ms"] for piece in found.pieces])
    frames = np.array([piece["frames"] for piece in found.pieces[1:]])
    silent_ms = np.diff(moments) - frames * 1000 / found.rate
    # To the millisecond where blocks are made by hand; here arrivals date them.
    assert 200 < silent_ms.max() < 400
    behind = 1 + np.argmax(silent_ms)
    assert numbers(found)[behind] == numbers(found)[behind - 1] + 2
    # The kernel is told that nothing else will come.
    assert found.pieces[behind]["left_out"] == 1


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ("(d, n, c) => n > 60 ? c.error(new Error('torn')) : c.enqueue(d)", "failed", "(torn)"),
        ("(d, n, c) => n > 60 ? c.terminate() : c.enqueue(d)", "unplugged", "was disconnected"),
    ],
    ids=["torn", "ended"],
)
def test_a_track_that_ends_or_fails_is_said_and_what_came_is_kept(microphone, change, code, words):
    mic = microphone(between(change))
    mic.press("Record")
    mic.until("error")
    said = mic.captured()
    error = next(one for one in said.said if one["kind"] == "error")
    assert error["code"] == code
    assert words in error["text"]
    end = next(one for one in said.said if one["kind"] == "end")
    assert end["pieces"] == said.pieces[-1]["seq"] + 1 > 5
    nothing_is_left(mic)


@pytest.mark.parametrize("way", WAYS)
def test_a_page_that_goes_takes_everything_with_it(microphone, way):
    mic = microphone(WAYS[way])
    mic.press("Record")
    mic.until("live")
    mic.page.evaluate("window.destroy()")
    assert mic.captured().said[-1]["kind"] == "gone"
    nothing_is_left(mic)


def test_a_page_that_goes_while_it_opens_takes_everything_with_it(microphone):
    mic = microphone()
    mic.press("Record")
    mic.page.evaluate("window.destroy()")
    mic.page.wait_for_function("window.tracks.length === 1")
    mic.page.wait_for_function("window.tracks[0].readyState === 'ended'")
    nothing_is_left(mic)
    assert "error" not in mic.page.evaluate("window.sent.map(({ kind }) => kind)")
