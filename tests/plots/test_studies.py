"""Arms of a study, drawn as their tables say."""

import numpy as np

from gladia_nb.plots import plot_effects, plot_pareto
from gladia_nb.studies.differences import EFFECTS
from gladia_nb.studies.trade_offs import frontier
from tests.support.pictures import drawn


def effects_of(**more):
    """Two arms and the baseline again, as a table of `Study.compare`."""
    import pandas as pd

    row = dict.fromkeys(EFFECTS, np.nan) | {"measure": "m", "unit": "ms"}
    rows = [
        {"arm": "b", "difference": 40.0, "low": 30.0, "high": 50.0, "finding": "higher"},
        {"arm": "c", "difference": -5.0, "low": -15.0, "high": 5.0, "finding": "undecided"},
        {"arm": "d", "difference": np.inf, "finding": "undecided"},
    ]
    return pd.DataFrame([{**row, **one, **more} for one in rows])


def test_effects_fill_only_what_is_found():
    ax = plot_effects(effects_of(noise_low=-2.0, noise_high=3.0), measure="m")
    marks = {line.get_ydata()[0]: line for line in ax.lines if line.get_marker() == "o"}
    assert set(marks) == {0, 1}, "what never came has no place"
    assert marks[0].get_markerfacecolor() == marks[0].get_color()
    assert marks[1].get_markerfacecolor() == "none"
    assert marks[0].get_color() != marks[1].get_color()
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "c", "d"]
    (band,) = ax.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == (-2.0, 3.0)
    assert ax.get_xlabel() == "ms"
    drawn(ax.figure)


def test_effects_without_noise_and_without_rows():
    assert not plot_effects(effects_of(unit="1"), measure="m").patches
    assert plot_effects(effects_of(), measure="x").texts[0].get_text() == "no blocks to compare"


def test_pareto_joins_what_nothing_beats():
    points = {
        "fast": [(k, 100.0 + k, 0.3) for k in range(3)],
        "right": [(k, 300.0 + k, 0.1) for k in range(3)],
        "neither": [(k, 320.0 + k, 0.2) for k in range(3)],
    }
    ax = plot_pareto(frontier(points), xlabel="ms", ylabel="WER")
    front, *_ = ax.lines
    assert list(front.get_xdata()) == [101, 301]
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    assert [m.get_markerfacecolor() == "none" for m in marks] == [False, False, True]
    assert {text.get_text() for text in ax.texts} == set(points)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("ms", "WER")
    drawn(ax.figure)
    table = frontier(points).assign(x=np.nan)
    assert plot_pareto(table).texts[0].get_text() == "no arm has both numbers"
