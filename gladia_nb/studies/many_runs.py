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
from gladia_nb.studies.attempts import Attempt, judge_file
from gladia_nb.studies.corpora.readers import corpus
from gladia_nb.studies.design import NULL, Block, Cell, Design, Order
from gladia_nb.studies.differences import Pair, effects
from gladia_nb.studies.evidence import Evidence
from gladia_nb.studies.money import StudyPlan, at_once, billed_hours, estimate, read_budget
from gladia_nb.studies.page import write_page
from gladia_nb.studies.progress import Progress, shown_progress
from gladia_nb.studies.results import arm_table, points_of
from gladia_nb.studies.running import Outcome, Runner
from gladia_nb.studies.store import Store
from gladia_nb.studies.tally import Tally
from gladia_nb.studies.trade_offs import frontier

__all__ = ["Study"]


class Study:
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
        self._judged: dict[Path, Attempt] = {}
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
            raise ConfigError(f"A study needs items and arms; the {_missing(items)} are missing.")
        self._sounds = _items(items)
        read = read_arms(arms, config or SessionConfig(), options)
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
        return estimate(
            self._design,
            self._done(),
            plan=self._plan,
            spent_h=self._spent_h(),
            budget_h=self._budget_h,
            price_per_hour=self._price,
        )

    def run(self, *, progress: bool | Progress = True) -> Study:
        """Run what is left. The same call goes on after whatever ended it.

        A cell is repeated, up to three times a call, when its numbers cannot be believed or the
        transport failed, never because it was slow. An interrupt stops what is under way properly;
        that is run again next time.

        Args:
            progress: show how far it is and what happens; a `Progress` is told, and can end it.

        Returns:
            This study.

        Raises:
            ConfigError: the study was opened to look at, and has no sounds.
            RunFileError: the folder cannot be written.
        """
        if self._sounds is None:
            raise ConfigError(
                "This study was opened without its recordings; name items and arms to run it."
            )
        self._store.freeze(self._design.describe())
        shown = shown_progress(progress)
        runner = Runner(
            self._design,
            self._sounds,
            self._store,
            cap=self._cap,
            service=self._service,
            watch=shown,
        )
        outcome = Outcome()
        try:
            shown.begin(self.plan(), Tally.of(self._design, self._done()))
            for block in self._design.blocks():
                if shown.over.is_set():
                    outcome.stopped = "Stopped: what is done is kept; the same call goes on."
                if outcome.stopped:
                    break
                self._run_block(block, runner, outcome, shown)
        except KeyboardInterrupt:
            outcome.stopped = "Interrupted: what is done is kept; the same call goes on."
        finally:
            shown.close()
        shown.end(self.plan(), outcome)
        return self

    def _run_block(self, block: Block, runner: Runner, outcome: Outcome, shown: Progress) -> None:
        wanted = self._wanted(block)
        for cell in block.cells:
            if cell not in wanted:
                # Perhaps by another process.
                shown.put(cell.id, "done")
        if not wanted:
            return
        if self._committed_h(block, wanted) > self._budget_h:
            outcome.stopped = (
                f"The budget of {self._budget_h:g} h does not reach for the next block; "
                f"{self._spent_h():.2f} h are spent. Raise budget_hours to go on."
            )
            return
        if not runner.run(block, wanted, outcome):
            shown.tell(f"{self._design.items[block.item].name}: another process has this block.")
        shown.advance(self.plan())

    def _wanted(self, block: Block) -> list[Cell]:
        done = self._done()
        return [cell for cell in block.cells if cell.id not in done]

    def _committed_h(self, block: Block, wanted: Sequence[Cell]) -> float:
        """Hours that are spent, under way elsewhere, and that these cells would take."""
        held = self._store.claimed() - {block.id}
        elsewhere = [c for b in self._design.blocks() if b.id in held for c in self._wanted(b)]
        hours = [billed_hours(self._design, c.item, c.arm) for c in (*elsewhere, *wanted)]
        return self._spent_h() + sum(hours)

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
            found[cell] = [self._judge(path) for path in paths]
        return found

    def runs(self, arm: str | None = None) -> list[Run]:
        """The runs that count, one a cell, in the order of the blocks.

        Args:
            arm: only of this one; `baseline again` for the second run of the baseline.
        """
        paths = self._counting()
        cells = (cell for cell in self._design.cells() if arm in (None, cell.arm))
        return [load(paths[cell.id]) for cell in cells if cell.id in paths]

    def table(self) -> pd.DataFrame:
        """Every latency of every arm: quantiles over all of its runs; see `summary`.

        Returns:
            Columns `arm` and those of `SUMMARY`, and how many cells of the arm count.
        """
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
            self._pairs(),
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
        paths = self._counting()
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
        paths, tried = self._counting(), self.attempts()
        cells = [cell for cell in self._design.cells() if cell.arm == arm]
        failed = sum(
            any(attempt.state == "broken" for attempt in tried.get(cell.id, ()))
            for cell in cells
            if cell.id not in paths
        )
        return Evidence(
            {paths[c.id].name: load(paths[c.id]) for c in cells if c.id in paths},
            failed=failed,
            pairs=self._against(arm, baseline or self),
        )

    def _against(self, arm: str, other: Study) -> list[Pair] | None:
        """Runs of an arm with those of another study, or of another arm, meeting by meeting."""
        theirs = other.design.baseline
        if other is not self and arm in other.design.names:
            theirs = arm
        if other is self and theirs == arm:
            return None
        ours, found = self._by_meeting(arm), other._by_meeting(theirs)
        items = {item.sha256: number for number, item in enumerate(self._design.items)}
        return [
            Pair(items[key[0]], load(path), load(found[key]))
            for key, path in ours.items()
            if key in found
        ]

    def _by_meeting(self, arm: str) -> dict[tuple[str, int], Path]:
        """The run files of an arm, by the audio and the repeat."""
        paths = self._counting()
        return {
            (self._design.items[cell.item].sha256, cell.repeat): paths[cell.id]
            for cell in self._design.cells()
            if cell.arm == arm and cell.id in paths
        }

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

    def _pairs(self) -> dict[str, list[Pair]]:
        """Runs of each arm with those of the baseline, of the same block."""
        paths, found = self._counting(), {}
        for name in self._design.names:
            if name == self._design.baseline:
                continue
            pairs = []
            for block in self._design.blocks():
                cells = {cell.arm: cell.id for cell in block.cells}
                ours, theirs = paths.get(cells[name]), paths.get(cells[self._design.baseline])
                if ours is not None and theirs is not None:
                    pairs.append(Pair(block.item, load(ours), load(theirs)))
            found[name] = pairs
        return found

    def _judge(self, path: Path) -> Attempt:
        if path not in self._judged:
            attempt = judge_file(path)
            if attempt.state == "interrupted":
                # It may still be under way.
                return attempt
            self._judged[path] = attempt
        return self._judged[path]

    def _counting(self) -> dict[str, Path]:
        """The run file that counts of each cell that has one: the first that is done."""
        found = {}
        for cell, attempts in self.attempts().items():
            done = [attempt.path for attempt in attempts if attempt.state == "done"]
            if done:
                found[cell] = done[0]
        return found

    def _done(self) -> set[str]:
        return set(self._counting())

    def _spent_h(self) -> float:
        return sum(a.billed_h for attempts in self.attempts().values() for a in attempts)


def _items(items: Iterable[Any]) -> Sequence[Any]:
    """Items as they are; anything else is read as a corpus, which has to be whole."""
    if not isinstance(items, (str, Path)):
        items = list(items)
        if all(hasattr(item, "sha256") and hasattr(item, "audio") for item in items):
            return items
    return corpus(items, strict=True)


def _missing(items: object) -> str:
    return "items" if items is None else "arms"
