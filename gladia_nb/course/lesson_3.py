"""Lesson 3, Reading the messages: a latency by hand, on two clocks, from two anchors."""

from __future__ import annotations

from typing import Any

import pandas as pd

from gladia_nb.course.judging import Mistake, Ruling, judge_number
from gladia_nb.course.task import Task
from gladia_nb.course.worlds import World
from gladia_nb.metrics import latency
from gladia_nb.run import Run

__all__ = ["TASKS", "TITLE"]

TITLE = "Reading the messages"


def _row(run: Run, world: World) -> pd.Series:
    """My word, as it was spoken."""
    spoken = run.reference
    found: pd.Series = spoken[spoken["word"] == world.facts["word"]].iloc[0]
    return found


def _waits(run: Run, world: World) -> pd.Series:
    """Latencies of my word: (milestone, anchor, clock) -> milliseconds."""
    rows = latency(run).query("unit == 'word'")
    mine = rows[rows["word"] == world.facts["word"]]
    by = mine.set_index(["milestone", "anchor", "clock"])["latency_ms"]
    found: pd.Series = by.groupby(level=[0, 1, 2]).first()
    return found


def _captured(value: Any, world: World, run: Run) -> Ruling:
    waits, row = _waits(run, world), _row(run, world)
    right = waits["first_seen", "reference", "capture"]
    return judge_number(
        value,
        right,
        unit="ms",
        near=1.5,
        why="From the end of the word to the message: that is what a listener waits.",
        mistakes=[
            Mistake(
                right + (row["end_s"] - row["start_s"]) * 1e3,
                "You subtracted start_s. While it is being spoken, nobody can know the word: "
                "count from end_s.",
            ),
            Mistake(
                waits["final", "reference", "capture"],
                "You took the final. The first message whose text holds the word is a partial.",
            ),
            Mistake(
                waits["first_seen", "service", "capture"],
                "You took the end of the word from the *message*: that is what the service "
                "believes. What was really spoken is in run.reference.",
            ),
            Mistake(
                right + row["end_s"] * 1e3,
                "That is when the message came, counted from the first sample. Subtract when the "
                "word had ended.",
            ),
            Mistake(
                waits["first_seen", "reference", "send"],
                "That is the wait since the word was *sent*, which is the next task.",
            ),
        ],
    )


def _sent(value: Any, world: World, run: Run) -> Ruling:
    waits = _waits(run, world)
    right = waits["first_seen", "reference", "send"]
    chunk_ms = float(run.record.header["options"]["chunk_ms"])
    return judge_number(
        value,
        right,
        unit="ms",
        near=1.5,
        why="Shorter than since it was spoken: the word had to wait until its chunk was full.",
        mistakes=[
            Mistake(
                waits["first_seen", "reference", "capture"],
                "That is the wait since the word was *spoken*. Count from when the chunk that "
                "holds its end was sent.",
            ),
            Mistake(right + chunk_ms, "That is the chunk *before* the one that holds the end."),
            Mistake(right - chunk_ms, "That is the chunk *behind* the one that holds the end."),
        ],
    )


def _shift(value: Any, _: World, run: Run) -> Ruling:
    words = run.words[run.words["is_final"]]
    told = words.drop_duplicates("word", keep=False).set_index("word")["end_s"]
    spoken = run.reference.drop_duplicates("word", keep=False).set_index("word")["end_s"]
    apart = ((told - spoken) * 1e3).dropna().median()
    return judge_number(
        value,
        float(apart),
        unit="ms",
        near=2,
        why=(
            "By so much the service is wrong about *when* words end, and every latency that is "
            "anchored by its own times is wrong by as much, the other way."
        ),
        mistakes=[Mistake(-float(apart), "Service minus reference, not the other way round.")],
    )


TASKS = (
    Task(
        "3a",
        "the latency of your word, since it was spoken",
        _captured,
        (
            "Two numbers: when the first message came whose text holds the word, and when the word "
            "had ended.",
            "recv_s of the first row of `showing`, minus end_s of the row in run.reference; times "
            "1000.",
        ),
        ("run",),
    ),
    Task(
        "3b",
        "the same since it was sent",
        _sent,
        (
            "A chunk holds the word's end when start_s < end of the word <= end_s of the chunk.",
            "send_s of that chunk takes the place of end_s of the word.",
        ),
        ("run",),
    ),
    Task(
        "3c",
        "how wrong the service is about when words end",
        _shift,
        (
            "Finals have times too: end_s of run.words where is_final.",
            "Compare words that occur once, and take the median of end_s by the service minus "
            "end_s of the reference.",
        ),
        ("run",),
        harder=True,
    ),
)
