"""The blocks of a study as they are carried out: what whoever watches is told."""

from gladia_nb.studies.progress import Progress
from gladia_nb.studies.running import Outcome, Runner
from gladia_nb.studies.store import Store
from gladia_nb.studies.tally import Tally
from tests.support.studies import design_of


def runner_of(tmp_path, service):
    design, sounds = design_of(1)
    watch = Progress()
    watch.tally = Tally.of(design, ())
    store = Store(tmp_path / "s")
    runner = Runner(design, sounds, store, cap=2, service=service, watch=watch)
    return runner, design.blocks()[0], watch, store


def test_what_is_refused_has_failed_and_is_not_repeated(tmp_path, scripted):
    service = {"url": scripted.url, "key": "wrong"}
    runner, block, watch, store = runner_of(tmp_path, service)
    outcome = Outcome()
    assert runner.run(block, block.cells, outcome)
    assert watch.tally.total("failed") == 2
    assert set(outcome.left) == {cell.id for cell in block.cells}
    assert all(len(paths) == 1 for paths in store.attempts().values())
    assert "refused, not repeated" in watch.sentences[-1]


def test_one_that_is_over_starts_nothing(tmp_path, scripted):
    runner, block, watch, store = runner_of(tmp_path, {"server": scripted})
    watch.over.set()
    assert runner.run(block, block.cells, Outcome())
    assert (store.attempts(), watch.tally.total("to do")) == ({}, 2)


def test_a_block_that_another_has_is_left_to_it(tmp_path, scripted):
    runner, block, _, store = runner_of(tmp_path, {"server": scripted})
    claim = store.claim(block.id)
    assert not runner.run(block, block.cells, Outcome())
    claim.release()
    assert store.claimed() == set()
