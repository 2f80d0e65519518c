"""Plots, tested on what they draw rather than on pixels."""

import io
import warnings

import matplotlib as mpl
import numpy as np
import pytest
from make_runs import make_run, reference, rich_run, transcript, utterance, words

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from gladia_nb.metrics import latency
from gladia_nb.plots import (
    plot_latency_ecdf,
    plot_overview,
    plot_staircase,
    plot_timeline,
    plot_word_latency,
)
from gladia_nb.plots._style import drawable

PLOTS = [plot_latency_ecdf, plot_staircase, plot_timeline, plot_word_latency]
SAID = words("hello it is very nice", 0.5)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def rich():
    return rich_run()


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def drawn(figure):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(io.BytesIO(), format="png", dpi=40)


@pytest.mark.parametrize("plot", PLOTS)
def test_draws_into_the_axes_given_and_changes_nothing_else(plot, rich):
    figure = Figure()
    ax = figure.subplots()
    before = dict(mpl.rcParams)
    assert plot(rich, ax) is ax
    assert plot(rich, ax=figure.subplots()) is not ax
    assert plt.get_fignums() == []
    assert dict(mpl.rcParams) == before
    assert ax.get_title(loc="left")
    assert ax.get_xlabel()
    drawn(figure)


@pytest.mark.parametrize("plot", PLOTS)
def test_makes_a_figure_of_its_own(plot, rich):
    ax = plot(rich)
    assert plt.get_fignums() == [ax.figure.number]
    drawn(ax.figure)


@pytest.mark.parametrize("plot", PLOTS)
def test_an_empty_run_says_so(plot):
    ax = plot(make_run(sent_s=0.0))
    assert next(t.get_text() for t in ax.texts) in ("no transcripts", "nothing was sent")
    assert ax.get_title(loc="left")
    drawn(ax.figure)


def test_odd_runs_can_be_drawn():
    said = words("it costs $5 or $6 \u65e5\u672c", 0.5)
    for run in (
        make_run(utterance(said, partial_s=-0.3)),
        make_run(utterance(SAID, final_s=None)),
        make_run(utterance(SAID, partial_s=None)),
        make_run(utterance(SAID), sent_s=0.1),
        make_run([transcript(1.0, [], final=True)]),
        make_run(utterance(SAID) + utterance(SAID, "1", channel=1), channels=2, speed=2.0),
    ):
        drawn(plot_overview(run))


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
    assert "@send, anchor: reference" in ax.get_xlabel()


def test_ecdf_of_the_capture_clock():
    ax = plot_latency_ecdf(make_run(utterance(SAID, partial_s=-0.2)), clock="capture")
    assert "@capture, anchor: service" in ax.get_xlabel()
    assert any(list(line.get_xdata()) == [0, 0] for line in ax.lines)


def test_word_latency_shows_what_never_came(rich):
    ax = plot_word_latency(rich)
    assert legend(ax) == ["first partial", "first partial: never", "final", "final: never"]
    crosses = [line for line in ax.lines if line.get_marker() == "x"]
    assert [len(line.get_xdata()) for line in crosses] == [8, 4]
    lows = ax.get_ylim()
    assert lows[0] <= 0


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


def test_overview(rich):
    figure = plot_overview(rich)
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert len(titles) == 4
    assert "conversation.flac" in figure.get_suptitle()
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    own = Figure(figsize=(10, 9), layout="constrained")
    assert plot_overview(make_run(utterance(SAID), reference=reference(SAID)), own) is own
    drawn(own)


def test_drawable():
    assert drawable("  hello \n wonderful world", 12) == "hello wonde\u2026"
    assert drawable("$5 \u65e5", 12) == r"\$5 ?"
    assert drawable("", 3) == ""
