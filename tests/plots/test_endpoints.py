"""Cut-offs against waiting: the curve and the marks are the table."""

import numpy as np
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import endpointing
from gladia_nb.plots import plot_endpointing
from gladia_nb.plots.style import NO_TRANSCRIPTS
from tests.support.make_runs import make_run, rich_run, utterance, words
from tests.support.pictures import drawn, legend


def test_the_curve_is_the_prediction_and_the_triangle_the_measurement(rich):
    ax = plot_endpointing(rich)
    table = endpointing(rich)
    would, was = (table[table["kind"] == kind] for kind in ("predicted", "measured"))
    would = would[np.isfinite(would["wait_p50_ms"])]
    curve, mark = ax.lines
    assert curve.get_xdata() == pytest.approx(would["wait_p50_ms"])
    assert curve.get_ydata() == pytest.approx(would["premature_share"] * 100)
    assert mark.get_marker() == "^"
    assert mark.get_xdata() == pytest.approx(was["wait_p50_ms"])
    assert mark.get_ydata() == pytest.approx(was["premature_share"] * 100)
    assert legend(ax) == ["predicted from 0.05 s, timing only", "measured, each run at its own"]
    assert ax.get_ylabel() == "turns that are cut (%)"
    assert "anchor: reference" in ax.get_xlabel()
    drawn(ax.figure)


def test_endpointings_stand_beside_the_points_that_are_apart(rich):
    ax = plot_endpointing(rich, at=[0.05, 0.06, 1.0])
    assert [text.get_text() for text in ax.texts] == ["0.05 s", "1 s", "0.05 s"]
    (curve, _), (first, second, measured) = ax.lines, ax.texts
    points = list(zip(curve.get_xdata(), curve.get_ydata(), strict=True))
    assert first.xy == pytest.approx(points[0])
    assert second.xy == pytest.approx(points[2])
    assert measured.xy[0] == pytest.approx(endpointing(rich)["wait_p50_ms"].iloc[-1])


def test_without_a_reference_cuts_are_counted_and_it_says_so():
    run = rich_run(with_reference=False)
    ax = plot_endpointing(run, at=[0.05, 0.5])
    assert ax.lines[0].get_ydata() == pytest.approx(
        endpointing(run, [0.05, 0.5])["cuts_per_minute"][:2]
    )
    assert ax.get_ylabel() == "cuts per minute (no reference: no turns)"
    assert "anchor: service" in ax.get_xlabel()


def test_real_runs_lie_on_top_of_the_prediction():
    said = [
        *utterance(words("hello there", 0.5), "0"),
        *utterance(words("good morning", 2.0), "1", final_s=0.8),
    ]
    slow = make_run(said, duration_s=4.0, config={"endpointing": 0.3})
    ax = plot_endpointing([slow, make_run(said, duration_s=4.0)], at=[0.05, 0.3])
    curve, marks = ax.lines
    assert len(curve.get_xdata()) == len(marks.get_xdata()) == 2
    assert marks.get_zorder() >= curve.get_zorder()
    assert [text.get_text() for text in ax.texts][-2:] == ["0.05 s", "0.3 s"]


def test_nothing_to_draw_and_nothing_to_tell():
    ax = plot_endpointing(make_run())
    assert [text.get_text() for text in ax.texts] == [NO_TRANSCRIPTS]
    assert ax.get_legend() is None
    with pytest.raises(ConfigError, match="cannot be told"):
        plot_endpointing(make_run(), at=[0.01])
