"""What reads a track: pieces, channels, time without samples, and blocks made by hand."""

import numpy as np
import pytest

from tests.browser.bare_microphone import in_thread

RATE = 16000
#: A port that keeps what is posted.
PORT = """
const posted = [];
const port = { postMessage: ({ buffer, ...rest }) => {
  posted.push({ ...rest, ...(buffer ? { samples: Array.from(new Int16Array(buffer)) } : {}) });
} };
"""

# -- pieces --


def test_pieces_end_at_multiples_of_their_length_rounded_down(page):
    code = f"""{PORT}
    const pieces = new Pieces(44100, 2, 33.3);
    pieces.open(port);
    let at = 0;
    for (let k = 0; k < 60; k += 1) {{
      const size = [1, 128, 441, 3000][k % 4];
      const left = Float32Array.from({{ length: size }}, (_, i) => ((at + i) % 20000) / 32768);
      const right = left.map((x) => -x);
      pieces.add([left, right], 700 + at);
      at += size;
    }}
    pieces.finish(700 + at);
    return {{ posted, at }};
    """
    found = in_thread(page, code)
    *pieces, last = found["posted"]
    assert [piece["seq"] for piece in pieces] == list(range(len(pieces)))
    ends = np.cumsum([piece["frames"] for piece in pieces])
    length = 33.3 * 44100 / 1000
    assert ends[:-1].tolist() == [int(length * k) for k in range(1, len(pieces))]
    assert [piece["clockFrame"] for piece in pieces] == (700 + ends).tolist()
    assert last == {"kind": "flushed", "pieces": len(pieces), "frames": found["at"]}
    whole = np.concatenate([piece["samples"] for piece in pieces]).reshape(-1, 2)
    assert (whole[:, 0] == np.arange(found["at"]) % 20000).all()
    assert (whole[:, 1] == -whole[:, 0]).all()


def test_a_piece_tells_its_peak_and_what_was_too_loud(page):
    code = f"""{PORT}
    const pieces = new Pieces(1000, 1, 4);
    pieces.open(port);
    pieces.add([Float32Array.of(0.5, -1, 1, 1.5, -0.25, 0, 0)], 0);
    pieces.finish(7);
    return posted;
    """
    first, second, _ = in_thread(page, code)
    assert first["samples"] == [16384, -32768, 32767, 32767]
    assert (first["peak"], first["clipped"]) == (1.5, 1)
    assert (second["peak"], second["clipped"], second["frames"]) == (0.25, 0, 3)


def test_what_is_lost_leaves_a_number_out_and_a_pause_does_not(page):
    code = f"""{PORT}
    const pieces = new Pieces(1000, 1, 4);
    const wanted = [pieces.wants];
    pieces.open(port);
    const block = Float32Array.of(0.25, 0.25);
    pieces.add([block], 0);
    pieces.lost(2);
    pieces.add([block], 10);
    pieces.pause(12);
    wanted.push(pieces.wants);
    pieces.resume();
    wanted.push(pieces.wants);
    pieces.add([block], 50);
    pieces.seen(52, 99);
    pieces.seen(53, 98);
    pieces.seen(54, 150);
    pieces.finish(52);
    wanted.push(pieces.wants);
    return {{ posted, wanted }};
    """
    found = in_thread(page, code)
    assert found["wanted"] == [False, False, True, False]
    told = [(one["kind"], one.get("seq"), one.get("clockFrame")) for one in found["posted"]]
    assert [one.get("leftOut") for one in found["posted"]] == [0, 1, None, 0, None]
    pieces = [("piece", 0, 2), ("piece", 2, 12), ("paused", None, None), ("piece", 3, 52)]
    assert told == [*pieces, ("flushed", None, None)]
    # The least late arrival dates a piece: at 98 ms the clock stood at 53.
    seen = found["posted"][3]["seen"]
    assert (seen["clockFrame"], seen["atMs"]) == (53, 98)
    assert found["posted"][0]["seen"] is None


def test_what_is_lost_at_the_end_is_no_piece_that_is_missing(page):
    code = f"""{PORT}
    const pieces = new Pieces(1000, 1, 4);
    pieces.open(port);
    pieces.add([Float32Array.of(0.25)], 0);
    pieces.lost(1);
    pieces.finish(9);
    return posted;
    """
    assert in_thread(page, code)[-1] == {"kind": "flushed", "pieces": 1, "frames": 1}


# -- channels --


def test_channels_are_mixed_as_the_audio_graph_mixes_them(page):
    code = """
    return await Promise.all(given.map(async ([from, to]) => {
    const planes = Array.from({ length: from }, (_, c) => Float32Array.of(2 ** -c, -(3 ** -c)));
    const context = new OfflineAudioContext({ numberOfChannels: to, length: 2, sampleRate: 8000 });
    const buffer = new AudioBuffer({ numberOfChannels: from, length: 2, sampleRate: 8000 });
    planes.forEach((plane, c) => buffer.copyToChannel(plane, c));
    const source = new AudioBufferSourceNode(context, { buffer });
    const gain = new GainNode(context, { channelCount: to, channelCountMode: "explicit" });
    source.connect(gain).connect(context.destination);
    source.start();
    const graph = await context.startRendering();
    const here = mixed(planes, to).map((plane) => Array.from(plane));
    return [here, here.map((_, c) => Array.from(graph.getChannelData(c)))];
    }));
    """
    pairs = [(from_, to) for from_ in range(1, 9) for to in range(1, 9)]
    for (_, to), found in zip(pairs, in_thread(page, code, pairs), strict=True):
        here, graph = map(np.array, found)
        assert here.shape == (to, 2)
        assert np.abs(here - graph).max() < 1e-6


# -- time without samples --

TIMELINE = """
const timeline = new Timeline();
const settled = [];
const keep = (some) => settled.push(...some.map(({ block, gapMs }) => [block.number, gapMs]));
given.forEach((startMs, number) => keep(timeline.put({ startMs, ms: 10, number })));
keep(timeline.settle());
return settled;
"""


def gaps(page, starts):
    """Before which blocks time has passed, and how much; every block comes out, in order."""
    found = in_thread(page, TIMELINE, [float(start) for start in starts])
    assert [number for number, _ in found] == list(range(len(starts)))
    return {number: gap for number, gap in found if gap}


def test_time_without_samples_is_found_where_it_is_and_no_longer_than_it_is(page):
    rng = np.random.default_rng(5)
    starts = 5000 + 10 * np.arange(400) + rng.uniform(0, 0.1, 400)
    assert gaps(page, starts) == {}
    starts[150:] += 10
    starts[300:] += 1410
    found = gaps(page, starts)
    assert list(found) == [150, 300]
    assert found[150] == pytest.approx(10, abs=0.2)
    assert found[300] == pytest.approx(1410, abs=0.2)


def test_a_clock_that_trembles_drifts_or_is_set_back_is_no_time_without_samples(page):
    rng = np.random.default_rng(6)
    steady = 10.0 * np.arange(1000)
    assert gaps(page, steady + rng.uniform(0, 3.9, 1000)) == {}
    assert gaps(page, steady * (1 + 3e-4)) == {}
    assert gaps(page, steady * (1 - 3e-4)) == {}
    # Blocks that were held up and come at once, dated by when they did.
    late = steady.copy()
    late[300:309] = late[309]
    assert gaps(page, late) == {}
    # The first ones are dated by the clock of the page, which began before the reader's.
    other = steady.copy()
    other[:3] += 2000
    assert gaps(page, other) == {}


def test_what_still_waits_at_the_end_is_settled_by_what_is_known(page):
    starts = 10.0 * np.arange(50)
    starts[48:] += 40
    assert gaps(page, starts) == {48: pytest.approx(40)}
    assert gaps(page, [7.0]) == {}
    assert gaps(page, []) == {}


# -- the reader --

#: Blocks as a track has them: a tone of two channels, the second one silent, 10 ms each.
BLOCKS = """
const from = given.from ?? 48000;
const size = from / 100;
const blocks = [];
function block(number, extraMs = 0) {
  const data = new Float32Array(2 * size);
  for (let i = 0; i < size; i += 1) {
    data[i] = 0.8 * Math.sin((2 * Math.PI * 440 * (number * size + i)) / from);
  }
  const made = new AudioData({ format: "f32-planar", sampleRate: from, numberOfFrames: size,
    numberOfChannels: 2, timestamp: (number * 10 + extraMs) * 1000, data });
  blocks.push(made);
  return made;
}
const told = [];
let controller;
const readable = new ReadableStream({ start: (made) => { controller = made; } });
const wishes = { readable, rate: given.rate ?? 16000, channels: 1, chunkMs: 50 };
const reader = new TrackReader(wishes, (message) => told.push(message));
const running = reader.run();
const rest = () => new Promise((resolve) => setTimeout(resolve, 20));
reader.command({ kind: "open", port });
const say = async (kind) => { await rest(); reader.command({ kind }); };
const feed = async (first, end, extraMs = 0) => {
  for (let k = first; k < end; k += 1) controller.enqueue(block(k, extraMs));
  await rest();
};
const result = () => ({ posted, told, closed: blocks.every(({ format }) => format === null) });
"""


def read(page, steps, **given):
    return in_thread(page, f"{PORT}{BLOCKS}{steps}\nawait running; return result();", given)


@pytest.mark.parametrize("from_", [16000, 44100, 48000])
def test_blocks_become_pieces_of_the_rate_that_was_asked_for(page, from_):
    steps = """
    await feed(0, 5);
    await say("listen");
    await feed(5, 55);
    await say("flush");
    controller.close();
    """
    found = read(page, steps, **{"from": from_})
    assert found["told"] == [{"kind": "first"}, {"kind": "ended"}]
    assert found["closed"]
    *pieces, flushed = found["posted"]
    assert flushed == {"kind": "flushed", "pieces": 10, "frames": RATE // 2}
    assert [piece["frames"] for piece in pieces] == [800] * 10
    # What was delivered before it listened has passed on the clock, and is in no piece.
    ends = [800 + 800 * k for k in range(1, 11)]
    assert [piece["clockFrame"] for piece in pieces] == pytest.approx(ends)
    whole = np.concatenate([piece["samples"] for piece in pieces]) / 32768
    at = 0.05 + np.arange(len(whole)) / RATE
    ideal = 0.4 * np.sin(2 * np.pi * 440 * at)
    assert np.abs(whole - ideal)[200:-200].max() < 2 / 32768


def test_time_without_samples_leaves_a_number_out_and_counts_on_the_clock(page):
    steps = """
    await say("listen");
    await feed(0, 20);
    await feed(20, 40, 300);
    await say("flush");
    controller.close();
    """
    *pieces, flushed = read(page, steps)["posted"]
    assert [piece["seq"] for piece in pieces] == [0, 1, 2, 3, 5, 6, 7, 8]
    assert [piece["leftOut"] for piece in pieces] == [0, 0, 0, 0, 1, 0, 0, 0]
    assert flushed["pieces"] == 9
    assert sum(piece["frames"] for piece in pieces) == 40 * 160
    clock = [piece["clockFrame"] for piece in pieces]
    assert clock == pytest.approx([800 * k + (4800 if k > 4 else 0) for k in range(1, 9)])
    # What was lost is not made up: the tone goes on where it stood.
    whole = np.concatenate([piece["samples"] for piece in pieces]) / 32768
    ideal = 0.4 * np.sin(2 * np.pi * 440 * np.arange(len(whole)) / RATE)
    assert np.abs(whole - ideal)[200:-200].max() < 2 / 32768


def test_a_pause_hands_on_what_is_there_and_leaves_no_number_out(page):
    steps = """
    await say("listen");
    await feed(0, 12);
    await say("pause");
    await feed(12, 40);
    await feed(40, 50, 700);
    await say("resume");
    await feed(50, 60, 700);
    await say("flush");
    await feed(60, 70, 700);
    controller.close();
    """
    found = read(page, steps)
    told = [(one["kind"], one.get("seq"), one.get("frames")) for one in found["posted"]]
    before = [("piece", 0, 800), ("piece", 1, 800), ("piece", 2, 320), ("paused", None, None)]
    # Boundaries are those of the sound that is there.
    behind = [("piece", 3, 480), ("piece", 4, 800), ("piece", 5, 320)]
    assert told == [*before, *behind, ("flushed", None, 12 * 160 + 10 * 160)]
    clock = [one["clockFrame"] for one in found["posted"] if one["kind"] == "piece"]
    resumed = 50 * 160 + 700 * 16
    assert clock[2:] == pytest.approx([1920, resumed + 480, resumed + 1280, resumed + 1600])
    assert found["closed"]


def test_a_reader_says_how_its_track_ended(page):
    torn = read(page, 'await feed(0, 3); controller.error(new Error("torn"));')
    assert torn["told"] == [{"kind": "first"}, {"kind": "failed", "text": "torn"}]
    # Whoever closes it knows.
    left = read(page, "await feed(0, 3); await reader.close();")
    assert left["told"] == [{"kind": "first"}]


def test_another_device_in_the_middle_of_it_goes_on_at_the_same_rate(page):
    steps = """
    await say("listen");
    await feed(0, 10);
    const data = new Float32Array(441).fill(0.5);
    for (let k = 10; k < 20; k += 1) {
      const made = new AudioData({ format: "f32-planar", sampleRate: 44100, numberOfFrames: 441,
        numberOfChannels: 1, timestamp: k * 10000, data });
      blocks.push(made);
      controller.enqueue(made);
    }
    await say("flush");
    controller.close();
    """
    found = read(page, steps)
    *pieces, flushed = found["posted"]
    assert (flushed["pieces"], flushed["frames"]) == (4, 3200)
    assert found["closed"]
    whole = np.concatenate([piece["samples"] for piece in pieces]) / 32768
    assert np.abs(whole[1700:3100] - 0.5).max() < 1e-4
