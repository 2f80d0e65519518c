from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.studies.tally import CELL_STATES, Tally
from tests.support.studies import design_of


def test_a_study_before_it_runs():
    design, _ = design_of(2, null=True)
    done = [cell.id for cell in design.cells() if cell.arm == "e0.3"][:1]
    tally = Tally.of(design, done)
    assert [arm for arm, _ in tally.rows()] == list(design.names)
    assert dict(tally.rows())["e0.3"] == {"done": 1, "under way": 0, "to do": 1, "failed": 0}
    assert tally.total("to do") == 5


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(CELL_STATES))))
def test_each_cell_is_in_one_state_the_last_that_it_was_put_in(moves):
    tally = Tally(["x", "y"], {"a": "x", "b": "x", "c": "y", "d": "y"}, done={"a"})
    last = {"a": "done", "b": "to do", "c": "to do", "d": "to do"}
    for cell, state in moves:
        tally.put(cell, state)
        last[cell] = state
    for arm, cells in (("x", "ab"), ("y", "cd")):
        counts = dict(tally.rows())[arm]
        assert counts == {s: sum(last[c] == s for c in cells) for s in CELL_STATES}
    assert sum(tally.total(state) for state in CELL_STATES) == 4
