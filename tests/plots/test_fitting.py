"""Titles and labels stay within a narrow figure, and cover nothing."""

import pytest
from matplotlib.figure import Figure

from gladia_nb.plots.fitting import fit, legend_above, title_above
from tests.support.pictures import drawn


def figure_of(title, xlabel, inches=3.0):
    figure = Figure(figsize=(inches, 4), layout="constrained")
    ax = figure.add_subplot()
    ax.plot([0, 1], [0, 1], label="a line that goes up")
    ax.set_title(title, loc="left", fontsize="medium", fontweight="bold")
    ax.set_xlabel(xlabel)
    return figure, ax


def test_what_is_too_wide_is_wrapped_where_words_end():
    title, label = "Audio sent, acknowledged, transcribed at last", "seconds since the audio began"
    figure, ax = figure_of(title, f"{label} (@capture)\nand a second line")
    fit(figure)
    drawn(figure)
    for text in (ax._left_title, ax.xaxis.label):
        box = text.get_window_extent()
        assert box.x0 >= 0
        assert box.x1 <= figure.bbox.width
    assert len(ax.get_title(loc="left").splitlines()) > 1
    assert " ".join(ax.get_title(loc="left").split()) == title
    assert ax.get_xlabel().splitlines()[-1] == "and a second line", "lines that were there stay"


@pytest.mark.parametrize("words", ["", "Short", "a-word-without-end-" * 3])
def test_what_fits_or_cannot_fit_stays(words):
    figure, ax = figure_of(words, "s")
    fit(figure)
    drawn(figure)
    assert (ax.get_title(loc="left"), ax.get_xlabel()) == (words, "s")


def test_a_title_goes_above_a_legend_that_it_would_cover():
    figure, ax = figure_of("A title as wide as that", "s")
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False)
    fit(figure)
    drawn(figure)
    title = ax._left_title
    assert title.get_window_extent().y0 >= ax.get_legend().get_window_extent().y1
    assert title.get_fontweight() == "bold"
    # Where there is room they stand beside each other.
    wide, ax = figure_of("Title", "s", inches=8)
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), frameon=False)
    fit(wide)
    drawn(wide)
    legend = ax.get_legend().get_window_extent()
    assert ax._left_title.get_window_extent().y0 < legend.y1


def test_a_legend_above_takes_as_many_lines_as_it_needs():
    heights = []
    for room in (1000, 350, 10):
        figure, ax = figure_of("Title", "s", inches=8)
        for name in ("one thing", "another", "a third one"):
            ax.plot([0, 1], label=name)
        legend_above(ax, room)
        assert title_above(ax) is ax
        drawn(figure)
        box = ax.get_legend().get_window_extent()
        assert box.y0 >= ax.get_window_extent().y1
        assert ax._left_title.get_window_extent().y0 >= box.y1
        heights.append(box.height)
    assert heights == sorted(set(heights))


def test_without_a_legend_a_title_stays():
    figure, ax = figure_of("Title", "s")
    before = ax.titleOffsetTrans
    assert title_above(ax) is ax
    assert ax.titleOffsetTrans is before
    assert figure.axes == [ax]
