"""A study in the Lab: planned, run on a thread of its own, watched, and compared."""

from __future__ import annotations

import functools
import io
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from matplotlib.figure import Figure

from gladia_nb.errors import ConfigError
from gladia_nb.keys import Secret
from gladia_nb.lab.recipe import Recipe
from gladia_nb.lab.study_draft import StudyDraft
from gladia_nb.lab.views import frame, shown_path
from gladia_nb.metrics.base.signs import signed
from gladia_nb.paths import expanded
from gladia_nb.plots import plot_effects, plot_pareto
from gladia_nb.record.folders import runs_directory
from gladia_nb.studies.many_runs import Study
from gladia_nb.studies.money import StudyPlan, duration_text
from gladia_nb.studies.page import FIRST
from gladia_nb.studies.progress import Progress

__all__ = ["TRADE_OFF", "Studying", "comparison", "plan_facts"]

#: Said beside the table, because three numbers of a row do not add up.
_OF_PAIRS = (
    "A difference is that of pairs: in each block the median over the words or utterances that "
    "both sessions have, then the mean over blocks. The baseline and the arm's value are made in "
    "the same way of the medians of either side: they differ by another number, and the baseline "
    "is another one beside another arm, which has other pairs with it."
)

#: What the picture of both measures is called.
TRADE_OFF = "Latency against errors"
#: What that is drawn of.
_AXES = ("word_end -> first_seen @send", "WER")

Answer = tuple[dict[str, Any], Sequence[bytes]]


class Studying:
    """The study of a Lab.

    `set` and `launch` come from one thread, `do` from another, `stop`, `wait` and `view` from any.

    Args:
        directory: of the runs; by default that of new runs. A study is kept below it unless
            another place is typed.
        recipe: what tells configuration, options and target of what the arms leave open.
        guard: calls a function, and says what goes wrong in it.

    Attributes:
        draft: what is typed.
    """

    #: Commands that take their time.
    KINDS: ClassVar[frozenset[str]] = frozenset(
        ("study_plan", "study_compare", "study_picture", "study_page")
    )

    def __init__(
        self,
        directory: str | None,
        recipe: Callable[[], Recipe],
        guard: Callable[[Callable[[], None]], object],
    ) -> None:
        self.draft = StudyDraft(shown_path(Path(directory or runs_directory()) / "study"))
        self._recipe = recipe
        self._guard = guard
        self._done = threading.Event()
        self._done.set()
        self._progress = Progress()
        self._ended = 0
        self._plan: StudyPlan | None = None
        self._study: Study | None = None
        self._effects = pd.DataFrame()
        self._trade_offs: pd.DataFrame | None = None

    @property
    def is_running(self) -> bool:
        """Whether a study is under way."""
        return not self._done.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Block until no study is under way; False when `timeout_s` was too short for that."""
        return self._done.wait(timeout_s)

    def stop(self) -> None:
        """End the study properly, if one is under way; what is done is kept."""
        self._progress.over.set()

    def set(self, name: str, value: Any) -> None:
        """Something was typed; a plan that was made before tells nothing of it.

        Raises:
            ConfigError: there is no such field.
        """
        self.draft.set(name, value)
        if not self.is_running:
            self._plan = None

    def launch(self, *, key: Secret | None, server: Any) -> None:
        """Begin what is typed, or go on with it, and return at once.

        Args:
            key: API key, as for `Recipe.start`.
            server: likewise.

        Raises:
            ConfigError: something is to be mended first.
        """
        recipe = self._recipe()
        given = {**self.draft.arguments(recipe.config), **recipe.asked(key, server)}
        self._progress = Progress()
        self._done.clear()
        run = functools.partial(self._run, given)
        threading.Thread(
            target=self._guard, args=(run,), name="gladia_nb lab study", daemon=True
        ).start()

    def _run(self, given: dict[str, Any]) -> None:
        try:
            study = self._made(given)
            study.run(progress=self._progress)
            self._show(Study(study.path), study.plan())
        finally:
            # In this order: who sees that one more has ended may ask for what came of it.
            self._done.set()
            self._ended += 1

    def do(self, content: Mapping[str, Any], *, live: bool) -> Answer:
        """Carry out a command of `KINDS`; what the page gets as an answer, with binary parts.

        Raises:
            GladiaNbError: in words, what cannot be done.
        """
        if live:
            # It takes a core for seconds, and may take it from the stopwatch.
            raise ConfigError("Studies are planned and compared when nothing is being sent.")
        match content["kind"]:
            case "study_plan":
                # Without the service: nothing is sent, and no server started.
                recipe = self._recipe()
                study = self._made({**self.draft.arguments(recipe.config), **_sending(recipe)})
                self._show(study, study.plan())
                return {"kind": "planned"}, ()
            case "study_compare":
                return self._compare(), ()
            case "study_picture":
                return self._picture(content["name"])
        return self._write(content["path"]), ()

    def view(self, *, missing: str = "") -> dict[str, Any]:
        """Everything that the panel shows, as plain data.

        Args:
            missing: why nothing can be sent now, in a sentence.
        """
        progress, plan = self._progress, self._plan
        rows = [] if progress.tally is None else progress.tally.rows()
        problems = self.draft.problems()
        count = len(problems)
        if count:
            missing = f"{'One field needs' if count == 1 else f'{count} fields need'} to be mended."
        return {
            "typed": dict(self.draft.typed),
            "problems": problems,
            "arms": self.draft.names(),
            "missing": missing,
            "running": self.is_running,
            "stopping": self.is_running and progress.over.is_set(),
            "plan": None if plan is None else plan_facts(plan),
            "rows": [[arm, *counts.values()] for arm, counts in rows],
            "summary": _summary(progress, running=self.is_running),
            "sentences": list(progress.sentences),
            "ended": self._ended,
        }

    def _made(self, given: dict[str, Any]) -> Study:
        return Study(items=self.draft.items(), **given)

    def _show(self, study: Study, plan: StudyPlan) -> None:
        self._study, self._plan = study, plan

    def _shown(self) -> Study:
        if self._study is None or self._plan is None or not self._plan.done:
            raise ConfigError("No cell of this study is done yet; plan and run it first.")
        return self._study

    def _compare(self) -> dict[str, Any]:
        study = self._shown()
        self._effects = study.compare()
        try:
            self._trade_offs = study.pareto(*_AXES)
        except ConfigError:
            # No arm has both numbers, as without a reference.
            self._trade_offs = None
        notes = (
            []
            if not len(self._effects)
            else [_OF_PAIRS, *sorted(set(self._effects["note"].dropna()))]
        )
        return {
            "kind": "comparison",
            "table": frame(comparison(self._effects)),
            "notes": notes,
            "pictures": self._pictures(),
            "page": shown_path(study.path / "report.html"),
        }

    def _pictures(self) -> list[str]:
        measures = set(self._effects["measure"]) if len(self._effects) else set()
        found = [measure for measure in FIRST if measure in measures]
        return [*found, *([] if self._trade_offs is None else [TRADE_OFF])]

    def _picture(self, name: str) -> Answer:
        if name not in self._pictures():
            known = ", ".join(self._pictures()) or "none yet"
            raise ConfigError(f"There is no picture {name!r} of this study; there are {known}.")
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        if name == TRADE_OFF and self._trade_offs is not None:
            x, y = _AXES
            plot_pareto(self._trade_offs, figure.subplots(), xlabel=f"{x}, ms", ylabel=y)
            text = f"{y} of each arm against {x}, with intervals; to the left and below is better."
        else:
            rows = self._effects[self._effects["measure"] == name]
            figure.set_size_inches(8, 1.6 + 0.4 * max(len(rows), 3))
            plot_effects(self._effects, figure.subplots(), measure=name)
            text = f"Difference of each arm from the baseline in {name}, with its interval."
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=110)
        return {"kind": "picture", "text": text}, [file.getvalue()]

    def _write(self, path: str) -> dict[str, Any]:
        study = self._shown()
        if not path.strip():
            raise ConfigError("Name a place to write to.")
        written = study.report(expanded(path.strip(), ConfigError))
        return {"kind": "done", "text": f"The page is written to {Path(written).absolute()}."}


def plan_facts(plan: StudyPlan) -> dict[str, Any]:
    """A plan as names and values for people, with its notes."""
    facts = [
        ("Cells", f"{plan.cells}, {plan.done} done"),
        ("At once", str(plan.at_once)),
        ("Time to go", duration_text(plan.wall_s)),
        ("To be billed", f"{plan.billed_h:.3f} h"),
        ("Billed until now", f"{plan.spent_h:.3f} h"),
        ("Budget", f"{plan.budget_h:g} h" if math.isfinite(plan.budget_h) else "no limit"),
        ("Cost to go", "no price is named" if plan.cost is None else f"{plan.cost:.2f}"),
    ]
    return {"facts": facts, "notes": list(plan.notes), "done": plan.done, "cells": plan.cells}


def comparison(effects: pd.DataFrame) -> pd.DataFrame:
    """Every arm against the baseline, for people; what matters most stands first.

    Args:
        effects: of `Study.compare`.

    Returns:
        Text columns: arm, measure, difference, its 95 % interval, that of the baseline with
        itself, finding, the baseline, the arm's value, blocks.
    """
    if not len(effects):
        return pd.DataFrame()
    rank = {measure: number for number, measure in enumerate(FIRST)}
    order = effects["measure"].map(rank).fillna(len(rank)).sort_values(kind="stable").index
    rows = []
    for row in effects.loc[order].to_dict("records"):
        unit = " ms" if row["unit"] == "ms" else ""
        shown = _milliseconds if unit else _ratio
        numbers = (row["difference"], row["low"], row["high"])
        number = _difference_writer(numbers, unit)
        noise = (row["noise_low"], row["noise_high"])
        rows.append(
            {
                "arm": row["arm"],
                "measure": row["measure"],
                "difference": number(row["difference"]) + unit,
                "95 % interval": _interval(row["low"], row["high"], number),
                "baseline with itself": _interval(*noise, _difference_writer(noise, unit)),
                "finding": row["finding"],
                "baseline": shown(row["baseline"]) + unit,
                "arm's value": shown(row["value"]) + unit,
                "blocks": str(row["blocks"]),
            }
        )
    return pd.DataFrame(rows, dtype="str")


def _sending(recipe: Recipe) -> dict[str, Any]:
    """Options of sending, without where to."""
    return {name: value for name, value in recipe.options().items() if name != "url"}


def _summary(progress: Progress, *, running: bool) -> str:
    if running:
        return progress.summary() or "The recordings are read."
    return ""


def _milliseconds(value: float) -> str:
    return "never" if math.isinf(value) else f"{value:.0f}"


def _ratio(value: float) -> str:
    return f"{value:.3f}"


def _difference_writer(numbers: Sequence[float], unit: str) -> Callable[[float], str]:
    """How differences that stand beside each other are written, with their sign."""
    finite = signed(*numbers) if unit else _signed_ratio

    def write(value: float) -> str:
        if math.isnan(value):
            return "-"
        return f"{'+' if value > 0 else '-'}never" if math.isinf(value) else finite(value)

    return write


def _signed_ratio(value: float) -> str:
    return f"{round(value, 3) + 0.0:+.3f}"


def _interval(low: float, high: float, number: Callable[[float], str]) -> str:
    if math.isnan(low) or math.isnan(high):
        return "-"
    return f"{number(low)} to {number(high)}"
