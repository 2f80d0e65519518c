"""The tables of a report, by hand: one column a run, numbers for people."""

import json
import math

import pytest

from gladia_nb.reporting import tables
from tests.support.make_runs import (
    make_run,
    message,
    reference,
    rich_run,
    transcript,
    utterance,
    words,
)
from tests.support.pages import Page, rows_of
from tests.support.references import with_text

#: A label that says why finals are late.
FINAL = "word end \u2192 final (waits for the whole utterance)"
SAID = words("hello it is very nice", 0.5)  # ends at 0.8, 1.2, 1.6, 2.0, 2.4
GROUPS = [words("one two three", 0.5 + 2 * number) for number in range(3)]


def talk(final_s=0.5, **options):
    """Three utterances with constant delays."""
    arrivals = []
    for number, group in enumerate(GROUPS):
        arrivals += utterance(group, f"0_{number}", final_s=final_s)
    known = reference([word for group in GROUPS for word in group])
    return make_run(arrivals, duration_s=8, reference=known, **options)


def table_of(html):
    """The rows of the first table by their first cell, without its head."""
    return {row[0]: row[1:] for row in rows_of(html.partition("</table>")[0])[1:]}


def test_labels():
    one, two = make_run(name="a.flac"), make_run(name="b.flac")
    assert tables.labels([one]) == ["a.flac"]
    assert tables.labels([one, two, one]) == ["A: a.flac", "B: b.flac", "C: a.flac"]


def test_notes_begin_with_the_error():
    odd = {"event": "warning", "ns": 1, "text": "odd thing"}
    bad = {"event": "error", "ns": 2, "text": "bad thing"}
    assert tables.notes(make_run(extra=[odd, bad]))[:2] == ["Error: bad thing", "odd thing"]
    assert all(tables.notes(make_run()))


def test_facts():
    run = talk(None)
    found = table_of(tables.facts([run, make_run(sent_s=0.0)], ["A", "B"]))
    assert found == {
        "service": ["a made-up server"] * 2,
        "made": ["2026-05-28 20:26 UTC"] * 2,
        "outcome": ["finished", "finished"],
        "audio": ["8.0 s", "0.0 of 4.0 s"],
        "chunk (ms)": ["100", "100"],
        "chunks sent": ["80", "0"],
        "messages": [str(len(run.messages)), "0"],
        "partials": ["9", "0"],
        "finals": ["0", "0"],
        "utterances without a final": ["3", "0"],
        "reference words": ["9", "0"],
        "reference": ["word", "\u2013"],
    }


def test_a_network_is_a_fact():
    run = make_run()
    run.record.header["options"]["network"] = {"profile": "hotel", "seed": 3}
    found = table_of(tables.facts([run, make_run()], ["A", "B"]))
    assert found["network"] == ["profile hotel, seed 3", "\u2013"]


def test_latencies_of_one_run_have_all_quantiles():
    rows = rows_of(tables.latencies([talk()], ["A"]))
    head = rows[0]
    assert head == list(tables._QUANTILES.values())
    final = dict(zip(head, next(r for r in rows if r[0] == FINAL), strict=True))
    # Finals 500 ms after the third word, 900 after the second, 1300 after the first.
    assert (final["n"], final["median"], final["max"]) == ("9", "900", "1300")
    seen = next(r for r in rows if r[0] == "word end \u2192 first seen")
    assert seen[1:6] == ["9", "0", "0", "200", "no bounds"]


def test_latencies_of_two_runs_have_medians_side_by_side():
    html = tables.latencies([talk(), talk(0.8)], ["A", "B"])
    found = table_of(html)
    assert found["speech end \u2192 final (endpoint)"] == [
        "500 (no bounds), n=3",
        "800 (no bounds), n=3",
    ]
    captions = [text for text in Page(html).texts if text.startswith("@")]
    assert [text.partition(":")[0] for text in captions] == [
        "@send",
        "@capture",
        "@ack",
        "@arrival",
    ]


def test_what_one_side_does_not_have_is_a_dash():
    found = table_of(tables.latencies([talk(), make_run()], ["A", "B"]))
    assert found["word end \u2192 first seen"] == ["200 (no bounds), n=9", "\u2013"]


def test_without_a_transcript_it_says_so():
    nothing = "<p>There was no transcript to measure.</p>"
    assert tables.latencies([make_run()], ["A"]) == nothing
    assert tables.latencies([make_run()] * 2, ["A", "B"]) == nothing


def test_comparison():
    runs, labels = [talk(), talk(0.8)], ["A: x", "B: y"]
    html = tables.comparison(runs, labels)
    assert table_of(html)["speech end \u2192 final (endpoint)"] == [
        *("3", "0"),
        *("500", "800", "300", "no bounds"),
    ]
    assert "median of B - A" in html
    assert "Paired by the same reference word or utterance; above 0: B: y is later." in html
    assert tables.comparison(runs[:1], labels[:1]) == ""
    assert tables.comparison([*runs, runs[0]], [*labels, "C"]) == ""
    nothing = tables.comparison([make_run()] * 2, labels)
    assert nothing == "<p>There is nothing that both runs have measured.</p>"
    without = [make_run(utterance(SAID), name=name) for name in "aab"]
    assert "Paired by words that both runs have" in tables.comparison(without[:2], labels)
    assert "Paired by whole runs" in tables.comparison(without[1:], labels)


def test_accuracy():
    wrong = [("hallo", 0.5, 0.8), *SAID[1:]]
    heard = make_run([transcript(3.0, wrong, final=True)], reference=reference(SAID))
    found = table_of(tables.accuracy([heard, make_run()], ["A", "B"]))
    assert found["WER of the finals (%)"] == ["20", "\u2013"]
    assert [found[name][0] for name in ("substitutions", "deletions", "insertions")] == list("100")
    # All words came at 3.0 s: the last one 0.6 s, the first one 2.2 s after it was spoken.
    taus = ["WER(0.3 s) (%)", "WER(0.5 s) (%)", "WER(1 s) (%)", "WER(2 s) (%)", "WER(5 s) (%)"]
    assert [found[name][0] for name in taus] == ["100", "100", "60", "20", "20"]
    assert found["reference words found (%)"][0] == "80"
    nothing = tables.accuracy([make_run()], ["A"])
    assert nothing == "<p>No reference words to compare with.</p>"


def test_accuracy_of_a_coarse_reference_says_what_is_withheld():
    heard = make_run([transcript(3.0, SAID, final=True)])
    html = tables.accuracy([with_text(heard, " ".join(word for word, _, _ in SAID))], ["A"])
    found = table_of(html)
    assert found["WER of the finals (%)"] == ["0"]
    assert found["WER(1 s) (%)"] == found["reference words found (%)"] == ["\u2013"]
    assert "this measure needs words with times" in html


def test_stabilities():
    arrivals = [
        transcript(1.0, words("a b")),
        transcript(1.2, words("a c")),
        transcript(1.4, words("A c"), final=True),
    ]
    one = rows_of(tables.stabilities([make_run(arrivals)], ["A"]))
    assert one[0][1:] == ["raw", "normalised"]
    assert all(len(row) == 3 for row in one)
    two = rows_of(tables.stabilities([make_run(arrivals)] * 2, ["A", "B"]))
    assert two[0][1:] == ["A", "B"]
    assert {row[0].rpartition(", ")[2] for row in two[1:]} == {"raw", "normalised"}
    assert all(a == b for _, a, b in two[1:])
    by_name = {row[0]: row[1:] for row in one[1:]}
    for row in two[1:]:
        name, _, kind = row[0].rpartition(", ")
        assert row[1] == by_name[name][["raw", "normalised"].index(kind)]


def test_endings():
    run = make_run(utterance(SAID, final_s=0.5, speech_end_s=0.35), config={"endpointing": 0.3})
    found = table_of(tables.endings([run, make_run()], ["A", "B"]))
    assert found == {
        "endpoint: sending": ["0", "\u2013"],
        "endpoint: endpointing": ["300", "\u2013"],
        "endpoint: vad": ["50", "\u2013"],
        "endpoint: decoding": ["150", "\u2013"],
        "endpoint: whole": ["500", "\u2013"],
    }
    assert tables.endings([make_run()], ["A"]) == ""


def test_streams_of_a_run_without_partials():
    found = table_of(tables.streams([talk(), make_run()], ["A", "B"]))
    assert found["partials per second of speech"][1] == "\u2013"
    assert float(found["gap between partials, median (ms)"][0]) == 400
    assert all(len(values) == 2 for values in found.values())


def test_translations():
    assert tables.translations([talk()], ["A"]) == ""
    said = transcript(3.0, SAID, final=True)
    translated = {
        "utterance_id": "00_00000000",
        "utterance": json.loads(said[1])["data"]["utterance"],
        "original_language": "en",
        "target_language": "fr",
        "translated_utterance": {
            "text": " bonjour",
            "start": 0.5,
            "end": 2.4,
            "language": "fr",
            "confidence": 0.9,
            "channel": 0,
            "words": [{"word": " bonjour", "start": 0.5, "end": 2.4, "confidence": 0.9}],
        },
    }
    run = make_run([said, message(3.5, "translation", translated)])
    head, row = rows_of(tables.translations([run, make_run()], ["A", "B"]))
    found = dict(zip(head, row, strict=True))
    assert (found["language"], found["words"], found["after final ms"]) == ("fr", "1", "500")


def second(lead_ms):
    """What the probe said of a quiet second."""
    quiet = {"loop_lag_ms": 1.2, "gc_count": 0, "gc_ms": 0.0, "gc_longest_ms": 0.0}
    clocks = {"clock_ns": 5, "wall_ns": 7, "wall_width_ns": 1, "backlog": 0}
    window = {"ns": 5, "window_ns": 1_000_000_000, "cpu_ms": 9.5, "lead_ms": lead_ms}
    return {"event": "vitals", **window, **quiet, **clocks}


def test_starts():
    run = make_run(late_ms=lambda seq: 3.0, ack_ms=20)
    found = table_of(tables.starts([run], ["A"]))
    assert found["acknowledgement, median (ms)"] == ["20"]
    assert found["chunks sent late, p99 (ms)"] == ["3"]
    assert found["drift of sending (ms)"] == ["0"]
    assert found["ping, median (ms)"] == ["\u2013"]
    sent = {"event": "ping", "ns": 5, "send_ns": 5_000_000_000, "recv_ns": 5_007_000_000}
    pinged = table_of(tables.starts([make_run(extra=[sent])], ["A"]))
    assert pinged["ping, median (ms)"] == ["7"]
    polled = "polled before each chunk, median (ms)"
    assert found[polled] == ["\u2013"], "older runs do not tell"
    leads = [second(0.3), second(0.24), second(0.2)]
    assert table_of(tables.starts([make_run(extra=leads)], ["A"]))[polled] == ["0.24"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (math.nan, "\u2013"),
        (math.inf, "never"),
        (-math.inf, "\u2212never"),
        (0.0, "0"),
        (12.345, "12.3"),
        (99.97, "100"),
        (1234.4, "1234"),
        (-250.4, "-250"),
    ],
)
def test_numbers_in_words(value, shown):
    assert tables._number(value) == shown


def test_intervals_in_words():
    assert tables._interval(1.0, 2.5) == "1 to 2.5"
    assert tables._interval(math.nan, math.nan) == "no interval"
    assert tables._interval(-math.inf, math.inf) == "no bounds"


@pytest.mark.parametrize(
    "make",
    [
        tables.facts,
        tables.latencies,
        tables.accuracy,
        tables.stabilities,
        tables.endings,
        tables.streams,
        tables.translations,
        tables.starts,
    ],
)
def test_every_table_has_a_column_for_each_run_and_says_no_nan(make):
    runs = [rich_run(), make_run(), make_run(sent_s=0.0)]
    html = make(runs, ["A", "B", "C"])
    assert len({len(row) for row in rows_of(html)}) <= 1
    said = " ".join(cell for row in rows_of(html) for cell in row).split()
    assert not {"nan", "inf", "None", "<NA>"} & set(said)
