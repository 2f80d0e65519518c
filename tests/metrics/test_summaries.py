"""Tables of latencies with known answers."""

import math

import pandas as pd
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import (
    LATENCY_TABLE,
    SUMMARY,
    ecdf,
    how_compared,
    latency,
    latency_table,
    summary,
)
from tests.support.make_runs import make_run, reference, rich_run, transcript, utterance, words

SAID = words("hello it is very nice", 0.5)


def test_ecdf():
    values, shares = ecdf([30, 10, math.nan, 20])
    assert values.tolist() == [10, 20, 30]
    assert shares.tolist() == [0.25, 0.5, 0.75]
    assert [len(part) for part in ecdf([])] == [0, 0]


def many(**options):
    arrivals = []
    for number in range(4):
        said = words("one two three", 0.5 + 2 * number)
        arrivals += utterance(said, f"0_{number}", **options)
    return arrivals


def test_summary_of_a_constant_lag():
    table = summary(make_run(many(partial_s=0.2), duration_s=10))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(SUMMARY)
    row = table[table["name"] == "word_end -> first_seen @send"].iloc[0]
    assert (row["n"], row["clusters"], row["never"], row["unplaced"]) == (12, 4, 0, 0)
    for name in ("p50_ms", "min_ms", "max_ms"):
        assert row[name] == pytest.approx(200)
    # Four utterances do not bound a median, though nothing varies in them.
    assert (row["p50_low_ms"], row["p50_high_ms"]) == (-math.inf, math.inf)
    assert math.isnan(row["p90_ms"])
    assert math.isnan(row["p95_ms"])
    names = table["name"].tolist()
    measures = [
        "word_end -> first_seen",
        "word_end -> first_correct",
        "word_end -> stable",
        "word_end -> final",
        "speech_start -> first_partial",
        "speech_end -> last_word_seen",
        "speech_end -> last_partial_message",
        "speech_end -> end_of_speech_detected",
        "speech_end -> final",
    ]
    clocks = ("send", "capture", "ack")
    assert names[:27] == [f"{measure} @{clock}" for clock in clocks for measure in measures]
    since = ("first_partial", "last_partial_message", "text_settled")
    assert names[27:] == [f"{event} -> final @arrival" for event in since]


def test_summary_keeps_triggers_apart_for_finals_of_utterances_only():
    table = summary(rich_run())
    finals = table[(table["name"] == "speech_end -> final @send") & (table["anchor"] == "service")]
    assert finals["trigger"].fillna("").tolist() == ["endpoint", "stop", ""]
    assert finals["n"].tolist() == [19, 1, 1]
    assert finals["p50_ms"].iloc[2] == math.inf
    assert finals["never"].iloc[2] == 1
    assert (table["name"] == "word_end -> final @send").sum() == 2


def test_summary_of_a_selection():
    rows = latency(make_run(many(), duration_s=10))
    assert len(summary(rows[rows["name"] == "word_end -> final @send"])) == 1


def test_summary_counts_what_has_no_anchor():
    table = summary(make_run(many(), duration_s=10, sent_s=5.0))
    row = table[table["name"] == "word_end -> final @send"].iloc[0]
    assert (row["n"], row["unplaced"]) == (8, 4), "one ends just behind the audio"
    late = summary(make_run(many(), duration_s=10, sent_s=0.1))
    assert late["n"].iloc[0] == 0
    assert math.isnan(late["p50_ms"].iloc[0])


def test_empty_runs_have_empty_tables():
    for function, schema in ((summary, SUMMARY), (latency_table, LATENCY_TABLE)):
        table = function(make_run())
        assert not len(table)
        assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(schema)


def test_summary_of_several_runs():
    runs = [make_run(many(partial_s=lag), duration_s=10) for lag in (0.1, 0.2, 0.3)]
    one, all_ = summary(runs[0]), summary(runs)
    row = all_[all_["name"] == "speech_end -> last_partial_message @send"].iloc[0]
    assert (row["n"], row["runs"], row["clusters"]) == (12, 3, 12)
    assert row["p50_ms"] == pytest.approx(200)
    # Three runs, each with a median of its own, do not bound that of such runs.
    assert (row["p50_low_ms"], row["p50_high_ms"]) == (-math.inf, math.inf)
    assert row["note"].endswith("3 runs are too few to bound p50.")
    assert one["runs"].tolist() == [1] * len(one)
    with pytest.raises(ConfigError, match="no run to sum up"):
        summary([])


def test_summary_says_what_it_withholds():
    row = summary(make_run(many(), duration_s=10)).iloc[0]
    withheld = "Withheld: p90, p95 and p99 need 29, 59 and 299 utterances; there "
    assert row["note"] == withheld + "are 4. 4 utterances are too few to bound p50."
    row = summary(make_run(utterance(SAID))).iloc[0]
    assert row["note"] == withheld + "is 1. 1 utterance is too few to bound p50."
    assert math.isnan(row["p50_low_ms"])
    late = summary(make_run(many(), duration_s=10, sent_s=0.1)).iloc[0]
    assert "No sample has a place" in late["note"]
    arrivals = []
    for number in range(299):
        arrivals += utterance(words("one", 0.5 + number), f"0_{number}")
    full = summary(make_run(arrivals, duration_s=300, chunk_ms=1000)).iloc[0]
    assert full["note"] != full["note"]
    assert math.isfinite(full["p99_ms"])
    few = summary(make_run(arrivals[: 4 * 40], duration_s=300, chunk_ms=1000)).iloc[0]
    assert few["note"] == "Withheld: p95 and p99 need 59 and 299 utterances; there are 40."
    assert few["p90_low_ms"] <= few["p90_ms"] <= few["p90_high_ms"]
    arrivals = arrivals[: 4 * 60]
    some = summary(make_run(arrivals, duration_s=300, chunk_ms=1000)).iloc[0]
    assert some["note"] == "Withheld: p99 needs 299 utterances; there are 60."


def test_summary_counts_negative_latencies():
    row = summary(make_run(many(partial_s=-0.2), duration_s=10)).iloc[0]
    assert (row["n"], row["negative"]) == (12, 12)
    assert row["min_ms"] == pytest.approx(-200)


def test_latency_table_is_for_people():
    run = make_run(utterance(SAID, partial_s=0.2, final_s=0.5))
    assert latency_table(run).to_dict("list") == {
        "measure": [
            "word: first seen",
            "word: first correct",
            "word: stable",
            "word: final (waits for the whole utterance)",
            "utterance: first partial",
            "utterance: last word seen",
            "utterance: last partial message",
            "utterance: end of speech detected",
            "utterance: final (endpoint)",
        ],
        "from": [
            *["word end @send (service)"] * 4,
            "speech start @send (service)",
            *["speech end @send (service)"] * 4,
        ],
        "n": ["5"] * 4 + ["1"] * 5,
        "never": ["0"] * 9,
        "unplaced": ["0"] * 9,
        "p50_ms": ["200", "200", "200", "1300", "500", "200", "200", "300", "500"],
        "p50_95ci_ms": ["-"] * 9,
        "p90_ms": ["-"] * 9,
        "p90_95ci_ms": ["-"] * 9,
    }
    some = latency_table(make_run(many(), duration_s=10))
    assert set(some["p50_95ci_ms"]) == {"no bounds"}


def test_tables_can_speak_as_the_field_does():
    run = make_run(utterance(SAID, partial_s=0.2, final_s=0.5))
    ours, theirs = summary(run), summary(run, names="field")
    pd.testing.assert_frame_equal(theirs.drop(columns="name"), ours.drop(columns="name"))
    called = dict(zip(ours["name"], theirs["name"], strict=True))
    assert called["word_end -> first_seen @send"] == "word emission latency @send"
    assert called["speech_end -> final @ack"] == "time to final segment (TTFS) @ack"
    # Nobody has a name for this one.
    message = "utterance: last partial message @capture"
    assert called["speech_end -> last_partial_message @capture"] == message
    assert len(set(theirs["name"])) == len(theirs)
    table = latency_table(run, names="field")
    assert table["measure"].tolist()[-1] == "time to final segment (TTFS) (endpoint)"
    assert "partial recognition latency (PR50, PR90)" in table["measure"].tolist()
    columns = ["n", "p50_ms", "from"]
    pd.testing.assert_frame_equal(table[columns], latency_table(run)[columns])
    for function in (summary, latency_table):
        with pytest.raises(ConfigError, match="There are no names 'theirs'; there are events and"):
            function(run, names="theirs")


def test_latency_table_says_never():
    table = latency_table(make_run(utterance(SAID, final_s=None), reference=reference(SAID)))
    assert table["measure"].tolist()[-1] == "utterance: final (never came)"
    assert table["p50_ms"].tolist()[-1] == "never"
    assert "word end @send (reference)" in set(table["from"])


def test_above_the_table_stands_what_it_is_worth():
    lost = make_run(many()[:2], duration_s=10, reference=reference(SAID))
    table = latency_table(lost)
    words = f"0 of {len(SAID)} words that were spoken are in a final."
    for shown in (repr(table), table.to_string(index=False), table._repr_html_()):
        assert words in shown
    assert "A 90th percentile (p90) needs 29 utterances." in repr(table)
    bad = latency_table(make_run(utterance(SAID), late_ms=lambda seq: 400.0))
    assert repr(bad).startswith("INVALID MEASUREMENT, not to be quoted. ")
    assert type(table.head(2)) is pd.DataFrame, "a part of it says nothing of the whole"
    told = summary(lost)["match_rate"]
    assert told.tolist() == [0.0] * len(told)
    assert summary(make_run(many(), duration_s=10))["match_rate"].isna().all()


# -- how words were compared --


def forms(*numbers):
    """A run whose partials spell out what its final writes in figures."""
    spoken = words(" ".join(numbers), 0.5)
    figures = {"one": "1", "two": "2"}
    final = [(figures.get(word, word.title()), a, b) for word, a, b in spoken]
    return make_run([transcript(2.0, spoken), transcript(2.5, final, final=True)])


def test_the_table_says_by_which_normaliser_and_how_many_words_have_two_forms():
    # Another case alone is no other form.
    assert how_compared(forms("well")) == "Words are compared by the normaliser basic."
    assert "; 1 of them is written in another form in a partial" in how_compared(forms("one"))
    two = how_compared(forms("one", "well", "two"))
    assert "; 2 of them are written in another form in a partial" in two
    assert two in latency_table(forms("one", "well", "two")).to_string()
    # What is not the same word is no other form of it.
    raw = latency_table(forms("one"), normaliser="raw").to_string()
    assert "Words are compared by the normaliser raw." in raw


def test_the_normaliser_is_a_column_that_stays():
    run = make_run(many(), duration_s=10, reference=reference(SAID))
    rows = latency(run, normaliser="raw")
    assert rows["normaliser"].unique().tolist() == ["raw"]
    assert summary(rows)["normaliser"].unique().tolist() == ["raw"]
    both = pd.concat([latency(run), rows.assign(run="again")])
    assert set(summary(both)["normaliser"]) == {"basic, raw"}
    assert summary([run, run], normaliser="raw")["normaliser"].unique().tolist() == ["raw"]
