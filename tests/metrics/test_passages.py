"""What a network did, and which message came in which piece."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gladia_nb as gn
from gladia_nb.metrics import NETWORK_DELAYS
from gladia_nb.metrics.passages import came_ns, reached_ns
from tests.support.make_runs import make_run, transcript, utterance, words

T0 = 5_000_000_000
MS = 1_000_000
SAID = words("hello it is very nice", 0.5)


def network(up=(), down=(), ns=6_000_000_000):
    return {"event": "network", "ns": ns, "up": [*up], "down": [*down], "resets": []}


def ms(at):
    return T0 + round(at * MS)


def test_the_frame():
    run = make_run(extra=[network([(ms(5), ms(105), 3200)], [(ms(1), ms(41), 200)])])
    table = gn.network_delays(run)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(NETWORK_DELAYS)
    assert table["direction"].tolist() == ["down", "up"]
    assert table["added_ms"].tolist() == [40, 100]
    assert table["at_s"].tolist() == [0.001, 0.005]
    assert table["size_bytes"].tolist() == [200, 3200]


def test_a_run_without_one():
    run = make_run([transcript(1.0, SAID)])
    table = gn.network_delays(run)
    assert not len(table)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(NETWORK_DELAYS)
    assert came_ns(run, ms(1000)) is None
    assert reached_ns(run, ms(1000)) is None


def test_what_was_sent_reaches_the_service_with_the_next_piece():
    pieces = [(ms(5), ms(102), 9), (ms(5), ms(105), 9), (ms(10), ms(112), 9)]
    run = make_run(extra=[network(pieces)])
    assert [reached_ns(run, ms(at)) for at in (5, 6, 11)] == [ms(105), ms(112), None]


def test_a_message_came_in_the_last_piece_that_had_left():
    arrivals = [transcript(at, SAID) for at in (1.0502, 1.2502)]
    pieces = [(ms(1000), ms(1050), 600), (ms(1190), ms(1250), 600)]
    run = make_run(arrivals, ack_ms=None, extra=[network(down=pieces)])
    assert came_ns(run, ms(1050.2)) == ms(1000)
    assert came_ns(run, ms(1250.2)) == ms(1190)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_after_a_stall_order_and_size_tell(lengths):
    """Pieces of several messages each, which all left at once, seconds after they came."""
    arrivals, pieces, truth = [], [], {}
    number = 0
    for k, count in enumerate(lengths):
        came, size = ms(1000 + 100 * k), 0
        for _ in range(count):
            at = 3000.5 + 0.01 * number
            text = words(" ".join("abcdefgh"[: 1 + number % 8]), 0.5)
            arrivals.append(transcript(at / 1000, text))
            size += len(arrivals[-1][1])
            truth[ms(at)] = came
            number += 1
        pieces.append((came, ms(3000) + k, size))
    run = make_run(arrivals, ack_ms=None, extra=[network(down=pieces)])
    assert {stamp: came_ns(run, stamp) for stamp in truth} == truth


@pytest.mark.parametrize("size", [0, -5, 2**60])
def test_sizes_that_cannot_be(size):
    pieces = [(ms(1000), ms(1050), size), (ms(1001), ms(1051), size)]
    run = make_run([transcript(1.06, SAID)], ack_ms=None, extra=[network(down=pieces)])
    assert came_ns(run, ms(1060)) in (ms(1000), ms(1001))


def test_callbacks_came_another_way():
    call = {"event": "message", "recv_ns": ms(1060), "via": "callback", "raw": "{}"}
    run = make_run(extra=[network(down=[(ms(1000), ms(1050), 5)]), {**call, "ns": ms(1060)}])
    assert came_ns(run, ms(1060)) is None


@pytest.mark.parametrize("late_ms", [0, 70])
def test_the_waterfall_shows_it_as_parts_of_its_own(late_ms):
    """The same session, its network `late_ms` each way: only its own parts differ."""
    late_s = late_ms / 1000
    arrivals = [(at + late_s, raw) for at, raw in utterance(SAID, final_s=0.5, speech_end_s=0.35)]
    down = [
        (ms((at - late_s) * 1000) - 1000, ms(at * 1000) - 1000, len(raw)) for at, raw in arrivals
    ]
    sent = 2400
    up = [(ms(sent), ms(sent + late_ms), 3200)]
    run = make_run(arrivals, config={"endpointing": 0.3}, ack_ms=None, extra=[network(up, down)])
    table = gn.waterfall(run)
    parts = dict(zip(table["part"], table["duration_ms"].round(2), strict=True))
    assert parts == {
        "sending": 0,
        "uplink": late_ms,
        "endpointing": 300,
        "vad": 50 - late_ms,
        "decoding": 150,
        "downlink": late_ms,
    }
    assert table["duration_ns"].sum() == table["total_ns"].iloc[0]
    assert table["part"].tolist()[-1] == "downlink"
