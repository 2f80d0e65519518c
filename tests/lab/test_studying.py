"""A study in the Lab: what a command does, and what the page gets for it."""

import json
import math
import threading

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.lab.recipe import Recipe
from gladia_nb.lab.studying import TRADE_OFF, Studying, comparison, plan_facts
from gladia_nb.record.schema import to_frame
from gladia_nb.server.local import LocalServer
from gladia_nb.studies import running
from gladia_nb.studies.differences import EFFECTS
from gladia_nb.studies.many_runs import Study
from gladia_nb.studies.money import estimate
from gladia_nb.studies.page import FIRST
from tests.support.scripted_helpers import SCRIPT, WORDS, make_sound
from tests.support.studies import design_of, fill, run_of, tones

PATIENCE_S = 60


@pytest.fixture(scope="module")
def server():
    with LocalServer(engine="scripted", script=SCRIPT) as made:
        yield made


@pytest.fixture
def studying(tmp_path, monkeypatch):
    """One recording of three seconds, in two arms and the baseline again."""
    monkeypatch.setattr(running, "TRIES", 30)
    calls = tmp_path / "calls"
    calls.mkdir()
    make_sound(calls / "one.wav")
    (calls / "one.words.json").write_text(json.dumps(WORDS))
    found = Studying(str(tmp_path), lambda: Recipe(speed=20.0), lambda run: run())
    for name, value in {
        "sample:conversation": False,
        "corpus": str(calls),
        "values_1": "0.05, 0.3",
        "repeats": "1",
        "price": "100",
    }.items():
        found.set(name, value)
    yield found
    found.stop()
    assert found.wait(PATIENCE_S)


def do(studying, kind, *, live=False, **fields):
    return studying.do({"kind": kind, **fields}, live=live)


def test_from_plan_to_page(studying, server, tmp_path):
    assert studying.view()["typed"]["folder"] == str(tmp_path / "study")
    do(studying, "study_plan")
    facts = dict(studying.view()["plan"]["facts"])
    assert facts["Cells"] == "3, 0 done"
    assert facts["Cost to go"] == "0.25"
    assert not (tmp_path / "study").exists(), "nothing is written or sent to see the plan"
    with pytest.raises(ConfigError, match="No cell of this study is done yet"):
        do(studying, "study_compare")
    studying.launch(key=None, server=server)
    assert studying.wait(PATIENCE_S)
    view = studying.view()
    json.dumps(view, allow_nan=False)
    assert (view["running"], view["ended"], view["plan"]["done"]) == (False, 1, 3)
    assert view["rows"][0] == ["endpointing=0.05", 1, 0, 0, 0]
    answer, _ = do(studying, "study_compare")
    json.dumps(answer, allow_nan=False)
    assert answer["table"]["rows"][0][:2] == ["endpointing=0.3", FIRST[0]]
    assert answer["pictures"][-1] == TRADE_OFF
    for name in (answer["pictures"][0], TRADE_OFF):
        said, (data,) = do(studying, "study_picture", name=name)
        assert data.startswith(b"\x89PNG")
        assert "arm" in said["text"]
    with pytest.raises(ConfigError, match="no picture 'Face'"):
        do(studying, "study_picture", name="Face")
    said, _ = do(studying, "study_page", path=str(tmp_path / "page.html"))
    assert str(tmp_path / "page.html") in said["text"]
    assert "What the arms differ in" in (tmp_path / "page.html").read_text()
    with pytest.raises(ConfigError, match="Name a place"):
        do(studying, "study_page", path=" ")
    # Once more is nothing more, and something typed makes the plan an old one.
    studying.launch(key=None, server=server)
    assert studying.wait(PATIENCE_S)
    assert len(list((tmp_path / "study" / "runs").glob("*.run"))) >= 3
    assert studying.view()["ended"] == 2
    studying.set("repeats", "2")
    assert studying.view()["plan"] is None


def test_stop_keeps_what_is_done_and_run_goes_on(studying, server, tmp_path):
    studying.set("repeats", "30")
    studying.launch(key=None, server=server)
    assert studying.is_running
    assert studying.view()["summary"]
    studying.stop()
    assert studying.wait(PATIENCE_S)
    view = studying.view()
    assert "Stopped: what is done is kept" in " ".join(view["sentences"])
    assert view["plan"]["done"] < 90
    assert sum(row[2] for row in view["rows"]) == 0, "nothing is under way"
    assert Study(tmp_path / "study").plan().cells == 90


def test_nothing_is_planned_or_compared_while_something_is_sent(studying):
    for kind in Studying.KINDS:
        with pytest.raises(ConfigError, match="when nothing is being sent"):
            do(studying, kind, live=True, name="", path="")


def test_what_is_missing_is_said(studying):
    assert studying.view(missing="No key.")["missing"] == "No key."
    studying.set("repeats", "0")
    assert studying.view(missing="No key.")["missing"] == "One field needs to be mended."
    studying.set("plan", "gold")
    assert studying.view()["missing"] == "2 fields need to be mended."
    with pytest.raises(ConfigError, match="repeats is"):
        studying.launch(key=None, server=None)
    assert not studying.is_running


def test_a_run_that_cannot_begin_ends(tmp_path):
    said = []

    def guard(run):
        try:
            run()
        except ConfigError as error:
            said.append(str(error))

    studying = Studying(str(tmp_path), Recipe, guard)
    studying.set("corpus", str(tmp_path / "none"))
    with LocalServer(engine="scripted", script=SCRIPT) as server:
        studying.launch(key=None, server=server)
        assert studying.wait(PATIENCE_S)
    while any(thread.name == "gladia_nb lab study" for thread in threading.enumerate()):
        threading.Event().wait(0.01)
    assert "There is no file or folder" in said[0]
    assert studying.view()["plan"] is None


def test_a_plan_for_people():
    design, _ = design_of(2)
    told = plan_facts(estimate(design, (), plan="free", budget_h=0.0001))
    facts = dict(told["facts"])
    assert facts["Cells"] == "4, 0 done"
    assert facts["Budget"] == "0.0001 h"
    assert facts["Cost to go"] == "no price is named"
    assert "will not last" in told["notes"][0]


def test_small_differences_have_a_decimal_and_no_zero_is_negative(tmp_path):
    study = Study(tmp_path / "s", tones(3), {"a": {"endpointing": 0.05}, "b": {"endpointing": 0.3}})
    fill(study._store, study.design, lambda _: run_of(lambda _: 0.2, sentences=2))
    effects = study.compare().iloc[:3].copy()
    effects["unit"] = ["ms", "ms", "share"]
    effects["difference"] = [-0.3, math.inf, -0.0001]
    effects["low"] = [-0.04, 200.0, -0.0004]
    effects["high"] = [0.4, math.inf, 0.02]
    effects["measure"] = FIRST[0]
    table = comparison(effects)
    assert table["difference"].tolist() == ["-0.3 ms", "+never ms", "+0.000"]
    assert table["95 % interval"].tolist() == [
        "+0.0 to +0.4",
        "+200 to +never",
        "+0.000 to +0.020",
    ]


def test_the_comparison_begins_with_what_matters_most(tmp_path):
    arms = {"a": {"endpointing": 0.05}, "b": {"endpointing": 0.3}}
    study = Study(tmp_path / "s", tones(3), arms, null=True)
    delays = {"a": 0.2, "b": 0.24, "baseline again": 0.2}
    fill(study._store, study.design, lambda cell: run_of(lambda _: delays[cell.arm], sentences=2))
    effects = study.compare()
    table = comparison(effects)
    assert len(table) == len(effects)
    first = table.iloc[0]
    assert (first["arm"], first["measure"], first["difference"]) == ("b", FIRST[0], "+40 ms")
    assert first["finding"] == "higher"
    assert first["95 % interval"] == "+40 to +40"
    known = [measure for measure in FIRST if measure in set(effects["measure"])]
    assert list(dict.fromkeys(table["measure"]))[: len(known)] == known
    assert len(comparison(to_frame({name: [] for name in EFFECTS}, EFFECTS))) == 0
