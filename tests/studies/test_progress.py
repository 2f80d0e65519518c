import io
import sys

import pytest

from gladia_nb.studies.money import estimate
from gladia_nb.studies.progress import Progress, shown_progress, table_lines
from gladia_nb.studies.running import Outcome
from gladia_nb.studies.tally import Tally
from tests.support.studies import design_of


@pytest.fixture
def script(monkeypatch):
    """No notebook, whatever other tests have imported."""
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)


@pytest.mark.usefixtures("script")
def test_it_says_how_far_it_is_and_how_it_ended(capsys):
    design, _ = design_of(2)
    cells = [cell.id for cell in design.cells()]
    shown = shown_progress(wanted=True)
    shown.begin(estimate(design, (), plan="paid"), Tally.of(design, ()))
    shown.tell("a, e0.3, repeat 1: once more. Lost.")
    for cell in cells[:3]:
        shown.put(cell, "under way")
        shown.put(cell, "done")
    shown.advance(estimate(design, cells[:3], plan="paid"))
    shown.tick()
    shown.close()
    outcome = Outcome(left={cells[3]: "Lost."}, stopped="Interrupted.")
    shown.end(estimate(design, cells[:3], plan="paid"), outcome)
    said = capsys.readouterr()
    assert "once more. Lost." in said.out + said.err
    assert "0 of 4 cells done, about 10 s to go" in said.err
    assert "3 of 4 cells done, about 5 s to go" in said.err
    assert "3 of 4 cells are done. 1 are missing: Lost." in said.err
    assert said.out == "", "standard output stays free for results"


def test_quiet_is_quiet(capsys):
    design, _ = design_of(2)
    plan = estimate(design, (), plan="paid")
    shown = shown_progress(wanted=False)
    shown.begin(plan, Tally.of(design, ()))
    shown.tell("anything")
    shown.advance(plan)
    shown.close()
    shown.end(plan, Outcome(stopped="Interrupted."))
    said = capsys.readouterr()
    assert said.out + said.err == ""


def test_one_of_ones_own_is_told_and_keeps_the_last_sentences():
    own = Progress()
    assert shown_progress(own) is own
    assert (own.summary(), own.left_s) == ("", 0.0)
    for number in range(20):
        own.tell(f"{number}\x1b[2J")
    assert own.sentences[-1] == "19\\x1b[2J", "what a service says steers no terminal"
    assert len(own.sentences) < 20


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self):
        return True


def test_in_a_notebook_there_is_its_bar(capsys):
    pytest.importorskip("ipykernel", reason="there is no notebook here")
    design, _ = design_of(2)
    cells = [cell.id for cell in design.cells()]
    shown = shown_progress(wanted=True)
    shown.begin(estimate(design, (), plan="paid"), Tally.of(design, ()))
    shown.put(cells[0], "done")
    shown.advance(estimate(design, cells[:1], plan="paid"))
    shown.tell("Something happened.")
    shown.close()
    shown.end(estimate(design, cells, plan="paid"), Outcome(stopped="Stopped."))
    said = capsys.readouterr()
    assert "/4" in said.out + said.err
    assert said.out.index("Something happened.") < said.out.index("Stopped.")


@pytest.mark.usefixtures("script")
def test_in_a_terminal_a_line_an_arm_changes_in_its_place(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    design, _ = design_of(2)
    cells = [cell.id for cell in design.cells() if cell.arm == "e0.3"]
    shown = shown_progress(wanted=True)
    shown.begin(estimate(design, (), plan="paid"), Tally.of(design, ()))
    shown.put(cells[0], "under way")
    shown.tell("Something happened.")
    shown.put(cells[0], "done")
    shown.tick()
    shown.close()
    said = screen.getvalue().replace("\x1b[A", "\r")
    lines = [part.strip() for part in said.replace("\n", "\r").split("\r")]
    head = next(line for line in lines if line.startswith("arm"))
    assert head.split("  ")[-4:] == ["done", "under way", "to do", "failed"]
    counts = [line.split()[1:] for line in lines if line.startswith("e0.3")]
    assert counts[0] == ["0", "0", "2", "0"]
    assert ["0", "1", "1", "0"] in counts
    assert counts[-1] == ["1", "0", "1", "0"]
    assert "Something happened." in said
    assert "1 of 4 cells done, about" in said


def test_many_arms_leave_room_in_the_terminal():
    arms = [f"arm {number} " + "x" * 99 for number in range(9)]
    tally = Tally(arms, {str(number): arm for number, arm in enumerate(arms)})
    lines = table_lines(tally, "the end", most=4)
    assert len(lines) == 6
    assert lines[-2:] == ["and 6 more arms", "the end"]
    assert all(len(line) < 90 for line in lines)
    assert len(table_lines(tally, "the end", most=9)) == 11
