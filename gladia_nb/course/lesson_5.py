"""Lesson 5, Where does an utterance end? Patience against interruptions."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from gladia_nb.course.judging import Mistake, Ruling, as_number, judge_number
from gladia_nb.course.task import Task
from gladia_nb.course.worlds import World
from gladia_nb.run import Run

__all__ = ["TASKS", "TITLE"]

TITLE = "Where does an utterance end?"


def _predicted(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["kind"] == "predicted"].set_index("endpointing_s")


def _longest_kept(table: pd.DataFrame, patience_ms: float) -> float:
    waits = _predicted(table)["wait_p50_ms"].dropna()
    kept = waits[waits <= patience_ms]
    return float(kept.index.max()) if len(kept) else float(waits.index.min())


def _patience(value: Any, world: World, table: pd.DataFrame) -> Ruling:
    rows, patience = _predicted(table), world.facts["patience_ms"]
    right = _longest_kept(table, patience)
    mistakes = []
    by_silence = [e for e in rows.index if e * 1e3 <= patience]
    if by_silence and max(by_silence) != right:
        mistakes.append(
            Mistake(
                max(by_silence),
                "So long is only the *silence*. The service also needs time for the final, and the "
                "network too: wait_p50_ms is what a user feels.",
            )
        )
    longer = [e for e in rows.index if e > right]
    if longer:
        mistakes.append(Mistake(min(longer), f"There, half wait longer than {patience} ms."))
    shorter = [e for e in rows.index if e < right]
    mistakes += [
        Mistake(e, "That keeps the limit. A longer one keeps it as well, and cuts less.")
        for e in shorter
    ]
    return judge_number(
        value,
        right,
        unit="s",
        near=0.001,
        why=f"Half of the users wait {rows['wait_p50_ms'][right]:.0f} ms or less.",
        mistakes=mistakes,
    )


def _cut_turns(value: Any, world: World, table: pd.DataFrame) -> Ruling:
    row: Any = _predicted(table).loc[_longest_kept(table, world.facts["patience_ms"])]
    return judge_number(
        value,
        float(row["cut_turns"]),
        unit="turns",
        near=0.01,
        why=f"Of {row['turns']}: so often would an agent talk into what somebody is saying.",
        mistakes=[
            Mistake(float(row["cuts"]), "Those are all cuts; those between two turns are welcome."),
            Mistake(
                float(row["premature"]),
                "Those are cuts within turns. A turn that is cut twice is one turn: cut_turns.",
            ),
            Mistake(float(row["turns"]), "Those are all turns."),
            Mistake(
                float(row["missed"]),
                "Those are turns whose end was *missed*: the opposite mistake.",
            ),
        ],
    )


def _choice(value: Any, _: World, table: pd.DataFrame) -> Ruling:
    rows = _predicted(table)
    try:
        captions, agent, because = value
    except (TypeError, ValueError):
        return Ruling(False, "Hand in three things: (captions, agent, because).")
    if any(item is ... for item in (captions, agent, because)):
        return Ruling(False, "One of the three is still missing.")
    for number in (captions, agent):
        if isinstance(as_number(number), str) or float(number) not in rows.index:
            known = ", ".join(f"{e:g}" for e in rows.index)
            return Ruling(False, f"Choose from {known}.")
    if captions > agent:
        return Ruling(
            False,
            "Captions shall be final soon, and nobody minds where they are cut. An agent must not "
            "interrupt. You have it the other way round.",
        )
    if captions == agent:
        return Ruling(False, "Is there really nothing that the two want differently?")
    cuts, missed = rows["cut_turns"], rows["missed"]
    if cuts[agent] >= cuts[captions]:
        return Ruling(False, "Your agent interrupts as often as your captions are cut.")
    if missed[agent] > rows["turns"][agent] / 2:
        return Ruling(
            False,
            f"Your agent misses {missed[agent]} of {rows['turns'][agent]} ends: it would be silent "
            "while people wait for an answer.",
        )
    if not isinstance(because, str) or len(because.split()) < 6 or not re.search(r"\d", because):
        return Ruling(False, "Defend it: a sentence with at least one number of the table.")
    return Ruling(
        True,
        f"Captions wait {rows['wait_p50_ms'][captions]:.0f} ms, and "
        f"{cuts[captions]} turns are cut; the agent waits {rows['wait_p50_ms'][agent]:.0f} ms, "
        f"cuts {cuts[agent]} and misses {missed[agent]}. Another choice can be right too: tell "
        "your neighbour why yours is.",
    )


def _forced(value: Any, _: World, run: Run) -> Ruling:
    triggers = run.utterances["trigger"]
    return judge_number(
        value,
        int((triggers == "max_duration").sum()),
        unit="utterances",
        near=0.01,
        why="No silence ended them, but their length: amid a sentence, perhaps amid a thought.",
        mistakes=[
            Mistake(len(triggers), "That counts all; the last one ended because the sound did."),
            Mistake(int((triggers == "endpoint").sum()), "Those were ended by silence."),
        ],
    )


TASKS = (
    Task(
        "5a",
        "the longest endpointing that keeps your users' patience",
        _patience,
        (
            "wait_p50_ms is the wait of half of the users. Which rows keep the limit?",
            "table[table['wait_p50_ms'] <= patience_ms] has the rows; take the largest "
            "endpointing_s.",
        ),
        ("table",),
    ),
    Task(
        "5b",
        "how many turns it cuts",
        _cut_turns,
        ("Find the row of your endpointing, and the column that counts turns.", "cut_turns"),
        ("table",),
    ),
    Task(
        "5c",
        "an endpointing for captions, one for an agent, and why",
        _choice,
        (
            "Captions: what happens when a sentence is cut in two lines? An agent: what happens "
            "when it answers too soon?",
            "Shorter for captions, longer for the agent; but not so long that ends are missed.",
        ),
        ("table",),
    ),
    Task(
        "5d",
        "how many utterances were ended by force",
        _forced,
        ("run.utterances says why each final came.", "run.utterances['trigger'].value_counts()"),
        ("run",),
        harder=True,
    ),
)
