"""Lesson 7, Is 40 ms real? A/A, pairs, clusters, and an answer that may be: cannot tell."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from gladia_nb.course.judging import Mistake, Ruling, judge_choice, judge_number
from gladia_nb.course.task import Task
from gladia_nb.course.worlds import World
from gladia_nb.studies.many_runs import Study

__all__ = ["MEASURE", "TASKS", "TITLE"]

TITLE = "Is 40 ms real?"

MEASURE = "word_end -> first_seen @send"


def _sessions(value: Any, _: World, study: Study) -> Ruling:
    design = study.design
    right, items = study.plan().cells, len(design.items)
    return judge_number(
        value,
        right,
        unit="sessions",
        near=0.01,
        why="Each recording meets A, B, and A once more.",
        mistakes=[
            Mistake(items * len(design.arms), "You forgot A again, which shows the noise."),
            Mistake(items, "Those are the recordings; each meets every service."),
        ],
    )


def _effect(effects: pd.DataFrame) -> pd.Series:
    rows = effects[(effects["measure"] == MEASURE) & (effects["arm"] == "B")]
    return rows.iloc[0]


def _noise(value: Any, _: World, effects: pd.DataFrame) -> Ruling:
    row = _effect(effects)
    return judge_number(
        value,
        row["noise"],
        unit="ms",
        near=0.6,
        why="Nothing was changed, and yet it is not zero: this much comes by itself.",
        mistakes=[
            Mistake(row["difference"], "That is B against A. How does A differ from itself?"),
            Mistake(row["noise_high"], "That is the end of its interval; take `noise`."),
            Mistake(row["noise_low"], "That is the end of its interval; take `noise`."),
        ],
    )


def _verdict(value: Any, _: World, effects: pd.DataFrame) -> Ruling:
    row = _effect(effects)
    right = {"higher": "slower", "lower": "faster"}.get(row["finding"], "cannot tell")
    interval = f"[{row['low']:.0f}, {row['high']:.0f}] ms"
    texts = {
        "slower": f"The interval {interval} reaches below 0: it may as well be no difference.",
        "faster": (
            "B minus A is above 0, so B takes longer."
            if row["difference"] > 0
            else f"The interval {interval} reaches above 0: it may as well be no difference."
        ),
        "cannot tell": f"The whole interval {interval} is on one side of 0: that can be told.",
    }
    if right == "slower":
        texts["faster"] = "Higher latency is slower."
    why = {
        "slower": f"All of {interval} is above 0. Is it also beyond what A differs from itself?",
        "faster": f"All of {interval} is below 0. Is it also beyond what A differs from itself?",
        "cannot tell": (
            f"{interval} holds 0. That is not “the same”: these recordings cannot tell, and more "
            "of them might."
        ),
    }
    return judge_choice(value, right, ["slower", "faster", "cannot tell"], texts, why=why[right])


def _by_recording(table: pd.DataFrame) -> pd.Series:
    return table.groupby("recording")["difference_ms"].mean()


def _error(value: Any, world: World) -> Ruling:
    table = world.table
    assert table is not None  # noqa: S101 - this lesson's world has one
    words, units = table["difference_ms"], _by_recording(table)
    return judge_number(
        value,
        units.std() / math.sqrt(len(units)),
        unit="ms",
        near=0.15,
        why=(
            f"By words it would be {words.std() / math.sqrt(len(words)):.1f} ms: a precision that "
            "is not there."
        ),
        mistakes=[
            Mistake(
                words.std() / math.sqrt(len(words)),
                "You took the words as if each were a witness of its own. Words of one recording "
                "share their fate: take the mean of each recording first.",
            ),
            Mistake(
                units.std(),
                "That is the spread of the recordings. The error of their mean is smaller, by the "
                "square root of how many there are.",
            ),
            Mistake(
                units.std() / math.sqrt(len(words)),
                "Right spread, wrong number: there are 12 recordings, however many words.",
            ),
            Mistake(units.std() / len(units), "Divide by the square root of the number."),
            Mistake(units.std(ddof=0) / math.sqrt(len(units)), "Take .std() as pandas has it."),
        ],
    )


def _enough(value: Any, world: World) -> Ruling:
    table = world.table
    assert table is not None  # noqa: S101 - likewise
    spread = _by_recording(table).std()
    exact = (1.96 * spread / 20) ** 2
    by_words = (1.96 * table["difference_ms"].std() / 20) ** 2
    return judge_number(
        value,
        math.ceil(exact),
        unit="recordings",
        near=1,
        why="Half the width takes four times as many: precision is dear.",
        mistakes=[
            Mistake(math.ceil(1.96 * spread / 20), "The square is missing."),
            Mistake(
                math.ceil((spread / 20) ** 2),
                "That is for an error of 20 ms; the interval reaches 1.96 errors to each side.",
            ),
            Mistake(math.ceil(by_words), "That is the spread of words; recordings are the units."),
        ],
    )


TASKS = (
    Task(
        "7a",
        "how many sessions the study has",
        _sessions,
        (
            "How many recordings, and how many sessions for each?",
            "8 recordings, three sessions each.",
        ),
        ("study",),
    ),
    Task(
        "7b",
        "how much A differs from itself",
        _noise,
        ("Look for a column of `row` that is about the baseline and itself.", "noise"),
        ("effects",),
    ),
    Task(
        "7c",
        "is B slower than A?",
        _verdict,
        (
            "Does the interval from `low` to `high` hold 0?",
            "The column `finding` says it: higher latency is slower, undecided is: cannot tell.",
        ),
        ("effects",),
    ),
    Task(
        "7d",
        "the standard error when recordings are the units",
        _error,
        (
            "First a mean for each recording: groupby('recording')['difference_ms'].mean().",
            "Then the standard deviation of the twelve, divided by the square root of 12.",
        ),
    ),
    Task(
        "7e",
        "how many recordings for plus or minus 20 ms",
        _enough,
        (
            "1.96 * spread / sqrt(n) has to be 20. Solve for n.",
            "n = (1.96 * spread / 20) ** 2, rounded up.",
        ),
        harder=True,
    ),
)
