"""Plots, tested on what they draw rather than on pixels."""

import io
import warnings

import matplotlib as mpl
import numpy as np
import pytest

from tests.support.make_runs import make_run, reference, rich_run, transcript, utterance, words

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import (
    compare,
    latency,
    liveliest,
    updates,
    waterfall,
    wer_at,
    word_states,
)
from gladia_nb.plots import (
    plot_comparison,
    plot_error_delay,
    plot_final_waterfall,
    plot_flicker,
    plot_health,
    plot_latency_ecdf,
    plot_latency_histogram,
    plot_overview,
    plot_partial_alignment,
    plot_staircase,
    plot_timeline,
    plot_wer_at,
    plot_word_latency,
)
from gladia_nb.plots._style import drawable

PLOTS = [
    plot_error_delay,
    plot_final_waterfall,
    plot_flicker,
    plot_health,
    plot_latency_ecdf,
    plot_latency_histogram,
    plot_partial_alignment,
    plot_staircase,
    plot_timeline,
    plot_wer_at,
    plot_word_latency,
]
#: What an empty run is answered with.
NOTHING = ("no transcripts", "nothing was sent", "no reference words to compare with")
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
    assert next(t.get_text() for t in ax.texts) in NOTHING
    assert ax.get_title(loc="left")
    drawn(ax.figure)


@pytest.mark.parametrize("plot", PLOTS)
@pytest.mark.parametrize("style", ["default", "dark_background", "grayscale"])
def test_everything_stands_out_from_the_page(plot, style, rich):
    """Lines, marks and texts differ from the background, on paper and on a dark page."""
    with mpl.style.context(style):
        ax = plot(rich)
        page = luminance(ax.get_facecolor())
        inks = [line.get_color() for line in ax.lines if line.get_visible()]
        inks += [text.get_color() for text in [*ax.texts, ax.xaxis.label, ax._left_title]]
        for ink in inks:
            light, dark = sorted((luminance(ink), page), reverse=True)
            assert (light + 0.05) / (dark + 0.05) > 1.9, ink
        drawn(ax.figure)


def luminance(colour):
    """Relative luminance, as WCAG defines it."""
    parts = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("plot", PLOTS)
def test_every_plot_takes_odd_runs(plot):
    for run in (
        make_run(utterance(SAID, partial_s=None)),
        make_run(utterance(SAID, final_s=None), reference=reference(SAID)),
        make_run([transcript(1.0, [], final=True)], reference=reference(SAID)),
        make_run(utterance(SAID), ack_ms=None, reference=reference(SAID), speed=4.0),
    ):
        drawn(plot(run).figure)
        plt.close("all")


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
    assert "p90 withheld" in legend(ax)[0]  # there are 21 utterances
    assert "@send, anchor: reference" in ax.get_xlabel()


def test_ecdf_of_the_capture_clock():
    ax = plot_latency_ecdf(make_run(utterance(SAID, partial_s=-0.2)), clock="capture")
    assert "@capture, anchor: service" in ax.get_xlabel()
    assert any(list(line.get_xdata()) == [0, 0] for line in ax.lines)


def test_word_latency_shows_what_never_came(rich):
    ax = plot_word_latency(rich)
    assert legend(ax) == ["first seen", "first seen: never", "final", "final: never"]
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


def test_histogram_is_that_of_the_frame(rich):
    ax = plot_latency_histogram(rich)
    rows = latency(rich).query("name == 'word_end -> final @send' and anchor == 'reference'")
    bars = next(c for c in ax.containers if c.get_label().startswith("final"))
    assert bars.get_label() == "final (n=131, 4 never)"
    total = sum(bar.get_height() for bar in bars)
    assert total == pytest.approx(100 * rows["latency_ms"].notna().mean())
    assert {round(bar.get_width(), 6) for bar in bars} == {50}


def test_histogram_keeps_negatives():
    ax = plot_latency_histogram(make_run(utterance(SAID, partial_s=-0.3)))
    first = next(c for c in ax.containers if c.get_label().startswith("first seen"))
    assert sum(bar.get_height() for bar in first if bar.get_x() < 0) > 0


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


def test_waterfall_bars_are_the_parts(rich):
    ax = plot_final_waterfall(rich)
    table = waterfall(rich)
    assert sum(len(c) for c in ax.containers) == len(table)
    width = sum(bar.get_width() for c in ax.containers for bar in c)
    assert width == pytest.approx(table["duration_ms"].sum())
    totals = table.drop_duplicates(["channel", "utterance_id"])["total_ns"] / 1e6
    assert [text.get_text() for text in ax.texts] == [f"{total:.0f}" for total in totals]


def test_waterfall_of_many_finals_is_by_trigger():
    arrivals = [
        transcript(0.7 + 0.1 * k, words("word", 0.1 * k), f"{k}", final=True) for k in range(60)
    ]
    ax = plot_final_waterfall(make_run(arrivals, duration_s=8))
    assert len(ax.get_yticks()) <= 4
    assert all("median of" in label.get_text() for label in ax.get_yticklabels())


def test_alignment_diagram_has_a_box_for_each_word_and_update(rich):
    ax = plot_partial_alignment(rich, until_s=6.0)
    table = word_states(rich, until_s=6.0)
    spoken = table[table["start_s"] <= table["recv_s"]]
    boxes = {state: len(c.get_paths()) for state, c in zip(STATES, ax.collections, strict=True)}
    assert boxes == {state: int((spoken["state"] == state).sum()) for state in STATES}
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


STATES = ("correct", "wrong", "not_yet")


def test_flicker_marks_are_those_of_the_updates(rich):
    channel, ident = liveliest(rich)
    ax = plot_flicker(rich)
    table = updates(rich, ident, channel=channel)
    marks = {line.get_marker(): len(line.get_xdata()) for line in ax.lines if len(line.get_xdata())}
    assert marks.get("s", 0) == (table["change"] == "replaced").sum() > 0
    last = table[table["update"] == table["update"].max()]
    assert [label.get_text() for label in ax.get_yticklabels()] == last["word"].tolist()
    with pytest.raises(ConfigError, match="no utterance 'nowhere'"):
        plot_flicker(rich, utterance="nowhere")


def test_health_panel_says_the_verdict(rich):
    ax = plot_health(rich)
    assert ax.get_title(loc="left").endswith(rich.verdict.status)
    late = next(line for line in ax.lines if line.get_label() == "chunk sent late")
    assert len(late.get_xdata()) == len(rich.chunks)


def test_comparison_draws_each_measure():
    ax = plot_comparison(rich_run(), rich_run(seed=8))
    table = compare(rich_run(), rich_run(seed=8))
    table = table[table["name"].str.endswith("@send") & (table["pairs"] > 0)]
    assert len(ax.get_yticks()) == len(table)
    assert [text.get_text().split("n=")[1] for text in ax.texts] == [str(n) for n in table["pairs"]]
    drawn(ax.figure)
    same = plot_comparison(rich_run(), rich_run())
    assert all(text.get_text().startswith("+0") for text in same.texts)
    lines = [line for line in ax.lines if len(line.get_xdata()) == 2]
    assert {line.get_linestyle() for line in lines} == {"-", ":"}  # the axis, and intervals
    assert ax.get_xlabel().endswith(
        "these two sessions only; one of the kinds needs 2 more pairs of runs"
    )
    assert not any(
        line.get_markerfacecolor() == line.get_color()
        for line in ax.lines
        if line.get_marker() in "<>"
    )
    kinds = plot_comparison(
        [rich_run(seed=k) for k in range(3)], [rich_run(seed=k) for k in (4, 5, 6)]
    )
    assert "\n" not in kinds.get_xlabel()
    assert ":" not in {line.get_linestyle() for line in kinds.lines}
    assert not any("inf" in text.get_text() for text in [*ax.texts, *kinds.texts])
    nothing = plot_comparison(make_run(), make_run())
    assert nothing.texts[0].get_text() == "no pairs to compare"


def test_drawable():
    assert drawable("  hello \n wonderful world", 12) == "hello wonde\u2026"
    assert drawable("$5 \u65e5", 12) == r"\$5 ?"
    assert drawable("", 3) == ""
