"""What it takes to begin, from events with known stamps."""

import math

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import (
    ACK_DELAYS,
    PINGS,
    STARTUP,
    WARM_UP,
    ack_delays,
    latency,
    pings,
    startup,
    warm_up,
)
from tests.support.make_runs import make_run, transcript, utterance, words

T0 = 5_000_000_000
MS = 1_000_000

INIT = {"event": "init", "ns": 1, "start_ns": T0 - 900 * MS, "end_ns": T0 - 700 * MS}
CONNECT = {
    "event": "connect",
    "ns": 2,
    "connection": 1,
    "start_ns": T0 - 600 * MS,
    "end_ns": T0 - 500 * MS,
    "error": None,
}


def durations(run, step):
    table = startup(run)
    table = table[table["step"] == step]
    return dict(zip(table["phase"], table["duration_ms"], strict=True))


def test_phases_sum_up():
    # A tracer's "connect" holds the resolution of the name.
    init = {**INIT, "dns_ms": 20.0, "connect_ms": 50.0}
    run = make_run(extra=[init, {**CONNECT, "dns_ms": 5.0, "connect_ms": 65.0}])
    assert durations(run, "init") == {"dns": 20, "tcp_tls": 30, "http": 150, "total": 200}
    assert durations(run, "connect") == {"dns": 5, "tcp_tls": 60, "upgrade": 35, "total": 100}
    older = make_run(extra=[{**CONNECT, "dns_ms": 5.0, "tcp_ms": 60.0}])
    assert durations(older, "connect") == durations(run, "connect")


def test_a_connection_that_was_taken_over_was_not_opened():
    assert durations(make_run(extra=[INIT]), "init") == {"http": 200, "total": 200}
    assert durations(make_run(extra=[CONNECT]), "connect") == {"upgrade": 100, "total": 100}


def test_failed_and_later_connections_are_told_apart():
    failed = {**CONNECT, "connection": 2, "error": "Cannot reach it."}
    table = startup(make_run(extra=[CONNECT, failed], ack_ms=None))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(STARTUP)
    total = table[table["phase"] == "total"]
    assert total["connection"].tolist() == [1, 2]
    assert total["error"].fillna("").tolist() == ["", "Cannot reach it."]
    assert total["start_ns"].tolist() == [T0 - 600 * MS] * 2


def test_firsts():
    run = make_run([transcript(0.7, []), *utterance(words("hello", 0.5), partial_s=0.2)])
    found = durations(run, "first")
    assert found == pytest.approx({"acknowledgement": 120.1, "transcript": 1000.0})
    assert durations(make_run(ack_ms=None), "first") == {}
    assert not len(startup(make_run(ack_ms=None)))


def test_pings():
    sent = [
        {"event": "ping", "ns": k, "send_ns": T0 + k * 1000 * MS, "recv_ns": None} for k in (0, 5)
    ]
    sent[1] = {**sent[1], "recv_ns": T0 + 5012 * MS}
    table = pings(make_run(extra=sent))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(PINGS)
    assert table["at_s"].tolist() == [0.0, 5.0]
    assert table["rtt_ms"].tolist() == pytest.approx([math.nan, 12.0], nan_ok=True)
    assert table["answered"].tolist() == [False, True]
    assert not len(pings(make_run()))


def test_ack_delays_over_time():
    table = ack_delays(make_run(duration_s=0.35, ack_ms=20.0))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(ACK_DELAYS)
    assert table["ack_ms"].tolist() == pytest.approx([20.0] * 4)
    assert table["sent_s"].tolist() == pytest.approx([0.1001, 0.2001, 0.3001, 0.3501])
    assert (table["ack_s"] - table["sent_s"]).tolist() == pytest.approx([0.02] * 4)
    assert table["acknowledged"].all()


def test_missing_acknowledgements_are_said():
    table = ack_delays(make_run(duration_s=0.3, ack_ms=None))
    assert table["acknowledged"].tolist() == [False] * 3
    assert table["ack_ms"].isna().all()
    assert not len(ack_delays(make_run(sent_s=0.01)))


def test_a_chunk_that_was_sent_again_has_two_rows():
    lost = make_run(duration_s=0.3).record.of("chunk")[1]
    again = {
        **lost,
        "send_start_ns": T0 + 500 * MS,
        "send_end_ns": T0 + 501 * MS,
        "resend": True,
        "connection": 2,
    }
    table = ack_delays(make_run(duration_s=0.3, extra=[again]))
    assert table["seq"].tolist() == [0, 1, 2, 1]
    # It had been acknowledged before it was sent again.
    assert table["ack_ms"].iloc[3] == pytest.approx(220.1 - 501)


def several(first_lag, lag):
    arrivals = []
    for number in range(6):
        said = words("one two three", 0.5 + 3 * number)
        late = first_lag if number < 2 else lag
        arrivals += utterance(said, f"0_{number}", partial_s=late, final_s=late + 0.2)
    return make_run(arrivals, duration_s=20)


def test_warm_up():
    table = warm_up(several(0.7, 0.2), first_s=5)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(WARM_UP)
    assert table["name"].str.endswith("@send").all()
    row = table[table["name"] == "speech_end -> last_partial_message @send"].iloc[0]
    assert (row["n_first"], row["n_rest"]) == (2, 4)
    assert row["first_p50_ms"] == pytest.approx(700)
    assert row["rest_p50_ms"] == pytest.approx(200)
    assert row["difference_ms"] == pytest.approx(500)
    same = warm_up(latency(several(0.2, 0.2)), first_s=5, clock="capture")
    assert same["difference_ms"].abs().max() < 1e-6
    assert not len(warm_up(several(0.2, 0.2), first_s=100))
    assert not len(warm_up(make_run()))


def test_warm_up_of_what_never_came():
    arrivals = utterance(words("one"), "0", final_s=None) + utterance(words("two", 8.0), "1")
    table = warm_up(make_run(arrivals, duration_s=10), first_s=5).set_index("name")
    assert table.loc["speech_end -> final @send", "difference_ms"] == math.inf
    both = utterance(words("one"), "0", final_s=None) + utterance(
        words("two", 8.0), "1", final_s=None
    )
    table = warm_up(make_run(both, duration_s=10), first_s=5)
    assert "speech_end -> final @send" not in set(table["name"])


def test_bad_input_is_one_sentence():
    with pytest.raises(ConfigError, match="must be positive"):
        warm_up(make_run(), first_s=0)
    with pytest.raises(ConfigError, match="no clock 'wall'"):
        warm_up(several(0.2, 0.2), clock="wall")
