"""Runs of one recording share its words: what is sent again is not said again."""

import math

import numpy as np
import pandas as pd
import pytest

from gladia_nb.metrics import latency, summary
from gladia_nb.metrics.pooling import pooled_quantiles, pooling_labels
from tests.support.make_runs import make_run, reference, utterance, words

GROUPS = [words("one two three", 0.5 + 2 * number) for number in range(5)]
SAID = [word for group in GROUPS for word in group]


def sent(lag_s=0.2, groups=GROUPS, known=True, shift_s=0.0):
    """The recording of five utterances, sent once; `shift_s` makes another recording of it."""
    arrivals, spoken = [], []
    for number, group in enumerate(groups):
        moved = [(word, start + shift_s, end + shift_s) for word, start, end in group]
        arrivals += utterance(moved, f"0_{number}", partial_s=lag_s)
        spoken += moved
    return make_run(arrivals, duration_s=14, reference=reference(spoken) if known else None)


def row(source, name="word_end -> first_seen @send", anchor="reference"):
    table = summary(source)
    return table[(table["name"] == name) & (table["anchor"] == anchor)].iloc[0]


def labels(runs):
    rows = pd.concat([latency(run).assign(_run=k) for k, run in enumerate(runs)])
    stretch, session = pooling_labels(rows, [run.reference for run in runs])
    return rows.assign(stretch=stretch, session=session)


def test_a_recording_that_is_sent_again_has_no_more_utterances():
    one, many = row(sent()), row([sent()] * 7)
    assert (one["n"], one["runs"], one["clusters"]) == (15, 1, 5)
    assert (many["n"], many["runs"], many["clusters"]) == (105, 7, 5)
    # Seven times five are not the 29 utterances that a 90th percentile needs.
    assert math.isnan(many["p90_ms"])
    assert "p90, p95 and p99 need 29, 59 and 299 utterances; there are 5." in many["note"]
    ends = row([sent()] * 7, "speech_end -> last_word_seen @send")
    assert (ends["n"], ends["clusters"]) == (35, 5)
    starts = row([sent()] * 7, "speech_start -> first_partial @send")
    assert (starts["n"], starts["clusters"]) == (35, 5)


def test_without_a_common_reference_each_run_has_its_own_utterances():
    assert row([sent(known=False)] * 2, anchor="service")["clusters"] == 10
    assert row([sent(), sent(shift_s=0.1)])["clusters"] == 10
    # The service's own times tell nobody which word is which.
    assert row([sent()] * 2, anchor="service")["clusters"] == 10
    # Rows alone do not tell of which recording they are.
    rows = pd.concat([latency(sent()).assign(run=name) for name in "ab"])
    assert row(rows)["clusters"] == 10


def test_utterances_are_those_of_the_run_that_has_fewest():
    joined = [[*GROUPS[0], *GROUPS[1]], [*GROUPS[2], *GROUPS[3]], GROUPS[4]]
    runs = [sent(), sent(groups=joined)]
    assert row(runs)["clusters"] == 3
    rows = labels(runs).query("anchor == 'reference' and unit == 'word'")
    by_word = rows.groupby("reference")["stretch"].nunique()
    assert by_word.tolist() == [1] * 15, "one word is in one stretch of speech, in both runs"


def test_words_that_no_final_holds_share_it_too():
    """The first run lost two utterances; its words go with those of the run that has them."""
    lost = sent(groups=GROUPS[:3])
    whole = make_run(
        [event for k, group in enumerate(GROUPS) for event in utterance(group, f"0_{k}")],
        duration_s=14,
        reference=reference(SAID),
    )
    lossy = make_run(utterance(GROUPS[0], "0_0"), duration_s=14, reference=reference(SAID))
    rows = labels([whole, lossy]).query("unit == 'word' and anchor == 'reference'")
    assert rows.groupby("reference")["stretch"].nunique().max() == 1
    assert len(lost.reference) == 9


def test_three_recordings_are_drawn_instead_of_runs():
    runs = [sent(0.1 + 0.1 * (k % 3), shift_s=0.1 * (k % 3)) for k in range(6)]
    assert labels(runs).groupby("_run")["session"].first().tolist() == [0, 1, 2, 0, 1, 2]
    assert row(runs)["runs"] == 6
    assert row(runs)["note"].endswith("3 recordings are too few to bound p50.")
    two = [sent(shift_s=0.1 * (k % 2)) for k in range(4)]
    assert labels(two).groupby("_run")["session"].first().tolist() == [0, 1, 2, 3]
    unknown = [*runs, sent(known=False)]
    assert labels(unknown)["session"].nunique() == 7


def test_hard_words_are_as_hard_in_every_run():
    """Repeats make the interval no narrower than what the utterances themselves tell."""
    rng = np.random.default_rng(5)
    hard = rng.normal(0, 100, 40)
    values = pd.Series(np.tile(hard, 10) + rng.normal(0, 1, 400))
    stretch, session = pd.Series(np.tile(np.arange(40), 10)), pd.Series(np.repeat(range(10), 40))
    many = pooled_quantiles(values, stretch, session)
    once = pooled_quantiles(values[:40], stretch[:40], session[:40])
    assert many.clusters == once.clusters == 40
    wide = [found.high[0] - found.low[0] for found in (many, once)]
    assert wide[0] == pytest.approx(wide[1], rel=0.35)
    apart = pooled_quantiles(values, pd.Series(range(400)), session)
    assert apart.high[0] - apart.low[0] < 0.6 * wide[0]
