"""Words of two runs that are the same by their texts: known answers, and laws."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.metrics.comparison import compare
from gladia_nb.metrics.partners import FEWEST_IN_COMMON, median, paired_latencies, pairings
from tests.support.make_runs import make_run, reference, utterance, words

SAID = [words("one two three", 0.5), words("four five six", 2.5), words("seven eight nine", 4.5)]


def run_of(groups, partial_s=0.2, final_s=0.5, **more):
    """Utterances of one after the other."""
    arrivals = []
    for number, group in enumerate(groups):
        arrivals += utterance(group, f"u{number}", partial_s=partial_s, final_s=final_s)
    return make_run(arrivals, **{"duration_s": 8.0, **more})


def of(a, b, name):
    (pairing,) = pairings([a], [b])
    table = paired_latencies(a, b, pairing, "basic")
    return pairing, table[table["name"] == f"{name} @send"]


def test_each_word_goes_with_itself_and_the_rest_is_alone():
    """Two is missing in b, "so" is new, and "nine" lies elsewhere: five seconds are too far."""
    heard = [
        [SAID[0][0], SAID[0][2]],
        [("so", 2.3, 2.4), *SAID[1]],
        [*SAID[2][:2], ("nine", 7.0, 7.9)],
    ]
    a, b = run_of(SAID), run_of(heard, partial_s=0.3, final_s=0.8)
    pairing, table = of(a, b, "word_end -> first_seen")
    assert (pairing.by, pairing.note) == ("text", "")
    assert (table["paired"].sum(), table["alone"].sum()) == (7, 4)
    pairs = table[table["paired"]]
    assert (pairs["ms_b"] - pairs["ms_a"]).tolist() == pytest.approx([100.0] * 7)
    assert pairs["cluster"].tolist() == ["0 u0"] * 2 + ["0 u1"] * 3 + ["0 u2"] * 2
    # An utterance goes with the one that ends, or begins, with the same word.
    _, ends = of(a, b, "speech_end -> final")
    assert (ends["paired"].sum(), ends["alone"].sum()) == (2, 2)
    assert (ends["ms_b"] - ends["ms_a"])[ends["paired"]].tolist() == pytest.approx([300.0] * 2)
    _, begins = of(a, b, "speech_start -> first_partial")
    assert (begins["paired"].sum(), begins["alone"].sum()) == (2, 2)


def test_what_makes_words_equal_is_the_normaliser():
    written = [[(f"{word.upper()},", *span) for word, *span in group] for group in SAID]
    a, b = run_of(SAID), run_of(written)
    assert [pairing.by for pairing in pairings([a], [b])] == ["text"]
    assert [pairing.by for pairing in pairings([a], [b], "raw")] == ["run"]


def test_by_their_order_where_the_service_gives_no_times():
    def timeless(run):
        return make_run(
            [
                (0.1 * k, raw.replace('"end": ', '"stop": '))
                for k, raw in enumerate(
                    event["raw"]
                    for event in run.record.of("message")
                    if "transcript" in event["raw"]
                )
            ],
            duration_s=8.0,
        )

    a = timeless(run_of(SAID))
    (pairing,) = pairings([a], [run_of(SAID)])
    assert pairing.by == "text"
    one, other = pairing.words
    assert one["same"].tolist() == other["same"].tolist() == list(range(9))


@pytest.mark.parametrize(
    "other",
    [
        {"name": "other.flac"},
        {"duration_s": 8.5},
        {"duration_s": None},
    ],
)
def test_who_does_not_say_the_same_of_the_sound_is_paired_as_a_whole(other):
    a, b = run_of(SAID), run_of(SAID)
    b.record.header["audio"].update(other)
    (pairing,) = pairings([a], [b])
    assert (pairing.by, pairing.recording, pairing.note) == ("run", -1, "")


def test_channels_are_apart():
    left = utterance(SAID[0], "l", channel=0) + utterance(SAID[1], "r", channel=1)
    right = utterance(SAID[0], "l", channel=1) + utterance(SAID[1], "r", channel=0)
    a, b = (make_run(side, channels=2, duration_s=8.0) for side in (left, right))
    (pairing,) = pairings([a], [b])
    assert (pairing.by, pairing.share) == ("run", 0.0)


def test_sounds_are_numbered_and_a_reference_comes_first():
    known = reference([word for group in SAID for word in group])
    sounds = [run_of(SAID, name=name) for name in ("a", "b", "a")]
    both = [*sounds, run_of(SAID, reference=known), make_run(duration_s=8.0)]
    found = pairings(both, both)
    assert [(pairing.by, pairing.recording) for pairing in found] == [
        ("text", 0), ("text", 1), ("text", 0), ("reference", 0), ("run", -1)
    ]  # fmt: skip
    assert found[-1].note == "", "where no words came nothing is to be said of them"


def test_half_of_the_words_is_enough():
    other = [words("no two no", 0.5), words("four no six", 2.5), words("no no nine", 4.5)]
    for groups, by in ((SAID[:1] + other[1:], "text"), (other, "run")):
        a, b = run_of(SAID), run_of(groups)
        (pairing,) = pairings([a], [b])
        same = sum(
            w == v for g, h in zip(SAID, groups, strict=True) for w, v in zip(g, h, strict=True)
        )
        assert (2 * same / 18 >= FEWEST_IN_COMMON) == (by == "text")
        assert pairing.by == by


def test_the_median_lies_among_what_never_came():
    assert median(pd.Series([1.0, np.inf, np.inf])) == np.inf
    assert median(pd.Series([1.0, 2.0, np.inf])) == 2.0


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-0.1, 0.6), st.floats(0.0, 0.5)), min_size=2, max_size=2),
    st.permutations(range(3)),
)
def test_it_is_as_by_the_reference_where_the_service_says_the_same(lags, order):
    """Where both runs heard what was spoken, when it was, text tells as much as the reference."""
    known = reference([word for group in SAID for word in group])
    told = [
        [run_of([SAID[k] for k in order], p, p + f, reference=rows) for p, f in lags]
        for rows in (known, None)
    ]
    by_reference, by_text = (compare(*runs) for runs in told)
    assert set(by_reference["paired_by"]) == {"reference"}
    assert set(by_text["paired_by"]) == {"text"}
    mine = by_text[by_text["name"].isin(by_reference["name"])].reset_index(drop=True)
    numbers = ["pairs", "clusters", "unpaired", "difference_ms", "low_ms", "high_ms"]
    pd.testing.assert_frame_equal(mine[["name", *numbers]], by_reference[["name", *numbers]])


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(0, 8), max_size=3), st.sets(st.integers(0, 8), max_size=3))
def test_what_either_side_has_not_is_alone_and_the_sides_can_be_exchanged(gone_a, gone_b):
    whole = [word for group in SAID for word in group]

    def without(gone, partial_s):
        kept = [[w for w in group if whole.index(w) not in gone] for group in SAID]
        return run_of([group for group in kept if group], partial_s)

    a, b = without(gone_a, 0.2), without(gone_b, 0.25)
    _, there = of(a, b, "word_end -> first_seen")
    _, back = of(b, a, "word_end -> first_seen")
    assert there["paired"].sum() == back["paired"].sum() == 9 - len(gone_a | gone_b)
    assert there["alone"].sum() == back["alone"].sum() == len(gone_a ^ gone_b)
    pairs = there[there["paired"]]
    assert (pairs["ms_b"] - pairs["ms_a"]).tolist() == pytest.approx([50.0] * len(pairs))
