"""Lessons of the course in a page, with the usual mistakes: what a student is told, and sees."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import PATIENCE_MS
from .hosts import Host, Notebook, Requests

expect.set_options(timeout=PATIENCE_MS)

COURSE = Path(__file__).resolve().parents[2] / "notebooks" / "course"


class Lesson:
    """A lesson that is open in a page.

    Args:
        host: shows it.
        page: a page.
        name: of its notebook, without the ending.
        first: ids of the cells that are run at once, in this order.
    """

    def __init__(self, host: Host, page: Page, name: str, first: Sequence[str]) -> None:
        book = json.loads((COURSE / f"{name}.ipynb").read_text(encoding="utf-8"))
        self._cells = {cell["id"]: "".join(cell["source"]) for cell in book["cells"]}
        self._page = page
        student = self._cells["name"].replace('Student("")', 'Student("Grace Hopper", keep=False)')
        self._book: Notebook = host.open(page, [student, *(self._cells[one] for one in first)])
        self._book.run()

    def answers(self, cell: str, blank: str, answer: str) -> str:
        """Put an answer in place of what a task leaves open, run it; returns what is shown."""
        source = self._cells[cell]
        assert source.count(blank) == 1
        return self.runs(source.replace(blank, blank.replace("...", answer)))

    def runs(self, source: str) -> str:
        """Run another cell; returns what is shown below it."""
        self._book.add(source)
        shown = self._page.locator(".jp-CodeCell").last.locator(".jp-OutputArea-output")
        expect(shown).to_have_count(1)
        return shown.inner_text()


#: Of a task: its name, its cell, what it leaves open, wrong answers with what is told, a right one.
Mistakes = tuple[str, str, str, dict[str, str], str]
MEDIAN: Mistakes = (
    "4c",
    "task-c",
    "honest_ms = ...",
    {
        "waits.median()": "That is the median of those that came.",
        "waits.fillna(0).median()": "the words that never came are the fastest of all",
        "waits.fillna(math.inf)": "one number is asked for. Did you forget .median()",
    },
    "waits.fillna(math.inf).median()",
)
ENVELOPE: Mistakes = (
    "9a",
    "task-a",
    "return ...",
    {
        "body": "That is the envelope as it came. What is inside?",
        'body["event"]': "That is the name on the envelope",
        'body["payload"]': "Right for callbacks. A webhook has an envelope too",
    },
    'body["payload"] if "id" in body else None',
)
ONCE: Mistakes = (
    "9c",
    "task-c",
    "return ...",
    {
        "bodies": "Nothing was taken out; some came twice.",
        "bodies[:1]": "One is left: the `id` is that of the",
        'list({body["event"]: body for body in bodies}.values())': "One of each kind is left",
    },
    "[body for k, body in enumerate(bodies) if body not in bodies[:k]]",
)


@pytest.mark.parametrize(
    ("name", "first", "tasks"),
    [
        ("04_why_stopwatches_lie", ["imports", "table"], [MEDIAN]),
        ("09_callbacks_and_webhooks", ["receiver", "session"], [ENVELOPE, ONCE]),
    ],
    ids=["lesson 4", "lesson 9"],
)
def test_usual_mistakes_are_told_until_it_is_right(
    lab: Host, page: Page, requests: Requests, name: str, first: list[str], tasks: list[Mistakes]
) -> None:
    lesson = Lesson(lab, page, name, first)
    for task, cell, blank, wrong, right in tasks:
        assert f"Task {task} · To do" in lesson.answers(cell, blank, "...")
        hint = f"me.hint({task!r}) has a hint."
        for tries, (answer, told) in enumerate(wrong.items(), 1):
            shown = lesson.answers(cell, blank, answer)
            assert f"Task {task} · Not yet" in shown
            assert told in shown
            assert (hint in shown) == (tries >= 3)
        assert f"Hint 1 of 2 for task {task}" in lesson.runs(f"me.hint({task!r})")
        shown = lesson.answers(cell, blank, right)
        assert f"✓ Task {task}" in shown
        assert "Not yet" not in shown
    assert requests.outside == []
