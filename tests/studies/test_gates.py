import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.studies.evidence import Evidence, Found
from gladia_nb.studies.gates import GATES, Gate, _decide, check_gates, read_gates
from tests.support.make_runs import make_run
from tests.support.studies import run_of

FINAL = '"word_end -> final @send"'


@pytest.mark.parametrize(
    ("line", "kind", "name", "more"),
    [
        (f"{FINAL} p90 < 900", "quantile", "word_end -> final @send", {"prob": 0.9, "limit": 900}),
        (f"{FINAL} p99.5 <= 9.5", "quantile", "word_end -> final @send", {"prob": 0.995}),
        (
            '"speech_end -> final @send" (endpoint) p50 < 600',
            "quantile",
            "speech_end -> final @send",
            {"trigger": "endpoint"},
        ),
        (f"never {FINAL} < 0.02", "never", "word_end -> final @send", {"limit": 0.02}),
        ("WER < 0.15", "ratio", "WER", {"limit": 0.15, "below": True}),
        ("normalised erasure > 0.1", "ratio", "normalised erasure", {"below": False}),
        ("errors   <  0.05", "ratio", "errors", {}),
        (f"difference {FINAL} < 50", "difference", "word_end -> final @send", {"limit": 50}),
        ("difference WER < 0.02", "difference", "WER", {}),
        ("verdict degraded", "verdict", "degraded", {}),
    ],
)
def test_lines(line, kind, name, more):
    gate = Gate.read(line)
    assert (gate.kind, gate.name) == (kind, name)
    for field, value in more.items():
        assert getattr(gate, field) == pytest.approx(value)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "p90 < 900",
        f"{FINAL} p101 < 5",
        f"{FINAL} p90 < -5",
        f"{FINAL} p90 < 1.2.3",
        "WER 0.1",
        "verdict invalid",
        "difference errors < 1",
        f"{FINAL} p90 = 3",
    ],
)
def test_lines_that_are_no_gates(line):
    with pytest.raises(ConfigError, match="is no gate"):
        Gate.read(line)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("gates = [", "is not TOML"),
        ("", "needs a list of lines"),
        ("gates = []", "needs a list of lines"),
        ("gates = [1]", "needs a list of lines"),
        ("gates = ['WER < 1']\nslo = 2", "slo is not known"),
        ("gates = ['fast']", "'fast' is no gate"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, content, sentence):
    (tmp_path / "slo.toml").write_text(content)
    with pytest.raises(ConfigError, match=sentence):
        read_gates(tmp_path / "slo.toml")
    with pytest.raises(ConfigError, match="Cannot read"):
        read_gates(tmp_path / "none.toml")


def found(value, low, high, **more):
    return Found(value, low, high, more.pop("unit", "ms"), 100, more.pop("rests_on", 50), **more)


NUMBER = st.floats(0, 1000)


@given(st.tuples(NUMBER, NUMBER, NUMBER).map(sorted), NUMBER)
@example([0.0, 0.0, 1.0], 2e-220)
def test_pass_and_fail_take_the_whole_interval(numbers, limit):
    low, value, high = numbers
    answer = _decide(Gate("", "quantile", "x", limit=limit), found(value, low, high)).answer
    expected = "pass" if high < limit else "fail" if low >= limit else "undecided"
    assert answer == expected
    other = _decide(Gate("", "ratio", "x", limit=limit, below=False), found(value, low, high))
    assert other.answer == ("pass" if low > limit else "fail" if high <= limit else "undecided")


def test_undecided_says_how_many_more():
    gate = Gate("", "quantile", "x", limit=900.0)
    # The bound is 200 above, and the limit 100: it takes four times as many.
    assert _decide(gate, found(800, 700, 1000)).reason == (
        "800 ms (700 ms to 1000 ms); it needs about 150 more utterances."
    )
    assert "about 1 more utterance." in _decide(gate, found(800, 700, 900.01)).reason
    assert "it needs more utterances" in _decide(gate, found(900, 800, 1000)).reason
    assert "it needs more pairs of runs" in (
        _decide(gate, found(800, -math.inf, math.inf, units="pair of runs")).reason
    )
    assert _decide(gate, found(math.nan, math.nan, math.nan, note="Too few.")).reason == "Too few."


def test_a_table_of_answers():
    runs = {f"r{k}": run_of(lambda n: 0.2 + 0.001 * n) for k in range(6)}
    lines = [
        f"{FINAL} p90 < 5000",
        f"{FINAL} p90 < 100",
        f"{FINAL} p99 < 5000",
        "never " + FINAL + " < 0.5",
        "WER < 0.3",
        "errors < 0.001",
        "verdict degraded",
    ]
    table = check_gates([Gate.read(line) for line in lines], Evidence(runs))
    assert list(table.columns) == list(GATES)
    assert table["gate"].tolist() == lines
    assert table["answer"].tolist() == [
        *("pass", "fail", "undecided", "pass", "pass", "undecided", "pass")
    ]
    assert "A p99 needs 299 utterances and there are 36: 263 more." in table["reason"][2]


def test_one_bad_run_fails_the_verdict():
    runs = {"good": run_of(lambda _: 0.2), "late.run": make_run(late_ms=lambda seq: 500.0)}
    (row,) = check_gates([Gate.read("verdict degraded")], Evidence(runs)).to_dict("records")
    assert row["answer"] == "fail"
    assert row["reason"].startswith("1 of 2 runs are not: late.run is invalid.")
