"""What the teacher's page and Binder's files say can be done as it stands there."""

import itertools
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gladia_nb.cli.parser import command_parser
from gladia_nb.course import Student
from gladia_nb.course.lessons import TITLES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")


def test_the_table_of_ninety_minutes_has_every_lesson_and_no_gap():
    rows = re.findall(r"^\| (\d+)–(\d+) \| (\d) (.+?) \|", PAGE, flags=re.MULTILINE)
    assert [int(number) for *_, number, _ in rows] == list(range(1, 8))
    assert [title for *_, title in rows] == [TITLES[number] for number in range(1, 8)]
    ends = [(int(start), int(end)) for start, end, *_ in rows]
    assert (ends[0][0], ends[-1][1]) == (0, 90)
    assert all(one[1] == other[0] for one, other in itertools.pairwise(ends))


def test_the_command_for_a_whole_class_has_these_options():
    commands = re.findall(r"^gladia-nb (.+)$", PAGE, flags=re.MULTILINE)
    (told,) = (command_parser().parse_args(command.split()) for command in commands)
    assert (told.command, told.any_key, told.max_sessions) == ("serve", True, 100)


def test_how_hard_each_task_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, answer in (("Ada", "kernel"), ("Grace", "page"), ("Alan", "kernel")):
        student = Student(name)
        student.predict("late", 300)
        student.check("8b", answer)
        student.hint("8b")
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    names: dict = {}
    exec(block, names)
    found = names["tries"].groupby("task")["right"].agg(["size", "mean"])
    assert found.loc["8b"].tolist() == [3, pytest.approx(2 / 3)]


def test_what_binder_runs_while_it_builds():
    script = (ROOT / "binder" / "postBuild").read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
    (code,) = re.findall(r"<<'PYTHON'\n(.*?)^PYTHON$", script, flags=re.DOTALL | re.MULTILINE)
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, cwd=ROOT)
    assert (ROOT / "binder" / "postBuild").stat().st_mode & 0o111


def test_what_binder_installs_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (wanted,) = [line for line in lines if line and not line.startswith("#")]
    extra = re.fullmatch(r"\.\[(\w+)\]", wanted)
    assert extra is not None
    assert extra[1] in project["optional-dependencies"]
    version = (ROOT / "binder" / "runtime.txt").read_text(encoding="utf-8").strip()
    assert (
        f"Programming Language :: Python :: {version.removeprefix('python-')}"
        in (project["classifiers"])
    )
