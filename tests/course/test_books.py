"""Lessons and solutions: that they agree, and that each lesson has what a lesson needs."""

import ast
import copy
import json
import re
import runpy
from pathlib import Path

import pytest

from gladia_nb.course.lessons import TASKS, TITLES

ROOT = Path(__file__).resolve().parents[2]
COURSE = runpy.run_path(str(ROOT / "docs" / "course.py"))
PAIRS = COURSE["pairs"]()


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def code(book):
    return ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]


def text(book):
    return "\n".join("".join(cell["source"]) for cell in book["cells"])


def test_there_is_a_book_for_each_lesson():
    numbers = [int(lesson.name[:2]) for lesson, _ in PAIRS]
    assert numbers == list(TITLES)
    for lesson, solution in PAIRS:
        assert solution.exists()
        assert TITLES[int(lesson.name[:2])] in text(read(lesson))


@pytest.mark.parametrize(("lesson", "solution"), PAIRS, ids=lambda path: path.name[:2])
def test_a_solution_is_its_lesson_with_answers(lesson, solution):
    book, answered = read(lesson), read(solution)
    assert COURSE["solved"](book, answered) == answered, "python docs/course.py"
    given = {cell["id"]: cell["source"] for cell in answered["cells"]}
    for cell in book["cells"]:
        if COURSE["tagged"](cell, COURSE["TASK"]):
            assert given[cell["id"]] != cell["source"]


def test_what_drifts_apart_is_found():
    book, answered = (read(path) for path in PAIRS[0])
    changed = copy.deepcopy(book)
    changed["cells"][0]["source"] = ["another beginning"]
    assert COURSE["solved"](changed, answered)["cells"][0]["source"] == ["another beginning"]
    changed = copy.deepcopy(book)
    task = next(c for c in changed["cells"] if COURSE["tagged"](c, COURSE["TASK"]))
    task["id"] = "another"
    with pytest.raises(ValueError, match="another"):
        COURSE["solved"](changed, answered)


@pytest.mark.parametrize("lesson", [lesson for lesson, _ in PAIRS], ids=lambda p: p.name[:2])
def test_a_lesson_has_what_a_lesson_needs(lesson):
    book, number = read(lesson), int(lesson.name[:2])
    whole = text(book)
    mine = [name for name in TASKS if name[:-1] == str(number)]
    for name in mine:
        assert whole.count(f'me.check("{name}"') == 1
        assert f"task {name}" in whole
    assert "## Guess first" in whole
    assert "*What to see:*" in whole
    assert "## For the quick ones" in whole
    _, _, rest = whole.partition("## What to remember\n\n")
    remembered = rest.partition("\n\n##")[0]
    # Two sentences.
    assert len(re.findall(r"[.!?]\**(?:\s|$)", remembered)) == 2, remembered
    assert re.search(r"About \d+ minutes", whole)
    assert all(not cell.get("outputs") for cell in book["cells"])


@pytest.mark.parametrize("lesson", [lesson for lesson, _ in PAIRS], ids=lambda p: p.name[:2])
def test_cells_are_short_and_without_magic(lesson):
    for source in code(read(lesson)):
        assert len(source.splitlines()) <= 40
        assert not re.search(r"^\s*[%!]", source, flags=re.MULTILINE)


#: What takes three dots for an answer that is still to come.
PATIENT = {"check", "look_back", "plot_guesses", "predict"}


def unanswered(book):
    """Names that are three dots while a lesson is not solved."""
    for cell in book["cells"]:
        if not COURSE["tagged"](cell, COURSE["TASK"]):
            continue
        for node in ast.walk(ast.parse("".join(cell["source"]))):
            if isinstance(node, ast.Assign) and getattr(node.value, "value", None) is ...:
                yield from (one.id for one in node.targets if isinstance(one, ast.Name))


def uses_of(source, names):
    """Names that a cell gives to anything but what is patient, without having set them itself."""
    tree = ast.parse(source)
    own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    patient = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in PATIENT
        for inner in ast.walk(node)
    }
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and node.id in names - own and id(node) not in patient
    }


@pytest.mark.parametrize("lesson", [lesson for lesson, _ in PAIRS], ids=lambda p: p.name[:2])
def test_what_is_not_solved_stops_nobody(lesson):
    book = read(lesson)
    names = set(unanswered(book))
    assert {name for source in code(book) for name in uses_of(source, names)} == set()


def test_an_answer_that_a_later_cell_needs_is_found():
    book = {
        "cells": [
            {
                "cell_type": "code",
                "metadata": {"tags": ["task"]},
                "source": ["late_ms = ...\n", "me.check('4b', late_ms)"],
            }
        ]
    }
    names = set(unanswered(book))
    assert names == {"late_ms"}
    assert uses_of("print(late_ms * 2)", names) == {"late_ms"}
    assert uses_of("me.look_back('late', late_ms)", names) == set()
    assert uses_of("late_ms = 3\nprint(late_ms)", names) == set()


def test_the_protocol_is_done_by_hand():
    """Nothing of the package but the room of the course, which brings the server."""
    for path in PAIRS[1]:
        for source in code(read(path)):
            tree = ast.parse(source)
            names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)] + [
                a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names
            ]
            assert [n for n in names if n.startswith("gladia_nb")] in ([], ["gladia_nb"])
            assert "gn." not in source


def test_the_order_is_told():
    page = text(read(COURSE["BOOKS"] / "00_start_here.ipynb"))
    told = re.findall(r"\[(.+?) · (.+?)\]\((\d\d[^)]+\.ipynb)\) \| (\d+) \|", page)
    assert [name for *_, name, _ in told] == [lesson.name for lesson, _ in PAIRS]
    assert [title for _, title, *_ in told] == list(TITLES.values())
    for (lesson, _), (*_, minutes) in zip(PAIRS, told, strict=True):
        assert f"About {minutes} minutes" in text(read(lesson))
