"""Items, designs and stores with runs, made without a session."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from gladia_nb.audio import Audio
from gladia_nb.config import SessionConfig
from gladia_nb.run import Run
from gladia_nb.studies.arms import read_arms
from gladia_nb.studies.design import Design
from gladia_nb.studies.store import Store
from tests.support.make_runs import make_run, reference, utterance, words


@dataclasses.dataclass(frozen=True)
class Tone:
    """An item that makes its own sound, and says what is spoken in it."""

    name: str
    sha256: str
    duration_s: float = 2.0
    channels: int = 1
    reference: Any = None

    def audio(self) -> Audio:
        """Silence, which the scripted engine hears words in."""
        samples = np.zeros((round(self.duration_s * 16000), self.channels), np.float32)
        return Audio(samples, 16000, self.name)


#: Beginnings of words; each sentence has endings of its own.
_STARTS = ("ba", "do", "fi", "ku", "lem")


def tones(count: int, **more: Any) -> list[Tone]:
    """Items a, b, c ..."""
    return [Tone(chr(97 + k), f"{k:064x}", **more) for k in range(count)]


def design_of(
    items: int = 2, arms: Iterable[float] = (0.05, 0.3), **more: Any
) -> tuple[Design, list[Tone]]:
    """A design whose arms differ in endpointing, the first being the baseline."""
    sounds = tones(items)
    settings = {f"e{value}": {"endpointing": value} for value in arms}
    read = read_arms(settings, SessionConfig(), {})
    return Design(tuple(sounds), read, baseline=read[0].name, **more), sounds


def run_of(
    delay_s: Callable[[int], float], *, sentences: int = 6, each: int = 5, **more: Any
) -> Run:
    """A run of a minute or so whose k-th word is seen and final after a delay of its own."""
    arrivals, spoken = [], []
    for number in range(sentences):
        names = (f"{start}{chr(97 + number % 26)}{chr(97 + number // 26)}" for start in _STARTS)
        said = words(" ".join(names), 0.5 + 4 * number)
        said = said[:each]
        spoken += said
        arrivals += utterance(
            said,
            f"00_{number:08}",
            partial_s=delay_s(number),
            final_s=delay_s(number) + 0.4,
            speech_end_s=delay_s(number) + 0.1,
        )
    return make_run(
        sorted(arrivals),
        duration_s=4.0 * sentences + 1,
        reference=reference(spoken),
        **more,
    )


def fill(store: Store, design: Design, make: Callable[[Any], Run]) -> None:
    """Put a run of each cell into a store, as if it had been run."""
    store.freeze(design.describe())
    for cell in design.cells():
        make(cell).save(store.new_attempt(cell.id))
