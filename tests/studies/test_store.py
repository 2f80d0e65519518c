import json
import multiprocessing
import os
import subprocess
import sys
import time

import pytest

from gladia_nb.errors import ConfigError, RunFileError
from gladia_nb.studies import store as stores
from gladia_nb.studies.store import Store
from tests.support.make_runs import make_run
from tests.support.studies import design_of


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "study")


def test_a_design_is_frozen_and_amended(store):
    small, large = design_of(2)[0].describe(), design_of(3, repeats=2)[0].describe()
    assert store.design() is None
    assert store.freeze(small)
    assert not store.freeze(small)
    before = (store.path / "design.json").read_bytes()
    assert store.freeze(large)
    assert store.design() == large
    assert (store.path / "design.json").read_bytes() == before
    with pytest.raises(ConfigError, match="another study: there were 2 repeats and are 1"):
        store.freeze(small)
    assert [p.name for p in store.path.rglob("*.json")] == ["design.json", "0001.json"]


def test_a_folder_of_something_else(store):
    store.path.mkdir()
    (store.path / "design.json").write_text("{}")
    with pytest.raises(ConfigError, match="not the design of a study"):
        store.design()
    (store.path / "design.json").write_text(
        json.dumps({"format": "gladia_nb.study", "version": 99, "design": {}})
    )
    with pytest.raises(ConfigError, match="this version reads"):
        store.design()


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFileError, match="Cannot write the study"):
        Store(tmp_path / "file" / "study").freeze(design_of()[0].describe())


def test_attempts_are_numbered_and_never_overwritten(store):
    for number in range(12):
        path = store.new_attempt("0" * 16)
        assert path.name == f"{'0' * 16}.{number}.run"
        make_run().save(path)
    (store.path / "runs" / "notes.txt").write_text("not a run")
    assert [p.name.split(".")[1] for p in store.attempts()["0" * 16]] == list(map(str, range(12)))


def test_an_attempt_from_elsewhere_is_kept_once_and_overwrites_nothing(store, monkeypatch):
    cell = "0" * 16
    first = store.add_attempt(cell, b"one")
    assert store.add_attempt(cell, b"two").name == f"{cell}.1.run"
    assert store.add_attempt(cell, b"one") == first
    # Somebody else takes the next number in the last moment.
    taken = iter([first])
    new_attempt = store.new_attempt
    monkeypatch.setattr(store, "new_attempt", lambda c: next(taken, None) or new_attempt(c))
    third = store.add_attempt(cell, b"three")
    assert [path.read_bytes() for path in store.attempts()[cell]] == [b"one", b"two", b"three"]
    assert sorted(store.path.rglob("*.*")) == sorted(
        [first, first.with_name(f"{cell}.1.run"), third]
    )


def test_a_store_without_room_says_so(store):
    store.path.mkdir()
    (store.path / "runs").write_text("")
    with pytest.raises(RunFileError, match=r"Cannot write to .*runs"):
        store.add_attempt("0" * 16, b"one")


def test_a_block_is_taken_once_and_given_back(store):
    mine = store.claim("b" * 16)
    assert mine is not None
    assert store.claim("b" * 16) is None
    assert store.claimed() == {"b" * 16}
    mine.release()
    assert store.claimed() == set()
    assert store.claim("b" * 16) is not None


CLAIMER = """
import sys
from gladia_nb.studies.store import Store
print(Store(sys.argv[1]).claim("c" * 16) is not None, flush=True)
sys.stdin.read()
"""


def test_what_a_killed_process_had_is_taken_over_at_once(store):
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIMER, store.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "True\n"
    assert store.claim("c" * 16) is None
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        pipe.close()
    assert store.claimed() == set()
    assert store.claim("c" * 16) is not None


def test_a_claim_of_another_machine_dies_when_nobody_touches_it(store, monkeypatch):
    claim = store.claim("d" * 16)
    monkeypatch.setattr(stores.platform, "node", lambda: "elsewhere")
    assert store.claim("d" * 16) is None
    file = next((store.path / "claims").glob("*.json"))
    os.utime(file, (0, time.time() - stores.ALIVE_S - 1))
    claim.touch()
    assert store.claim("d" * 16) is None
    os.utime(file, (0, time.time() - stores.ALIVE_S - 1))
    assert store.claim("d" * 16) is not None


def _claim_all(path, taken, everybody):
    store = Store(path)
    for number in range(60):
        if store.claim(f"{number:016x}") is not None:
            taken.put(number)
    # A claim of the dead is taken over: all live until all have looked.
    everybody.wait(60)


def test_many_processes_take_each_block_once(store):
    context = multiprocessing.get_context("spawn")
    taken, everybody = context.Queue(), context.Barrier(3)
    processes = [
        context.Process(target=_claim_all, args=(str(store.path), taken, everybody))
        for _ in range(3)
    ]
    for process in processes:
        process.start()
    found = [taken.get(timeout=60) for _ in range(60)]
    for process in processes:
        process.join()
    assert taken.empty()
    assert sorted(set(found)) == list(range(60))


def test_file_systems_without_links(store, monkeypatch):
    def no_links(*_):
        raise OSError("not supported")

    monkeypatch.setattr(stores.os, "link", no_links)
    assert store.claim("e" * 16) is not None
    assert store.claim("e" * 16) is None
    assert [p.name for p in (store.path / "claims").iterdir()] == [f"{'e' * 16}.0.json"]
