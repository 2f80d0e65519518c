"""Blocks that are carried out: what is tried again, what is given up, what is waited for."""

import threading
from pathlib import Path

import pytest

from gladia_nb.studies import running
from gladia_nb.studies.attempts import Attempt, judge_file
from gladia_nb.studies.progress import Progress
from gladia_nb.studies.running import Outcome, Runner, beating
from gladia_nb.studies.store import Store
from gladia_nb.studies.tally import Tally
from tests.support.studies import design_of


class Told(Progress):
    """Keeps every sentence."""

    def __init__(self):
        super().__init__()
        self.said = []

    def tell(self, text):
        self.said.append(text)


class Desk:
    """A runner whose sessions end as a list says."""

    def __init__(self, tmp_path, monkeypatch, states, **more):
        self.design, sounds = design_of(1, **more)
        self.store = Store(tmp_path / "s")
        self.begun, self.waits = [], []
        self.watch = Told()
        self.said = self.watch.said
        self.states = iter(states)
        self.runner = Runner(
            self.design,
            sounds,
            self.store,
            cap=9,
            service={},
            watch=self.watch,
        )
        monkeypatch.setattr(self.watch.over, "wait", lambda s: self.waits.append(s) or False)
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


class Session:
    """A session that ends when it is told to, and tells of it."""

    def __init__(self, path):
        self.path = path
        self.told = []
        self._over = threading.Event()

    def wait(self, seconds=None):
        return self._over.wait(seconds)

    def stop(self):
        self.told.append("stop")
        self._over.set()

    def abort(self):
        self.told.append("abort")
        self._over.set()

    def result(self, seconds=None):
        assert self._over.is_set()


@pytest.fixture
def study(tmp_path):
    """A design of one item and two arms, its sounds and its store."""
    design, sounds = design_of(1)
    return design, sounds, Store(tmp_path)


def runner_of(study, **more):
    return Runner(*study, cap=2, service={}, watch=Progress(), **more)


def test_a_session_that_begins_while_the_study_is_stopped_is_stopped_too(study, monkeypatch):
    begun = []

    def start(*_, path, **__):
        begun.append(Session(path))
        if len(begun) == 2:
            # Somebody stops it before this session is known.
            runner.stop()
        return begun[-1]

    monkeypatch.setattr(running, "start", start)
    runner = runner_of(study)
    block = study[0].blocks()[0]
    assert runner.run(block, block.cells, Outcome())
    assert [session.told[0] for session in begun] == ["stop", "stop"]
    assert study[2].claimed() == set()


def test_an_attempt_of_which_no_session_came_is_in_the_store(study):
    runner = Runner(
        *study, cap=2, service={"url": "http://127.0.0.1:9", "key": "k"}, watch=Progress(), tries=1
    )
    block, outcome = study[0].blocks()[0], Outcome()
    assert runner.run(block, block.cells, outcome)
    assert [attempt.state for attempt in outcome.attempts] == ["broken", "broken"]
    (one,) = study[2].attempts()[block.cells[0].id]
    assert "Cannot reach http://127.0.0.1:9" in judge_file(one).reason


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_what_breaks_off_a_block_ends_its_sessions(study, monkeypatch, error):
    begun = []

    def start(*_, path, **__):
        if begun:
            raise error
        begun.append(Session(path))
        return begun[-1]

    monkeypatch.setattr(running, "start", start)
    block = study[0].blocks()[0]
    with pytest.raises(error):
        runner_of(study).run(block, block.cells, Outcome())
    assert begun[0].told == ["stop"]
    assert study[2].claimed() == set()


def test_a_session_that_does_not_end_is_broken_off(study, monkeypatch):
    class Deaf(Session):
        def stop(self):
            self.told.append("stop")

    begun = []

    def start(*_, path, **__):
        if begun:
            raise OSError("no more")
        begun.append(Deaf(path))
        return begun[-1]

    monkeypatch.setattr(running, "start", start)
    monkeypatch.setattr(running, "_ENDING_S", 0.01)
    block = study[0].blocks()[0]
    with pytest.raises(OSError, match="no more"):
        runner_of(study).run(block, block.cells, Outcome())
    assert begun[0].told == ["stop", "abort"]


def test_a_cell_is_tried_so_often_and_no_more(study, monkeypatch):
    def start(*_, path, **__):
        path.write_bytes(b"no run")
        session = Session(path)
        session.stop()
        return session

    monkeypatch.setattr(running, "start", start)
    design, _, store = study
    block = design.blocks()[0]
    outcome = Outcome()
    assert runner_of(study, tries=2).run(block, block.cells[:1], outcome)
    (made,) = store.attempts().values()
    assert [judge_file(path).state for path in made] == ["broken", "broken"]
    assert set(outcome.left) == {block.cells[0].id}


def test_a_claim_is_touched_as_long_as_the_work_lasts(monkeypatch):
    monkeypatch.setattr(running, "_BEAT_S", 0.001)
    touched = threading.Event()

    class Claim:
        def touch(self):
            touched.set()

    with beating(Claim()):
        assert touched.wait(60)
    assert not [t for t in threading.enumerate() if t.name == "gladia_nb study"]


def watched(tmp_path, service):
    design, sounds = design_of(1)
    watch = Progress()
    watch.tally = Tally.of(design, ())
    store = Store(tmp_path / "s")
    runner = Runner(design, sounds, store, cap=2, service=service, watch=watch)
    return runner, design.blocks()[0], watch, store


def test_what_is_refused_has_failed_and_is_not_repeated(tmp_path, scripted):
    service = {"url": scripted.url, "key": "wrong"}
    runner, block, watch, store = watched(tmp_path, service)
    outcome = Outcome()
    assert runner.run(block, block.cells, outcome)
    assert watch.tally.total("failed") == 2
    assert set(outcome.left) == {cell.id for cell in block.cells}
    assert all(len(paths) == 1 for paths in store.attempts().values())
    assert "refused, not repeated" in watch.sentences[-1]


def test_one_that_is_over_starts_nothing(tmp_path, scripted):
    runner, block, watch, store = watched(tmp_path, {"server": scripted})
    watch.over.set()
    assert runner.run(block, block.cells, Outcome())
    assert (store.attempts(), watch.tally.total("to do")) == ({}, 2)


def test_a_block_that_another_has_is_left_to_it(tmp_path, scripted):
    runner, block, _, store = watched(tmp_path, {"server": scripted})
    claim = store.claim(block.id)
    assert not runner.run(block, block.cells, Outcome())
    claim.release()
    assert store.claimed() == set()
