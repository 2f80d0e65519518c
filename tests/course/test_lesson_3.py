import pytest

from gladia_nb.metrics import latency

from .judged import passes, says


@pytest.fixture(scope="module")
def mine(third):
    world, run = third
    rows = latency(run)
    rows = rows[(rows["unit"] == "word") & (rows["word"] == world.facts["word"])]
    return rows.groupby(["milestone", "anchor", "clock"])["latency_ms"].first()


def test_by_hand_is_what_the_toolkit_computes(third, mine):
    world, run = third
    row = run.reference[run.reference["word"] == world.facts["word"]].iloc[0]
    texts = run.messages[run.messages["type"] == "transcript"]
    came = texts.loc[texts["text"].str.split().map(lambda t: row["word"] in t), "recv_s"].iloc[0]
    waited = (came - row["end_s"]) * 1e3
    assert passes("3a", waited, *third)
    assert waited == pytest.approx(mine["first_seen", "reference", "capture"])


def test_what_is_taken_for_the_latency_of_a_word(third, mine):
    world, run = third
    row = run.reference[run.reference["word"] == world.facts["word"]].iloc[0]
    right = mine["first_seen", "reference", "capture"]
    for value, said in (
        (right + (row["end_s"] - row["start_s"]) * 1e3, "start_s"),
        (mine["final", "reference", "capture"], "the final"),
        (mine["first_seen", "service", "capture"], "what the service believes"),
        (right + row["end_s"] * 1e3, "Subtract when the word had ended"),
        (mine["first_seen", "reference", "send"], "the next task"),
    ):
        assert said in says("3a", value, *third)


def test_since_it_was_sent(third, mine):
    right = mine["first_seen", "reference", "send"]
    assert passes("3b", right, *third)
    capture = mine["first_seen", "reference", "capture"]
    assert "*spoken*" in says("3b", capture, *third)
    assert "*before*" in says("3b", right + 100, *third)
    assert "*behind*" in says("3b", right - 100, *third)


def test_how_wrong_the_service_is(third):
    shift = third[0].facts["shift_ms"]
    assert passes("3c", shift, *third)
    assert "not the other way round" in says("3c", -shift, *third)
    assert "a thousand times" in says("3c", shift / 1e3, *third)
