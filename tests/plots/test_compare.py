"""One kind of run against another: a row a measure, drawn as its numbers say."""

import numpy as np
import pytest

from gladia_nb.metrics import compare
from gladia_nb.plots import compare as plots_compare
from gladia_nb.plots import plot_comparison
from tests.support.make_runs import make_run, reference, rich_run, utterance, words
from tests.support.pictures import drawn

GROUPS = [words("one two three", 0.5 + 2 * number) for number in range(3)]


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


def talk(final_s=0.5, groups=GROUPS):
    arrivals = []
    for number, group in enumerate(groups):
        arrivals += utterance(group, f"0_{number}", final_s=final_s)
    known = reference([word for group in groups for word in group])
    return make_run(arrivals, duration_s=8, reference=known)


def row(ax, name):
    """Number of the row of a measure, its words and its mark."""
    labels = [label.get_text() for label in ax.get_yticklabels()]
    number = labels.index(name)
    (mark,) = [
        line
        for line in ax.lines
        if line.get_marker() in ("<", ">") and line.get_ydata().tolist() == [number]
    ]
    return ax.texts[number].get_text(), mark


def test_a_constant_difference_is_where_it_belongs():
    ax = plot_comparison(talk(0.5), talk(0.8))
    said, mark = row(ax, "word end -> final")
    assert said == "+300 (no bounds), n=9"
    assert (mark.get_marker(), *mark.get_xdata()) == (">", pytest.approx(300))
    assert mark.get_markerfacecolor() == "none", "one pair tells of these two sessions only"
    back, mark = row(plot_comparison(talk(0.8), talk(0.5)), "word end -> final")
    assert back == "-300 (no bounds), n=9"
    assert (mark.get_marker(), *mark.get_xdata()) == ("<", pytest.approx(-300))
    same, mark = row(ax, "word end -> first seen")
    assert same == "+0.0 (no bounds), n=9"
    assert mark.get_markerfacecolor() == "none", "an interval that covers 0 is drawn open"


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((0.2, -0.04, 0.4), "+0.2 (+0.0 to +0.4), n=9"),
        ((-0.01, -9.94, 0.0), "+0.0 (-9.9 to +0.0), n=9"),
        ((-0.2, -9.96, 0.4), "+0 (-10 to +0), n=9"),
        ((5.0, -np.inf, 9.0), "+5.0 (less than +9.0), n=9"),
        ((5.0, np.nan, np.nan), "+5.0, n=9"),
        ((-40.0, -55.5, -0.3), "-40 (-56 to +0), n=9"),
    ],
)
def test_small_differences_have_a_decimal_and_no_zero_is_negative(monkeypatch, numbers, said):
    table = compare(talk(0.5), talk(0.8))
    row = table[table["name"] == "word_end -> final @send"].copy()
    row[["difference_ms", "low_ms", "high_ms"]] = numbers
    monkeypatch.setattr(plots_compare, "compare", lambda *_: row)
    (text,) = plot_comparison(talk(), talk()).texts
    assert text.get_text() == said


def test_without_an_interval_the_mark_is_open():
    ax = plot_comparison(talk(0.5, GROUPS[:1]), talk(0.8, GROUPS[:1]))
    said, mark = row(ax, "word end -> final")
    assert (said, mark.get_markerfacecolor()) == ("+300, n=3", "none")


@pytest.mark.parametrize(("a", "b", "who"), [(0.5, None, "b"), (None, 0.5, "a")])
def test_what_never_came_is_an_arrow_at_the_edge(a, b, who):
    ax = plot_comparison(talk(a), talk(b))
    said, mark = row(ax, "word end -> final")
    assert said == f"{who} never came, n=9"
    ends = ax.get_xlim()
    edge = ends[1] if who == "b" else ends[0]
    assert mark.get_xdata()[0] == pytest.approx(edge / 1.2)
    drawn(ax.figure)


def test_medians_of_whole_runs_are_not_called_pairs():
    other = rich_run(with_reference=False)
    axes = plot_comparison(make_run(utterance(words("something else entirely"))), other)
    assert axes.get_title("left") == "Difference of the medians b - a"
    assert "of whole runs" in axes.get_xlabel()
    assert plot_comparison(rich_run(), rich_run()).get_title("left") == "Paired difference b - a"


def test_the_clock_is_chosen():
    ax = plot_comparison(talk(0.5), talk(0.8), clock="capture")
    table = compare(talk(0.5), talk(0.8))
    assert len(ax.get_yticks()) == table["name"].str.endswith("@capture").sum()
    assert "@capture" in ax.get_xlabel()
    assert row(ax, "word end -> final")[1].get_xdata() == pytest.approx(300)


def test_the_scale_has_both_sides():
    ax = plot_comparison(talk(0.5), talk(0.8))
    low, high = ax.get_xlim()
    assert low == -high
    assert ax.get_xscale() == "symlog"
    ticks = ax.get_xticks()
    assert np.array_equal(ticks, -ticks[::-1])
    assert ticks[ticks > 0].tolist() == [10, 100]
