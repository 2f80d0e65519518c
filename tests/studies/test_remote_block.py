"""What a machine does with a block, here in this process; the wire is in test_dask_executor."""

import pickle
import threading
from types import SimpleNamespace

import pytest

import gladia_nb as gn
from gladia_nb.api.target import Target
from gladia_nb.config import SessionConfig
from gladia_nb.keys import Secret
from gladia_nb.studies import remote_block
from gladia_nb.studies.arms import read_arms
from gladia_nb.studies.attempts import judge_file
from gladia_nb.studies.design import Design
from gladia_nb.studies.remote_block import (
    BlockOrder,
    SealedService,
    SentRun,
    run_block,
    stop_block,
)

KEY = "c0ffee" * 6


@pytest.fixture
def worker(monkeypatch):
    """A Dask worker as far as a task sees it: where it is, and what is wanted of it."""
    found = SimpleNamespace(
        local_directory="/here",
        status=SimpleNamespace(name="running"),
        state=SimpleNamespace(tasks={"k": SimpleNamespace(state="executing")}),
    )
    monkeypatch.setattr("distributed.get_worker", lambda: found)
    monkeypatch.setattr(remote_block, "_begun", set())
    return found


def order_of(sounds, server, **more):
    """The first block of a study whose arms are at two endpointings."""
    arms = read_arms(
        {"a": {"endpointing": 0.05}, "b": {"endpointing": 0.3, "server": object()}},
        SessionConfig(),
        {"speed": more.pop("speed", 20)},
    )
    design = Design(tuple(sounds), arms, baseline="a")
    block = design.blocks()[0]
    service = SealedService(Target(server.url, Secret(more.pop("key", server.key)), "here"))
    fields = {
        "key": "k",
        "home": "/here",
        "cells": list(block.cells),
        "audio": sounds[block.item].audio(),
        "reference": sounds[block.item].reference,
        "services": {"a": service, "b": service},
        "at_once": 2,
        "tries": 30,
    }
    order = BlockOrder(design=design, block=block, **(fields | more))
    return pickle.loads(pickle.dumps(order))


def kept(result, folder):
    """The attempts of a result, judged."""
    found = []
    for number, run in enumerate(result.runs):
        assert run.whole
        path = folder / f"{number}.run"
        path.write_bytes(run.content)
        found.append((run.cell, judge_file(path)))
    return found


def test_every_run_comes_back_by_its_digest(worker, sounds, scripted, tmp_path):
    order = order_of(sounds, scripted)
    result = run_block(order)
    assert (result.problem, result.ran, dict(result.left)) == ("", True, {})
    attempts = kept(result, tmp_path)
    done = [cell for cell, attempt in attempts if attempt.state == "done"]
    assert sorted(done) == sorted(cell.id for cell in order.cells)
    run = gn.load(next(attempt.path for _, attempt in attempts if attempt.state == "done"))
    assert len(run.record.header["reference"]) == 7
    assert not SentRun("c", result.runs[0].sha256, b"other").whole
    # The same task once more, and a task of another process, are left alone.
    assert not run_block(order).ran
    assert not run_block(order_of(sounds, scripted, key="l", home="/elsewhere")).ran
    assert remote_block._begun == {"k"}


def test_nothing_shows_the_key_that_is_carried(sounds, scripted):
    order = order_of(sounds, SimpleNamespace(url="https://user:pass@x.test", key=KEY))
    sealed = order.services["a"]
    shown = f"{order} {order!r} {vars(order)!r} {sealed} {[sealed]!r} {order.opened()!r}"
    assert KEY not in shown
    assert "pass@" not in shown
    assert sealed.open()["key"] == Secret(KEY)
    assert sealed.open()["url"] == "https://user:pass@x.test"


def test_without_a_service_each_machine_has_its_own(monkeypatch):
    own = object()
    monkeypatch.setattr(remote_block, "shared_server", lambda: own)
    sealed = pickle.loads(pickle.dumps(SealedService(None)))
    assert sealed.open() == {"server": own}


def test_what_is_refused_is_told(worker, sounds, scripted):
    result = run_block(order_of(sounds, SimpleNamespace(url=scripted.url, key="wrong")))
    assert set(result.refused) == {"a", "b"}
    assert len(result.runs) == 2
    assert any("refused, not repeated" in sentence for sentence in result.said)


def test_what_cannot_be_run_is_a_sentence(worker, sounds, scripted):
    late = [{"word": "late", "start_s": 50.0, "end_s": 51.0}]
    result = run_block(order_of(sounds, scripted, reference=late))
    assert "'late'" in result.problem
    assert result.ran


@pytest.mark.parametrize("how", ["cancelled", "forgotten", "leaving"])
def test_a_block_that_nobody_wants_ends(worker, sounds, scripted, tmp_path, monkeypatch, how):
    monkeypatch.setattr(remote_block, "_LOOK_S", 0.05)
    if how == "cancelled":
        worker.state.tasks["k"].state = "cancelled"
    elif how == "forgotten":
        worker.state.tasks.clear()
    else:
        worker.status.name = "closing"
    # By itself it would take half a minute, and be done.
    result = run_block(order_of(sounds, scripted, speed=0.1))
    assert {attempt.state for _, attempt in kept(result, tmp_path)} <= {"interrupted"}


def test_a_block_is_stopped_from_outside(worker, sounds, scripted, tmp_path):
    stop_block("k")  # nothing is under way
    found = []
    order = order_of(sounds, scripted, speed=0.1)
    thread = threading.Thread(target=lambda: found.append(run_block(order)))
    thread.start()
    while "k" not in remote_block._running:
        thread.join(0.01)
    stop_block("k")
    thread.join()
    assert {attempt.state for _, attempt in kept(found[0], tmp_path)} <= {"interrupted"}
    assert remote_block._running == {}
