import threading

import pytest

from gladia_nb.studies import running
from gladia_nb.studies.attempts import judge_file
from gladia_nb.studies.running import Outcome, Runner, beating
from gladia_nb.studies.store import Store
from tests.support.studies import design_of


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


@pytest.fixture
def study(tmp_path):
    """A design of one item and two arms, its sounds and its store."""
    design, sounds = design_of(1)
    return design, sounds, Store(tmp_path)


def runner_of(study, **more):
    return Runner(*study, cap=2, service={}, tell=[].append, **more)


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
    monkeypatch.setattr(running, "_PARTING_S", 0.01)
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
