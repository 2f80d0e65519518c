"""The panel of the health of a measurement: each series where and as high as it was."""

import numpy as np
import pytest

from gladia_nb.plots import plot_health
from tests.support.make_runs import make_run
from tests.support.pictures import drawn, legend


def test_health_panel_says_the_verdict(rich):
    ax = plot_health(rich)
    assert ax.get_title(loc="left").endswith(rich.verdict.status)
    late = next(line for line in ax.lines if line.get_label() == "chunk sent late")
    assert len(late.get_xdata()) == len(rich.chunks)


T0 = 5_000_000_000


def series(ax):
    return {line.get_label(): line.get_data() for line in ax.lines if line.get_marker() != "None"}


def vital(at_s, lag_ms, gc_ms):
    return {
        "event": "vitals",
        "ns": T0 + round(at_s * 1e9),
        "window_ns": 1_000_000_000,
        "loop_lag_ms": lag_ms,
        "gc_ms": gc_ms,
        "gc_longest_ms": gc_ms,
        "clock_ns": 0,
        "wall_ns": 0,
        "backlog": 0,
        "cpu_ms": 10.0,
    }


def test_each_series_by_hand():
    def ping(at_s, took_ms):
        sent = T0 + round(at_s * 1e9)
        answered = None if took_ms is None else sent + round(took_ms * 1e6)
        return {"event": "ping", "ns": sent, "send_ns": sent, "recv_ns": answered}

    run = make_run(
        duration_s=1.0,
        chunk_ms=500,
        late_ms=lambda seq: 2.0 + seq,
        send_ms=0.5,
        ack_ms=40,
        extra=[ping(0.2, 7.0), ping(0.6, None), vital(0.9, 3.0, 0.0), vital(1.9, 4.0, 6.0)],
    )
    found = series(plot_health(run))
    wanted = {
        "chunk sent late": ([0.502, 1.003], [2, 3]),
        "acknowledged after": ([0.502, 1.003], [40, 40]),
        "ping": ([0.2], [7]),
        "event loop stalled (worst in 1 s)": ([0.9, 1.9], [3, 4]),
        "garbage collection (longest in 1 s)": ([1.9], [6]),
    }
    assert list(found) == list(wanted)
    for name, data in wanted.items():
        assert np.array(found[name]) == pytest.approx(np.array(data)), name


def test_what_was_not_seen_has_no_entry():
    ax = plot_health(make_run(ack_ms=None))
    assert legend(ax) == ["chunk sent late"]


def test_audio_that_was_sent_too_early_stays_in_sight():
    ax = plot_health(make_run(late_ms=lambda seq: -50.0))
    assert ax.get_ylim()[0] < -50
    drawn(ax.figure)


def test_a_lost_connection_is_a_line():
    def connect(number, at_s, error=None):
        ns = T0 + round(at_s * 1e9)
        return {"event": "connect", "end_ns": ns, "connection": number, "error": error, "ns": ns}

    def close(number, at_s):
        return {"event": "close", "ns": T0 + round(at_s * 1e9), "connection": number}

    refused = connect(2, 1.3, "refused")
    events = [connect(1, -0.1), close(1, 1.25), refused, connect(3, 1.5), close(3, 3.0)]
    ax = plot_health(make_run(extra=events))
    lines = [line.get_xdata() for line in ax.lines if line.get_linestyle() == "--"]
    assert [float(xs[0]) for xs in lines] == pytest.approx([1.25]), "the last one was not lost"


def test_nothing_sent():
    ax = plot_health(make_run(sent_s=0.0))
    assert [text.get_text() for text in ax.texts] == ["nothing was sent"]
