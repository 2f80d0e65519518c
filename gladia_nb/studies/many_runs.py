"""A study: which setting is better, on one's own recordings, at what cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.run import Run, load
from gladia_nb.studies.arms import read_arms, read_baseline
from gladia_nb.studies.attempts import Attempt, Judged
from gladia_nb.studies.dask_executor import DaskRunner
from gladia_nb.studies.design import NULL, Block, Cell, Design, Order
from gladia_nb.studies.differences import Pair, effects
from gladia_nb.studies.evidence import Evidence
from gladia_nb.studies.exports import Exports
from gladia_nb.studies.given import items_of
from gladia_nb.studies.money import StudyPlan, at_once, billed_hours, estimate, read_budget
from gladia_nb.studies.page import write_page
from gladia_nb.studies.pairing import pairs_between, pairs_within
from gladia_nb.studies.progress import Progress, shown_progress
from gladia_nb.studies.results import arm_table, points_of
from gladia_nb.studies.running import Outcome, Runner
from gladia_nb.studies.store import Store
from gladia_nb.studies.tally import Tally
from gladia_nb.studies.trade_offs import frontier

__all__ = ["Study"]


class Study(Exports):
    """Arms that are compared on the same recordings, in a folder that keeps everything.

    Nothing is sent before `run`. The same call on the same folder goes on where it ended, however
    it ended; more arms, more repeats and more items may be named then, and nothing that is done is
    run or paid again. Several processes can run one study together.

    Args:
        folder: where it is kept; made when it is run.
        items: recordings with what was said in them, as from `corpus`; or paths of sounds. Without
            items the study of the folder is opened to look at.
        arms: named settings, or a `grid` of them: fields of the configuration, options of sending,
            and `url` or `server`.
        baseline: name or settings of the arm that all others are compared with; by default the
            first.
        repeats: how often each arm meets each recording.
        order: `duet` runs all arms of a block at once, so that what changes in the course of time
            changes for all; `blocks` one after the other in random order; `abba` two arms in turns.
        seed: of the random order.
        null: run the baseline twice, to see how much sessions differ by themselves.
        plan: `free` (1 session at once), `paid` (30), or a number of sessions.
        budget_hours: the most hours of audio that may be billed, failures included.
        price_per_hour: of a billed hour, for the estimate.
        config: the configuration of what an arm leaves open.
        key: API key, as for `transcribe`; likewise `url`, `region` and `server`.
        **options: options of sending for all arms, such as `chunk_ms` and `tail_s`.

    Raises:
        ConfigError: the design cannot be run, or the folder holds another study; nothing was sent.

    Example:
        study = gn.Study(
            "studies/endpointing", gn.corpus("calls/"), gn.grid(endpointing=[0.05, 0.3, 0.8])
        )
        print(study.plan())
        study.run().compare()
    """

    def __init__(
        self,
        folder: str | Path,
        items: Iterable[Any] | None = None,
        arms: Mapping[str, Any] | None = None,
        *,
        baseline: str | Mapping[str, Any] | None = None,
        repeats: int = 1,
        order: Order = "duet",
        seed: int = 0,
        null: bool = False,
        plan: str | int = "free",
        budget_hours: float | None = None,
        price_per_hour: float | None = None,
        config: SessionConfig | None = None,
        key: str | None = None,
        url: str | None = None,
        server: Any = None,
        **options: Any,
    ) -> None:
        self._store = Store(folder)
        self._plan = plan
        self._cap = at_once(plan)
        self._budget_h = read_budget(budget_hours)
        self._price = price_per_hour
        self._service = {
            name: value
            for name, value in (("key", key), ("url", url), ("server", server))
            if value is not None
        }
        self._judged = Judged()
        self._sounds: Sequence[Any] | None = None
        stored = self._store.design()
        if items is None and arms is None:
            if stored is None:
                raise ConfigError(
                    f"There is no study in {self._store.path}; name its items and arms to begin "
                    "one."
                )
            self._design = Design.of(stored)
            return
        if items is None or arms is None:
            raise ConfigError(
                "A study needs items and arms; "
                f"the {'items' if items is None else 'arms'} are missing."
            )
        read = read_arms(arms, config or SessionConfig(), options)
        self._sounds = items_of(items)
        self._design = Design(
            items=tuple(self._sounds),
            arms=read,
            baseline=read_baseline(baseline, arms),
            repeats=repeats,
            order=order,
            seed=seed,
            null=null,
        )
        self._check_budget()
        self._store.check(self._design.describe())

    @property
    def path(self) -> Path:
        """The folder that keeps it."""
        return self._store.path

    @property
    def design(self) -> Design:
        """Its items, arms and blocks."""
        return self._design

    # -- before and while it runs --

    def plan(self) -> StudyPlan:
        """What is left, how long it takes and what it costs; nothing is sent to find out."""
        tried = self.attempts()
        return estimate(
            self._design,
            set(_counting(tried)),
            plan=self._plan,
            spent_h=_spent_h(tried),
            budget_h=self._budget_h,
            price_per_hour=self._price,
        )

    def run(self, *, progress: bool | Progress = True, executor: Any = None) -> Study:
        """Run what is left. The same call goes on after whatever ended it.

        A cell is repeated, up to three times a call, when its numbers cannot be believed or the
        transport failed, never because it was slow. An interrupt stops what is under way properly;
        that is run again next time.

        Args:
            progress: show how far it is and what happens; a `Progress` is told, and can end it.
            executor: a Dask `distributed.Client`, to run blocks on the machines of its cluster;
                takes the extra `dask`. Start each with `dask worker ... --resources "live=4"`:
                the sessions that it takes at once. A block stays on one machine; all together
                keep to `plan`. The key goes there in the task: use TLS between machines. A
                `LocalServer` needs a `host` that they reach; without any service each machine has
                an embedded one. What a machine takes with it counts towards the budget of this
                call, as if it had been billed.

        Returns:
            This study.

        Raises:
            ConfigError: the study was opened to look at, and has no sounds; or the executor is no
                Dask client, or none of its workers takes sessions.
            RunFileError: the folder cannot be written.

        Example:
            `study.run(executor=distributed.Client("tcp://10.0.0.5:8786"))`
        """
        if self._sounds is None:
            raise ConfigError(
                "This study was opened without its recordings; name items and arms to run it."
            )
        shown = shown_progress(progress)
        parts = (self._design, self._sounds, self._store)
        more: dict[str, Any] = {"cap": self._cap, "service": self._service}
        far = None
        if executor is not None:
            far = DaskRunner(executor, *parts, **more, tell=shown.tell)
        self._store.freeze(self._design.describe())
        outcome = Outcome()
        try:
            shown.begin(self.plan(), Tally.of(self._design, self._done()))
            if far is None:
                runner = Runner(*parts, **more, watch=shown, judge=self._judged)
                self._run_here(runner, outcome, shown)
            else:
                far.run(
                    self._design.blocks(),
                    outcome,
                    wanted=lambda block: self._wanted(block, shown),
                    too_dear=self._too_dear,
                    advance=lambda: shown.advance(self.plan()),
                )
        except KeyboardInterrupt:
            outcome.stopped = "Interrupted: what is done is kept; the same call goes on."
        finally:
            shown.close()
        shown.end(self.plan(), outcome)
        return self

    def _run_here(self, runner: Runner, outcome: Outcome, shown: Progress) -> None:
        for block in self._design.blocks():
            if shown.over.is_set():
                outcome.stopped = "Stopped: what is done is kept; the same call goes on."
                return
            wanted = self._wanted(block, shown)
            if not wanted:
                continue
            outcome.stopped = self._too_dear(block, wanted)
            if outcome.stopped:
                return
            if not runner.run(block, wanted, outcome):
                name = self._design.items[block.item].name
                shown.tell(f"{name}: another process has this block.")
            shown.advance(self.plan())
        if shown.over.is_set():
            outcome.stopped = "Stopped: what is done is kept; the same call goes on."

    def _too_dear(self, block: Block, wanted: Sequence[Cell], lost_h: float = 0.0) -> str:
        """Why the budget does not allow some cells of a block; "" when it does."""
        if self._committed_h(block, wanted) + lost_h <= self._budget_h:
            return ""
        return (
            f"The budget of {self._budget_h:g} h does not reach for the next block; "
            f"{self._spent_h() + lost_h:.2f} h are spent. Raise budget_hours to go on."
        )

    def _wanted(self, block: Block, shown: Progress | None = None) -> list[Cell]:
        """Cells of a block that want a run; those that do not are shown to be done."""
        done = self._done()
        for cell in block.cells:
            if shown is not None and cell.id in done:
                # Perhaps by another process.
                shown.put(cell.id, "done")
        return [cell for cell in block.cells if cell.id not in done]

    def _committed_h(self, block: Block, wanted: Sequence[Cell]) -> float:
        """Hours that are spent, under way elsewhere, and that these cells would take."""
        held = self._store.claimed() - {block.id}
        # The store is looked through once, not for each block that somebody has.
        tried = self.attempts()
        done = set(_counting(tried))
        cells = [c for b in self._design.blocks() if b.id in held for c in b.cells]
        elsewhere = [cell for cell in cells if cell.id not in done]
        hours = [billed_hours(self._design, c.item, c.arm) for c in (*elsewhere, *wanted)]
        return _spent_h(tried) + sum(hours)

    def _check_budget(self) -> None:
        for block in self._design.blocks():
            needed = sum(billed_hours(self._design, c.item, c.arm) for c in block.cells)
            if needed > self._budget_h:
                raise ConfigError(
                    f"A budget of {self._budget_h:g} h is too small for one block: "
                    f"{self._design.items[block.item].name} takes {needed:.3f} h in all arms."
                )

    # -- what there is --

    def attempts(self) -> dict[str, list[Attempt]]:
        """Everything that was tried, by cell; failures too."""
        found = {}
        for cell, paths in self._store.attempts().items():
            found[cell] = [self._judged(path) for path in paths]
        return found

    def runs(self, arm: str | None = None) -> list[Run]:
        """The runs that count, one a cell, in the order of the blocks.

        Args:
            arm: only of this one; `baseline again` for the second run of the baseline.
        """
        paths = self.files()
        cells = (cell for cell in self._design.cells() if arm in (None, cell.arm))
        return [load(paths[cell.id]) for cell in cells if cell.id in paths]

    def table(self) -> pd.DataFrame:
        """Every latency of every arm: quantiles over all of its runs; see `summary`.

        Returns:
            Columns `arm` and those of `SUMMARY`, and how many cells of the arm count.
        """
        if (found := self._exported_table()) is not None:
            return found
        return arm_table({name: self.runs(name) for name in self._design.names})

    def compare(
        self, *, margin_ms: float | None = None, margin: float | None = None
    ) -> pd.DataFrame:
        """Every arm against the baseline: latency, accuracy, stability.

        Args:
            margin_ms: difference of latencies that does not matter; what surely stays within it is
                `equivalent`.
            margin: the same for ratios such as the word error rate.

        Returns:
            Columns in `EFFECTS`; how they come about is said at `effects`.
        """
        return effects(
            pairs_within(self._design, self.files()),
            margin_ms=margin_ms,
            margin=margin,
            null=NULL if self._design.null else None,
        )

    def pareto(self, x: str = "word_end -> first_seen @send", y: str = "WER") -> pd.DataFrame:
        """Which arms nothing beats, by two measures of which less is better.

        Args:
            x: a latency, `WER` or `normalised erasure`.
            y: another one.

        Returns:
            Columns in `PARETO`; see `frontier`.
        """
        paths = self.files()
        points = {}
        for name in self._design.names:
            cells = [c for c in self._design.cells() if c.arm == name and c.id in paths]
            points[name] = points_of([(c.item, load(paths[c.id])) for c in cells], x, y)
        return frontier(points)

    def evidence(self, arm: str, baseline: Study | None = None) -> Evidence:
        """What the runs of an arm tell about gates; see `gladia_nb.studies.gates`.

        Args:
            arm: its name.
            baseline: another study of the same recordings, whose arm of that name, or else whose
                baseline, is compared with; without it the baseline of this study.
        """
        tried = self.attempts()
        paths = _counting(tried)
        cells = [cell for cell in self._design.cells() if cell.arm == arm]
        failed = sum(
            any(attempt.state == "broken" for attempt in tried.get(cell.id, ()))
            for cell in cells
            if cell.id not in paths
        )
        return Evidence(
            {paths[c.id].name: load(paths[c.id]) for c in cells if c.id in paths},
            failed=failed,
            pairs=self._against(arm, baseline),
        )

    def _against(self, arm: str, other: Study | None) -> list[Pair] | None:
        """Runs of an arm with those of another study, or of the baseline of this one."""
        ours = (self._design, self.files(), arm)
        if other is None:
            baseline = self._design.baseline
            return None if arm == baseline else pairs_between(ours, (*ours[:2], baseline))
        theirs = arm if arm in other.design.names else other.design.baseline
        return pairs_between(ours, (other.design, other.files(), theirs))

    def report(
        self,
        path: str | Path,
        *,
        x: str = "word_end -> first_seen @send",
        y: str = "WER",
    ) -> Path:
        """Write a page about the study and return its path: one file that fetches nothing.

        It says the design, what ran, what failed and why, the differences, the trade-offs, and
        links every run file.

        Args:
            path: of the page; an existing one is replaced.
            x: of the trade-offs, as for `pareto`.
            y: likewise.

        Raises:
            RunFileError: it cannot be written.
        """
        try:
            trade_offs = self.pareto(x, y)
        except ConfigError:
            trade_offs = None
        return write_page(
            Path(path).expanduser(),
            design=self._design,
            plan=self.plan(),
            attempts=self.attempts(),
            effects=self.compare(),
            trade_offs=trade_offs,
            axes=(x, y),
        )

    def __repr__(self) -> str:
        plan = self.plan()
        return f"Study({self.path}, {plan.done} of {plan.cells} cells done)"

    def files(self) -> dict[str, Path]:
        """The run file that counts of each cell that has one: the first that is done."""
        return _counting(self.attempts())

    def _done(self) -> set[str]:
        return set(self.files())

    def _spent_h(self) -> float:
        return _spent_h(self.attempts())


def _counting(tried: Mapping[str, Sequence[Attempt]]) -> dict[str, Path]:
    """The run file of each cell that counts: the first that is done."""
    found = {}
    for cell, attempts in tried.items():
        done = [attempt.path for attempt in attempts if attempt.state == "done"]
        if done:
            found[cell] = done[0]
    return found


def _spent_h(tried: Mapping[str, Sequence[Attempt]]) -> float:
    return sum(attempt.billed_h for attempts in tried.values() for attempt in attempts)
