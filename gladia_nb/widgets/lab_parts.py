"""What a Lab is made of behind its page.

All of it is heavy, and loaded when a Lab is made, not when it is named: see `Lab`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.lab.checking import Checking
from gladia_nb.lab.finished import FinishedRuns
from gladia_nb.lab.recipe import Recipe
from gladia_nb.lab.setup import Setup, form
from gladia_nb.lab.studying import Studying
from gladia_nb.lab.watcher import Watcher
from gladia_nb.widgets.microphone import Microphone
from gladia_nb.widgets.registry import being_written
from gladia_nb.widgets.rules import lab_rules

__all__ = ["LabParts"]


@dataclass(frozen=True, slots=True)
class LabParts:
    """The parts of one Lab.

    Attributes:
        setup: what is chosen and typed.
        watcher: what is live, or was last.
        finished: the runs that have ended.
        studying: its study.
        checking: its check of the service.
        microphone: that of the page, or None.
        told: what the page is told once, by the name of its trait.
    """

    setup: Setup
    watcher: Watcher
    finished: FinishedRuns
    studying: Studying
    checking: Checking
    microphone: Microphone | None
    told: dict[str, Any]

    @classmethod
    def of(
        cls,
        source: str | Path,
        config: SessionConfig | None,
        options: Mapping[str, Any],
        *,
        directory: str | None,
        microphone: bool,
        run_study: Callable[[Callable[[], None]], None],
        touch: Callable[..., None],
    ) -> LabParts:
        """Make the parts.

        Args:
            source: as for `Lab`.
            config: likewise.
            options: options of `Recipe`.
            directory: of the runs on the shelf; None for where new ones go.
            microphone: whether to offer one.
            run_study: calls what runs a study, and says what goes wrong in it.
            touch: is called with the names of the views that are to be shown anew.

        Raises:
            ConfigError: an option is not known.
        """
        unknown = [name for name in options if name not in Recipe.__dataclass_fields__]
        if unknown:
            raise ConfigError(f"{unknown[0]} is not an option of the Lab.")
        data = config.to_dict() if config is not None else {}
        setup = Setup(str(source), data, options, microphone=microphone)
        return cls(
            setup=setup,
            watcher=Watcher(),
            finished=FinishedRuns(directory, being_written),
            studying=Studying(directory, setup.recipe, run_study),
            checking=Checking(lambda: touch("check", "setup", "study")),
            microphone=Microphone() if microphone else None,
            told={"rules": lab_rules(), "form": form()},
        )

    @property
    def questions(self) -> frozenset[str]:
        """Kinds of commands that may take their time, as what looks at finished runs does."""
        return self.finished.KINDS | self.studying.KINDS
