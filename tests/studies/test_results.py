import math

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import summary
from gladia_nb.studies.results import arm_table, points_of
from tests.support.make_runs import make_run, utterance, words
from tests.support.studies import run_of


def test_the_table_is_the_summary_of_each_arm():
    runs = {"a": [run_of(lambda _: 0.2, sentences=2)] * 2, "b": [], "c": [run_of(lambda _: 0.3)]}
    table = arm_table(runs)
    assert table["arm"].unique().tolist() == ["a", "c"]
    alone = summary(runs["c"])
    assert table[table["arm"] == "c"]["p50_ms"].tolist() == alone["p50_ms"].tolist()
    with pytest.raises(ConfigError, match="No cell of this study is done yet"):
        arm_table({"a": []})


def test_points():
    run = run_of(lambda _: 0.2, sentences=2)
    ((item, x, y),) = points_of([(4, run)], "word_end -> final @send", "WER")
    assert (item, y) == (4, 0)
    # The middle word of five ends 0.8 s before the last, whose final comes 0.6 s later.
    assert x == pytest.approx(1400, abs=100)
    assert points_of([(0, run)], "word_end -> final @send", "normalised erasure")[0][2] == 0
    both = [
        points_of([(0, run)], f"speech_end -> final @send ({trigger})", "WER")
        for trigger in ("endpoint", "stop")
    ]
    assert sorted(map(len, both)) == [0, 1]
    # What never came is later than all others.
    said = words("one two three", 0.5)
    lost = make_run(utterance(said, final_s=None), duration_s=4.0)
    ((_, late, _),) = points_of([(0, lost)], "speech_end -> final @send", "normalised erasure")
    assert late == math.inf
    assert points_of([(0, lost)], "word_end -> final @nowhere", "WER") == []
    with pytest.raises(ConfigError, match="no measure 'CER'"):
        points_of([(0, run)], "CER", "WER")
