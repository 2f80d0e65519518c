"""The partial-alignment diagram: a box for each word and update, where it was spoken."""

import numpy as np
import pytest

from gladia_nb.metrics import word_states
from gladia_nb.plots import plot_partial_alignment
from tests.support.make_runs import make_run, reference, transcript, utterance, words
from tests.support.pictures import drawn, legend

SAID = words("hello it is very nice", 0.5)


STATES = ("correct", "wrong", "not_yet")


def test_alignment_diagram_has_a_box_for_each_word_and_update(rich):
    ax = plot_partial_alignment(rich, until_s=6.0)
    table = word_states(rich, until_s=6.0)
    spoken = table[table["start_s"] <= table["recv_s"]]
    boxes = {state: len(c.get_paths()) for state, c in zip(STATES, ax.collections, strict=True)}
    assert boxes == {state: int((spoken["state"] == state).sum()) for state in STATES}
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def boxes(ax):
    """Left, right and row of each box, by state."""
    found = {}
    for state, collection in zip(STATES, ax.collections, strict=True):
        spans = [path.get_extents() for path in collection.get_paths()]
        found[state] = [(s.x0, s.x1, round((s.y0 + s.y1) / 2)) for s in spans]
    return found


def test_by_hand():
    arrivals = [
        transcript(1.3, [("hallo", 0.5, 0.8)]),
        transcript(1.5, SAID[:2]),
        transcript(3.0, SAID[:2], final=True),
    ]
    ax = plot_partial_alignment(make_run(arrivals, reference=reference(SAID[:2])))
    hello, it = (0.5, 0.8), (0.9, 1.2)
    found = boxes(ax)
    assert np.array(found["wrong"]) == pytest.approx(np.array([(*hello, 0)]))
    assert np.array(found["not_yet"]) == pytest.approx(np.array([(*it, 0)]))
    assert np.array(sorted(found["correct"])) == pytest.approx(
        np.array([(*hello, 1), (*hello, 2), (*it, 1), (*it, 2)])
    )
    final = next(line for line in ax.lines if line.get_marker() == ">")
    assert final.get_ydata().tolist() == [2]
    assert [text.get_text() for text in ax.texts] == ["hello", "it"]
    assert legend(ax) == ["correct", "another word", "spoken, not yet there", "final"]


def test_a_word_that_was_not_yet_spoken_is_not_missing():
    arrivals = [transcript(0.7, []), transcript(0.95, SAID[:1]), transcript(3.0, SAID, final=True)]
    found = boxes(plot_partial_alignment(make_run(arrivals, reference=reference(SAID))))
    assert [row for _, _, row in found["not_yet"]] == [0, 1], "hello at 0.7 s, it at 0.95 s"
    assert len(found["correct"]) == 1 + 5


def test_a_span_without_an_utterance_says_so():
    run = make_run(utterance(SAID), reference=reference(SAID))
    ax = plot_partial_alignment(run, from_s=3.0)
    assert [text.get_text() for text in ax.texts] == ["no utterance in this span"]
    drawn(ax.figure)


def test_as_many_whole_utterances_as_have_room():
    """Each has 25 updates, and 60 can be told apart."""
    spoken = [words("one two three four five", 3.0 * number) for number in range(4)]
    arrivals = [
        transcript(said[-1][2] + 0.02 * k, said, f"{number}", final=k == 24)
        for number, said in enumerate(spoken)
        for k in range(25)
    ]
    known = reference([word for said in spoken for word in said])
    run = make_run(arrivals, duration_s=14, reference=known)
    ax = plot_partial_alignment(run)
    assert len(boxes(ax)["correct"]) == 2 * 25 * 5
    assert ax.get_ylim() == (49.8, -0.8)
    whole = plot_partial_alignment(run, until_s=14)
    assert len(boxes(whole)["correct"]) == 4 * 25 * 5


def test_too_many_words_are_not_written():
    said = words(" ".join(["word"] * 31), 0.5)
    run = make_run([transcript(14, said, final=True)], duration_s=15, reference=reference(said))
    assert len(plot_partial_alignment(run).texts) == 0
    fewer = make_run(
        [transcript(14, said[:30], final=True)], duration_s=15, reference=reference(said[:30])
    )
    assert len(plot_partial_alignment(fewer).texts) == 30
