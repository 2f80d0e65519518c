"""A study on several machines: a real scheduler, and workers started from the command line."""

import os
import signal
import sys
import threading
import time
from itertools import accumulate

import pytest

import gladia_nb as gn
from gladia_nb.errors import ConfigError, GladiaNbError
from gladia_nb.studies import dask_executor, running, seats
from gladia_nb.studies.many_runs import Study
from tests.support.dask_cluster import dask_cluster
from tests.support.processes import family, gone
from tests.support.scripted_helpers import WORDS
from tests.support.studies import Tone

pytestmark = pytest.mark.timeout(300)

ARMS = {"e0.05": {"endpointing": 0.05}, "e0.3": {"endpointing": 0.3}}


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """On a busy machine a stopwatch may be invalid more than three times."""
    monkeypatch.setattr(running, "TRIES", 30)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("dask")) as found:
        yield found


def states_of(study):
    return [[a.state for a in made] for made in study.attempts().values()]


def test_a_worker_is_killed_and_each_cell_is_there_once(
    cluster, tmp_path, sounds, scripted, capfd, monkeypatch
):
    cluster.with_workers(2)
    study = Study(tmp_path / "s", sounds, ARMS, repeats=2, plan="paid", server=scripted, speed=10)
    killed = []

    def kill():
        """Kill a worker that has a block, when another block is already kept."""
        while not killed:
            time.sleep(0.01)
            if not list(study.path.glob("runs/*.run")):
                continue
            for name in cluster.busy():
                process = cluster.workers[name]
                # Held, so that it does not finish meanwhile.
                process.send_signal(signal.SIGSTOP)
                if name in cluster.busy():
                    cluster.remember()
                    killed.append(family(process.pid))
                    process.kill()
                    break
                process.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=kill)
    thread.start()
    study.run(executor=cluster.client)
    thread.join()
    said = "".join(capfd.readouterr())
    assert "lost with the worker tcp://" in said
    assert [states.count("done") for states in states_of(study)] == [1] * 12
    for paths in study._store.attempts().values():
        for path in paths:
            assert gn.load(path).path == path
    assert study._store.claimed() == set()
    # The stopwatch of the killed worker has ended too.
    assert gone(killed[0], 60)
    assert scripted.key not in said + cluster.said()
    # All are done: nothing is run again.
    before = sorted(study.path.rglob("*.run"))
    study.run(executor=cluster.client, progress=False)
    assert sorted(study.path.rglob("*.run")) == before


@pytest.mark.parametrize("plan", [2, "paid"])
def test_no_more_sessions_at_once_than_plan_and_workers_take(
    cluster, tmp_path, sounds, scripted, slower, plan
):
    cluster.with_workers(2)
    arms = {"here": {"server": scripted}, "there": {"server": slower}}
    study = Study(tmp_path / "s", sounds, arms, plan=plan, speed=10)
    study.run(executor=cluster.client, progress=False)
    assert study.plan().done == 6
    changes = []
    for run in study.runs():
        # One machine, and so one clock.
        changes.append((run.chunks["send_start_ns"].iloc[0], 1))
        changes.append((run.chunks["send_end_ns"].iloc[-1], -1))
    most = max(accumulate(change for _, change in sorted(changes)))
    assert most <= (2 if plan == 2 else 4)
    # An arm has its own service, also on another machine.
    targets = {name: study.runs(name)[0].record.header["options"]["target"] for name in arms}
    assert targets == dict.fromkeys(arms, "127.0.0.1")
    rows = study.compare().query("arm == 'there' and measure == 'word_end -> final @send'")
    assert len(rows) == 1


@pytest.fixture
def interruptible():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_ends_what_is_under_way_on_every_machine(
    cluster, tmp_path, sounds, scripted, interruptible, capfd
):
    cluster.with_workers(2)
    # By itself it would take a minute and a half.
    study = Study(tmp_path / "s", sounds, ARMS, plan="paid", server=scripted, speed=0.1)

    shown = []

    def interrupt():
        while len(cluster.blocks()) < 2:
            time.sleep(0.05)
        shown.append(cluster.shown())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    study.run(executor=cluster.client)
    assert shown[0].count("BlockOrder('gladia_nb-") == 2
    assert scripted.key not in shown[0]
    assert "Interrupted: what is done is kept" in "".join(capfd.readouterr())
    assert {state for states in states_of(study) for state in states} <= {"interrupted"}
    assert study._store.claimed() == set()
    assert cluster.blocks() == []


def test_when_the_client_is_gone_machines_send_nothing_more(
    cluster, tmp_path, scripted, capfd, monkeypatch
):
    monkeypatch.setattr(dask_executor, "_PATIENCE_S", 0.0)
    cluster.with_workers(2)
    # By itself it would take longer than any test may.
    long = [Tone("a", "a" * 64, 60.0, 1, WORDS)]
    study = Study(tmp_path / "s", long, ARMS, plan="paid", server=scripted, speed=0.1)
    client = cluster.connect()

    def leave():
        while not cluster.blocks():
            time.sleep(0.05)
        client.close()

    threading.Thread(target=leave).start()
    study.run(executor=client)
    assert "No machine is left" in "".join(capfd.readouterr())
    assert study._store.claimed() == set()
    while cluster.blocks():
        time.sleep(0.05)


def test_what_the_service_refuses_is_not_tried_on_other_machines(
    cluster, tmp_path, sounds, scripted, capfd
):
    cluster.with_workers(2)
    study = Study(tmp_path / "s", sounds, ARMS, plan=2, url=scripted.url, key="not-the-key")
    study.run(executor=cluster.client)
    assert states_of(study) == [["refused"], ["refused"]]
    said = "".join(capfd.readouterr())
    assert "refused, not repeated" in said
    assert "6 are missing" in said
    assert "not-the-key" not in said + cluster.said()


def test_what_a_machine_cannot_run_ends_the_study(cluster, tmp_path, scripted):
    cluster.with_workers(2)
    # What was said ends behind the sound, which is seen where the session begins.
    bad = [{"word": "late", "start_s": 50.0, "end_s": 51.0}]
    items = [Tone("a", "a" * 64, 3.0, 1, bad)]
    study = Study(tmp_path / "s", items, ARMS, plan="paid", server=scripted)
    with pytest.raises(GladiaNbError, match=r"The worker tcp://.* cannot run its block: .*'late'"):
        study.run(executor=cluster.client, progress=False)
    assert study._store.claimed() == set()


def test_a_budget_holds_on_several_machines(cluster, tmp_path, sounds, scripted, capfd):
    cluster.with_workers(2)
    one_block = 2 * 3 / 3600
    study = Study(
        tmp_path / "s", sounds, ARMS, plan="paid", server=scripted, speed=20,
        budget_hours=1.5 * one_block,
    )  # fmt: skip
    study.run(executor=cluster.client)
    assert "does not reach for the next block" in "".join(capfd.readouterr())
    assert study.plan().spent_h <= 1.5 * one_block
    assert len(study.attempts()) == 2


def test_no_such_executor(cluster, tmp_path, sounds, scripted, monkeypatch):
    cluster.with_workers(2)
    study = Study(tmp_path / "s", sounds, ARMS, plan="paid", server=scripted)

    def sentence(executor):
        with pytest.raises(ConfigError) as caught:
            study.run(executor=executor, progress=False)
        return str(caught.value)

    assert "not str; connect one" in sentence("tcp://127.0.0.1:8786")
    closed = cluster.connect()
    closed.close()
    assert "The Dask client is closed" in sentence(closed)
    with monkeypatch.context() as patch:
        patch.setattr(seats, "RESOURCE", "other")
        assert "No worker of the Dask cluster offers sessions" in sentence(cluster.client)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "distributed", None)
        assert 'pip install "gladia-nb[dask]"' in sentence(cluster.client)
    assert not study.path.exists(), "nothing is written for a study that cannot be run"


def test_without_machines_a_study_ends_and_says_so(
    cluster, tmp_path, sounds, scripted, capfd, monkeypatch
):
    monkeypatch.setattr(dask_executor, "_PATIENCE_S", 0.0)
    cluster.with_workers(1)
    study = Study(tmp_path / "s", sounds, ARMS, plan="paid", server=scripted, speed=0.1)

    def kill():
        while not cluster.busy():
            time.sleep(0.05)
        cluster.remember()
        for process in cluster.workers.values():
            process.kill()

    threading.Thread(target=kill).start()
    study.run(executor=cluster.client)
    said = "".join(capfd.readouterr())
    assert "lost with the worker" in said
    assert "No machine is left, and none came back" in said
    assert study._store.claimed() == set()
