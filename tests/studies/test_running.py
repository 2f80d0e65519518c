"""Blocks that are carried out: what is tried again, what is given up, what is waited for."""

from pathlib import Path

import pytest

from gladia_nb.studies import running
from gladia_nb.studies.attempts import Attempt
from gladia_nb.studies.running import Outcome, Runner
from gladia_nb.studies.store import Store
from tests.support.studies import design_of


class Desk:
    """A runner whose sessions end as a list says."""

    def __init__(self, tmp_path, monkeypatch, states, **more):
        self.design, sounds = design_of(1, **more)
        self.store = Store(tmp_path / "s")
        self.said, self.waits, self.begun = [], [], []
        self.states = iter(states)
        self.runner = Runner(
            self.design,
            sounds,
            self.store,
            cap=9,
            service={},
            tell=self.said.append,
            wait=lambda seconds: self.waits.append(seconds) or True,
        )
        monkeypatch.setattr(self.runner, "_together", self.together)

    def together(self, cells):
        self.begun.append([cell.arm for cell in cells])
        return {cell.id: next(self.states) for cell in cells}

    def run(self):
        outcome = Outcome()
        (block,) = self.design.blocks()
        assert self.runner.run(block, block.cells, outcome)
        return outcome


def ended(state, retry_s=None):
    return Attempt(
        Path("x.run"), state, "" if state == "done" else f"It was {state}.", 0, "", retry_s
    )


def test_what_is_done_is_done(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch, [ended("done"), ended("done")])
    assert desk.run().left == {}
    assert len(desk.begun) == 1
    assert desk.said == []
    assert desk.store.claimed() == set()


@pytest.mark.parametrize("state", ["invalid", "broken", "interrupted"])
def test_only_what_failed_is_tried_again(tmp_path, monkeypatch, state):
    desk = Desk(tmp_path, monkeypatch, [ended("done"), ended(state), ended("done")])
    outcome = desk.run()
    assert outcome.left == {}
    assert [len(arms) for arms in desk.begun] == [2, 1]
    assert len(outcome.attempts) == 3
    (said,) = desk.said
    assert said.endswith(f"repeat 1: once more. It was {state}.")


def test_three_tries_and_no_more(tmp_path, monkeypatch):
    states = [ended("done"), *[ended("invalid")] * running.TRIES]
    desk = Desk(tmp_path, monkeypatch, states)
    assert list(desk.run().left.values()) == ["It was invalid."]
    assert desk.said[-1].endswith("given up. It was invalid.")
    assert next(desk.states, None) is None


def test_a_refused_arm_is_not_tried_again(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch, [ended("done"), ended("refused")], repeats=2)
    outcome, blocks = Outcome(), desk.design.blocks()
    desk.runner.run(blocks[0], blocks[0].cells, outcome)
    refused = desk.begun[0][1]
    desk.states = iter([ended("done")])
    desk.runner.run(blocks[1], blocks[1].cells, outcome)
    assert desk.begun[1] == [arm for arm in desk.begun[0] if arm != refused]
    assert list(outcome.left.values()) == ["It was refused."] * 2


def test_a_service_without_room_is_asked_again_when_it_says(tmp_path, monkeypatch):
    states = [ended("limited", 7.0), ended("limited"), ended("done"), ended("done")]
    desk = Desk(tmp_path, monkeypatch, states)
    assert desk.run().left == {}
    assert desk.waits == [running._WAIT_S]
    desk.states = iter([ended("limited", 7.0), ended("done"), ended("done")])
    desk.run()
    assert desk.waits[1:] == [7.0]


def test_a_block_that_another_process_has_is_left(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch, [])
    (block,) = desk.design.blocks()
    assert desk.store.claim(block.id) is not None
    assert not desk.runner.run(block, block.cells, Outcome())
    assert desk.begun == []


def test_one_after_the_other_in_blocks(tmp_path, monkeypatch):
    desk = Desk(tmp_path, monkeypatch, [ended("done")] * 2, order="blocks")
    desk.run()
    assert [len(arms) for arms in desk.begun] == [1, 1]
