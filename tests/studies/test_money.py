import math

import pytest

from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.studies.arms import read_arms
from gladia_nb.studies.design import Design
from gladia_nb.studies.money import (
    at_once,
    billed_hours,
    estimate,
    monthly_hours,
    read_budget,
)
from tests.support.studies import design_of, tones


def test_plans():
    assert [at_once(plan) for plan in ("free", "paid", 7)] == [1, 30, 7]
    assert (monthly_hours("free"), monthly_hours("paid"), monthly_hours(7)) == (
        10,
        math.inf,
        math.inf,
    )
    for wrong in ("gold", 0, True, 1.5):
        with pytest.raises(ConfigError, match="plan is 'free', 'paid' or a number"):
            at_once(wrong)


def test_a_budget_is_a_number_of_hours():
    assert (read_budget(None), read_budget(0.5)) == (math.inf, 0.5)
    for wrong in (0, -1, True, "6", math.nan):
        with pytest.raises(ConfigError, match="budget_hours is a number of hours above 0"):
            read_budget(wrong)


def test_channels_and_silence_are_billed():
    arms = read_arms(
        {"as it is": {}, "mixed": {"channels": 1}, "tail": {"tail_s": 2}}, SessionConfig(), {}
    )
    design = Design(tuple(tones(1, duration_s=10.0, channels=2)), arms, "as it is")
    hours = [billed_hours(design, 0, arm) * 3600 for arm in design.names]
    assert hours == pytest.approx([20, 10, 24])


@pytest.mark.parametrize(
    ("order", "plan", "wall_s"),
    # Three arms of 2 s and 3 s around each: at once, in two rounds, one after the other.
    [("duet", 3, 5), ("duet", 2, 10), ("duet", "free", 15), ("blocks", "paid", 15)],
)
def test_time_and_money_by_hand(order, plan, wall_s):
    design, _ = design_of(2, (0.05, 0.3, 0.8), repeats=2, order=order)
    whole = estimate(design, (), plan=plan, price_per_hour=3600.0)
    assert (whole.cells, whole.done) == (12, 0)
    assert whole.wall_s == pytest.approx(4 * wall_s)
    assert whole.billed_h == pytest.approx(24 / 3600)
    assert whole.cost == pytest.approx(24)
    cells = [cell.id for cell in design.cells()]
    assert estimate(design, cells, plan=plan).wall_s == 0
    left = estimate(design, cells[1:], plan=plan)
    assert (left.done, left.billed_h) == (11, pytest.approx(2 / 3600))


def test_notes_say_what_will_not_do():
    design, _ = design_of(2, (0.05, 0.3))
    assert estimate(design, (), plan="paid").notes == ()
    (short,) = estimate(design, (), plan="paid", budget_h=0.002, spent_h=0.001).notes
    assert "The budget of 0.002 h will not last: 0.00 h are needed" in short
    (few,) = estimate(design, (), plan=1).notes
    assert "2 cells of a block are meant to run at the same moment, and only 1 can" in few
    long, _ = design_of(1, (0.05,))
    long = Design(tuple(tones(1, duration_s=11 * 3600.0)), long.arms, long.baseline)
    (month,) = estimate(long, (), plan="free").notes
    assert "10 h a month" in month


def test_it_reads_well():
    design, _ = design_of(2, (0.05, 0.3))
    text = str(estimate(design, (), plan="paid", budget_h=3, price_per_hour=0.5))
    assert text.splitlines() == [
        "4 cells, 0 of them done, 30 at once",
        "10 s to go, 0.00 h to be billed, 0.00 h spent of 3 h",
        "cost of what is to go: 0.00",
    ]
