"""Finished runs in the Lab: what a command does, and what the page gets for it."""

import json
import math
from pathlib import Path

import pytest

from gladia_nb.errors import ConfigError, RunFileError, SessionError
from gladia_nb.lab import finished
from gladia_nb.lab.downloads import size_text
from gladia_nb.lab.finished import FinishedRuns
from gladia_nb.run import load
from tests.support.make_runs import rich_run
from tests.support.tones import run_of_tones


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run with a file, and another like it."""
    place = tmp_path_factory.mktemp("made")
    return [load(rich_run(seed).save(place / f"{seed}.run")) for seed in (7, 8)]


@pytest.fixture
def kept(tmp_path):
    return FinishedRuns(str(tmp_path))


def do(kept, kind, *, live=False, **fields):
    return kept.do({"kind": kind, **fields}, live=live)


class Ended:
    """The handle of a session that has ended, in whichever way."""

    def __init__(self, run=None, error=None):
        self.run, self.error = run, error
        self.waited = []

    def result(self, timeout_s):
        if self.error is not None:
            raise self.error
        return self.run

    def wait(self, timeout_s):
        self.waited.append(timeout_s)
        return False


# -- what is on view --


def test_a_run_that_has_ended_is_on_view_and_kept_in_order(kept, made):
    for run in made:
        assert do(kept, "ended", handle=Ended(run)) == (None, ())
        assert kept.run is run
        assert kept.view()["path"] == str(run.path)
    assert kept.made == made


def test_a_session_that_failed_is_studied_like_any_other_and_its_error_is_raised(kept, made):
    error = SessionError("It broke.")
    error.run = made[0]
    with pytest.raises(SessionError, match="It broke"):
        do(kept, "ended", handle=Ended(error=error))
    assert kept.run is made[0]
    assert kept.made == [made[0]]
    assert kept.view()["name"] == made[0].name


def test_each_run_on_view_has_a_number_of_its_own_also_where_it_has_no_path(kept, made):
    numbers = []
    for run in (rich_run(7), rich_run(8), made[0], made[1]):
        do(kept, "ended", handle=Ended(run))
        numbers.append(kept.view()["number"])
    assert len(set(numbers)) == 4
    do(kept, "open", path=str(made[1].path))
    assert kept.view()["number"] == numbers[-1], "it is on view already"


def test_where_the_run_on_view_is_kept_is_said(kept, made):
    do(kept, "ended", handle=Ended(rich_run(7)))
    assert "in the kernel's memory only" in kept.view()["kept"]
    do(kept, "ended", handle=Ended(made[0]))
    assert kept.view()["kept"].endswith(f"where the kernel is: {made[0].path}")


def test_a_session_that_failed_before_there_was_a_run_changes_nothing(kept):
    with pytest.raises(SessionError):
        do(kept, "ended", handle=Ended(error=SessionError("It never began.")))
    assert (kept.run, kept.made, kept.view()) == (None, [], {})


def test_the_session_of_another_lab_is_awaited_and_not_shown(kept, made):
    handle = Ended(made[0])
    assert do(kept, "settle", handle=handle) == (None, ())
    assert handle.waited == [finished._SETTLE_S]
    assert kept.run is None


def test_a_run_is_read_once_however_often_it_is_opened(kept, made, monkeypatch):
    read = []

    def counted(path):
        read.append(path)
        return load(path)

    monkeypatch.setattr(finished, "load", counted)
    paths = [str(run.path) for run in made]
    for path in (*paths, *paths):
        assert do(kept, "open", path=path) == (None, ())
        assert kept.view()["path"] == path
    assert read == paths
    assert kept.made == [], "opened, and not made here"


def test_a_run_of_this_lab_is_not_read_again(kept, made):
    do(kept, "ended", handle=Ended(made[0]))
    do(kept, "open", path=str(made[1].path))
    do(kept, "open", path=str(made[0].path))
    assert kept.run is made[0]


def test_a_file_that_is_none_leaves_what_is_on_view(kept, made, tmp_path):
    do(kept, "ended", handle=Ended(made[0]))
    with pytest.raises(RunFileError, match="Cannot read"):
        do(kept, "open", path=str(tmp_path / "none.run"))
    assert kept.run is made[0]


# -- what a page asks for --


def test_a_table_and_a_picture_of_the_run_on_view(kept, made):
    do(kept, "ended", handle=Ended(made[0]))
    answer, parts = do(kept, "table", name="Words", live=True)
    assert (answer["kind"], answer["table"]["total"], parts) == ("table", len(made[0].words), ())
    answer, (data,) = do(kept, "picture", name="Histogram")
    assert answer["kind"] == "picture"
    assert answer["text"].startswith("Histogram of conversation.flac")
    assert data.startswith(b"\x89PNG")


def test_nothing_is_drawn_while_a_session_is_live(kept, made):
    do(kept, "ended", handle=Ended(made[0]))
    with pytest.raises(ConfigError, match="drawn when the session has ended"):
        do(kept, "picture", name="Histogram", live=True)
    paths = [str(run.path) for run in made]
    answer, parts = do(kept, "compare", paths=paths, live=True)
    assert (answer["kind"], parts) == ("comparison", ())
    with pytest.raises(ConfigError, match="Differences are drawn when"):
        do(kept, "difference", baseline=paths[0], path=paths[1], live=True)
    with pytest.raises(ConfigError, match="Files are made when"):
        do(kept, "download", what="run", live=True)


def test_words_are_read_when_nothing_is_live_and_their_sound_at_any_time(kept, tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
    run, other = (run_of_tones(tmp_path / name) for name in "ab")
    do(kept, "ended", handle=Ended(run))
    with pytest.raises(ConfigError, match="Words are read when the session has ended"):
        do(kept, "listening", live=True)
    answer, (words,) = do(kept, "listening")
    assert (answer["kind"], answer["path"]) == ("listening", str(run.path))
    assert len(json.loads(words)["words"]["text"]) == 49
    answer, (sound,) = do(kept, "piece", path=answer["path"], number=1, live=True)
    assert answer == {"kind": "piece"}
    assert sound.startswith(b"fLaC")
    answer, _ = do(kept, "waveform", path=str(run.path))
    assert len(answer["peaks"]) == 600
    assert do(kept, "waveform", path=str(run.path), live=True)[0]["peaks"] == []
    # Of a run that is no longer on view nothing is sent, and never the sound of another.
    do(kept, "ended", handle=Ended(other))
    assert do(kept, "piece", path=str(run.path), number=0) == ({"kind": "piece"}, ())
    assert do(kept, "waveform", path=str(run.path))[0]["peaks"] == []


def test_what_each_endpointing_would_have_done_is_told_when_nothing_is_live(kept, made):
    do(kept, "ended", handle=Ended(made[0]))
    answer, parts = do(kept, "endpointing")
    assert (answer["kind"], parts) == ("endpointing", ())
    assert answer["steps"][0]["facts"][0] == ("Endpointing", "0.05 s, measured")
    with pytest.raises(ConfigError, match="predicted when the session has ended"):
        do(kept, "endpointing", live=True)


def test_a_comparison_lists_any_number_and_draws_one_against_the_baseline(kept, made):
    paths = [str(run.path) for run in made]
    answer, parts = do(kept, "compare", paths=[*paths, paths[0]])
    assert (answer["kind"], parts) == ("comparison", ())
    assert answer["table"]["columns"] == ["What", "A", "B", "C"]
    answer, (data,) = do(kept, "difference", baseline=paths[0], path=paths[1], width=500)
    assert "Difference of every latency" in answer["text"]
    assert data.startswith(b"\x89PNG")
    assert kept.run is None, "what is on view stays"


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_cannot_be_compared(kept, made, count):
    with pytest.raises(ConfigError, match="Choose two runs or more"):
        do(kept, "compare", paths=[str(run.path) for run in made][:count])


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("table", {"name": "Words"}),
        ("picture", {"name": "Histogram"}),
        ("endpointing", {}),
        ("save", {"path": "a.run"}),
        ("export", {"path": "out"}),
        ("report", {"path": "a.html"}),
    ],
)
def test_without_a_run_there_is_nothing_to_look_at(kept, kind, fields):
    with pytest.raises(ConfigError, match="There is no run to look at yet"):
        do(kept, kind, **fields)


def test_without_a_run_there_is_nothing_to_replay(kept):
    with pytest.raises(ConfigError, match="There is no run to look at yet"):
        kept.replay(1)


# -- what is written --


def test_what_is_written_is_said_with_its_place(kept, made, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    do(kept, "ended", handle=Ended(made[0]))
    answer, parts = do(kept, "save", path="  ~/copy.run ")
    text = f"Saved as {tmp_path / 'copy.run'}."
    assert (answer, parts) == ({"kind": "done", "text": text, "taken": False}, ())
    answer, _ = do(kept, "save", path="~/copy.run")
    assert answer["taken"]
    answer, _ = do(kept, "save", path="~/copy.run", replace=True)
    assert (answer["text"], answer["taken"]) == (text, False)
    assert load(tmp_path / "copy.run").text == made[0].text
    answer, _ = do(kept, "export", path=str(tmp_path / "out"))
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert answer["text"] == f"{len(written)} files written to {tmp_path / 'out'}."
    answer, _ = do(kept, "report", path=str(tmp_path / "a.html"))
    assert answer["text"] == f"Report written to {tmp_path / 'a.html'}."
    assert "conversation.flac" in (tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["save", "export", "report"])
@pytest.mark.parametrize("path", ["", "   "])
def test_a_place_must_be_named(kept, made, kind, path):
    do(kept, "ended", handle=Ended(made[0]))
    with pytest.raises(ConfigError, match="Name a place to write to"):
        do(kept, kind, path=path)


# -- the shelf and the replay --


def test_the_shelf_is_that_of_its_directory(tmp_path, made):
    made[0].save(tmp_path / "a.run")
    shelf = FinishedRuns(str(tmp_path)).shelf()
    assert [row["path"] for row in shelf["rows"]] == [str(tmp_path / "a.run")]
    assert shelf["directory"] == str(tmp_path)


def cut_off(run, path):
    """The file as it is while the session goes on."""
    whole = run.path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(whole[: len(whole) // 2]))
    return whole


def test_what_is_under_way_is_on_the_shelf_when_it_has_ended(tmp_path, made, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made[0].save("a.run")
    cut_off(made[1], Path("b.run"))
    writing = [Path("b.run")]
    kept = FinishedRuns(str(tmp_path), lambda: writing)
    assert [row["path"] for row in kept.shelf()["rows"]] == [str(tmp_path / "a.run")]
    do(kept, "measure")
    assert not kept.has_unmeasured
    writing.clear()
    assert {row["outcome"] for row in kept.shelf()["rows"]} == {"finished", "incomplete"}


def test_a_run_that_had_no_end_is_read_again(kept, tmp_path, made):
    path = tmp_path / "b.run"
    whole = cut_off(made[1], path)
    do(kept, "open", path=str(path))
    assert kept.run.outcome == "incomplete"
    path.write_bytes(b"".join(whole))
    do(kept, "open", path=str(path))
    assert kept.run.outcome == "finished"
    ended = kept.run
    do(kept, "open", path=str(path))
    assert kept.run is ended


def test_by_default_it_is_that_of_new_runs(tmp_path, made, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept = FinishedRuns(None)
    place = tmp_path / "runs"
    assert kept.shelf() == {"directory": "runs", "rows": [], "skipped": [], "deleted": []}
    place.mkdir()
    made[0].save(place / "a.run")
    (row,) = kept.shelf()["rows"]
    assert Path(row["path"]) == place / "a.run"


@pytest.mark.parametrize(("speed", "shown_at"), [(0, math.inf), (4, 4.0), ("2.5", 2.5)])
def test_a_replay_of_the_run_on_view(kept, made, speed, shown_at):
    do(kept, "ended", handle=Ended(made[0]))
    replay = kept.replay(speed)
    assert replay.run is made[0]
    assert replay._speed == shown_at
    replay.stop()
    assert replay.wait(60)


# -- the shelf --


def test_medians_come_one_by_one_and_only_when_nothing_is_live(kept, made, tmp_path):
    for number, run in enumerate(made):
        run.save(tmp_path / f"{number}.run")
    (tmp_path / "2.run").write_text((tmp_path / "0.run").read_text().split("\n")[0] + "\n")
    assert [row["seen"] for row in kept.shelf()["rows"]] == ["", "", ""]
    do(kept, "measure", live=True)
    assert kept.has_unmeasured
    for _ in range(3):
        assert kept.has_unmeasured
        do(kept, "measure")
    assert not kept.has_unmeasured
    do(kept, "measure")
    rows = {row["name"]: row for row in kept.shelf()["rows"]}
    assert {name: bool(row["final"]) for name, row in rows.items()} == {
        "0": True, "1": True, "2": True
    }  # fmt: skip
    assert rows["0"]["seen"].endswith(" ms")


def test_renamed_deleted_and_back(kept, made, tmp_path):
    path = made[0].save(tmp_path / "one.run")
    do(kept, "open", path=str(path))
    do(kept, "rename", path=str(path), name="baseline")
    assert kept.run.path == tmp_path / "baseline.run"
    assert [row["name"] for row in kept.shelf()["rows"]] == ["baseline"]
    assert kept.view()["gone"] is False
    do(kept, "delete", paths=[str(kept.run.path)])
    assert (kept.shelf()["rows"], kept.shelf()["deleted"]) == ([], ["baseline"])
    # What is on view still is, and says what became of it.
    assert kept.view()["kept"].startswith("This run was deleted from the shelf")
    assert kept.view()["gone"] is True
    answer, _ = do(kept, "listening")
    assert answer["silent"].startswith("The file of this run was deleted")
    assert do(kept, "download", what="run")[1][0]
    do(kept, "restore")
    assert kept.view()["kept"].startswith("The run is on disk already")
    assert [row["name"] for row in kept.shelf()["rows"]] == ["baseline"]
    assert kept.shelf()["deleted"] == []
    do(kept, "restore")


def test_what_was_deleted_long_ago_is_removed_beside_no_session(kept, made, tmp_path):
    place = tmp_path / ".deleted" / "2026-01-01"
    place.mkdir(parents=True)
    old = made[0].save(place / "old.run")
    do(kept, "sweep", live=True)
    assert old.exists()
    do(kept, "sweep")
    assert not (tmp_path / ".deleted").exists()


def test_a_file_for_the_browser(kept, made):
    do(kept, "ended", handle=Ended(made[0]))
    answer, (data,) = do(kept, "download", what="table", table="Messages")
    size = size_text(len(data))
    assert answer == {"kind": "file", "name": "7-messages.csv", "size": size}
    assert data.startswith(b"message")
