"""Where the latency of finals goes: parts that stand side by side and add up."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from gladia_nb.metrics import waterfall
from gladia_nb.plots import plot_final_waterfall
from tests.support.make_runs import make_run, transcript, utterance, words
from tests.support.pictures import drawn, legend

SAID = words("hello it is very nice", 0.5)  # ends at 2.4, on the boundary of a chunk


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


def bars(ax):
    """Left and width of each bar, by the words of its part."""
    return {c.get_label(): [(bar.get_x(), bar.get_width()) for bar in c] for c in ax.containers}


def test_an_endpoint_by_hand():
    run = make_run(
        utterance(SAID, final_s=0.5, speech_end_s=0.35),
        config={"endpointing": 0.3},
        late_ms=lambda seq: 5.0,
    )
    ax = plot_final_waterfall(run)
    assert bars(ax) == {
        "sending": [pytest.approx((0, 5))],
        "endpointing (configured)": [pytest.approx((5, 300))],
        "voice activity detection, network": [pytest.approx((305, 45))],
        "decoding, network": [pytest.approx((350, 150))],
    }
    assert legend(ax) == list(bars(ax))
    assert [text.get_text() for text in ax.texts] == ["500"]
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["hello it is very nice (endpoint)"]


def test_a_negative_part_goes_to_the_left():
    """The service heard the end of speech before its own silence was over."""
    run = make_run(utterance(SAID, final_s=0.5, speech_end_s=0.1), config={"endpointing": 0.3})
    found = bars(plot_final_waterfall(run))
    assert found["voice activity detection, network"] == [pytest.approx((300, -200))]
    assert found["decoding, network"] == [pytest.approx((100, 400))]


def test_the_parts_of_each_row_touch(rich):
    ax = plot_final_waterfall(rich)
    rows = {}
    for container in ax.containers:
        for bar in container:
            span = (bar.get_x(), bar.get_x() + bar.get_width())
            rows.setdefault(round(bar.get_y() + bar.get_height() / 2), []).append(span)
    assert len(rows) == len(ax.get_yticks())
    for spans in rows.values():
        assert spans[0][0] == pytest.approx(0, abs=1e-6)
        for (_, end), (start, _) in pairwise(spans):
            assert start == pytest.approx(end, abs=1e-6)


def test_of_many_finals_the_medians_of_each_trigger():
    arrivals = []
    for k in range(26):
        said = words("word", 0.5 + k)
        arrivals += utterance(said, f"{k}", final_s=0.5 + 0.01 * k, speech_end_s=0.3)
    run = make_run(arrivals, duration_s=30, config={"endpointing": 0.3})
    ax = plot_final_waterfall(run)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["endpoint: median of 26"]
    table = waterfall(run)
    medians = table.groupby("part")["duration_ms"].median()
    widths = [width for spans in bars(ax).values() for _, width in spans]
    assert sorted(widths) == pytest.approx(np.sort(medians))


def test_no_final_to_take_apart():
    ax = plot_final_waterfall(make_run(utterance(SAID, final_s=None)))
    assert [text.get_text() for text in ax.texts] == ["no final to take apart"]
    ax = plot_final_waterfall(make_run([transcript(1.0, [], span=(np.nan, np.nan), final=True)]))
    assert len(ax.containers) == 0


@pytest.mark.parametrize("inches", [3.4, 5, 8])
def test_neither_names_nor_title_hide_a_bar(rich, inches):
    figure = Figure(figsize=(inches, 5), layout="constrained")
    ax = plot_final_waterfall(rich, figure.subplots())
    drawn(figure)
    names = ax.get_legend().get_window_extent()
    assert names.y0 >= ax.get_window_extent().y1
    assert ax._left_title.get_window_extent().y0 >= names.y1
    assert names.x0 >= 0
