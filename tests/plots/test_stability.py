"""Flicker: what each update kept, replaced and removed."""

import numpy as np
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import liveliest, updates
from gladia_nb.plots import plot_flicker
from tests.support.make_runs import make_run, transcript, words
from tests.support.pictures import drawn, legend


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


def shown(*texts, ident="00_00000000", final=True, channel=0):
    """Updates of one utterance, the last of them its final."""
    return [
        transcript(
            1.0 + 0.1 * k, words(text), ident, final=final and k + 1 == len(texts), channel=channel
        )
        for k, text in enumerate(texts)
    ]


def marks(ax):
    return {
        line.get_marker(): list(zip(*(values.tolist() for values in line.get_data()), strict=True))
        for line in ax.lines
        if line.get_marker() in ("s", "x") and len(line.get_xdata())
    }


def test_by_hand():
    ax = plot_flicker(make_run(shown("a b", "a c", "a c d", "a c")))
    assert marks(ax) == {"s": [(1, 1)], "x": [(2.5, 2)]}
    # Not in the cell of a word that was kept, and it is said which utterance this is.
    assert ax.get_title(loc="left").startswith("Flicker: from ")
    assert "\u201ca c\u201d" in ax.get_title(loc="left")
    ages = ax.collections[0].get_array()
    assert ages.shape == (3, 4)
    # Down the words, to the right the updates; what is not there has no cell.
    assert ages.filled(-1).tolist() == [[0, 1, 2, 3], [0, 0, 1, 2], [-1, -1, 0, -1]]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "c"]
    assert [text.get_text() for text in ax.texts] == ["c", "final"]
    assert legend(ax)[1] == "kept for 4 updates or more"


def test_the_darkest_is_for_all_that_are_older():
    ax = plot_flicker(make_run(shown(*["a"] * 9)))
    assert ax.collections[0].get_array().filled(-1).tolist() == [[0, 1, 2, 3, 4, 4, 4, 4, 4]]


def test_an_utterance_without_a_final_has_no_line_for_it():
    ax = plot_flicker(make_run(shown("a", "a b", final=False)))
    assert [text.get_text() for text in ax.texts] == []
    assert not [line for line in ax.lines if line.get_linestyle() == "--"]
    final = plot_flicker(make_run(shown("a", "a b")))
    (line,) = [line for line in final.lines if line.get_linestyle() == "--"]
    assert np.array(line.get_xdata()).tolist() == [0.5, 0.5]


def test_the_utterance_can_be_chosen_on_its_channel():
    arrivals = shown("a", "b") + shown("c", "c d", channel=1) + shown("e", ident="other")
    run = make_run(arrivals, channels=2)

    def last(**chosen):
        return [label.get_text() for label in plot_flicker(run, **chosen).get_yticklabels()]

    assert last() == ["b"], "the one that changed most"
    assert last(utterance="other") == ["e"]
    assert last(utterance="00_00000000", channel=1) == ["c", "d"]


def test_many_updates_are_not_written_out():
    texts = [f"w{k}" for k in range(70)]
    ax = plot_flicker(make_run(shown(*texts), duration_s=10))
    assert len(marks(ax)["s"]) == 69
    assert [text.get_text() for text in ax.texts] == ["final"]
    drawn(ax.figure)
