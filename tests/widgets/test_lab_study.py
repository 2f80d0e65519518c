"""A study in the Lab without a browser: messages as a comm brings them, and what it shows."""

import json

import pytest

from gladia_nb.studies import running
from gladia_nb.studies.many_runs import Study
from gladia_nb.widgets import presence
from tests.support.labs import PATIENCE_S, answered, tell, until
from tests.support.scripted_helpers import WORDS, make_sound


@pytest.fixture
def study(make, tmp_path, monkeypatch):
    """Makes a Lab in which a small study is typed."""
    monkeypatch.setattr(running, "TRIES", 30)
    calls = tmp_path / "calls"
    calls.mkdir()
    make_sound(calls / "one.wav")
    (calls / "one.words.json").write_text(json.dumps(WORDS))

    def lab(repeats="1", **options):
        made = make(runs=tmp_path / "runs", **options)
        values = {
            "sample:conversation": False,
            "corpus": str(calls),
            "values_1": "0.05, 0.3",
            "repeats": repeats,
        }
        for name, value in values.items():
            tell(made, "study_set", name=name, value=value)
        until(lambda: made.study["typed"]["repeats"] == repeats)
        return made

    return lab


def test_plan_run_and_compare(study, tmp_path):
    lab = study(speed=20)
    tell(lab, "study_plan", ticket="plan")
    assert answered(lab, "plan")[0]["kind"] == "planned"
    until(lambda: lab.study["plan"])
    assert lab.study["plan"]["cells"] == 3
    assert not (tmp_path / "runs" / "study").exists()
    tell(lab, "study_run")
    until(lambda: lab.study["ended"] == 1 and not lab.study["running"])
    assert lab.sentences == []
    assert lab.study["plan"]["done"] == 3
    json.dumps(lab.study, allow_nan=False)
    tell(lab, "study_compare", ticket="compare")
    assert answered(lab, "compare")[0]["table"]["rows"]
    assert Study(tmp_path / "runs" / "study").plan().done == 3
    until(lambda: lab.setup["missing"] == "")


def test_a_study_and_a_session_exclude_each_other(study, make):
    lab, other = study("99"), make("sample:conversation")
    tell(lab, "study_run")
    until(lambda: lab.study["running"] and lab.setup["missing"])
    assert lab.is_live
    assert "A study is running; stop it first." in lab.setup["missing"]
    tell(lab, "start")
    until(lambda: lab.sentences)
    assert lab.sentences[-1]["text"] == "A study is running; stop it first."
    tell(other, "start")
    until(lambda: other.sentences)
    assert "Another Lab of this kernel" in other.sentences[-1]["text"]
    tell(lab, "stop")
    until(lambda: not lab.study["running"])
    assert not lab.is_live
    tell(other, "start")
    until(lambda: other.is_live)
    tell(lab, "study_run")
    until(lambda: len(lab.sentences) == 2)
    assert "Another Lab of this kernel" in lab.sentences[-1]["text"]


def test_a_session_of_the_same_lab_is_not_disturbed(study):
    lab = study()
    tell(lab, "source", choice="sample:conversation")
    tell(lab, "start")
    until(lambda: lab.study["missing"])
    assert lab.study["missing"] == "A session is running; stop it first."
    tell(lab, "study_run")
    until(lambda: lab.sentences)
    assert lab.sentences[0]["text"] == "A session is running; stop it first."
    tell(lab, "stop")
    until(lambda: not lab.study["missing"])


def test_settings_that_are_wrong_are_to_be_mended_first(study):
    lab = study()
    tell(lab, "set", name="speed", value="0")
    until(lambda: lab.study["missing"])
    assert lab.study["missing"] == "Mend what is marked in Settings first."
    tell(lab, "study_run")
    until(lambda: lab.sentences)
    assert "speed must be between" in lab.sentences[0]["text"]
    tell(lab, "reset", name="speed")
    until(lambda: not lab.study["missing"])


def test_a_page_that_goes_away_stops_the_study(study, monkeypatch):
    monkeypatch.setattr(presence, "_AWAY_S", 0.0)
    lab = study("99")
    tell(lab, "hello", view="a")
    tell(lab, "study_run")
    until(lambda: lab.study["running"])
    tell(lab, "leave", view="a")
    until(lambda: lab.study["ended"] == 1)
    assert "so the study was stopped" in lab.sentences[0]["text"]


def test_closing_the_lab_ends_its_study(study):
    lab = study("99")
    tell(lab, "study_run")
    until(lambda: lab.study["running"])
    lab.close()
    assert lab._studying.wait(PATIENCE_S)


def test_the_key_is_nowhere_but_in_the_request(study, server, tmp_path):
    lab = study(target="url", url=server.url, speed=20)
    tell(lab, "key", value=server.key)
    tell(lab, "study_run")
    until(lambda: lab.study["ended"] == 1 and not lab.study["running"])
    assert lab.study["plan"]["done"] == 3
    shown = json.dumps([lab.get_state(), lab.sent, repr(lab)], default=repr)
    assert server.key not in shown
    files = [path for path in (tmp_path / "runs").rglob("*") if path.is_file()]
    assert len(files) >= 4
    for path in files:
        assert server.key.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("study_set", {"name": "tempo", "value": "1"}, "tempo is not a field of a study"),
        ("study_compare", {}, "No cell of this study is done yet"),
        ("study_picture", {"name": "WER"}, "no picture 'WER'"),
        ("study_page", {"path": "a.html"}, "No cell of this study is done yet"),
    ],
)
def test_whatever_goes_wrong_is_said(make, kind, fields, words):
    lab = make()
    tell(lab, kind, ticket="t", **fields)
    until(lambda: lab.sentences)
    assert words in lab.sentences[0]["text"]
    assert answered(lab, "t")[0]["kind"] == "refused"
