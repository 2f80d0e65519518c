"""Declarations of faults, and the board that counts them down."""

from __future__ import annotations

from typing import Any

import pytest

from gladia_nb.server.settings.faults import Fault, FaultBoard

BOUND_S = 25.0


def test_a_fault_has_three_forms() -> None:
    fault = Fault.parse("drop:at_byte=40000,times=2,lose_s=0.5")
    assert fault == Fault("drop", at_byte=40000, times=2, lose_s=0.5)
    assert Fault.parse(fault.to_dict()) == Fault.parse(str(fault)) == fault
    assert str(Fault.parse({"kind": "refuse"})) == "refuse"
    assert Fault.parse("null_data:type=translation,times=all").times is None
    assert Fault.parse(str(Fault("stall", times=None))) == Fault("stall", times=None)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("explode", "there is no fault 'explode'; there are drop, close"),
        ("drop:code=1011,at_byte", "'at_byte' in the fault .* must be NAME=VALUE"),
        ("drop:code=4000", "the fault drop has no code; it takes at_byte, at_s, at_message"),
        ("close:code=99", "code of the fault close must be a whole number from 1000 to 4999"),
        ("drop:at_byte=1.5", "at_byte of the fault drop must be a whole number"),
        ("drop:at_byte=1,at_s=1", "the fault drop takes one of at_byte, at_s, at_message"),
        ("drop:times=0", "times of the fault drop must be a whole number from 1"),
        ("stall:wait_s=long", "wait_s of the fault stall must be a number from 0"),
        ({"at_byte": 3}, "a fault needs a kind, one of drop"),
        ({"kind": "drop", "colour": 1}, "a fault has no 'colour'; there are kind"),
        ({"kind": "null_data", "type": 3}, "type of the fault null_data must be text"),
        (7, "a fault is a mapping or text like drop:at_byte=40000"),
    ],
)
def test_a_wrong_declaration(given: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Fault.parse(given)


def test_the_board_counts_down() -> None:
    board = FaultBoard((Fault("drop", times=2), Fault("stall", times=None)))
    for _ in range(2):
        assert board.take(lambda fault: fault.kind == "drop") is not None
    assert board.take(lambda fault: fault.kind == "drop") is None
    assert board.take(lambda fault: fault.kind == "stall") is not None
    assert board.describe() == [{"kind": "stall", "times": "all", "left": "all"}]
    board.clear()
    assert board.describe() == []
