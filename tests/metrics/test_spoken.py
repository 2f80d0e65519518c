"""The words of the reference, whatever the words of the final are."""

import math

import numpy as np
import pytest

from gladia_nb.metrics import compare, latency, match_rate, wer_at, word_errors, word_times
from gladia_nb.metrics.base.choice import chosen
from gladia_nb.metrics.base.matching import matched
from gladia_nb.metrics.spoken import first_of_words, of_words, settled, spoken_words
from tests.support.make_runs import make_run, reference, transcript, words

SPOKEN = words("it is twenty one dollars", 0.5)  # ends at 0.8, 1.2, 1.6, 2.0, 2.4
WRITTEN = [*words("It is", 0.5), ("$21", 1.3, 2.4)]


def partials(said, after_s=0.2):
    return [transcript(said[k][2] + after_s, said[: k + 1]) for k in range(len(said))]


def rows(run, milestone):
    found = latency(run, anchor="reference")
    return found[found["name"] == f"word_end -> {milestone} @capture"]


def test_spoken_words_have_the_milestones_of_the_one_that_is_written():
    run = make_run(
        [*partials(SPOKEN), transcript(3.0, WRITTEN, final=True)], reference=reference(SPOKEN)
    )
    assert match_rate(run)[["reference_words", "matched"]].to_numpy().tolist() == [[5, 5]]
    assert rows(run, "first_seen")["latency_ms"].tolist() == pytest.approx([200] * 5)
    final = rows(run, "final")
    assert final["reference"].tolist() == [0, 1, 2, 3, 4]
    assert final["word"].tolist() == ["It", "is", "$21", "$21", "$21"]
    assert final["latency_ms"].tolist() == pytest.approx([2200, 1800, 1400, 1000, 600])
    table = word_times(run)
    assert table["correct"].tolist()[-1] == "twenty one dollars"
    assert table["reference"].tolist() == [0, 1, 4]
    assert table["reformed"].tolist() == [False, False, True]
    # All of "$21" is there with "dollars".
    assert table["first_seen_s"].tolist()[-1] == pytest.approx(2.6)


def test_a_written_word_of_the_reference_is_there_when_all_of_it_is():
    run = make_run(
        [*partials(SPOKEN), transcript(3.0, SPOKEN, final=True)], reference=reference(WRITTEN)
    )
    assert rows(run, "first_seen")["reference"].tolist() == [0, 1, 2]
    assert rows(run, "first_seen")["latency_ms"].tolist() == pytest.approx([200] * 3)
    assert match_rate(run)["rate"].tolist() == [1]
    assert word_errors(run)["wer"].tolist() == [0, 0]
    found = spoken_words(run, chosen(run, "basic"))
    assert found.row.tolist() == [0, 1, 2]
    assert found.held.tolist() == [0, 1, 4]


def test_a_number_that_is_half_wrong_is_wrong():
    heard = [*SPOKEN[:3], ("two", 1.7, 2.0), SPOKEN[4]]
    run = make_run([transcript(3.0, heard, final=True)], reference=reference(WRITTEN))
    assert match_rate(run)[["matched", "wrong"]].to_numpy().tolist() == [[2, 1]]
    assert rows(run, "final")["event_s"].isna().tolist() == [False, False, True]
    # What no final holds at all has no utterance.
    none = make_run([transcript(3.0, heard[:2], final=True)], reference=reference(WRITTEN))
    assert rows(none, "final")["utterance_id"].isna().tolist() == [False, False, True]


def test_written_numbers_cost_nothing_at_any_deadline():
    said = [*SPOKEN, ("in", 2.5, 2.7), ("C", 2.8, 2.9), ("plus", 2.9, 3.1), ("plus", 3.1, 3.3)]
    said += [("three", 3.4, 3.6), ("point", 3.6, 3.8), ("five", 3.8, 4.0)]
    final = [*WRITTEN, ("in", 2.5, 2.7), ("C++", 2.8, 3.3), ("3.5.", 3.4, 4.0)]
    run = make_run(
        [*partials(said), transcript(4.6, final, final=True)],
        duration_s=5,
        reference=reference(said),
    )
    assert wer_at(run, (0.2, 0.5, 1.0, math.inf))["wer"].tolist() == [0, 0, 0, 0]
    raw = wer_at(run, (math.inf,), normaliser="raw")
    assert raw["wer"].iloc[0] > 0.5
    assert raw["normaliser"].tolist() == ["raw"]


def test_both_sides_of_a_comparison_write_as_they_like():
    one = make_run(
        [*partials(SPOKEN), transcript(3.0, WRITTEN, final=True)], reference=reference(SPOKEN)
    )
    other = make_run(
        [*partials(SPOKEN), transcript(3.1, SPOKEN, final=True)], reference=reference(SPOKEN)
    )
    table = compare(one, other).set_index("name")
    row = table.loc["word_end -> final @capture"]
    assert (row["pairs"], row["unpaired"]) == (5, 0)
    assert row["difference_ms"] == pytest.approx(100)
    assert set(table["normaliser"]) == {"basic"}


def test_the_latest_of_the_tokens():
    stamps = np.array([3, 9, -1, 4])
    assert of_words(stamps, np.array([0, 2, 3])).tolist() == [9, -1, 4]
    assert of_words(stamps, np.arange(4)).tolist() == stamps.tolist()
    run = make_run([transcript(3.0, WRITTEN, final=True)], t0_ns=0)
    found = matched(run, chosen(run, "basic"))
    assert first_of_words(found).tolist() == [0, 1, 2]
    seen, correct, final_ns = settled(run, found)
    assert seen.tolist() == correct.tolist() == final_ns.tolist() == [3_000_000_000] * 5
    assert len(spoken_words(run, chosen(run, "basic")).row) == 0
