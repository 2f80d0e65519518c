from types import SimpleNamespace

import pandas as pd
import pytest

from gladia_nb.course.worlds import World, make_world

from .judged import passes, says


@pytest.fixture(scope="module")
def world():
    made = make_world(5, 1)
    return World(made.audio, made.words, made.script, facts={**made.facts, "patience_ms": 620})


@pytest.fixture(scope="module")
def table():
    rows = {
        "endpointing_s": [0.1, 0.3, 0.4, 0.6, 0.8],
        "cuts": [12, 10, 8, 5, 1],
        "turns": [6] * 5,
        "premature": [6, 4, 3, 1, 0],
        "cut_turns": [5, 4, 2, 1, 0],
        "missed": [0, 0, 0, 1, 4],
        "wait_p50_ms": [360.0, 560, 620, 860, 1060],
    }
    return pd.DataFrame({"kind": "predicted", **rows})


def test_patience(world, table):
    assert passes("5a", 0.4, world, table)
    assert "Half wait longer".lower() not in says("5a", 0.3, world, table).lower()
    assert "keeps it as well" in says("5a", 0.3, world, table)
    assert "only the *silence*" in says("5a", 0.6, world, table)
    assert "Look again" in says("5a", 0.8, world, table)
    assert "Those" not in says("5a", "0.4", world, table)


def test_one_step_too_far_waits_too_long(world, table):
    short = table[table["endpointing_s"] != 0.6].assign(wait_p50_ms=[360.0, 560, 630, 1060])
    assert passes("5a", 0.3, world, short)
    assert "only the *silence*" in says("5a", 0.4, world, short)
    assert passes("5a", 0.1, world, table.assign(wait_p50_ms=[700.0, 800, 900, 950, 990]))


def test_turns_that_are_cut(world, table):
    assert passes("5b", 2, world, table)
    assert "welcome" in says("5b", 8, world, table)
    assert "cut twice" in says("5b", 3, world, table)
    assert "all turns" in says("5b", 6, world, table)
    assert "*missed*" in says("5b", 0, world, table)


BECAUSE = "At 0.4 s only 2 of 6 turns are cut."


def test_a_choice_that_is_defended(world, table):
    assert passes("5c", (0.1, 0.4, BECAUSE), world, table)
    assert passes("5c", (0.3, 0.6, BECAUSE), world, table)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ((0.4, 0.1, BECAUSE), "the other way round"),
        ((0.3, 0.3, BECAUSE), "nothing that the two want"),
        ((0.1, 0.8, BECAUSE), "misses 4 of 6"),
        ((0.1, 0.45, BECAUSE), "Choose from 0.1, 0.3"),
        (("0.1", 0.4, BECAUSE), "Choose from"),
        ((0.1, 0.4, "because"), "at least one number"),
        ((0.1, 0.4, "it is simply the best of all the rows"), "at least one number"),
        ((0.1, 0.4, 7), "at least one number"),
        ((0.1, 0.4, ...), "still missing"),
        ((0.1, 0.4), "three things"),
        (0.1, "three things"),
    ],
)
def test_a_choice_that_is_not(world, table, value, said):
    assert said in says("5c", value, world, table)


def test_an_agent_that_interrupts_as_often_as_captions(world, table):
    same = table.assign(cut_turns=[2, 2, 2, 2, 2])
    assert "interrupts as often" in says("5c", (0.1, 0.4, BECAUSE), world, same)


def test_utterances_that_are_ended_by_force(world):
    triggers = ["max_duration"] * 4 + ["endpoint", "endpoint", "stop"]
    run = SimpleNamespace(utterances=pd.DataFrame({"trigger": triggers}))
    assert passes("5d", 4, world, run)
    assert "counts all" in says("5d", 7, world, run)
    assert "by silence" in says("5d", 2, world, run)
