"""Lesson 1, How late is a word? The median, the longest wait, and the time of doubt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from gladia_nb.course.judging import Mistake, Ruling, judge_number
from gladia_nb.course.task import Task
from gladia_nb.course.worlds import World
from gladia_nb.metrics import latency
from gladia_nb.run import Run

__all__ = ["TASKS", "TITLE"]

TITLE = "How late is a word?"


def _waits(run: Run, clock: str = "capture") -> pd.DataFrame:
    """One row a spoken word, one column a milestone, milliseconds."""
    rows = latency(run, anchor="reference")
    rows = rows[(rows["unit"] == "word") & (rows["clock"] == clock)]
    table = rows.pivot_table(
        index="reference", columns="milestone", values="latency_ms", dropna=False
    )
    return table.join(run.reference[["word", "start_s", "end_s"]])


def _median(value: Any, _: World, run: Run) -> Ruling:
    waits, sent = _waits(run), _waits(run, "send")
    seen = waits["first_seen"]
    since_start = seen + (waits["end_s"] - waits["start_s"]) * 1e3
    return judge_number(
        value,
        seen.median(),
        unit="ms",
        near=1,
        why="Half of the words were on the screen sooner after they were spoken, half later.",
        mistakes=[
            Mistake(
                sent["first_seen"].median(),
                "That counts from when the audio was *sent*. A listener waits from when the "
                "word was *spoken*: the clock is capture.",
            ),
            Mistake(
                waits["final"].median(),
                "That is the median until the *final*. The first sight of a word is asked for: "
                "first_seen.",
            ),
            Mistake(
                seen.mean(),
                "That is the mean. A few late words pull it up; the median is asked for.",
            ),
            Mistake(
                since_start.median(),
                "That counts from the *start* of each word. Nobody can know a word before it has "
                "ended: count from word_end.",
            ),
            Mistake(seen.max(), "That is the slowest word; the median is asked for."),
        ],
    )


def _longest(value: Any, _: World, run: Run) -> Ruling:
    waits = _waits(run)
    if not isinstance(value, str):
        return Ruling(False, "Hand in the word itself, in quotes.")
    said, words = value.strip().lower(), waits["word"].tolist()
    finals, seen = waits["final"].to_numpy(), waits["first_seen"].to_numpy()
    right = words[int(np.nanargmax(finals))]
    if said == right:
        return Ruling(
            True,
            f"“{right}”: it stands at the beginning of the longest utterance, and a final comes "
            "when the utterance is over.",
        )
    if said == words[int(np.nanargmax(seen))]:
        return Ruling(
            False, "That word waited longest to be *seen*. Which one waited longest for its final?"
        )
    if said == words[int(np.nanargmin(finals))]:
        return Ruling(False, "That is the word with the *shortest* wait: sort the other way round.")
    if said not in words:
        return Ruling(False, f"“{value[:40]}” was not spoken.")
    return Ruling(False, "Another word waited longer. Sort the table by `final`.")


def _doubt(value: Any, _: World, run: Run) -> Ruling:
    waits = _waits(run)
    doubt = waits["final"] - waits["first_seen"]
    return judge_number(
        value,
        doubt.median(),
        unit="ms",
        near=1,
        why="So long may a word on the screen still change.",
        mistakes=[
            Mistake(
                waits["final"].median() - waits["first_seen"].median(),
                "That is the difference of two medians. Subtract word by word first and then take "
                "the median: the two are not the same.",
            ),
            Mistake(doubt.mean(), "That is the mean; the median is asked for."),
            Mistake(-doubt.median(), "The final comes after the first sight: turn it round."),
        ],
    )


TASKS = (
    Task(
        "1a",
        "median wait from the end of a word to its first sight",
        _median,
        (
            "The table `waits` has one row a word. Which column is the first sight?",
            "A column has .median().",
            "waits['first_seen'].median()",
        ),
        ("run",),
    ),
    Task(
        "1b",
        "the word that waited longest for its final",
        _longest,
        (
            "waits.sort_values('final') puts the table in order.",
            "waits.loc[waits['final'].idxmax(), 'word']",
        ),
        ("run",),
    ),
    Task(
        "1c",
        "how long a typical word may still change",
        _doubt,
        (
            "For each word: when was it final, and when was it seen?",
            "Subtract the two columns, and take the median of what comes out.",
        ),
        ("run",),
        harder=True,
    ),
)
