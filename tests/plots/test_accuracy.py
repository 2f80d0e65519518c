"""Accuracy against patience: the curve and the bars are the tables."""

import numpy as np
import pytest

from gladia_nb.metrics import error_delay, wer_at
from gladia_nb.plots import plot_error_delay, plot_wer_at
from gladia_nb.plots.accuracy import no_words
from tests.support.make_runs import make_run, reference, transcript, utterance, words
from tests.support.pictures import legend
from tests.support.references import with_segments, with_text

SAID = words("hello it is very nice", 0.5)


def test_wer_curve_ends_where_the_table_does(rich):
    ax = plot_wer_at(rich)
    taus, rates = ax.lines[0].get_data()
    table = wer_at(rich, [0.0, 1.0, 5.0, np.inf])["wer"] * 100
    assert rates[[0, 50, -1]] == pytest.approx(table[:3])
    assert f"at the end: {table[3]:.1f} %" in legend(ax)
    assert taus[50] == pytest.approx(1.0)


def test_error_delay_bars_add_up(rich):
    ax = plot_error_delay(rich)
    heights = np.array([[bar.get_height() for bar in c] for c in ax.containers])
    assert heights.sum(axis=0) == pytest.approx(100)
    assert legend(ax) == ["correct", "another word", "not yet there"]
    assert ax.containers[1][0].get_hatch() == "///"


def test_a_constant_lag_is_one_step_and_has_its_dot():
    run = make_run(utterance(SAID, partial_s=0.21), reference=reference(SAID))
    ax = plot_wer_at(run, until_s=1.0)
    taus, rates = ax.lines[0].get_data()
    assert (len(taus), taus[-1]) == (251, 1.0)
    assert rates.tolist() == np.where(taus < 0.21, 100.0, 0.0).tolist()
    assert ax.lines[1].get_ydata() == [0, 0]
    dot = ax.lines[2]
    assert (dot.get_marker(), *dot.get_xdata(), *dot.get_ydata()) == ("o", pytest.approx(0.212), 0)
    assert legend(ax)[1:] == ["at the end: 0.0 %", "within 1 point of it from 0.21 s on"]
    assert ax.get_xlim() == (0, 1.0)


def test_a_curve_that_does_not_settle_has_no_dot():
    run = make_run([transcript(3.0, SAID, final=True)], reference=reference(SAID))
    ax = plot_wer_at(run, until_s=0.5)
    assert len(ax.lines) == 2
    assert ax.lines[0].get_ydata().tolist() == [100.0] * 251
    assert legend(ax)[1] == "at the end: 0.0 %"


def test_a_rate_above_100_stays_in_sight():
    heard = words("one two three four five", 0.5)
    run = make_run([transcript(3.0, heard, final=True)], reference=reference(heard[:1]))
    ax = plot_wer_at(run)
    assert ax.lines[0].get_ydata().max() == 400
    assert ax.get_ylim() == (0, 420)


def test_bars_stand_on_each_other_as_the_table_says():
    arrivals = [transcript(0.9, [("hallo", 0.5, 0.8)]), transcript(1.4, SAID[:1], final=True)]
    run = make_run(arrivals, reference=reference(SAID[:1]))
    ax = plot_error_delay(run, width_s=0.2, until_s=0.8)
    table = error_delay(run, width_s=0.2, until_s=0.8)
    # "hello" ends at 0.8; "hallo" stands from 0.9 to 1.4.
    assert table["not_yet"].tolist() == pytest.approx([0.5, 0, 0, 0])
    heights = [[bar.get_height() for bar in bars] for bars in ax.containers]
    assert np.array(heights) == pytest.approx(
        np.array([[0, 0, 0, 100], [50, 100, 100, 0], [50, 0, 0, 0]]), abs=1e-9
    )
    bottoms = np.array([[bar.get_y() for bar in bars] for bars in ax.containers])
    assert bottoms[1:] == pytest.approx(np.cumsum(heights, axis=0)[:-1])
    edges = [bar.get_x() for bar in ax.containers[0]]
    assert edges == pytest.approx([0, 0.2, 0.4, 0.6])
    assert ax.get_xlim() == pytest.approx((0, 0.8))


RUN = make_run(utterance(SAID))


@pytest.mark.parametrize("plot", [plot_wer_at, plot_error_delay])
def test_without_a_reference_it_says_so(plot):
    ax = plot(RUN)
    assert [text.get_text() for text in ax.texts] == ["no reference words to compare with"]
    assert ax.get_legend() is None


def test_the_curve_is_the_table_for_every_tau(rich):
    taus, rates = plot_wer_at(rich, until_s=2.5).lines[0].get_data()
    assert rates == pytest.approx(wer_at(rich, taus)["wer"] * 100)


@pytest.mark.parametrize("plot", [plot_wer_at, plot_error_delay])
def test_a_coarse_reference_is_the_reason(plot):
    for run, kind in (
        (with_segments(RUN, ("hi", 0, 1)), "segment"),
        (with_text(RUN, "hi"), "text"),
    ):
        assert [text.get_text() for text in plot(run).texts] == [no_words(run)]
        assert no_words(run).startswith(f"the reference is a {kind} reference")
