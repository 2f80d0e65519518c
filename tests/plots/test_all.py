"""What holds for every plot, tested on what is drawn rather than on pixels."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from gladia_nb.plots import (
    plot_endpointing,
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
)
from tests.support.make_runs import make_run, reference, transcript, utterance, words
from tests.support.pictures import drawn

PLOTS = [
    plot_endpointing,
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


@pytest.mark.parametrize("plot", PLOTS)
def test_draws_into_the_axes_given_and_changes_nothing_else(plot, rich):
    figure = Figure()
    ax = figure.subplots()
    before, figures = dict(mpl.rcParams), plt.get_fignums()
    assert plot(rich, ax) is ax
    assert plot(rich, ax=figure.subplots()) is not ax
    assert plt.get_fignums() == figures
    assert dict(mpl.rcParams) == before
    assert ax.get_title(loc="left")
    assert ax.get_xlabel()
    drawn(figure)


@pytest.mark.parametrize("plot", PLOTS)
def test_makes_a_figure_of_its_own(plot, rich):
    before = set(plt.get_fignums())
    ax = plot(rich)
    assert set(plt.get_fignums()) - before == {ax.figure.number}
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
