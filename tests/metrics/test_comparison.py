"""Pairs of runs whose difference is known."""

import math

import numpy as np
import pandas as pd
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import COMPARISON, compare, latency
from gladia_nb.metrics.comparison import difference, latency_and_trigger, measure_name, paired
from tests.support.make_runs import make_run, reference, rich_run, transcript, utterance, words

GROUPS = [words("one two three", 0.5 + 2 * number) for number in range(6)]
SAID = words("hello it is very nice", 0.5)
KNOWN = reference([word for group in GROUPS for word in group])


def talk(partial_s=0.2, final_s=0.5, known=True, skip=(), lag=None, name="made.flac"):
    """Six utterances; `lag` has one more delay for each of them."""
    arrivals = []
    for number, group in enumerate(GROUPS):
        more = lag[number] if lag is not None else 0.0
        late = None if number in skip else final_s + more
        arrivals += utterance(group, f"0_{number}", partial_s=partial_s + more, final_s=late)
    return make_run(arrivals, duration_s=14, reference=KNOWN if known else None, name=name)


def named(table, name):
    found = table[table["name"] == name]
    assert len(found) == 1
    return found.iloc[0]


def test_a_constant_difference_has_no_doubt():
    table = compare(talk(0.2, 0.5), talk(0.25, 0.4))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(COMPARISON)
    assert set(table["anchor"]) == {"reference"}
    assert set(table["paired_by"]) == {"reference"}
    last = named(table, "speech_end -> last_partial_message @send")
    for name in ("difference_ms", "low_ms", "high_ms"):
        assert last[name] == pytest.approx(50)
    assert (last["a_p50_ms"], last["b_p50_ms"]) == pytest.approx((200, 250))
    assert (last["pairs"], last["clusters"], last["runs"], last["unpaired"]) == (6, 6, 1, 0)
    final = named(table, "speech_end -> final @send")
    assert final["trigger"] == "endpoint"
    assert final["difference_ms"] == pytest.approx(-100)
    word = named(table, "word_end -> final @send")
    assert (word["pairs"], word["clusters"]) == (18, 6)


def test_what_is_hard_on_both_sides_drops_out():
    """Each utterance has its own delay, by up to 2 s; the difference is still exact."""
    lag = [0.0, 0.4, 0.8, 1.2, 1.6, 2.0]
    table = compare(talk(lag=lag), talk(0.23, lag=lag))
    row = named(table, "speech_end -> last_partial_message @send")
    assert (row["low_ms"], row["high_ms"]) == pytest.approx((30, 30))


def test_exchanging_the_sides_changes_the_sign():
    rng = np.random.default_rng(6)
    a, b = (talk(lag=rng.uniform(0, 0.4, 6)) for _ in range(2))
    there, back = compare(a, b), compare(b, a)
    assert there["difference_ms"].tolist() == pytest.approx((-back["difference_ms"]).tolist())
    assert there["low_ms"].tolist() == pytest.approx((-back["high_ms"]).tolist())
    assert (there["low_ms"] <= there["difference_ms"]).all()
    same = compare(a, a)
    assert same["difference_ms"].abs().max() == 0


def test_what_never_came_is_greater_than_all():
    table = compare(talk(), talk(final_s=0.6, skip=(1, 2)))
    row = named(table, "speech_end -> final @send")
    assert (row["pairs"], row["never_a"], row["never_b"], row["unpaired"]) == (6, 0, 2, 0)
    assert row["difference_ms"] == pytest.approx(100)
    assert row["high_ms"] == math.inf
    most = named(compare(talk(), talk(skip=range(5))), "speech_end -> final @send")
    assert most["difference_ms"] == math.inf
    other = named(compare(talk(skip=range(5)), talk()), "speech_end -> final @send")
    assert other["difference_ms"] == -math.inf
    both = compare(talk(skip=(0, 1)), talk(skip=(1, 2)))
    rows = both[both["name"] == "speech_end -> final @send"].fillna({"trigger": "none"})
    rows = rows.set_index("trigger")
    names = ["pairs", "never", "never_a", "never_b"]
    assert rows.loc["endpoint", names].tolist() == [5, 0, 1, 1]
    assert rows.loc["none", names].tolist() == [0, 1, 0, 0]
    assert rows.loc["none", "note"] == "In no pair did either of the two come."


def test_partners_that_are_missing_are_counted():
    short = make_run(
        [part for k in range(4) for part in utterance(GROUPS[k], f"x{k}")],
        duration_s=14,
        reference=KNOWN,
    )
    row = named(compare(talk(), short), "speech_end -> final @send")
    assert (row["pairs"], row["unpaired"]) == (4, 2)
    nothing = make_run(duration_s=14, reference=KNOWN)
    lost = compare(talk(), nothing)
    words = lost[lost["name"] == "word_end -> first_seen @send"].iloc[0]
    assert (words["pairs"], words["never_b"], words["difference_ms"]) == (18, 18, math.inf)
    neither = compare(nothing, nothing)
    assert (neither["pairs"] == 0).all()
    assert (neither["never"] == len(KNOWN)).all()


def test_finals_of_different_triggers_are_not_compared():
    group = GROUPS[0]
    end = group[-1][2]
    one = utterance(group, final_s=0.5)
    other = [transcript(end + 0.5, group, final=True)]
    runs = [
        make_run(one, reference=KNOWN, duration_s=14),
        make_run(other, reference=KNOWN, duration_s=14, stop_s=end + 0.1),
    ]
    table = compare(*runs)
    assert "speech_end -> final @send" not in set(table["name"])
    assert "word_end -> final @send" in set(table["name"])


def test_runs_of_different_sounds_are_paired_as_a_whole():
    lags = [(0.2, 0.25), (0.3, 0.36), (0.25, 0.32)]
    table = compare(
        [talk(a, known=False) for a, _ in lags],
        [talk(b, known=False, name="other.flac") for _, b in lags],
    )
    assert set(table["paired_by"]) == {"run"}
    row = named(table, "speech_end -> last_partial_message @send")
    assert (row["pairs"], row["runs"]) == (3, 3)
    assert row["difference_ms"] == pytest.approx(60)
    # By hand: 50, 60, 70; t of two degrees 4.3027, standard error 10 / sqrt(3).
    assert (row["low_ms"], row["high_ms"]) == pytest.approx((35.1586, 84.8414))
    assert (row["interval_of"], row["more_pairs"], row["recordings"]) == ("kinds", 0, 0)
    for count, more in ((1, 2), (2, 1)):
        later = talk(0.3, known=False, name="other.flac")
        few = compare([talk(known=False)] * count, [later] * count)
        few = named(few, "speech_end -> last_partial_message @send")
        assert few["difference_ms"] == pytest.approx(100)
        assert math.isnan(few["low_ms"])
        assert few["more_pairs"] == more
        assert few["note"].endswith(f"record {more} more.")


def test_without_a_reference_words_are_paired_by_their_texts():
    lags = [(0.2, 0.25), (0.3, 0.36), (0.25, 0.32)]
    table = compare(
        [talk(a, known=False) for a, _ in lags], [talk(b, known=False) for _, b in lags]
    )
    assert set(table["paired_by"]) == {"text"}
    assert set(table["anchor"]) == {"service"}
    row = named(table, "word_end -> first_seen @send")
    assert (row["pairs"], row["clusters"], row["runs"], row["unpaired"]) == (54, 18, 3, 0)
    # By hand, as of whole runs: 50, 60, 70.
    assert (row["low_ms"], row["high_ms"]) == pytest.approx((35.1586, 84.8414))
    assert (row["interval_of"], row["recordings"]) == ("kinds", 1)
    one = compare(talk(known=False), talk(0.3, known=False))
    row = named(one, "word_end -> first_seen @send")
    assert (row["pairs"], row["clusters"], row["interval_of"]) == (18, 6, "runs")
    row = named(one, "speech_end -> last_partial_message @send")
    assert (row["pairs"], row["clusters"], row["interval_of"]) == (6, 6, "runs")
    assert (row["low_ms"], row["high_ms"]) == pytest.approx((100, 100))
    mixed = compare(talk(), talk(known=False))
    assert set(mixed["paired_by"]) == {"text"}


def test_where_texts_differ_too_much_the_note_says_so():
    other = make_run(utterance(words("none of this was said", 0.5)), duration_s=14)
    table = compare(talk(known=False), other)
    assert set(table["paired_by"]) == {"run"}
    assert table["recordings"].unique().tolist() == [0]
    for note in table["note"]:
        assert note.startswith("Paired are medians of the whole runs, since only 0 % of the words")
        assert note.endswith("record 2 more.")


def test_negative_latencies_are_counted():
    row = named(compare(talk(-0.1), talk(0.1)), "speech_end -> last_partial_message @send")
    assert (row["negative_a"], row["negative_b"]) == (6, 0)
    assert row["difference_ms"] == pytest.approx(200)


def test_several_pairs_of_runs():
    rng = np.random.default_rng(9)
    before = [talk(lag=rng.uniform(0, 0.1, 6)) for _ in range(5)]
    after = [talk(0.4, lag=rng.uniform(0, 0.1, 6)) for _ in range(5)]
    row = named(compare(before, after), "speech_end -> last_partial_message @send")
    assert (row["pairs"], row["clusters"], row["runs"]) == (30, 30, 5)
    # By hand: each pair has its median, t of four degrees 2.7764.
    medians = [
        named(compare(a, b), "speech_end -> last_partial_message @send")["difference_ms"]
        for a, b in zip(before, after, strict=True)
    ]
    wide = 2.7764 * np.std(medians, ddof=1) / math.sqrt(5)
    assert row["difference_ms"] == pytest.approx(np.mean(medians))
    assert row["high_ms"] - row["difference_ms"] == pytest.approx(wide, rel=1e-3)
    assert (row["interval_of"], row["more_pairs"], row["recordings"]) == ("kinds", 0, 1)
    assert row[["note"]].isna().all()


OTHER = [words("four five six seven", 1 + 2.5 * number) for number in range(5)]


def other(partial_s=0.2):
    """Another recording, of five utterances."""
    arrivals = [
        part
        for number, group in enumerate(OTHER)
        for part in utterance(group, f"0_{number}", partial_s=partial_s, final_s=0.5)
    ]
    known = reference([word for group in OTHER for word in group])
    return make_run(arrivals, duration_s=14, reference=known)


def test_each_pair_has_a_recording_of_its_own():
    table = compare([talk(), other()], [talk(0.25), other(0.25)])
    row = named(table, "word_end -> first_seen @send")
    assert (row["paired_by"], row["anchor"]) == ("reference", "reference")
    assert (row["pairs"], row["unpaired"], row["clusters"]) == (18 + 20, 0, 6 + 5)
    assert (row["runs"], row["recordings"]) == (2, 2)
    assert row["difference_ms"] == pytest.approx(50)
    # Of two pairs one has no common reference: it is paired by its medians, in a row of its own.
    mixed = compare([talk(), talk(known=False)], [talk(0.25), talk(0.3, name="other.flac")])
    rows = mixed[mixed["name"] == "word_end -> first_seen @send"].set_index("paired_by")
    assert rows["difference_ms"].to_dict() == pytest.approx({"reference": 50, "run": 100})


def test_a_recording_that_is_sent_again_is_one_recording():
    third = make_run(
        utterance(words("eight nine", 1.0)), reference=reference(words("eight nine", 1.0))
    )
    once = [talk(), other(), third]
    again = compare(once * 3, once * 3)
    row = named(again, "word_end -> first_seen @send")
    assert (row["runs"], row["recordings"], row["interval_of"]) == (9, 3, "kinds")
    # By hand: 10, 20 and 60 ms later; the mean of each recording, t of two degrees 4.3027.
    ms = pd.Series([10.0, 20.0, 60.0] * 3)
    number = pd.Series(range(9))
    found = difference(ms, number, number % 3, number * 0)
    assert (found.point, found.of) == (30, "kinds")
    wide = 4.3027 * np.std([10, 20, 60], ddof=1) / math.sqrt(3)
    assert found.high - 30 == pytest.approx(wide, rel=1e-3)


def test_the_name_of_each_measure_says_which_latency_it_is():
    known = {
        (name, trigger if isinstance(trigger, str) else "")
        for name, trigger in compare(rich_run(), rich_run(8))[["name", "trigger"]].to_numpy()
    }
    found = {latency_and_trigger(name) for name, *_ in paired(rich_run(), rich_run(8))}
    assert found
    assert found <= known
    assert {trigger for _, trigger in found} > {""}
    for name, trigger in known:
        assert latency_and_trigger(measure_name(name, trigger)) == (name, trigger)


def test_the_interval_of_the_kinds_is_that_of_the_printed_tables():
    """Four pairs: three degrees of freedom, 3.182 standard errors."""
    ms, run = pd.Series([10.0, 20.0, 30.0, 40.0]), pd.Series(range(4))
    found = difference(ms, run, run * 0 - 1, None)
    assert (found.high - found.point) / (ms.std() / 2) == pytest.approx(3.1824, abs=1e-4)


def test_one_pair_of_runs_says_nothing_of_the_kinds():
    rng = np.random.default_rng(1)
    one = compare(talk(lag=rng.uniform(0, 0.1, 6)), talk(0.4, lag=rng.uniform(0, 0.1, 6)))
    row = named(one, "speech_end -> last_partial_message @send")
    assert (row["interval_of"], row["more_pairs"]) == ("runs", 2)
    assert row["low_ms"] < row["difference_ms"] < row["high_ms"]
    assert row["note"] == (
        "The interval is about these two sessions only: too few to tell how sessions vary. One "
        "about the two kinds needs 2 more pairs of runs; one as narrow as this needs 3 more, if "
        "sessions do not vary at all, else more."
    )
    two = named(compare([talk()] * 2, [talk(0.4)] * 2), "speech_end -> last_partial_message @send")
    assert (two["interval_of"], two["more_pairs"]) == ("runs", 1)
    assert two["note"].startswith("The interval is about these 4 sessions only")


def test_sessions_in_which_one_side_hardly_came_have_no_mean():
    gone = talk(skip=range(5))
    table = compare([talk()] * 6, [talk(final_s=0.6)] * 5 + [gone])
    row = named(table, "speech_end -> final @send")
    assert row["difference_ms"] == pytest.approx(100)
    assert row["low_ms"] == pytest.approx(100)
    assert row["high_ms"] == math.inf
    few = named(compare([talk()] * 3, [talk()] * 2 + [gone]), "speech_end -> final @send")
    assert (few["low_ms"], few["high_ms"]) == (-math.inf, math.inf)


def test_utterances_are_those_of_the_side_that_has_fewer():
    joined = [
        part
        for number in range(3)
        for part in utterance(GROUPS[2 * number] + GROUPS[2 * number + 1], f"j_{number}")
    ]
    run = make_run(joined, duration_s=14, reference=KNOWN)
    for a, b in ((talk(), run), (run, talk())):
        row = named(compare(a, b), "word_end -> final @send")
        assert (row["pairs"], row["clusters"]) == (18, 3)


def test_bad_input_is_one_sentence():
    with pytest.raises(ConfigError, match="there are 1 and 2"):
        compare(talk(), [talk(), talk()])
    with pytest.raises(ConfigError, match="there are 0 and 0"):
        compare([], [])
    assert not len(compare(make_run(), make_run()))


def test_rows_come_in_the_order_of_latency():
    run, other = rich_run(), rich_run(8)
    table = compare(run, other)
    names = list(dict.fromkeys(latency(run)["name"]))
    found = list(dict.fromkeys(table["name"]))
    assert found == [name for name in names if name in found]
    assert found[:3] == [f"word_end -> first_seen @{clock}" for clock in ("send", "capture", "ack")]
    # Also when a run that comes first lacks some of them.
    quiet = make_run(utterance(SAID, partial_s=None), partials=False, reference=reference(SAID))
    both = make_run(utterance(SAID), reference=reference(SAID))
    rows = compare([quiet, both], [both, both])["name"]
    names = list(dict.fromkeys(latency(both)["name"]))
    assert list(dict.fromkeys(rows)) == [name for name in names if name in set(rows)]
    ends = table[table["name"] == "speech_end -> final @send"]["trigger"]
    assert ends.tolist()[:2] == ["endpoint", "stop"]


def test_who_spoke_does_not_make_another_recording():
    """A run of before and one whose reference names speakers are compared word by word."""
    told = [{**row, "speaker": "slt", "sentence": 0} for row in reference(SAID)]
    runs = [make_run(utterance(SAID), reference=known) for known in (reference(SAID), told)]
    found = compare(*runs)
    assert set(found["paired_by"]) == {"reference"}
    assert found["recordings"].iloc[0] == 1
