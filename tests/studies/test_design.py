import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.studies.design import NULL, Cell, Design, changes, rounds
from tests.support.studies import design_of, tones


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from(["duet", "blocks"]),
    st.integers(0, 99),
)
def test_each_arm_meets_each_item_once_a_repeat(items, arms, repeats, null, order, seed):
    design, _ = design_of(
        items,
        [0.05 + 0.1 * k for k in range(arms)],
        repeats=repeats,
        null=null,
        order=order,
        seed=seed,
    )
    cells = list(design.cells())
    assert len({cell.id for cell in cells}) == len(cells) == items * (arms + null) * repeats
    met = Counter((cell.arm, cell.item, cell.repeat) for cell in cells)
    assert set(met.values()) == {1}
    for block in design.blocks():
        assert {cell.arm for cell in block.cells} == set(design.names)
        assert {(cell.item, cell.repeat) for cell in block.cells} == {(block.item, block.repeat)}


def test_a_cell_is_named_by_what_decides_it():
    design, _ = design_of()
    ids = [cell.id for cell in design.cells()]
    assert ids == [cell.id for cell in design_of()[0].cells()], "the same in another process"
    assert ids != [cell.id for cell in design_of(seed=5)[0].cells()], "another order"
    assert set(ids) == {cell.id for cell in design_of(seed=5)[0].cells()}, "of the same cells"
    assert not set(ids) & {cell.id for cell in design_of(arms=(0.06, 0.31))[0].cells()}


def test_the_name_of_an_item_does_not_decide():
    design, sounds = design_of(1)
    other = Design((type(sounds[0])("another", sounds[0].sha256),), design.arms, design.baseline)
    assert [c.id for c in design.cells()] == [c.id for c in other.cells()]


def test_the_null_arm_is_the_baseline_with_cells_of_its_own():
    design, _ = design_of(null=True)
    assert design.arm(NULL) is design.arm("e0.05")
    ids = {cell.arm: cell.id for cell in design.blocks()[0].cells}
    assert len(set(ids.values())) == 3


def test_more_repeats_items_and_arms_leave_what_there_is_in_its_order():
    small = [b.id for b in design_of(2, repeats=2)[0].blocks()]
    large = [b.id for b in design_of(3, (0.05, 0.3, 0.8), repeats=3)[0].blocks()]
    assert [b for b in large if b in small] == small


def test_abba():
    design, _ = design_of(4, repeats=4, order="abba")
    for item in range(4):
        first = [b.cells[0].arm for b in design.blocks() if b.item == item]
        # Blocks of an item are in the order of their repeats.
        assert first in (["e0.05", "e0.3"] * 2, ["e0.3", "e0.05"] * 2)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"repeats": 0}, "repeats is a whole number"),
        ({"repeats": 1.5}, "repeats is a whole number"),
        ({"order": "random"}, "no order 'random'"),
        ({"order": "abba", "null": True}, "abba is for two arms, and this study has 3"),
        ({"items": 0}, "no items"),
    ],
)
def test_bad_designs(more, sentence):
    with pytest.raises(ConfigError, match=sentence):
        design_of(**more)


def test_items_of_one_name():
    design, _ = design_of(1)
    with pytest.raises(ConfigError, match="Two items are called 'a'"):
        Design((*tones(1), *tones(1)), design.arms, design.baseline)


def test_a_design_comes_back_from_its_description():
    design, _ = design_of(3, repeats=2, null=True, seed=4)
    told = json.loads(json.dumps(design.describe()))
    again = Design.of(told)
    assert [b.cells for b in again.blocks()] == [b.cells for b in design.blocks()]
    assert again.describe() == told


def test_what_makes_it_another_study():
    told = design_of(2, null=True, repeats=2)[0].describe()
    assert changes(told, told) == []
    assert changes(told, design_of(3, (0.05, 0.3, 0.8), null=True, repeats=3)[0].describe()) == []
    other = design_of(1, (0.05,), repeats=1, seed=1, order="blocks")[0].describe()
    assert changes(told, other) == [
        "the order was 'duet' and is 'blocks'",
        "the seed was 0 and is 1",
        "the null was True and is False",
        "there were 2 repeats and are 1",
        "the arm 'e0.3' is gone",
        "the item 'b' is gone",
    ]
    louder = {**told, "items": [{**told["items"][0], "sha256": "f" * 64}, told["items"][1]]}
    slower = {**told, "arms": {**told["arms"], "e0.3": {"config": {}, "options": {}}}}
    assert changes(told, louder) == ["the item 'a' has other audio"]
    assert changes(told, slower) == ["the arm 'e0.3' has other settings"]


def test_rounds():
    cells = [Cell(str(k), "a", 0, 0) for k in range(5)]
    assert [[c.id for c in group] for group in rounds(cells, 2)] == [["0", "1"], ["2", "3"], ["4"]]


def test_all_arms_of_a_block_meet_the_same_weather():
    design, _ = design_of(2, repeats=2)
    seeds = [{design.weather(cell) for cell in block.cells} for block in design.blocks()]
    assert [len(found) for found in seeds] == [1, 1, 1, 1]
    assert len(set.union(*seeds)) == 4
