"""Runs beside each other: a letter each, what differs, and whether their words can be paired."""

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from gladia_nb.errors import ConfigError
from gladia_nb.lab import comparing
from gladia_nb.lab.comparing import LETTERS, beside, difference
from gladia_nb.lab.views import Look
from gladia_nb.metrics import compare, partners
from gladia_nb.metrics.base.align import align_in_time
from tests.support.make_runs import make_run, rich_run, utterance, words


def test_a_column_a_run_and_what_differs():
    runs = [rich_run(7), rich_run(8), rich_run(9)]
    found = beside(runs)
    assert found["table"]["columns"] == ["What", "A", "B", "C"]
    rows = found["table"]["rows"]
    assert found["differs"] == [len({*row[1:]}) > 1 for row in rows]
    assert True in found["differs"]
    assert False in found["differs"]


def test_the_same_run_does_not_differ_from_itself():
    run = rich_run()
    assert True not in beside([run, run])["differs"]


@pytest.mark.parametrize(("count", "words"), [(1, "two runs or more"), (9, "8 runs at most")])
def test_how_many(count, words):
    with pytest.raises(ConfigError, match=words):
        beside([rich_run()] * count)
    assert len(LETTERS) == 8


SMALL = Look(width=500, scale=1)
BARE = rich_run(with_reference=False)


@pytest.mark.parametrize(
    ("run", "other", "how"),
    [
        (rich_run(), rich_run(8), "word by word"),
        (BARE, rich_run(8), "word by word where their texts are the same, without a reference"),
        (
            rich_run(),
            make_run(utterance(words("of another sound"))),
            "medians of the whole runs, wh",
        ),
        (
            BARE,
            make_run(
                utterance(words("none of these words")), duration_s=BARE.duration_s, name=BARE.name
            ),
            "medians of the whole runs, since only 0 % of the words of both are the same",
        ),
    ],
)
def test_how_latencies_are_paired_is_said_as_the_table_says_it(run, other, how):
    data, told = difference(run, other, SMALL)
    assert data.startswith(b"\x89PNG")
    assert told["paired"].startswith(how)
    assert f"latency, {told['paired']}: to the right of 0 the second run is later" in told["text"]
    assert all(told["paired"] in note for note in compare(run, other)["note"] if "since" in how)
    assert plt.get_fignums() == []


def test_words_are_aligned_once(monkeypatch):
    aligned = []

    def watched(*texts):
        aligned.append(texts[0])
        return align_in_time(*texts)

    monkeypatch.setattr(partners, "align_in_time", watched)
    difference(BARE, rich_run(8, with_reference=False), SMALL)
    assert len(aligned) == len(BARE.words["channel"].unique())


def test_what_is_said_below_the_picture_is_no_wider_than_it(monkeypatch):
    figures = []

    def kept(draw, _size, _look):
        figures.append(Figure(figsize=(6.0, 3.6), layout="constrained"))
        draw(figures[-1])
        return b""

    monkeypatch.setattr(comparing, "drawn_by", kept)
    difference(rich_run(), rich_run(8))
    (figure,) = figures
    figure.draw_without_rendering()
    label = figure.axes[0].xaxis.label
    assert "interval of these two sessions" in label.get_text().replace("\n", " ")
    box = label.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
