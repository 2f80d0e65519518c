import subprocess
import sys

import pytest

from gladia_nb.course import Student
from gladia_nb.course.lessons import TASKS, TITLES
from gladia_nb.errors import ConfigError

RIGHT = {"A": "sleep drift", "B": "stamp after work", "C": "busy kernel"}
RIGHT |= {"D": "clamping", "E": "survivors only"}


@pytest.fixture
def ada(tmp_path):
    return Student("Ada Lovelace", folder=tmp_path)


def test_a_name_makes_the_numbers_and_another_name_makes_others(tmp_path):
    same = [Student(name, keep=False) for name in ("Ada Lovelace", "  ada   LOVELACE ")]
    assert same[0].seed == same[1].seed
    seeds = {Student(f"student {k}", keep=False).seed for k in range(30)}
    assert len(seeds) == 30
    told = {
        (s.world(3).facts["word"], s.world(1).script["partial_delay"]["lognormal"]["median"])
        for s in (Student(f"student {k}", keep=False) for k in range(30))
    }
    assert len(told) > 20


def test_the_numbers_are_the_same_in_another_process():
    code = "from gladia_nb.course import Student; print(Student('Ada', keep=False).world(3).facts)"
    here = Student("Ada", keep=False).world(3).facts
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == str(here)


def test_progress_survives_a_restart(tmp_path, ada):
    assert not ada.check("4a", {**RIGHT, "A": "clamping"})
    assert ada.check("4a", RIGHT)
    again = Student("Ada Lovelace", folder=tmp_path)
    assert again.done("4a")
    assert not again.done("4a", "4b")
    assert again.progress().loc["4a", ["done", "tries"]].tolist() == [True, 2]
    assert again.progress()["done"].sum() == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_without_a_name_it_is_the_last_one_or_a_guest_of_whom_nothing_is_kept(tmp_path):
    guest = Student("", folder=tmp_path)
    assert guest.check("4a", RIGHT)
    assert guest.done("4a")
    assert list(tmp_path.iterdir()) == []
    Student("Grace", folder=tmp_path).check("4a", RIGHT)
    assert Student("", folder=tmp_path).name == "Grace"
    assert Student("", folder=tmp_path, keep=False).name == "Guest"


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "名前", "<b>x</b>", "x" * 500, "."])
def test_any_name_is_a_name(tmp_path, name):
    student = Student(name, folder=tmp_path / "in")
    student.check("4a", RIGHT)
    (path,) = tmp_path.rglob("*.jsonl")
    assert path.parent == tmp_path / "in"
    assert "<b>" not in student._repr_html_().replace(f"<b>{student.name[:0]}", "", 1)[10:60]
    assert Student(name, folder=tmp_path / "in").done("4a")


def test_a_name_is_text():
    with pytest.raises(ConfigError, match="in quotes"):
        Student(3)


def test_what_is_not_answered_is_open_and_not_counted(ada):
    def later(k):
        return ...

    assert ada.check("4d", later).kind == "open"
    assert ada.check("4a", dict.fromkeys("ABCDE", ...)).kind == "open"
    for value in (..., [..., ...], (0.1, ..., "because")):
        assert ada.check("5c", value, None).kind == "open"
    assert ada.progress().loc["5c", "tries"] == 0


def test_a_check_says_what_it_wants_beside_the_answer(ada):
    assert "your answer, run" in ada.check("1a", 3).text


def test_after_three_tries_a_hint_is_offered(ada):
    said = [ada.check("4a", {**RIGHT, "A": "clamping"}).text for _ in range(3)]
    assert ["me.hint" in text for text in said] == [False, False, True]


def test_hints_come_one_after_the_other_and_begin_again(ada):
    hints = TASKS["1a"].hints
    said = [ada.hint("1a").text for _ in range(len(hints) + 1)]
    assert said == [*hints, hints[0]]
    assert ada.progress().loc["1a", "hints"] == len(said)


@pytest.mark.parametrize("task", ["1z", "", None, 3])
def test_a_task_that_is_none_is_told(ada, task):
    with pytest.raises(ConfigError, match="There is no task"):
        ada.check(task, 1)


def test_an_answer_that_breaks_the_judge_is_wrong_and_not_an_error(ada):
    def broken(*_):
        raise RuntimeError("mine")

    assert "RuntimeError: mine" in ada.check("6b", broken).text
    assert not ada.check("1a", 3, "no run")


def test_the_first_guess_counts(ada):
    assert ada.predict("late", ...).kind == "open"
    ada.predict("late", 500)
    assert "You said 500" in ada.predict("late", 100).text
    assert ada.prediction("late") == 500
    assert "close" in ada.look_back("late", 510, "ms").text
    assert "2.0 times" in ada.look_back("late", 250, "ms").text
    assert "0.50 of it" in ada.look_back("late", 1000, "ms").text


def test_looking_back_at_what_was_no_number_or_nothing(ada):
    ada.predict("line", "all")
    assert "You said all" in ada.look_back("line", 3).text
    ada.predict("zero", 0)
    assert "You said 0" in ada.look_back("zero", 3).text
    assert "you had not guessed" in ada.look_back("never", 3).text
    assert ada.look_back("line", ...).kind == "open"
    assert ada.look_back("line", 3, task="8b").text == "Do task 8b first."
    ada.check("8b", "kernel")
    assert ada.look_back("line", 3, task="8b").kind == "note"
    assert "These are 2 values" in ada.look_back("line", [1, 2]).text


def test_each_task_can_be_asked_and_has_hints():
    for name, task in TASKS.items():
        assert task.name == name
        assert int(name[:-1]) in TITLES
        assert task.hints
        assert task.ask
    assert {int(name[:-1]) for name, task in TASKS.items() if task.harder} == set(TITLES)


def test_how_a_student_is_shown(ada):
    ada.check("4a", RIGHT)
    assert repr(ada).startswith(f"Ada Lovelace, number {ada.seed}: 1 of {len(TASKS)} tasks done.")
    assert "●○○○" in ada._repr_html_()
    assert "Put your name" in Student("", keep=False)._repr_html_()
