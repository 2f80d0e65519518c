"""Lesson 6, When the network breaks: what is lost, and a client that loses nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gladia_nb.course.judging import Mistake, Ruling, judge_number
from gladia_nb.course.task import Task
from gladia_nb.course.worlds import RATE, World
from gladia_nb.metrics import message_audit
from gladia_nb.run import Run

__all__ = ["TASKS", "TITLE"]

TITLE = "When the network breaks"

#: A second of 16-bit mono.
_BYTES = RATE * 2


def _missing(value: Any, world: World, stored: bytes) -> Ruling:
    lost = len(world.pcm) - len(stored)
    if not lost:
        return Ruling(False, "This time nothing is missing; run the session with naive_rest again.")
    return judge_number(
        value,
        lost / _BYTES,
        unit="s",
        near=0.0006,
        why="Nobody will ever read what was said in them, and the transcript shows no gap.",
        mistakes=[
            Mistake(lost, "Those are bytes. A second has 16,000 samples of 2 bytes each."),
            Mistake(
                lost / RATE,
                "A sample has 2 bytes, so that a second has 32,000 of them and not 16,000.",
            ),
            Mistake(len(stored) / _BYTES, "That is what has arrived; what is missing?"),
            Mistake(-lost / _BYTES, "Sent minus stored, not the other way round."),
        ],
    )


def _rest(value: Any, _: World) -> Ruling:
    if not callable(value):
        return Ruling(False, "Hand in the function itself, without brackets: rest.")
    pcm = bytes(range(250)) * 40
    sent, acknowledged = 6400, 3200
    found = value(pcm, sent, acknowledged)
    if not isinstance(found, bytes | bytearray | memoryview):
        return Ruling(False, "Your function has to return bytes: a slice of pcm.")
    found = bytes(found)
    if found == pcm[acknowledged:] and bytes(value(pcm, sent, sent)) == pcm[sent:]:
        return Ruling(True, "What is acknowledged is there; all else goes once more. Run it again.")
    if found == pcm[sent:]:
        return Ruling(
            False,
            "That goes on behind what was *sent*. What was sent and not acknowledged was on its "
            "way when the line broke: it is lost.",
        )
    if found == pcm:
        return Ruling(
            False,
            "That sends everything once more. What the service has already would be heard, written "
            "and billed twice.",
        )
    if found == pcm[:acknowledged]:
        return Ruling(False, "That is the part which the service *has*; what is behind it?")
    if found == pcm[acknowledged:sent]:
        return Ruling(False, "That mends the gap and forgets all that was not sent yet.")
    if found == pcm[acknowledged + 1 :]:
        return Ruling(
            False,
            "One byte too few: the second number of byte_range is already the byte behind the "
            "last. And half a sample shifts all that follow: they become noise.",
        )
    return Ruling(False, "Which byte is the first that the service has not confirmed?")


def _lost(value: Any, _: World, run: Run) -> Ruling:
    table = message_audit(run).set_index("type")
    row: Any = table.loc["transcript"]
    return judge_number(
        value,
        int(row["lost"]),
        unit="transcripts",
        near=0.01,
        why="The service made and stored them, and nobody was there to receive them.",
        mistakes=[
            Mistake(int(table["lost"].to_numpy()[-1]), "That counts messages of all types."),
            Mistake(int(table["lost"].sum()), "You added the row `all`, which is a sum already."),
            Mistake(int(row["stored"]), "Those were stored; how many of them never came?"),
            Mistake(int(row["received"]), "Those came."),
            Mistake(int(row["doubled"]), "Those came twice."),
        ],
    )


def _texts(value: Any, _: World, run: Run) -> Ruling:
    stored, received = _transcripts(run)
    right = sorted(set(stored) - set(received))
    if isinstance(value, str) or not isinstance(value, Iterable):
        return Ruling(False, "Hand in a list of texts.")
    said = sorted({str(text).strip() for text in value})
    if said == right:
        return Ruling(True, "Ask for the stored result after each session that was interrupted.")
    if said == sorted(set(stored)):
        return Ruling(False, "Those are all that were stored. Leave out what you have received.")
    if not said:
        return Ruling(False, "The list is empty, and the audit says that some were lost.")
    extra = set(said) - set(right)
    if extra & set(received):
        return Ruling(False, f"{min(extra)[:60]!r} did arrive.")
    return Ruling(
        False, f"There are {len(right)} such texts; you have {len(set(said) & set(right))}."
    )


def _transcripts(run: Run) -> tuple[list[str], list[str]]:
    """Texts of the transcripts that were stored, and of those that came."""
    (result,) = run.record.of("result")
    messages = json.loads(result["raw"])["result"]["messages"]
    read = [json.loads(m) if isinstance(m, str) else m for m in messages]
    stored = [m["data"]["utterance"]["text"].strip() for m in read if m["type"] == "transcript"]
    came = run.messages[run.messages["type"] == "transcript"]["text"]
    return stored, [text.strip() for text in came]


TASKS = (
    Task(
        "6a",
        "how many seconds of sound the client has lost",
        _missing,
        (
            "How many bytes were to be sent, and how many are stored?",
            "(len(pcm) - len(stored)) / 32000",
        ),
        ("stored",),
    ),
    Task(
        "6b",
        "a client that loses nothing",
        _rest,
        (
            "What does the service have for sure when the line breaks?",
            "What it has acknowledged. Everything behind that has to go once more.",
            "return pcm[acknowledged:]",
        ),
    ),
    Task(
        "6c",
        "how many transcripts never arrived",
        _lost,
        (
            "gn.message_audit(run) has a row for each type.",
            "The row 'transcript', the column 'lost'.",
        ),
        ("run",),
    ),
    Task(
        "6d",
        "which texts nobody has seen",
        _texts,
        (
            "`stored` has every message of the service. Take the transcripts among them.",
            "A set of texts minus another set is what the other has not.",
        ),
        ("run",),
        harder=True,
    ),
)
