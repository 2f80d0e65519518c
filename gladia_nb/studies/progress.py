"""How far a study is, for whoever waits for it."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Self

from gladia_nb.studies.money import StudyPlan
from gladia_nb.studies.running import Outcome

__all__ = ["Progress"]


class Progress:
    """A bar of cells, with the time that is left, and sentences about what happens.

    Args:
        plan: what is left at the beginning.
        quiet: show nothing.
    """

    def __init__(self, plan: StudyPlan, *, quiet: bool = False) -> None:
        self._plan = plan
        self._quiet = quiet
        self._bar: Any = None

    def __enter__(self) -> Self:
        if not self._quiet and self._plan.done < self._plan.cells:
            self._bar = _bar()(
                total=self._plan.cells, initial=self._plan.done, desc="study", unit="cell"
            )
            self.advance(self._plan)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def tell(self, text: str) -> None:
        """Say what happened."""
        if not self._quiet:
            write = self._bar.write if self._bar is not None else print
            write(text)

    def advance(self, plan: StudyPlan) -> None:
        """Show what is done now."""
        if self._bar is not None:
            self._bar.n = plan.done
            self._bar.set_postfix_str(f"about {max(round(plan.wall_s / 60), 1)} min to go")

    def end(self, plan: StudyPlan, outcome: Outcome) -> None:
        """Say how it ended."""
        if outcome.stopped:
            self.tell(outcome.stopped)
        if missing := plan.cells - plan.done:
            reasons = sorted(set(outcome.left.values()))
            self.tell(
                f"{plan.done} of {plan.cells} cells are done. {missing} are missing"
                + (f": {' '.join(reasons)}" if reasons else ".")
            )


def _bar() -> Any:
    if "ipykernel" in sys.modules:
        # The notebook's bar is a widget.
        from tqdm.notebook import tqdm

        return tqdm
    from tqdm import tqdm

    return tqdm
