import pytest

from gladia_nb.course.lesson_6 import _transcripts
from gladia_nb.course.worlds import make_world
from gladia_nb.metrics import message_audit

from .conftest import SEED
from .judged import passes, says


@pytest.fixture(scope="module")
def world():
    return make_world(6, SEED)


def test_seconds_that_are_missing(world):
    stored = world.pcm[:-16000]  # half a second
    assert passes("6a", 0.5, world, stored)
    for value, said in (
        (16000, "Those are bytes"),
        (1.0, "2 bytes"),
        (len(stored) / 32000, "what is missing"),
        (-0.5, "not the other way round"),
        (500, "a thousand times too large"),
    ):
        assert said in says("6a", value, world, stored)


def test_nothing_to_find_where_nothing_is_missing(world):
    assert "naive_rest again" in says("6a", 0, world, world.pcm)


def test_a_client_that_loses_nothing(world):
    assert passes("6b", lambda pcm, sent, acknowledged: pcm[acknowledged:], world)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda p, s, a: p[s:], "it is lost"),
        (lambda p, s, a: p, "billed twice"),
        (lambda p, s, a: p[:a], "the service *has*"),
        (lambda p, s, a: p[a:s], "not sent yet"),
        (lambda p, s, a: p[a + 1 :], "noise"),
        (lambda p, s, a: p[7:], "not confirmed"),
        (lambda p, s, a: p[3200:], "not confirmed"),
        (lambda p, s, a: ..., "has to return bytes"),
        (b"", "without brackets"),
    ],
)
def test_a_client_that_does(world, function, said):
    assert said in says("6b", function, world)


def test_transcripts_that_never_arrived(sixth):
    table = message_audit(sixth[1]).set_index("type")
    row = table.loc["transcript"]
    assert row["lost"] > 0
    assert passes("6c", row["lost"], *sixth)
    assert "all types" in says("6c", table.loc["all", "lost"], *sixth)
    assert "sum already" in says("6c", table["lost"].sum(), *sixth)
    # How much is lost is chance; what equals another number of the table is taken for that one.
    known = {row["lost"], table.loc["all", "lost"], table["lost"].sum()}
    if row["stored"] not in known:
        assert "Those were stored" in says("6c", row["stored"], *sixth)
    if row["received"] not in known | {row["stored"]}:
        assert "Those came." in says("6c", row["received"], *sixth)


def test_texts_that_nobody_has_seen(sixth):
    stored, received = _transcripts(sixth[1])
    lost = sorted(set(stored) - set(received))
    assert lost
    assert passes("6d", [f" {text} " for text in lost], *sixth)
    assert "all that were stored" in says("6d", stored, *sixth)
    assert "list is empty" in says("6d", [], *sixth)
    assert "did arrive" in says("6d", [*lost, received[0]], *sixth)
    assert f"There are {len(lost)} such texts" in says("6d", ["never said"], *sixth)
    assert "a list of texts" in says("6d", lost[0], *sixth)
