from gladia_nb.studies.money import estimate
from gladia_nb.studies.progress import Progress
from gladia_nb.studies.running import Outcome
from tests.support.studies import design_of


def test_it_says_how_far_it_is_and_how_it_ended(capsys):
    design, _ = design_of(2)
    cells = [cell.id for cell in design.cells()]
    shown = Progress(estimate(design, (), plan="paid"))
    with shown:
        shown.tell("a, e0.3, repeat 1: once more. Lost.")
        shown.advance(estimate(design, cells[:3], plan="paid"))
    outcome = Outcome(left={cells[3]: "Lost."}, stopped="Interrupted.")
    shown.end(estimate(design, cells[:3], plan="paid"), outcome)
    said = capsys.readouterr()
    assert "once more. Lost." in said.out + said.err
    assert "/4" in said.out + said.err
    assert "3 of 4 cells are done. 1 are missing: Lost." in said.out


def test_quiet_is_quiet(capsys):
    design, _ = design_of(2)
    plan = estimate(design, (), plan="paid")
    shown = Progress(plan, quiet=True)
    with shown:
        shown.tell("anything")
        shown.advance(plan)
    shown.end(plan, Outcome(stopped="Interrupted."))
    said = capsys.readouterr()
    assert said.out + said.err == ""
