"""Word latency: the distribution, and its course over the audio."""

import numpy as np
import pytest

from gladia_nb.metrics import latency
from gladia_nb.metrics.base.resampling import ecdf_band
from gladia_nb.plots import plot_latency_ecdf, plot_word_latency
from tests.support.make_runs import make_run, reference, utterance, words
from tests.support.pictures import legend

SAID = words("hello it is very nice", 0.5)  # ends at 0.8, 1.2, 1.6, 2.0, 2.4


def test_ecdf_is_that_of_the_frame(rich):
    ax = plot_latency_ecdf(rich)
    rows = latency(rich).query("name == 'word_end -> final @send' and anchor == 'reference'")
    steps = [line for line in ax.lines if len(line.get_xdata()) > 2]
    x, y = steps[1].get_data()
    assert np.array_equal(x[1:-1], np.sort(rows["latency_ms"].dropna()))
    assert y[-1] == pytest.approx(rows["latency_ms"].notna().mean())
    assert y[-1] < 1
    assert legend(ax)[1].endswith("(n = 131, 4 never)")
    assert "p50" in legend(ax)[0]
    assert "p90 withheld" in legend(ax)[0]  # there are 21 utterances
    assert "@send, anchor: reference" in ax.get_xlabel()


def test_ecdf_of_the_capture_clock():
    ax = plot_latency_ecdf(make_run(utterance(SAID, partial_s=-0.2)), clock="capture")
    assert "@capture, anchor: service" in ax.get_xlabel()
    assert any(list(line.get_xdata()) == [0, 0] for line in ax.lines)


def test_word_latency_shows_what_never_came(rich):
    ax = plot_word_latency(rich)
    assert legend(ax) == [
        "first seen",
        "first seen: never",
        "final of the utterance",
        "final of the utterance: never",
    ]
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [len(line.get_xdata()) for line in crosses] == [4, 4]
    lows = ax.get_ylim()
    assert lows[0] <= 0


def test_ecdf_by_hand():
    ax = plot_latency_ecdf(make_run(utterance(SAID, partial_s=0.2, final_s=0.5)))
    seen, final = [line for line in ax.lines if len(line.get_xdata()) > 2]
    # A final at 2.9 s: 500 ms after the last word, 2100 ms after the first.
    x, y = final.get_data()
    assert x[:-1] == pytest.approx([500, 500, 900, 1300, 1700, 2100])
    assert y == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1, 1])
    assert seen.get_xdata()[:-1] == pytest.approx([200] * (len(seen.get_xdata()) - 1))
    assert legend(ax) == [
        "first seen: p50 200 ms, p90 withheld (n = 5)",
        "final of the utterance: p50 1300 ms, p90 withheld (n = 5)",
    ]
    marks = [line for line in ax.lines if line.get_marker() in ("o", "^")]
    assert [line.get_xdata().tolist() for line in marks] == [
        pytest.approx([200]),
        pytest.approx([1300]),
    ]
    assert len(ax.collections) == 0, "one utterance has no band"


def test_what_never_came_has_no_mark():
    run = make_run(utterance(SAID, final_s=None), reference=reference(SAID))
    ax = plot_latency_ecdf(run)
    assert legend(ax)[1] == "final of the utterance: p50 never, p90 withheld (n = 5, 5 never)"
    marks = next(line for line in ax.lines if line.get_marker() == "^")
    assert len(marks.get_xdata()) == 0


def test_the_band_is_that_of_drawing_utterances(rich):
    ax = plot_latency_ecdf(rich)
    rows = latency(rich).query("name == 'word_end -> final @send' and anchor == 'reference'")
    values = np.sort(rows["latency_ms"].dropna().unique())
    low, high = ecdf_band(
        rows["latency_ms"], rows["channel"].astype(str) + rows["utterance_id"], values
    )
    band = ax.collections[1].get_paths()[0].vertices
    assert band[:, 1].max() == pytest.approx(high.max())
    assert {round(y, 9) for y in band[:, 1]} >= {round(y, 9) for y in (*low[:-1], *high[:-1])}


def test_word_latency_by_hand():
    ax = plot_word_latency(make_run(utterance(SAID, partial_s=0.2, final_s=0.5)))
    seen, seen_line, final, final_line = ax.lines
    assert seen.get_xdata() == pytest.approx([0.8, 1.2, 1.6, 2.0, 2.4])
    assert seen.get_ydata() == pytest.approx([200] * 5)
    assert seen_line.get_ydata() == pytest.approx([200] * 5)
    assert final.get_ydata() == pytest.approx([2100, 1700, 1300, 900, 500])
    # Of nine words around each all five are seen.
    assert final_line.get_ydata() == pytest.approx([1300] * 5)
    assert legend(ax) == ["first seen", "final of the utterance"]


def test_the_line_is_the_median_of_nine_words():
    said = words(" ".join("abcdefghijklmnopqrst"), 0.5)
    ax = plot_word_latency(make_run(utterance(said), duration_s=10))
    values, medians = ax.lines[2].get_ydata(), ax.lines[3].get_ydata()
    for k in range(4, len(said) - 4):
        assert medians[k] == pytest.approx(np.median(values[k - 4 : k + 5]))
    assert medians[0] == pytest.approx(np.median(values[:5]))


@pytest.mark.parametrize("clock", ["send", "capture", "ack"])
@pytest.mark.parametrize("plot", [plot_latency_ecdf, plot_word_latency])
def test_each_clock_is_named(plot, clock, rich):
    ax = plot(rich, clock=clock)
    assert f"@{clock}" in ax.get_xlabel() + ax.get_ylabel()
    assert len(ax.lines) >= 4
