"""Lesson 4, Why stopwatches lie: five stopwatches, a fault in each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from gladia_nb.course.judging import Mistake, Ruling, judge_number
from gladia_nb.course.task import Task
from gladia_nb.course.worlds import World

__all__ = ["FAULTS", "TASKS", "TITLE"]

TITLE = "Why stopwatches lie"

#: Seconds of audio in a chunk of the first stopwatch.
_CHUNK_S = 0.02

#: Stopwatch -> its fault.
FAULTS = {
    "A": "sleep drift",
    "B": "stamp after work",
    "C": "busy kernel",
    "D": "clamping",
    "E": "survivors only",
}
_WHERE = {
    "A": "Look at what it sleeps for, and at what else takes time between two chunks.",
    "B": "Look at what happens between the arrival of a message and its stamp.",
    "C": "The stopwatch itself is sound. What else runs in the same program?",
    "D": "Look at what becomes of a value below zero.",
    "E": "Look at what becomes of a word that never came.",
}


def _faults(value: Any, _: World) -> Ruling:
    if not isinstance(value, Mapping):
        return Ruling(False, "Hand in a dict: {'A': '...', 'B': '...'}.")
    known = set(FAULTS.values())
    said = {str(k).strip().upper(): str(v).strip().lower() for k, v in value.items()}
    if missing := [letter for letter in FAULTS if said.get(letter, "...") in ("...", "ellipsis")]:
        return Ruling(False, f"Nothing is said yet about {', '.join(missing)}.")
    if foreign := [text for text in said.values() if text not in known]:
        return Ruling(False, f"{foreign[0]!r} is none of {', '.join(sorted(known))}.")
    wrong = [letter for letter, fault in FAULTS.items() if said[letter] != fault]
    if not wrong:
        return Ruling(True, "All five. You would have found them in published benchmarks, too.")
    first = wrong[0]
    if {said["B"], said["C"]} == {FAULTS["B"], FAULTS["C"]} and "B" in wrong:
        return Ruling(
            False,
            "B and C are the other way round. In B the *stopwatch* works before it stamps; in C it "
            "stamps at once, but something else does not let it.",
        )
    if said[first] == "clamping":
        more = " Clamping turns negative values into zero; there is none of that here."
    elif said[first] == "survivors only":
        more = " Survivors only: what never came is thrown away. That is another letter."
    else:
        more = ""
    count = len(FAULTS) - len(wrong)
    return Ruling(
        False, f"{count} of 5 are right. {first} has another fault. {_WHERE[first]}{more}"
    )


def _drift(value: Any, _: World, left_s: Sequence[float]) -> Ruling:
    count = len(left_s)
    if not count:
        return Ruling(False, "The list of departures is empty; run stopwatch A first.")
    last = left_s[-1]
    return judge_number(
        value,
        (last - count * _CHUNK_S) * 1e3,
        unit="ms",
        near=1,
        why=(
            "Each sleep is a little too long and the work comes on top; none of it is ever made "
            "good. All latencies grow by that."
        ),
        mistakes=[
            Mistake(last * 1e3, "That is when the last chunk left. When should it have left?"),
            Mistake(
                (last - (count - 1) * _CHUNK_S) * 1e3,
                "One chunk too few: the first chunk is due when it is full, at 0.02 s.",
            ),
            Mistake((last / count - _CHUNK_S) * 1e3, "That is what each chunk adds, not the sum."),
            Mistake((count * _CHUNK_S - last) * 1e3, "It left later than due: turn it round."),
        ],
    )


def _censored(value: Any, _: World, table: pd.DataFrame) -> Ruling:
    waits = (table["shown_s"] - table["spoken_s"]) * 1e3
    return judge_number(
        value,
        waits.fillna(math.inf).median(),
        unit="ms",
        near=0.5,
        why="What never came waits for ever: it belongs behind the slowest that came.",
        mistakes=[
            Mistake(
                waits.median(),
                "That is the median of those that came. pandas leaves NaN out without a word; fill "
                "it with math.inf first.",
            ),
            Mistake(
                waits.fillna(0).median(),
                "Filled with 0, the words that never came are the fastest of all. Fill with "
                "math.inf.",
            ),
        ],
    )


def _due(value: Any, _: World) -> Ruling:
    if not callable(value):
        return Ruling(False, "Hand in the function itself, without brackets: due_s.")
    told = [value(k) for k in (0, 1, 9, 250)]
    if any(not isinstance(one, int | float) for one in told):
        return Ruling(False, "Your function has to return a number: return ...")
    right = [(k + 1) * _CHUNK_S for k in (0, 1, 9, 250)]

    def near(others: Sequence[float]) -> bool:
        return all(math.isclose(a, b, abs_tol=1e-6) for a, b in zip(told, others, strict=True))

    if near(right):
        return Ruling(
            True,
            "Counted from the beginning, so that no error adds up; and a chunk leaves when its "
            "last sample has been spoken.",
        )
    if near([moment - _CHUNK_S for moment in right]):
        return Ruling(
            False,
            "Chunk 0 would leave at 0 s, before anything was spoken that could be in it. That "
            "hides a whole chunk of latency.",
        )
    if near([_CHUNK_S] * 4):
        return Ruling(False, "That is how long a chunk is. When is chunk k due?")
    if near([moment * 1e3 for moment in right]):
        return Ruling(False, "Those are milliseconds; seconds are asked for.")
    return Ruling(
        False, f"Chunk 0 is due at 0.02 s, chunk 9 at 0.2 s; yours at {told[0]:g} and {told[2]:g}."
    )


TASKS = (
    Task(
        "4a",
        "the fault of each of five stopwatches",
        _faults,
        (
            "Read A from top to bottom and ask of each line: how long does it take, and who waits "
            "for it?",
            "In D and E the stamps are right. It is what is done with them afterwards.",
            "Ask of each table: which words are in it, and which are not?",
        ),
    ),
    Task(
        "4b",
        "how late the last chunk of stopwatch A left",
        _drift,
        (
            "Chunk number k (from 0) should leave at (k + 1) * 0.02 s. Which k has the last one?",
            "left_s[-1] - len(left_s) * 0.02, times 1000.",
        ),
        ("left_s",),
    ),
    Task(
        "4c",
        "the median with what never came",
        _censored,
        ("A word that never came has waited longer than any other.", ".fillna(math.inf).median()"),
        ("table",),
    ),
    Task(
        "4d",
        "when a chunk is due",
        _due,
        (
            "A microphone hands over a chunk when it is full.",
            "Chunk 0 is full at 0.02 s, chunk 1 at 0.04 s.",
        ),
        harder=True,
    ),
)
