"""The Lab without a browser: messages as a comm brings them, and what it shows."""

import json
import threading

import numpy as np
import pytest

import gladia_nb as gn
from gladia_nb.audio import Audio
from gladia_nb.lab.recipe import Recipe
from gladia_nb.server.local import LocalServer
from gladia_nb.sessions.runner import transcribe
from gladia_nb.widgets import presence
from tests.support.labs import PATIENCE_S, answered, tell, until
from tests.support.scripted_helpers import SCRIPT
from tests.support.tones import run_of_tones


def test_a_run_from_start_to_end(make):
    lab = make(speed=10)
    assert lab.live["mode"] == "idle"
    tell(lab, "start")
    until(lambda: lab.after.get("facts"))
    assert lab.run.outcome == "finished"
    assert lab.runs == [lab.run]
    assert [line["text"] for line in lab.lines] == ["one two three four", "five six seven"]
    assert lab.live["phase"] == "finished"
    assert lab.live["running"] is False
    assert set(lab.series) == {
        "sent", "acknowledged", "partial", "final", "partial_ms", "final_ms",
    }  # fmt: skip
    until(lambda: lab.shelf["rows"])
    assert lab.shelf["rows"][0]["path"] == str(lab.run.path)
    assert lab.sentences == []
    assert repr(lab) == "Lab(idle, 1 runs)"


def test_words_and_sound_go_to_the_page_when_it_asks_and_are_in_no_state(make, tmp_path):
    run = run_of_tones(tmp_path)
    lab = make(runs=tmp_path)
    tell(lab, "open", path=str(run.path), ticket="open")
    answered(lab, "open")
    tell(lab, "listening", ticket="words")
    content, (words,) = answered(lab, "words")
    assert (content["kind"], content["path"]) == ("listening", str(run.path))
    assert json.loads(words)["words"]["text"][:2] == ["tone0", "tone1"]
    assert [list(piece) for piece in content["pieces"]] == [[0, 30], [30, 36]]
    for number in range(2):
        ticket = f"piece {number}"
        tell(lab, "piece", path=content["path"], number=number, ticket=ticket)
        assert answered(lab, ticket)[1][0].startswith(b"fLaC")
    tell(lab, "piece", path=content["path"], number=2, ticket="none")
    assert answered(lab, "none")[0]["kind"] == "refused"
    until(lambda: lab.sentences)
    assert "has 2 pieces" in lab.sentences[0]["text"]
    # What a notebook would save has nothing of either.
    saved = json.dumps({name: text for name, text in lab.get_state().items() if name[0] != "_"})
    assert "seen_ms" not in saved
    assert "pieces" not in saved.replace(lab.sentences[0]["text"], "")


def test_what_it_shows_is_json(make):
    lab = make(speed=10)
    lab.start()
    lab.result(PATIENCE_S)
    until(lambda: lab.after.get("facts"))
    for name in ("form", "setup", "live", "lines", "series", "after", "shelf", "sentences"):
        json.dumps(getattr(lab, name), allow_nan=False)


def test_stop_in_the_middle_keeps_the_record(make):
    lab = make("sample:conversation")
    tell(lab, "start")
    until(lambda: lab.live.get("sent", 0) > 0.2)
    tell(lab, "stop")
    until(lambda: lab.after.get("facts"))
    assert lab.run.outcome == "stopped"
    assert lab.run.complete
    tell(lab, "stop")


def test_never_two_sessions(make):
    lab, other = make("sample:conversation"), make("sample:conversation")
    for k in range(5):
        tell(lab, "start", ticket=f"click {k}")
    for k in range(5):
        # The same button again means the same, and is no mistake.
        assert answered(lab, f"click {k}")[0]["kind"] == "done"
    assert lab.is_live
    assert lab.sentences == []
    with pytest.raises(gn.ConfigError, match="A session is running"):
        lab.start()
    tell(lab, "nonsense")
    until(lambda: lab.sentences)
    tell(other, "start")
    until(lambda: other.sentences)
    assert "Another Lab of this kernel" in other.sentences[0]["text"]
    tell(lab, "dismiss", number=lab.sentences[0]["number"])
    until(lambda: not lab.sentences)


def test_a_page_that_goes_away_stops_the_session(make, monkeypatch):
    monkeypatch.setattr(presence, "_AWAY_S", 0.0)
    lab = make("sample:conversation")
    tell(lab, "hello", view="a")
    tell(lab, "hello", view="b")
    tell(lab, "start")
    until(lambda: lab.live.get("sent", 0) > 0.2)
    tell(lab, "leave", view="a")
    assert lab.is_live
    tell(lab, "leave", view="b")
    until(lambda: lab.after.get("facts"))
    assert lab.run.outcome == "stopped"
    assert "page was closed" in lab.sentences[-1]["text"]


def test_a_page_that_comes_back_finds_its_session(make):
    lab = make("sample:conversation")
    tell(lab, "hello", view="a")
    tell(lab, "start")
    until(lambda: lab.is_live)
    tell(lab, "leave", view="a")
    tell(lab, "hello", view="b")
    until(lambda: lab._presence.views)
    assert lab.is_live


def test_the_key_is_nowhere_but_in_the_request(make, server, local_server, monkeypatch):
    lab = make(target="url", url=local_server.url, speed=10)
    assert lab.setup["key"] == "none"
    tell(lab, "key", value=f" {local_server.key} ")
    until(lambda: lab.setup["key"] == "typed")
    tell(lab, "start")
    until(lambda: lab.after.get("facts"))
    assert lab.run.outcome == "finished"
    everything = json.dumps(
        [
            lab.get_state(),
            lab.sent,
            repr(lab),
            lab.run.record.header,
            vars(lab.recipe) if hasattr(lab.recipe, "__dict__") else repr(lab.recipe),
        ],
        default=repr,
    )
    assert local_server.key not in everything
    assert local_server.key not in lab.run.path.read_text()
    tell(lab, "forget")
    until(lambda: lab.setup["key"] == "none")
    tell(lab, "key", value="")
    until(lambda: lab.sentences)


def test_a_service_that_refuses_is_said_and_its_record_is_kept(make, local_server):
    lab = make(target="url", url=local_server.url, speed=10)
    tell(lab, "key", value="a-key-that-nobody-knows")
    tell(lab, "start")
    until(lambda: lab.sentences)
    assert "refused the API key" in lab.sentences[0]["text"]
    until(lambda: lab.after.get("facts"))
    assert lab.run.outcome == "failed"
    with pytest.raises(gn.AuthenticationError):
        lab.result(PATIENCE_S)


def test_a_lost_connection_is_resumed_and_said(make):
    # It breaks in the pause, at 1.5 s. The final of the words before it left with the frame that
    # ends at 1 s, since nothing is delayed: what falls due without a connection is lost for good,
    # as it is with the service.
    options = {"script": {**SCRIPT, "delay": 0}, "faults": ["drop:at_byte=45000"]}
    with LocalServer(engine="scripted", **options) as server:
        lab = make(server=server, config=None)
        lab.start()
        until(lambda: lab.after.get("facts"))
        assert lab.run.outcome == "finished"
        assert lab.live["connections"] == 2
        assert "was lost" in lab.live["note"]
        assert lab.run.text.split() == "one two three four five six seven".split()
        lab.close()


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("nonsense", {}, "does not know the command"),
        ("open", {"path": "missing.run"}, "Cannot read"),
        ("compare", {"paths": ["one.run"]}, "two runs or more"),
        ("save", {"path": "x.run"}, "no run to look at"),
        ("table", {"name": "Latency"}, "no run to look at"),
        ("replay", {"speed": 1}, "no run to look at"),
        ("set", {"name": "endpointing"}, "unexpected"),
        ("source", {"choice": "tape"}, "no source 'tape'"),
        ("preset", {"name": "opera"}, "no preset 'opera'"),
    ],
)
def test_whatever_goes_wrong_is_said(make, kind, fields, words):
    lab = make()
    tell(lab, kind, ticket="t", **fields)
    until(lambda: lab.sentences)
    assert words in lab.sentences[0]["text"]
    assert answered(lab, "t")[0]["kind"] == "refused"


def test_a_message_that_is_none_does_nothing(make):
    lab = make()
    lab._handle_custom_msg("not a dict", [])
    tell(lab, "set", name="endpointing", value="0.4")
    until(lambda: lab.setup["values"]["endpointing"] == 0.4)
    assert lab.recipe.config == {"endpointing": 0.4}
    tell(lab, "reset", name="endpointing")
    until(lambda: lab.setup["changed"] == [])


def test_study_of_a_run(make, tmp_path):
    lab = make(speed=10)
    lab.start()
    lab.result(PATIENCE_S)
    until(lambda: lab.after.get("facts"))
    tell(lab, "table", ticket="table", name="Messages")
    table = answered(lab, "table")[0]["table"]
    assert table["total"] == len(lab.run.messages)
    assert table["columns"] == list(lab.run.messages.columns)
    tell(lab, "picture", ticket="picture", name="Overview")
    content, (data,) = answered(lab, "picture")
    assert data.startswith(b"\x89PNG")
    assert "Overview of" in content["text"]
    tell(lab, "save", ticket="save", path=str(tmp_path / "copy.run"))
    assert "Saved" in answered(lab, "save")[0]["text"]
    assert gn.load(tmp_path / "copy.run").text == lab.run.text
    tell(lab, "export", ticket="export", path=str(tmp_path / "out"))
    assert "files written" in answered(lab, "export")[0]["text"]
    assert list((tmp_path / "out").glob("*.csv"))
    tell(lab, "compare", ticket="compare", paths=[str(lab.run.path), str(tmp_path / "copy.run")])
    assert answered(lab, "compare")[0]["table"]["columns"] == ["What", "A", "B"]
    tell(lab, "replay", speed=0)
    until(lambda: lab.live["mode"] == "replay" and not lab.live["running"])
    assert len(lab.lines) == 2
    assert lab.runs == [lab.run]
    tell(lab, "open", path=str(tmp_path / "copy.run"))
    until(lambda: lab.after["path"] == str(tmp_path / "copy.run"))
    tell(lab, "listen", ticket="listen")
    assert answered(lab, "listen")[1][0].startswith(b"RIFF")


def test_nothing_is_drawn_while_the_stopwatch_runs(make):
    lab = make("sample:conversation")
    lab.start()
    until(lambda: lab.is_live)
    tell(lab, "picture", ticket="p", name="Overview")
    assert answered(lab, "p")[0]["kind"] == "refused"
    until(lambda: lab.sentences)
    assert "when the session has ended" in lab.sentences[0]["text"]


def test_a_run_from_the_lab_and_one_from_its_python_have_the_same_configuration(
    make, monkeypatch, server, sound
):
    monkeypatch.setenv("GLADIA_API_KEY", server.key)
    lab = make(target="url", url=server.url, speed=10)
    for name, value in (
        ("endpointing", "0.4"),
        ("language_config.languages", "en"),
        ("chunk_ms", "50"),
    ):
        tell(lab, "set", name=name, value=value)
    until(lambda: len(lab.setup["changed"]) >= 5)
    lab.start()
    run = lab.result(PATIENCE_S)
    scope: dict = {}
    exec(lab.setup["code"]["Python"], scope)
    assert scope["run"].config == run.config
    assert scope["run"].record.header["options"] == run.record.header["options"]


def test_an_option_that_is_none():
    with pytest.raises(gn.ConfigError, match="tempo is not an option"):
        gn.Lab(tempo=3)


def test_nothing_was_started(make):
    with pytest.raises(gn.ConfigError, match="Nothing was started"):
        make().result()


def test_the_microphone_tells_the_lab(make):
    lab = make()
    if lab.microphone is None:
        pytest.skip("there is no microphone widget")
    tell(lab, "source", choice="take")
    until(lambda: lab.setup["choice"] == "take")
    take = Audio(np.full((16000, 1), 0.1), 16000, "microphone")
    lab.microphone._tell("take", take=take)
    until(lambda: lab.setup["sound"].get("duration_s") == 1)
    # Another source and back: what was recorded is still there.
    tell(lab, "source", choice="sample:conversation")
    until(lambda: lab.setup["sound"].get("duration_s", 0) > 5)
    tell(lab, "source", choice="upload")
    until(lambda: not lab.setup["sound"].get("name"))
    tell(lab, "source", choice="take")
    until(lambda: lab.setup["sound"].get("duration_s") == 1)
    lab.microphone._tell("error", text="The microphone is gone.", code="gone")
    until(lambda: lab.sentences)
    assert lab.sentences[0]["text"] == "The microphone is gone."


def test_what_a_session_needs_is_begun_when_it_is_made_and_when_it_is_shown(make, monkeypatch):
    begun = []
    monkeypatch.setattr(Recipe, "prepare", lambda recipe, server: begun.append(recipe.target))
    lab = make()
    assert begun == ["embedded"]
    tell(lab, "hello", view="a")
    until(lambda: begun == ["embedded"] * 2)


def test_threads_end_with_it(make):
    lab = make()
    lab.close()
    lab.close()
    for thread in lab._threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert not [t for t in threading.enumerate() if t in lab._threads]


def test_a_run_by_hand_is_on_its_shelf(make, sound, server, tmp_path):
    transcribe(sound, server=server, speed=10, path=tmp_path / "hand.run", progress=False)
    lab = make(runs=tmp_path)
    until(lambda: lab.shelf.get("rows"))
    assert lab.shelf["rows"][0]["path"] == str(tmp_path / "hand.run")


def test_a_run_of_another_lab_of_the_same_folder_is_on_the_shelf_by_itself(make):
    first, second = make(), make()
    before = len(first.shelf["rows"]) if first.shelf else 0
    second.start()
    second.result(PATIENCE_S)
    until(lambda: len(first.shelf["rows"]) == before + 1)
    until(lambda: first.shelf["rows"][0]["outcome"] == "finished")
