import pytest

from gladia_nb.metrics import latency

from .judged import passes, says


@pytest.fixture(scope="module")
def waits(first):
    _, run = first
    rows = latency(run, anchor="reference").query("unit == 'word' and clock == 'capture'")
    return rows.pivot_table(index="reference", columns="milestone", values="latency_ms").join(
        run.reference
    )


def test_the_median_and_what_is_taken_for_it(first, waits):
    seen = waits["first_seen"]
    assert passes("1a", seen.median(), *first)
    assert passes("1a", round(seen.median()), *first)
    sent = latency(first[1], anchor="reference").query("name == 'word_end -> first_seen @send'")
    long = waits["end_s"] - waits["start_s"]
    for value, said in (
        (sent["latency_ms"].median(), "the clock is capture"),
        (waits["final"].median(), "median until the *final*"),
        (seen.mean(), "That is the mean"),
        ((seen + long * 1e3).median(), "*start* of each word"),
        (seen.max(), "slowest word"),
        (seen.median() / 1e3, "a thousand times too small"),
        (seen, "These are"),
        ("fast", "This is text"),
    ):
        assert said in says("1a", value, *first)


def test_the_word_that_waited_longest(first, waits):
    by_final = waits.sort_values("final")["word"].tolist()
    assert passes("1b", f" {by_final[-1].upper()} ", *first)
    assert "*shortest*" in says("1b", by_final[0], *first)
    assert "was not spoken" in says("1b", "zebra", *first)
    assert "in quotes" in says("1b", 3, *first)
    assert "Another word" in says("1b", by_final[len(by_final) // 2], *first)
    slowest = waits.loc[waits["first_seen"].idxmax(), "word"]
    if slowest != by_final[-1]:
        assert "longest to be *seen*" in says("1b", slowest, *first)


def test_the_time_of_doubt(first, waits):
    doubt = waits["final"] - waits["first_seen"]
    assert passes("1c", doubt.median(), *first)
    assert "difference of two medians" in says(
        "1c", waits["final"].median() - waits["first_seen"].median(), *first
    )
    assert "the mean" in says("1c", doubt.mean(), *first)
    assert "turn it round" in says("1c", -doubt.median(), *first)
