"""A study as its user meets it, against a scripted server over real sockets."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import gladia_nb as gn
from gladia_nb.errors import ConfigError
from gladia_nb.server import LocalServer
from gladia_nb.studies import running
from gladia_nb.studies.attempts import judge
from gladia_nb.studies.many_runs import Study
from gladia_nb.studies.progress import Progress
from tests.support.scripted_helpers import SCRIPT
from tests.support.studies import fill, run_of

FAST = {"speed": 20}


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """On a busy machine a stopwatch may be invalid more than three times."""
    monkeypatch.setattr(running, "TRIES", 30)


def done_of(study):
    """How many attempts of each cell count."""
    return [sum(a.state == "done" for a in made) for made in study.attempts().values()]


ARMS = {"e0.05": {"endpointing": 0.05}, "e0.3": {"endpointing": 0.3}, "e0.8": {"endpointing": 0.8}}


def test_a_study_from_plan_to_comparison(tmp_path, sounds, scripted, slower):
    arms = {"here": {"server": scripted}, "there": {"server": slower}}
    study = Study(tmp_path / "s", sounds, arms, plan="paid", null=True, price_per_hour=1.0)
    plan = study.plan()
    assert (plan.cells, plan.done, plan.at_once) == (9, 0, 30)
    assert not study.path.exists(), "nothing is written before it is run"
    study.run(progress=False)
    assert study.plan().done == 9
    assert done_of(study) == [1] * 9
    for path in (study.path / "runs").glob("*.run"):
        assert gn.load(path).outcome == "finished"
    table = study.compare()
    row = table.query("arm == 'there' and measure == 'word_end -> final @send'").iloc[0]
    assert (row["blocks"], row["recordings"]) == (3, 3)
    # 500 ms later by the scripts, on a machine that may be busy.
    assert row["difference"] == pytest.approx(500, abs=200)
    assert row["noise"] == pytest.approx(0, abs=200)
    assert set(study.table()["arm"]) == {"here", "there", "baseline again"}
    assert study.pareto()["arm"].tolist() == ["here", "there", "baseline again"]
    # Once more is nothing more.
    before = sorted(study.path.rglob("*"))
    study.run(progress=False)
    assert sorted(study.path.rglob("*")) == before
    # To look at, it needs neither sounds nor servers.
    assert Study(study.path).compare().equals(table)
    with pytest.raises(ConfigError, match="opened without its recordings"):
        Study(study.path).run()


def test_what_has_ended_is_judged_once(tmp_path, sounds, scripted, monkeypatch):
    judged = []

    def once(run, path):
        judged.append(path)
        return judge(run, path)

    monkeypatch.setattr("gladia_nb.studies.attempts.judge", once)
    study = Study(
        tmp_path / "s", sounds, {"one": {}, "two": {"tail_s": 0.2}}, server=scripted, **FAST
    )
    study.run(progress=False)
    study.compare()
    assert sorted(judged) == sorted((study.path / "runs").glob("*.run"))


def test_more_arms_and_repeats_run_only_what_is_new(tmp_path, sounds, scripted):
    def study(arms, repeats):
        chosen = {name: ARMS[name] for name in arms}
        return Study(
            tmp_path / "s", sounds[:1], chosen, repeats=repeats, plan=3, server=scripted, **FAST
        )

    study(["e0.05"], 1).run(progress=False)
    before = {path: path.read_bytes() for path in (tmp_path / "s" / "runs").glob("*.run")}
    larger = study(["e0.05", "e0.3"], 2)
    assert (larger.plan().cells, larger.plan().done) == (4, 1)
    larger.run(progress=False)
    assert larger.plan().done == 4
    assert all(path.read_bytes() == content for path, content in before.items())
    with pytest.raises(ConfigError, match="another study: there were 2 repeats and are 1"):
        study(["e0.05", "e0.3"], 1)


CHILD = """
import sys
from tests.support.scripted_helpers import WORDS
from tests.support.studies import Tone
from gladia_nb.studies import many_runs, running
from gladia_nb.studies.attempts import judge_file
from gladia_nb.studies.many_runs import Study
from gladia_nb.studies.progress import Progress
running.TRIES = 30
folder, url, key = sys.argv[1:]
sounds = [Tone(name, name * 64, 3.0, 1, WORDS) for name in "abc"]
arms = {f"e{e}": {"endpointing": e} for e in (0.05, 0.3, 0.8)}
study = Study(folder, sounds, arms, repeats=2, plan="paid", speed=10, url=url, key=key)
print("begun", flush=True)
study.run(progress=False)
print(study.plan().done, flush=True)
"""


def test_killed_twice_and_resumed_each_cell_is_there_once(tmp_path, scripted):
    folder = tmp_path / "s"

    def begin():
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, folder, scripted.url, scripted.key],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        assert process.stdout.readline() == "begun\n"
        return process

    finished = 0
    for _ in range(2):
        process = begin()
        # It is killed amid the next block but one.
        while len(list(folder.glob("runs/*.run"))) < finished + 5 and process.poll() is None:
            time.sleep(0.02)
        process.kill()
        process.wait()
        process.stdout.close()
        finished = len(list(folder.glob("runs/*.run")))
    with begin() as last:
        out = last.stdout.read()
    assert out == "18\n"
    study = Study(folder)
    assert study.plan().done == 18
    assert done_of(study) == [1] * 18
    # What was under way is there too, and was run again.
    states = {a.state for made in study.attempts().values() for a in made}
    assert states <= {"done", "interrupted", "invalid"}


def test_two_at_once_share_the_work(tmp_path, sounds, scripted):
    studies = [
        Study(tmp_path / "s", sounds, ARMS, plan="paid", server=scripted, **FAST) for _ in range(2)
    ]
    threads = [threading.Thread(target=study.run, kwargs={"progress": False}) for study in studies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Who found a block taken leaves it; whoever comes last finishes.
    studies[0].run(progress=False)
    assert studies[0].plan().done == 9
    assert done_of(studies[0]) == [1] * 9


def test_a_service_without_room_is_waited_for(tmp_path, sounds, monkeypatch, capsys):
    monkeypatch.setattr(running, "_WAIT_S", 0.05)
    with LocalServer(engine="scripted", script=SCRIPT, max_sessions=1) as small:
        study = Study(tmp_path / "s", sounds[:1], ARMS, plan=3, server=small, **FAST)
        study.run()
    assert study.plan().done == 3
    states = {attempt.state for made in study.attempts().values() for attempt in made}
    assert states <= {"done", "limited", "invalid"}


def test_what_the_service_refuses_is_said_and_not_repeated(tmp_path, sounds, scripted, capsys):
    study = Study(tmp_path / "s", sounds, ARMS, plan=9, url=scripted.url, key="wrong")
    study.run()
    assert study.plan().done == 0
    # One block: all arms are refused, and no other block is tried.
    assert len(list((study.path / "runs").glob("*.run"))) == 3
    said = capsys.readouterr()
    assert "refused, not repeated" in said.out + said.err
    assert "9 are missing" in said.out + said.err


def test_a_budget_is_never_exceeded(tmp_path, sounds, scripted, capsys):
    one_block = 3 * 3 / 3600
    budget = 1.5 * one_block
    study = Study(
        tmp_path / "s", sounds, ARMS, plan=9, server=scripted, budget_hours=budget, **FAST
    )
    study.run()
    assert study.plan().done == 3
    assert study.plan().spent_h <= budget
    said = capsys.readouterr()
    assert "does not reach for the next block" in said.out + said.err
    with pytest.raises(ConfigError, match=r"too small for one block: [abc] takes 0\.003 h"):
        Study(tmp_path / "t", sounds, ARMS, budget_hours=0.5 * one_block)
    assert not (tmp_path / "t").exists()


@pytest.fixture
def interruptible():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_keeps_what_is_done(tmp_path, sounds, scripted, interruptible, capsys):
    study = Study(tmp_path / "s", sounds, ARMS, plan=9, server=scripted)

    def interrupt():
        while not list((tmp_path / "s" / "runs").glob("*.run")):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    study.run()
    said = capsys.readouterr()
    assert "Interrupted: what is done is kept" in said.out + said.err
    again = Study(tmp_path / "s", sounds, ARMS, plan=9, server=scripted)
    assert again.plan().done < 9
    assert again._store.claimed() == set()


class Stopping(Progress):
    """Ends the study as soon as a session is under way, and keeps what it was told."""

    def __init__(self):
        super().__init__()
        self.states = []

    def put(self, cell, state):
        super().put(cell, state)
        self.states.append(state)
        if state == "under way":
            self.over.set()


def test_one_that_is_told_can_end_it_and_the_same_call_goes_on(tmp_path, sounds, scripted):
    def study():
        return Study(tmp_path / "s", sounds[:2], ARMS, plan=9, server=scripted, **FAST)

    told = Stopping()
    study().run(progress=told)
    assert "Stopped: what is done is kept" in told.sentences[0]
    assert study().plan().done < 6
    assert study()._store.claimed() == set()
    assert told.tally.total("under way") == 0
    whole = Progress()
    study().run(progress=whole)
    assert study().plan().done == 6
    assert [counts["done"] for _, counts in whole.tally.rows()] == [2, 2, 2]
    assert whole.left_s == 0


def test_an_interrupt_leaves_no_session_behind(tmp_path, sounds, scripted, interruptible):
    class Interrupting(Progress):
        def tick(self):
            raise KeyboardInterrupt

    study = Study(tmp_path / "s", sounds[:1], ARMS, plan=9, server=scripted)
    study.run(progress=Interrupting())
    for path in (study.path / "runs").glob("*.run"):
        assert gn.load(path).complete, "the session has ended when the call returns"


def test_numbers_of_a_stored_study(tmp_path, sounds):
    study = Study(tmp_path / "s", sounds, ARMS, repeats=2)
    delays = {"e0.05": 0.2, "e0.3": 0.24, "e0.8": 0.2}
    fill(study._store, study.design, lambda cell: run_of(lambda _: delays[cell.arm], sentences=2))
    assert study.plan().done == 18
    table = study.compare(margin_ms=5).query("measure == 'word_end -> first_seen @send'")
    assert table["difference"].tolist() == pytest.approx([40, 0])
    assert table["finding"].tolist() == ["higher", "equivalent"]
    assert len(study.runs()) == 18
    assert len(study.runs("e0.3")) == 6
    best = study.pareto().set_index("arm")
    assert best.loc["e0.3", "beaten_by"] == "e0.05"
    assert study.pareto(y="speech_end -> final @send")["beaten_by"].notna().sum() == 1
    with pytest.raises(ConfigError, match="no measure 'wer'"):
        study.pareto(y="wer")


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"arms": None}, "the arms are missing"),
        ({"items": None}, "the items are missing"),
        ({"items": []}, "no items"),
        ({"arms": {}}, "needs arms"),
        ({"arms": {"a": {"endpoint": 1}}}, "'a' cannot be run"),
        ({"baseline": "b"}, "none of the arms"),
        ({"plan": "gold"}, "plan is 'free'"),
        ({"budget_hours": 0}, "budget_hours is a number"),
        ({"budget_hours": "6"}, "budget_hours is a number"),
        ({"chunk": 5}, "chunk"),
    ],
)
def test_bad_designs_get_one_sentence_before_anything_is_spent(tmp_path, sounds, more, sentence):
    given = {"items": sounds, "arms": {"a": {}}} | more
    with pytest.raises(ConfigError, match=sentence):
        Study(tmp_path / "s", **given)
    assert not (tmp_path / "s").exists()


def test_a_folder_without_a_study(tmp_path):
    with pytest.raises(ConfigError, match="There is no study in"):
        Study(tmp_path)
