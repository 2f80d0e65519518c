"""How far a study is, for whoever waits for it: cells by arm and state, and the time left."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections import deque
from typing import Any

from tqdm import tqdm

from gladia_nb.plain_text import visible
from gladia_nb.studies.money import StudyPlan, duration_text
from gladia_nb.studies.running import Outcome
from gladia_nb.studies.tally import CELL_STATES, CellState, Tally

__all__ = ["Progress", "shown_progress"]

#: Sentences that are kept.
_SENTENCES = 6
#: Seconds between two looks at the time that is left.
_EVERY_S = 1.0
#: Lines of a terminal that the table leaves free.
_FREE = 6
#: Characters of an arm's name in the table.
_WIDEST = 48


class Progress:
    """What is known of a study that runs; it shows nothing.

    The thread that runs the study writes it, any thread may read it.

    Attributes:
        over: set it to end the study: what is under way is stopped properly.
        plan: what was left after the last block; None before it began.
        tally: its cells; None before it began.
        sentences: the last ones about what happened, each on one line.
    """

    def __init__(self) -> None:
        self.over = threading.Event()
        self.plan: StudyPlan | None = None
        self.tally: Tally | None = None
        self.sentences: deque[str] = deque(maxlen=_SENTENCES)
        self._planned_at = 0.0

    def begin(self, plan: StudyPlan, tally: Tally) -> None:
        """The study begins."""
        self.tally = tally
        self.advance(plan)

    def advance(self, plan: StudyPlan) -> None:
        """A block has ended; this is left."""
        self._planned_at = time.monotonic()
        self.plan = plan

    def put(self, cell: str, state: CellState) -> None:
        """A cell is in this state now."""
        if self.tally is not None:
            self.tally.put(cell, state)

    def tell(self, text: str) -> None:
        """Say what happened; what comes from a service steers no terminal."""
        self.sentences.append(visible(text))

    def tick(self) -> None:
        """Some time has passed."""

    def close(self) -> None:
        """Take away what changes."""

    def end(self, plan: StudyPlan, outcome: Outcome) -> None:
        """Say how it ended."""
        self.plan = plan
        if outcome.stopped:
            self.tell(outcome.stopped)
        if missing := plan.cells - plan.done:
            reasons = sorted(set(outcome.left.values()))
            self.tell(
                f"{plan.done} of {plan.cells} cells are done. {missing} are missing"
                + (f": {' '.join(reasons)}" if reasons else ".")
            )

    @property
    def left_s(self) -> float:
        """Seconds that are left by the plan, never below 0."""
        if self.plan is None:
            return 0.0
        return max(self.plan.wall_s - (time.monotonic() - self._planned_at), 0.0)

    def summary(self) -> str:
        """How far it is, on one line; "" before it began."""
        if self.plan is None or self.tally is None:
            return ""
        done = self.tally.total("done")
        text = f"{done} of {self.plan.cells} cells done"
        left = "" if done == self.plan.cells else f", about {duration_text(self.left_s)} to go"
        return text + left


def shown_progress(wanted: bool | Progress) -> Progress:
    """What suits the place: a bar in a notebook, a table in a terminal, else plain lines.

    Args:
        wanted: False for nothing; one of one's own stays as it is.
    """
    if isinstance(wanted, Progress):
        return wanted
    if not wanted:
        return Progress()
    if "ipykernel" in sys.modules:
        return _Bar()
    return _Table() if sys.stderr.isatty() else _Lines()


class _Lines(Progress):
    """Sentences, and one after each block."""

    def tell(self, text: str) -> None:
        super().tell(text)
        tqdm.write(self.sentences[-1], file=sys.stderr)

    def advance(self, plan: StudyPlan) -> None:
        super().advance(plan)
        tqdm.write(self.summary(), file=sys.stderr)


class _Table(Progress):
    """A line an arm, which change in their places; sentences go by above them."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tqdm[Any]] = []
        self._shown_at = 0.0

    def begin(self, plan: StudyPlan, tally: Tally) -> None:
        super().begin(plan, tally)
        if plan.done == plan.cells:
            return
        room = max(shutil.get_terminal_size().lines - _FREE, 1)
        count = min(len(tally.rows()), room) + 2
        self._lines = [
            tqdm(bar_format="{desc}", position=k, leave=False, file=sys.stderr)
            for k in range(count)
        ]
        self._show()

    def tell(self, text: str) -> None:
        super().tell(text)
        tqdm.write(self.sentences[-1], file=sys.stderr)

    def put(self, cell: str, state: CellState) -> None:
        super().put(cell, state)
        self._show()

    def advance(self, plan: StudyPlan) -> None:
        super().advance(plan)
        self._show()

    def tick(self) -> None:
        if time.monotonic() - self._shown_at >= _EVERY_S:
            self._show()

    def close(self) -> None:
        for line in reversed(self._lines):
            line.close()
        self._lines = []

    def _show(self) -> None:
        if self.tally is None or not self._lines:
            return
        self._shown_at = time.monotonic()
        width = shutil.get_terminal_size().columns - 1
        texts = table_lines(self.tally, self.summary(), most=len(self._lines) - 2)
        for line, text in zip(self._lines, texts, strict=True):
            if line.desc != text[:width]:
                line.set_description_str(text[:width])


class _Bar(Progress):
    """The notebook's bar, which is a widget."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: Any = None

    def begin(self, plan: StudyPlan, tally: Tally) -> None:
        if plan.done < plan.cells:
            from tqdm.notebook import tqdm as bar

            self._bar = bar(total=plan.cells, initial=plan.done, desc="study", unit="cell")
        super().begin(plan, tally)

    def tell(self, text: str) -> None:
        super().tell(text)
        tqdm.write(self.sentences[-1])

    def put(self, cell: str, state: CellState) -> None:
        super().put(cell, state)
        self._show()

    def advance(self, plan: StudyPlan) -> None:
        super().advance(plan)
        self._show()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _show(self) -> None:
        if self._bar is not None and self.tally is not None:
            self._bar.n = self.tally.total("done")
            self._bar.set_postfix_str(f"about {duration_text(self.left_s)} to go")


def table_lines(tally: Tally, summary: str, *, most: int) -> list[str]:
    """The table of a terminal: a heading, a line an arm, and how far it is.

    Args:
        tally: the cells.
        summary: the last line.
        most: arms; of more, the last line of them says how many are left out.

    Example:
        >>> for line in table_lines(Tally(["a"], {"1": "a"}), "0 of 1", most=5):
        ...     print(line)
        arm  done  under way  to do  failed
        a       0          0      1       0
        0 of 1
    """
    rows = tally.rows()
    hidden = len(rows) - most if len(rows) > most else 0
    shown = rows[: most - 1] if hidden else rows
    names = [_short(visible(arm)) for arm, _ in shown]
    wide = max(map(len, ["arm", *names]))
    lines = [f"{'arm':{wide}}" + "".join(f"  {state}" for state in CELL_STATES)]
    for name, (_, counts) in zip(names, shown, strict=True):
        cells = "".join(f"  {counts[state]:>{len(state)}}" for state in CELL_STATES)
        lines.append(f"{name:{wide}}{cells}")
    if hidden:
        lines.append(f"and {len(rows) - len(shown)} more arms")
    return [*lines, summary]


def _short(name: str) -> str:
    return name if len(name) <= _WIDEST else f"{name[: _WIDEST - 3]}..."
