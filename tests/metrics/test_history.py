"""How each reference word stood after each update: by hand, and beside the other measures."""

import math

import pytest
from hypothesis import given, settings

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import WORD_STATES, wer_at, word_states
from tests.support.conversations import conversations
from tests.support.make_runs import make_run, reference, transcript, utterance, words

SAID = words("hello it is very nice", 0.5)


def rows(run, **options):
    table = word_states(run, **options)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(WORD_STATES)
    return [
        (row.update, row.word, row.state, row.is_final) for row in table.itertuples(index=False)
    ]


def test_by_hand():
    arrivals = [
        transcript(1.0, [("hallo", 0.5, 0.8)]),
        transcript(1.5, SAID[:2]),
        transcript(3.0, SAID[:2], final=True),
    ]
    run = make_run(arrivals, reference=reference(SAID[:2]))
    assert rows(run) == [
        (0, "hello", "wrong", False),
        (0, "it", "not_yet", False),
        (1, "hello", "correct", False),
        (1, "it", "correct", False),
        (2, "hello", "correct", True),
        (2, "it", "correct", True),
    ]
    table = word_states(run)
    assert table["recv_s"].tolist() == pytest.approx([1.0, 1.0, 1.5, 1.5, 3.0, 3.0])
    assert table["start_s"].tolist() == [0.5, 0.9] * 3
    assert table["end_s"].tolist() == [0.8, 1.2] * 3
    assert set(table["utterance_id"]) == {"00_00000000"}


def test_updates_are_numbered_in_the_order_of_arrival():
    later = words("so there", 5.0)
    arrivals = [
        transcript(6.0, SAID[:1], "0"),
        transcript(6.1, later, "1"),
        transcript(6.2, SAID, "0", final=True),
        transcript(6.3, later, "1", final=True),
    ]
    table = word_states(make_run(arrivals, duration_s=8, reference=reference([*SAID, *later])))
    firsts = table.drop_duplicates("update")
    assert firsts["utterance_id"].tolist() == ["0", "1", "0", "1"]
    assert firsts["is_final"].tolist() == [False, False, True, True]
    assert table["update"].tolist() == [0] * 5 + [1] * 2 + [2] * 5 + [3] * 2


def test_updates_of_the_same_moment_are_told_apart():
    arrivals = [
        transcript(3.0, SAID[:1]),
        transcript(3.0, SAID[:2], final=True),
        transcript(3.0, SAID[2:], channel=1, final=True),
    ]
    known = [*reference(SAID[:2]), *reference(SAID[2:], channel=1)]
    table = word_states(make_run(arrivals, channels=2, reference=known))
    assert table["update"].tolist() == [0, 0, 1, 1, 2, 2, 2]
    assert table["channel"].tolist() == [0] * 4 + [1] * 3


def test_a_part_of_a_long_run():
    later = words("so there", 5.0)
    arrivals = [*utterance(SAID, "0"), *utterance(later, "1")]
    run = make_run(arrivals, duration_s=8, reference=reference([*SAID, *later]))
    assert set(word_states(run, until_s=5.0)["utterance_id"]) == {"0"}
    assert set(word_states(run, from_s=5.0)["utterance_id"]) == {"1"}
    assert rows(run, from_s=6.0) == []
    whole = word_states(run)
    assert len(word_states(run, until_s=5.0)) + len(word_states(run, from_s=5.0)) == len(whole)


def test_nothing_on_the_screen():
    assert rows(make_run(reference=reference(SAID))) == []
    with pytest.raises(ConfigError, match="no reference words"):
        word_states(make_run(utterance(SAID)))


@settings(max_examples=40)
@given(conversations())
def test_the_last_update_of_each_utterance_is_what_counts_at_the_end(run):
    table = word_states(run)
    assert table["recv_s"].is_monotonic_increasing
    assert table["update"].diff().dropna().isin([0, 1]).all()
    sizes = table.groupby("update")["utterance_id"].nunique()
    assert (sizes == 1).all()
    last = table[table["update"] == table.groupby("utterance_id")["update"].transform("max")]
    end = wer_at(run, [math.inf]).iloc[0]
    counts = last["state"].value_counts()
    assert counts.get("correct", 0) == end["correct"]
    assert counts.get("wrong", 0) == end["substitutions"]
    assert counts.get("not_yet", 0) == end["deletions"]
