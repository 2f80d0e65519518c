import math

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import quantiles, word_errors
from gladia_nb.studies.differences import RATIOS, Pair, effects
from gladia_nb.studies.evidence import Evidence
from tests.support.make_runs import make_run, reference, rich_run, utterance, words
from tests.support.references import with_text
from tests.support.studies import run_of

SEEN = "word_end -> first_seen @send"


def several(count=3, sentences=6, delay_s=0.2):
    return {
        f"run {k}": run_of(lambda n, k=k: delay_s + 0.01 * n + 0.001 * k, sentences=sentences)
        for k in range(count)
    }


def test_a_quantile_is_that_of_all_runs():
    runs = several(6)
    found = Evidence(runs).quantile(SEEN, None, 0.9)
    assert (found.unit, found.units, found.rests_on) == ("ms", "utterance", 36)
    assert found.n == 6 * 6 * 5
    # Delays are 200 to 250 ms and the chunk adds up to 100.
    assert 200 < found.value < 360
    assert found.low <= found.value <= found.high


def test_too_few_utterances_say_how_many_more():
    found = Evidence(several(2)).quantile(SEEN, None, 0.9)
    assert math.isnan(found.low)
    assert found.note == "A p90 needs 29 utterances and there are 12: 17 more."
    assert "needs 5 utterances and there are 1: 4 more" in (
        Evidence(several(1, sentences=1)).never(SEEN, None).note
    )


def test_triggers_are_kept_apart():
    evidence = Evidence(several(3))
    whole = evidence.quantile("speech_end -> final @send", None, 0.5)
    parts = [
        evidence.quantile("speech_end -> final @send", trigger, 0.5).n
        for trigger in ("endpoint", "stop", "max_duration", "resume")
    ]
    assert sum(parts) == whole.n


def test_what_never_came():
    said = words("one two three four", 0.5)
    lost = make_run(utterance(said[:2]), duration_s=4.0, reference=reference(said), chunk_ms=100)
    runs = {"whole": run_of(lambda _: 0.2), "lost": lost}
    found = Evidence(runs).never("word_end -> final @send", None)
    assert found.value == pytest.approx(2 / 34)
    assert 0 < found.low < found.value < found.high < 1


def test_errors_of_words_are_those_of_the_table():
    said = words("one two three four five six", 0.5)
    heard = [*said[:2], ("tree", said[2][1], said[2][2]), *said[3:]]
    run = make_run(utterance(heard), duration_s=4.0, reference=reference(said))
    found = Evidence({"a": run, "b": run_of(lambda _: 0.2)}).ratio("WER")
    assert word_errors(run)["wer"].iloc[-1] == pytest.approx(1 / 6)
    assert found.value == pytest.approx(1 / 36)
    assert found.rests_on == 7
    assert found.low < 1 / 36 < found.high
    bare = make_run(utterance(said), duration_s=4.0)
    assert "No run has a reference" in Evidence({"bare": bare}).ratio("WER").note


def test_sessions_that_failed():
    found = Evidence(several(3), failed=1).ratio("errors")
    assert (found.value, found.n, found.units) == (0.25, 4, "session")
    assert "needs 5 sessions and there are 4: 1 more" in found.note
    assert Evidence(several(4), failed=1).ratio("errors").high < 1


def test_erasure_of_partials_that_only_grow_is_none():
    found = Evidence(several(1)).ratio("normalised erasure")
    assert found.value == 0


def test_ratios_are_those_of_the_comparison_also_of_a_text():
    """A reference need not say when a word was spoken to tell that it is wrong."""
    text = " ".join(run_of(lambda _: 0.2).reference["word"])
    runs = [with_text(rich_run(k, with_reference=False), text) for k in range(2)]
    evidence = Evidence({"a": runs[0]})
    table = effects({"b": [Pair(0, runs[1], runs[0])]}).set_index("measure")
    for name in RATIOS:
        assert evidence.ratio(name).value == pytest.approx(table.loc[name, "baseline"])


def test_a_difference_takes_a_baseline():
    ours, theirs = several(3, delay_s=0.25), several(3)
    pairs = [
        Pair(k, a, b) for k, (a, b) in enumerate(zip(ours.values(), theirs.values(), strict=True))
    ]
    found = Evidence(ours, pairs=pairs).difference(SEEN, None)
    assert found.value == pytest.approx(50, abs=1)
    assert (found.unit, found.units, found.rests_on) == ("ms", "recording", 3)
    assert Evidence(ours, pairs=pairs).difference("WER", None).value == 0
    assert "No pair of runs tells" in Evidence(ours, pairs=[]).difference(SEEN, None).note
    with pytest.raises(ConfigError, match="needs a baseline; name one with --baseline"):
        Evidence(ours).difference(SEEN, None)


def test_unknown_measures_and_no_runs():
    with pytest.raises(ConfigError, match="There is no latency 'word -> end'"):
        Evidence(several(1)).quantile("word -> end", None, 0.5)
    with pytest.raises(ConfigError, match="There is no run to check"):
        Evidence({}).quantile(SEEN, None, 0.5)


def test_verdicts_have_names():
    (found,) = Evidence({"late": make_run(late_ms=lambda seq: 500.0)}).verdicts()
    assert found[0] == "late"
    assert found[1].status == "invalid"


def test_the_interval_is_that_of_quantiles():
    ((name, run),) = several(1, sentences=8).items()
    from gladia_nb.metrics import latency

    rows = latency(run)
    rows = rows[(rows["name"] == SEEN) & (rows["anchor"] == "reference")]
    expected = quantiles(rows["latency_ms"], rows["utterance_id"], (0.5,))
    found = Evidence({name: run}).quantile(SEEN, None, 0.5)
    assert (found.value, found.low, found.high) == (
        expected.points[0],
        expected.low[0],
        expected.high[0],
    )
