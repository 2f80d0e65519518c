"""The histogram of word latency: shares that add up, nothing clamped or lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from gladia_nb.metrics import latency
from gladia_nb.plots import plot_latency_histogram
from tests.support.make_runs import make_run, reference, rich_run, utterance, words
from tests.support.pictures import legend

SAID = words("hello it is very nice", 0.5)  # ends at 0.8, 1.2, 1.6, 2.0, 2.4


def test_histogram_is_that_of_the_frame(rich):
    ax = plot_latency_histogram(rich)
    rows = latency(rich).query("name == 'word_end -> final @send' and anchor == 'reference'")
    bars = next(c for c in ax.containers if c.get_label().startswith("final"))
    assert bars.get_label() == "final of the utterance (n=131, 4 never)"
    total = sum(bar.get_height() for bar in bars)
    assert total == pytest.approx(100 * rows["latency_ms"].notna().mean())
    assert {round(bar.get_width(), 6) for bar in bars} == {50}


def test_histogram_keeps_negatives():
    ax = plot_latency_histogram(make_run(utterance(SAID, partial_s=-0.3)))
    first = next(c for c in ax.containers if c.get_label().startswith("first seen"))
    assert sum(bar.get_height() for bar in first if bar.get_x() < 0) > 0


def shares(ax, name):
    """Left edge of each bin that is not empty, and its height."""
    bars = next(c for c in ax.containers if c.get_label().startswith(name))
    return {round(bar.get_x()): pytest.approx(bar.get_height()) for bar in bars if bar.get_height()}


def test_by_hand():
    ax = plot_latency_histogram(make_run(utterance(SAID, partial_s=0.21, final_s=0.51)))
    assert shares(ax, "first seen") == {200: 100}
    assert shares(ax, "final") == dict.fromkeys([500, 900, 1300, 1700, 2100], 20)
    assert legend(ax) == ["first seen (n=5)", "final of the utterance (n=5)"]
    assert "share of words in 50 ms" in ax.get_ylabel()


def test_what_is_far_is_gathered_in_the_last_bin_and_told():
    run = make_run(utterance(SAID, partial_s=0.21, final_s=0.51))
    ax = plot_latency_histogram(run, width_ms=5)
    assert len(ax.containers[0]) == 160
    assert shares(ax, "final") == {510: 20, 795: 80}
    assert [text.get_text() for text in ax.texts] == ["and more"]


def test_a_milestone_that_never_came_has_bars_of_nothing():
    ax = plot_latency_histogram(make_run(utterance(SAID, final_s=None), reference=reference(SAID)))
    assert shares(ax, "final") == {}
    assert legend(ax) == ["first seen (n=5, 5 never)", "final of the utterance (n=5, 5 never)"]


@settings(max_examples=5)
@given(st.floats(10, 400), st.sampled_from(["send", "capture", "ack"]))
def test_no_word_is_lost_whatever_the_width(width_ms, clock):
    rows = latency(RICH).query("anchor == 'reference' and clock == @clock and unit == 'word'")
    rows = rows[rows["anchor_clock_s"].notna()]
    ax = plot_latency_histogram(RICH, Figure().subplots(), clock=clock, width_ms=width_ms)
    for bars, milestone in zip(ax.containers, ("first_seen", "final"), strict=True):
        came = rows.loc[rows["milestone"] == milestone, "latency_ms"].notna().mean()
        assert sum(bar.get_height() for bar in bars) == pytest.approx(100 * came)


RICH = rich_run()
