import json
import math
import os

import pandas as pd
import pytest

from gladia_nb.lab.shelf import SHELF, list_runs, side_by_side
from gladia_nb.record.folders import prepare_directory
from gladia_nb.run import load
from gladia_nb.sessions.runner import transcribe
from tests.support.make_runs import make_run, rich_run


@pytest.fixture(scope="module")
def runs(local_server, clip, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shelf")
    options = {"server": local_server, "speed": 10, "progress": False}
    first = transcribe(clip, path=folder / "a.run", endpointing=0.3, **options)
    second = transcribe(clip, path=folder / "b.run", endpointing=1, **options)
    return folder, first, second


def check(frame: pd.DataFrame) -> None:
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == dict(SHELF)


def test_the_latest_come_first(runs):
    folder, _, _ = runs
    frame = list_runs(folder)
    check(frame)
    assert list(frame["path"]) == [str(folder / "b.run"), str(folder / "a.run")]
    assert list(frame["endpointing_s"]) == [1, 0.3]
    assert list(frame["outcome"]) == ["finished"] * 2
    assert frame["name"].eq("clip.flac").all()
    assert len(list_runs(folder, limit=1)) == 1


def test_what_is_cut_off_is_incomplete_and_what_is_no_run_is_left_out(runs, tmp_path):
    folder, _, _ = runs
    data = (folder / "a.run").read_bytes()
    (tmp_path / "cut.run").write_bytes(data[:-10])
    (tmp_path / "lines.run").write_bytes(b"\n".join(data.split(b"\n")[:4]) + b"\n")
    (tmp_path / "header.run").write_bytes(data.split(b"\n")[0] + b"\n")
    (tmp_path / "text.run").write_text("not a run")
    (tmp_path / "list.run").write_text("[]\n")
    (tmp_path / "empty.run").touch()
    frame = list_runs(tmp_path)
    assert sorted(frame["path"]) == [str(tmp_path / f"{n}.run") for n in ("cut", "header", "lines")]
    assert set(frame["outcome"]) == {"incomplete"}
    skipped = [f"{name}.run is not a run of gladia_nb." for name in ("empty", "list", "text")]
    assert frame.attrs["skipped"] == skipped


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("anchor", None),
        ("options", None),
        ("config", "no sample rate"),
        ("nested", "is not a run"),
        ("end", None),
        ("fifo", "not an ordinary file"),
        ("name", "is not text"),
    ],
)
def test_one_bad_file_empties_no_shelf(tmp_path, name, why):
    path = make_run().save(tmp_path / "good.run")
    bad = tmp_path / ("bad\udcff.run" if name == "name" else "bad.run")
    header, *lines = path.read_text().splitlines()
    if name == "fifo":
        os.mkfifo(bad)
    elif name == "nested":
        bad.write_text("[" * 100_000)
    elif name == "name":
        bad.write_bytes(path.read_bytes())
    elif name == "end":
        bad.write_text("\n".join([header, '{"event":"end"}\n']))
    else:
        bad.write_text("\n".join([json.dumps({**json.loads(header), name: 5}), *lines]) + "\n")
    frame = list_runs(tmp_path)
    check(frame)
    assert str(path) in list(frame["path"])
    assert len(frame) == 1 + (why is None)
    assert [why in sentence for sentence in frame.attrs["skipped"]] == [True][: 2 - len(frame)]


def test_no_directory_has_no_runs(tmp_path, monkeypatch):
    check(list_runs(tmp_path / "nowhere"))
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path / "mine"))
    assert list_runs().empty
    make_run().save(prepare_directory(tmp_path / "mine") / "a.run")
    assert list(list_runs()["path"]) == [str(tmp_path / "mine" / "a.run")]


def test_every_outcome_is_that_of_the_run(runs):
    folder, _, _ = runs
    for row in list_runs(folder).to_dict("records"):
        run = load(row["path"])
        assert run.outcome == row["outcome"]
        assert run.duration_s == row["duration_s"]


def test_side_by_side(runs):
    _, first, second = runs
    table = side_by_side([first, second])
    assert list(table.columns) == ["what", "run_1", "run_2"]
    rows = table.set_index("what")
    assert list(rows.loc["endpointing"]) == ["0.3", "1"]
    assert list(rows.loc["audio"]) == ["clip.flac", "clip.flac"]
    assert "sample_rate" not in rows.index
    assert rows.loc["utterances", "run_1"] == str(len(first.utterances))
    assert any("word: final" in name and "median" in name for name in rows.index)
    assert not any(
        isinstance(value, float) and math.isnan(value) for value in rows.to_numpy().ravel()
    )


def test_runs_that_count_from_other_times_have_what_both_can_tell():
    """One has a reference and the other has none: all is there from the service's times too."""
    table = side_by_side([rich_run(), rich_run(with_reference=False)]).set_index("what")
    medians = table[table.index.str.endswith("(service): median, ms")]
    assert len(medians)
    assert (medians["run_1"] == medians["run_2"]).all()
    assert not (medians == "-").any(axis=None)
    alone = table[table.index.str.endswith("(reference): median, ms")]
    assert (alone["run_2"] == "-").all()
    both = side_by_side([rich_run(), rich_run()])["what"]
    assert not both.str.contains("(service)", regex=False).any()


def test_a_run_without_transcripts_has_dashes(runs, tmp_path):
    folder, first, _ = runs
    lines = (folder / "a.run").read_text().splitlines()
    kept = [line for line in lines if json.loads(line).get("event") not in ("message", "result")]
    path = tmp_path / "silent.run"
    path.write_text("\n".join(kept) + "\n")
    table = side_by_side([first, load(path)]).set_index("what")
    assert "-" in set(table["run_2"])
