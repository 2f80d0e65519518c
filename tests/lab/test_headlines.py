"""The run in four numbers: those of the tables, and nothing where nothing tells them."""

import math

from gladia_nb.lab.headlines import TERMS, headline, medians, sentence, shown, terms
from gladia_nb.metrics import latency_table, summary, word_errors
from gladia_nb.metrics.definitions import DEFINITIONS
from tests.support.make_runs import make_run, reference, rich_run, utterance, words
from tests.support.references import with_text


def test_the_numbers_are_those_of_the_summary():
    run = rich_run()
    found = medians(run)
    table = summary(run)
    seen = table[
        (table["name"] == "word_end -> first_seen @send") & (table["anchor"] == "reference")
    ]
    assert found["anchor"] == "reference"
    assert found["seen_ms"] == seen["p50_ms"].iloc[0]
    finals = table[
        (table["name"] == "speech_end -> final @send") & (table["anchor"] == "reference")
    ]
    assert found["final_ms"] in finals["p50_ms"].tolist()
    told = {key: value for key, value, _ in headline(run)["numbers"]}
    assert list(told) == list(TERMS)
    texts = latency_table(run)["p50_ms"].tolist()
    assert told["seen"].removesuffix(" ms") in texts
    assert told["final"].removesuffix(" ms") in texts
    assert told["wrong"] == f"{word_errors(run)['wer'].iloc[-1] * 100:.1f} %"
    assert told["verdict"] == run.verdict.status


def test_without_a_reference_it_is_counted_from_the_service_and_nothing_is_wrong():
    run = rich_run(with_reference=False)
    told = {key: (value, of) for key, value, of in headline(run)["numbers"]}
    assert told["wrong"] == ("\u2013", "no reference")
    assert "times of the service" in told["verdict"][1]


def test_what_was_not_sent_is_not_wrong():
    said = words("hello it is very nice")
    run = make_run(utterance(said[:2]), reference=reference(said), sent_s=1.5)
    told = {key: (value, of) for key, value, of in headline(run)["numbers"]}
    assert told["wrong"] == ("0.0 %", "of 2 words; 3 words of the reference were not sent")
    text = with_text(make_run(utterance(said[:2]), sent_s=1.5), "hello it is very nice")
    value, why = {key: (value, of) for key, value, of in headline(text)["numbers"]}["wrong"]
    assert value == "\u2013"
    assert why.startswith("1.5 s of 4.0 s were sent, and the reference of this run is a text")


def test_a_run_in_which_nothing_came():
    found = headline(make_run())
    assert found["medians"] == {"seen": "\u2013", "final": "\u2013"}
    assert "seen" not in found["sentence"].lower()


def test_words():
    assert shown(math.inf) == "never"
    assert sentence([]) == ""
    known = {definition.name for definition in DEFINITIONS}
    assert set(terms()) == set(TERMS)
    assert {term["name"] for term in terms().values()} <= known
