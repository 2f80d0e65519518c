"""Words of one utterance share their fate, and so do words that were lost side by side."""

import numpy as np
import pandas as pd

import gladia_nb as gn
from gladia_nb.metrics.base.clusters import joined_codes, utterance_clusters
from tests.support.make_runs import make_run, reference, utterance, words

SAID = words("one two three four five six seven eight", 0.5)


def test_utterances_with_and_without_a_run():
    rows = pd.DataFrame(
        {
            "run": ["a", "a", "b", None, "a"],
            "channel": [0, 1, 0, 0, 0],
            "utterance_id": ["u", "u", "u", "u", "u"],
            "reference": pd.array([pd.NA] * 5, dtype="Int64"),
        }
    )
    assert utterance_clusters(rows).tolist() == [0, 1, 2, 3, 0]


def test_lost_words_go_together_as_long_as_they_follow_each_other():
    heard = utterance(SAID[2:4])
    run = make_run(heard, reference=reference(SAID))
    rows = gn.latency(run, anchor="reference").query("name == 'word_end -> final @send'")
    rows = rows.sort_values("reference").assign(cluster=utterance_clusters)
    assert rows["cluster"].ne(rows["cluster"].shift()).cumsum().tolist() == [1, 1, 2, 2, 3, 3, 3, 3]
    assert rows["cluster"].nunique() == 3


def test_pairs_of_numbers_and_labels_are_numbered_as_they_appear():
    rng = np.random.default_rng(3)
    codes = rng.integers(-1, 4, 200)
    labels = pd.Series(rng.choice(["a", "b", None], 200))
    pairs = pd.DataFrame({"code": codes, "label": labels})
    numbers = pairs.groupby(["code", "label"], sort=False, dropna=False).ngroup()
    assert joined_codes(codes, labels).tolist() == numbers.tolist()
    assert joined_codes(np.empty(0, dtype="int64"), pd.Series([], dtype="str")).tolist() == []
