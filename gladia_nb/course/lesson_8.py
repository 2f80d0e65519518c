"""Extra lesson 8, Your own voice: two routes from a microphone to the service."""

from __future__ import annotations

from typing import Any

from gladia_nb.course.judging import Mistake, Ruling, judge_choice, judge_number
from gladia_nb.course.task import Task
from gladia_nb.course.worlds import World
from gladia_nb.metrics import latency
from gladia_nb.run import Run

__all__ = ["TASKS", "TITLE"]

TITLE = "Your own voice"


def _words(value: Any, _: World, run: Run) -> Ruling:
    words = run.words
    return judge_number(
        value,
        int(words["is_final"].sum()),
        unit="words",
        near=0.01,
        why="So many words were understood, rightly or wrongly.",
        mistakes=[
            Mistake(
                len(words), "That counts the words of all partials, too: each again and again."
            ),
            Mistake(len(run.utterances), "Those are utterances."),
        ],
    )


def _key(value: Any, _: World) -> Ruling:
    return judge_choice(
        value,
        "kernel",
        ["page", "kernel", "both"],
        {
            "page": "The page has only the URL of one session; whoever reads it gains no more.",
            "both": "Only one of them needs it: who makes the POST?",
        },
        why="The kernel asks for the session; the page gets the URL, which opens this one only.",
    )


def _own(value: Any, _: World, run: Run) -> Ruling:
    rows = latency(run, anchor="service").query(
        "unit == 'word' and milestone == 'first_seen' and clock == 'capture'"
    )["latency_ms"]
    return judge_number(
        value,
        rows.median(),
        unit="ms",
        near=1,
        why=(
            "Anchored by the times of the service, because nobody wrote down when you said what. "
            "If its times are wrong, so is this number."
        ),
        mistakes=[Mistake(rows.mean(), "That is the mean; the median is asked for.")],
    )


TASKS = (
    Task(
        "8a",
        "how many words were understood",
        _words,
        ("Words of finals only: run.words has a column is_final.", "run.words['is_final'].sum()"),
        ("run",),
    ),
    Task(
        "8b",
        "where the key is when the page talks to the service",
        _key,
        ("Who makes the POST that asks for a session?", "The key stays where Python runs."),
    ),
    Task(
        "8c",
        "the latency of your own words",
        _own,
        (
            "As in lesson 3, but there is no reference: anchor='service'.",
            "The median of first_seen on the clock capture.",
        ),
        ("run",),
        harder=True,
    ),
)
