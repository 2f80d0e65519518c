"""Utterance by utterance, and the stream as a whole: what is where on the axis of time."""

import numpy as np
import pytest

from gladia_nb.plots import plot_staircase, plot_timeline
from tests.support.make_runs import make_run, transcript, utterance, words
from tests.support.pictures import legend

SAID = words("hello it is very nice", 0.5)


def test_timeline_marks(rich):
    ax = plot_timeline(rich)
    utterances = rich.utterances
    assert len(ax.patches) == len(utterances)
    ticks = next(line for line in ax.lines if line.get_marker() == "|")
    assert len(ticks.get_xdata()) == utterances["n_partials"].sum()
    names = set(legend(ax))
    assert names == {"partial", "spoken", "no final", "final (endpoint)", "final (stop)"}
    finals = next(line for line in ax.lines if line.get_label() == "final (endpoint)")
    expected = utterances[utterances["trigger"] == "endpoint"]["final_s"]
    assert np.allclose(np.sort(finals.get_xdata()), np.sort(expected))
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_timeline_of_many_utterances_names_some():
    arrivals = [
        transcript(0.5 + 0.1 * k, words("word", 0.1 * k), f"{k}", final=True) for k in range(100)
    ]
    ax = plot_timeline(make_run(arrivals, duration_s=12))
    assert len(ax.get_yticks()) <= 30
    assert len(ax.patches) == 100


def test_timeline_at_another_speed_is_in_wall_time():
    ax = plot_timeline(make_run([transcript(1.5, SAID, final=True)], speed=2.0))
    bar = ax.patches[0]
    assert (bar.get_x(), bar.get_width()) == pytest.approx((0.25, 0.95))


def test_staircase_has_four_curves(rich):
    ax = plot_staircase(rich)
    assert legend(ax) == ["sent", "acknowledged", "in partials", "in finals"]
    assert len({line.get_linestyle() for line in ax.lines}) >= 3
    for line in ax.lines:
        assert (np.diff(line.get_ydata()) >= 0).all()


def line_of(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def test_timeline_by_hand():
    arrivals = [
        *utterance(SAID, "0", partial_s=0.2, final_s=0.5),
        transcript(3.3, words("never", 3.0), "1"),
    ]
    ax = plot_timeline(make_run(arrivals))
    bars = [
        (bar.get_x(), bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in ax.patches
    ]
    assert np.array(bars) == pytest.approx(np.array([(0.5, 1.9, 0), (3.0, 0.3, 1)]))
    ticks = line_of(ax, "partial")
    assert ticks.get_xdata() == pytest.approx([1.0, 1.4, 1.8, 2.2, 2.6, 3.3])
    assert ticks.get_ydata().tolist() == [0, 0, 0, 0, 0, 1]
    final = line_of(ax, "final (endpoint)")
    assert (final.get_xdata()[0], final.get_ydata()[0]) == (pytest.approx(2.9), 0)
    (lead,) = ax.collections[0].get_segments()
    assert lead == pytest.approx(np.array([(2.4, 0), (2.9, 0)]))
    cross = line_of(ax, "no final")
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (pytest.approx(3.3), 1)
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        r"hello it is very nice",
        "never",
    ]


def test_rows_are_in_the_order_of_the_audio_and_name_their_channel():
    arrivals = [
        transcript(2.0, words("second", 1.0), "a", final=True),
        transcript(2.1, words("first", 0.5), "b", final=True, channel=1),
    ]
    ax = plot_timeline(make_run(arrivals, channels=2))
    assert [label.get_text() for label in ax.get_yticklabels()] == ["2: first", "1: second"]


def test_staircase_by_hand():
    run = make_run(
        [transcript(1.3, SAID[:1]), transcript(1.7, SAID[:2], final=True)],
        duration_s=1.5,
        chunk_ms=500,
        send_ms=100,
        ack_ms=50,
    )
    ax = plot_staircase(run)
    steps = {line.get_label(): np.array(line.get_data()).T for line in ax.lines}
    assert {name: rows.tolist() for name, rows in steps.items()} == {
        "sent": _near([(0.6, 0), (0.6, 0.5), (1.1, 1.0), (1.6, 1.5)]),
        "acknowledged": _near([(0.65, 0), (0.65, 0.5), (1.15, 1.0), (1.65, 1.5)]),
        "in partials": _near([(1.3, 0), (1.3, 0.8)]),
        "in finals": _near([(1.7, 0), (1.7, 1.2)]),
    }
    assert {line.get_drawstyle() for line in ax.lines} == {"steps-post"}


def _near(rows):
    return [pytest.approx(row) for row in rows]
