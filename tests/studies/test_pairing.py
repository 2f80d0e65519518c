from gladia_nb.studies.pairing import pairs_between, pairs_within
from gladia_nb.studies.store import Store
from tests.support.studies import design_of, fill, run_of


def kept(folder, **more):
    design, _ = design_of(2, (0.05, 0.3), **more)
    store = Store(folder)
    fill(store, design, lambda cell: run_of(lambda _: 0.2, sentences=1))
    return design, {cell: paths[0] for cell, paths in store.attempts().items()}


def test_runs_meet_in_their_block(tmp_path):
    design, paths = kept(tmp_path / "s", repeats=2, null=True)
    found = pairs_within(design, paths)
    assert list(found) == ["e0.3", "baseline again"]
    assert [sorted(pair.item for pair in pairs) for pairs in found.values()] == [[0, 0, 1, 1]] * 2
    cells = {cell.id: cell for cell in design.cells()}
    for pair in found["e0.3"]:
        ours, theirs = (cells[run.path.name[:16]] for run in (pair.run, pair.baseline))
        assert (ours.item, ours.repeat) == (theirs.item, theirs.repeat) == (pair.item, ours.repeat)
        assert (ours.arm, theirs.arm) == ("e0.3", "e0.05")


def test_what_has_no_partner_is_left_out(tmp_path):
    design, paths = kept(tmp_path / "s")
    alone = next(cell.id for cell in design.cells() if cell.arm == "e0.05")
    del paths[alone]
    assert len(pairs_within(design, paths)["e0.3"]) == 1


def test_another_study_of_the_same_recordings(tmp_path):
    design, paths = kept(tmp_path / "s", repeats=2)
    other, others = kept(tmp_path / "t", seed=3)
    pairs = pairs_between((design, paths, "e0.3"), (other, others, "e0.3"))
    assert sorted(pair.item for pair in pairs) == [0, 1]
    assert all(pair.baseline.path.is_relative_to(tmp_path / "t") for pair in pairs)
