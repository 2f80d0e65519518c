import json
import math
import time
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.lab import views
from gladia_nb.lab.views import (
    PICTURES,
    TABLES,
    Look,
    after,
    frame,
    picture,
    shelf_rows,
    shown_path,
    table,
)
from gladia_nb.run import Run, load
from tests.support.make_runs import make_run, rich_run, utterance, words

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def run():
    return rich_run()


@pytest.fixture(scope="module")
def empty():
    return make_run()


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG in pixels, from its header."""
    assert data.startswith(PNG)
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


# -- a DataFrame as text --


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (pd.NA, ""),
        (math.nan, ""),
        (math.inf, "never"),
        (-math.inf, "-inf"),
        (2.0, "2"),
        (-0.5, "-0.500"),
        (0.12345, "0.123"),
        (999_999_999_999_999.0, "999999999999999"),
        (1e15, "1e+15"),
        (-1.5e300, "-1.5e+300"),
        (7, "7"),
        (True, "True"),
        ("", ""),
        ("a" * 160, "a" * 160),
        ("a" * 161, "a" * 159 + "\u2026"),
    ],
)
def test_a_cell(value, text):
    data = pd.DataFrame({"a": pd.Series([value], dtype=object)})
    assert frame(data)["rows"] == [[text]]


def test_a_frame_by_hand():
    data = pd.DataFrame(
        {
            "text": ["a", None],
            "ms": [1.0, math.nan],
            "n": pd.array([1, None], "Int64"),
            "is_final": [True, False],
            5: [0, 1],
        }
    )
    assert frame(data) == {
        "columns": ["text", "ms", "n", "is_final", "5"],
        "numeric": [False, True, True, False, True],
        "rows": [["a", "1", "1", "True", "0"], ["", "", "", "False", "1"]],
        "total": 2,
    }


@given(
    st.integers(0, 120),
    st.lists(
        st.none() | st.floats() | st.integers() | st.text(max_size=300), min_size=1, max_size=6
    ),
)
def test_whatever_it_holds_it_is_bounded_and_json(length, values):
    data = pd.DataFrame({"a": pd.Series([values] * length, dtype=object)})
    shown = frame(data.explode("a"))
    json.dumps(shown, allow_nan=False)
    assert shown["total"] == length * len(values)
    assert len(shown["rows"]) == min(views.ROWS, shown["total"])
    assert all(isinstance(cell, str) and len(cell) <= 160 for row in shown["rows"] for cell in row)


@pytest.mark.parametrize("name", TABLES)
def test_every_table_of_a_run_and_of_one_with_nothing(run, empty, name):
    rich = table(run, name)
    assert rich["total"] > 0
    bare = table(empty, name)
    assert (bare["columns"], bare["numeric"]) == (rich["columns"], rich["numeric"])
    json.dumps([rich, bare], allow_nan=False)


def test_a_table_is_the_frame_of_its_name(run):
    shown = table(run, "Words")
    assert shown["total"] == len(run.words)
    assert shown["columns"] == list(run.words.columns)
    place = shown["columns"].index("word")
    assert [row[place] for row in shown["rows"]] == list(run.words["word"][: views.ROWS])


def test_a_table_that_is_none(run):
    with pytest.raises(ConfigError, match="There is no table 'Prices'; there are Latency, "):
        table(run, "Prices")


# -- pictures --


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture(run, name):
    data, text = picture(run, name, Look(width=640, scale=2, dark=True))
    width, height = size_of(data)
    # As wide as its place, in pixels of the screen, and high enough to be read.
    assert width == 1280
    assert height >= 640
    assert text == f"{name} of conversation.flac. {PICTURES[name][2]}"
    assert text.endswith(".")
    assert plt.get_fignums() == [], "figures of pyplot are the user's"


def test_pictures_of_a_run_with_nothing(empty):
    for name in ("Timeline", "Histogram", "Measurement"):
        assert picture(empty, name)[0].startswith(PNG)


def test_a_picture_that_is_none(run):
    with pytest.raises(ConfigError, match="There is no picture 'Sunset'; there are Overview, "):
        picture(run, "Sunset")


# -- a run at a glance --


def test_the_summary_by_hand(tmp_path):
    said = words("good morning")
    made = make_run(utterance(said), extra=[{"event": "warning", "ns": 5, "text": "Odd."}])
    shown = json.loads(json.dumps(after(made), allow_nan=False))
    assert shown["facts"] == [
        ["Audio", "made.flac, 4.0 s"],
        ["Sent to", "a made-up server"],
        ["Ended", "finished"],
        ["Messages", str(len(made.messages))],
        ["Partials", "2"],
        ["Finals", "1"],
        ["Session", "none: it was not begun"],
        ["Kept in", "memory only"],
    ]
    assert (shown["name"], shown["path"], shown["place"]) == ("made.flac", "", "")
    assert shown["warnings"][0] == "Odd."
    assert shown["error"] == ""
    assert shown["transcript"] == made.text == "good morning"
    assert shown["verdict"]["status"] == made.verdict.status
    assert shown["tables"] == list(TABLES)
    assert shown["pictures"] == list(PICTURES)
    kept = load(made.save(tmp_path / "a.run"))
    assert after(kept)["path"] == str(tmp_path / "a.run")
    assert dict(after(kept)["facts"])["Kept in"] == shown_path(tmp_path / "a.run")


def test_a_run_that_failed_says_why():
    error = {"event": "error", "ns": 6, "name": "SessionError", "text": "It broke.", "code": 4408}
    assert after(make_run(extra=[error]))["error"] == "It broke."


def test_a_path_as_one_would_type_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shown_path(tmp_path / "runs" / "a.run") == str(Path("runs", "a.run"))
    assert shown_path(str(tmp_path)) == "."
    assert shown_path(tmp_path.parent) == str(tmp_path.parent)
    assert shown_path("runs/a.run") == "runs/a.run"


# -- the shelf --


def kept(run: Run, path: Path, wall_ns: int, **config: object) -> None:
    """Write a run as if it had begun at this moment."""
    lines = run.save(path).read_text().split("\n")
    header = json.loads(lines[0])
    header["anchor"][1] = wall_ns
    header["config"] |= config
    path.write_text("\n".join([json.dumps(header), *lines[1:]]))


@pytest.fixture
def east(monkeypatch):
    """A clock on the wall that is two hours ahead."""
    monkeypatch.setenv("TZ", "Etc/GMT-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("east")
def test_the_shelf_by_hand(tmp_path, empty):
    kept(empty, tmp_path / "a.run", 1_780_000_000_000_000_000)
    kept(empty, tmp_path / "b.run", 1_780_000_001_000_000_000, endpointing=0.3)
    common = {"duration": "4.0 s", "duration_s": 4.0, "outcome": "finished"}
    assert shelf_rows(str(tmp_path))[0] == [
        {
            **common,
            "path": str(tmp_path / "b.run"),
            "name": "b",
            "began": "2026-05-28 22:26:41",
            "target": "a made-up server",
            "settings": "endpointing 0.3",
        },
        {
            **common,
            "path": str(tmp_path / "a.run"),
            "name": "a",
            "began": "2026-05-28 22:26:40",
            "target": "a made-up server",
            "settings": "",
        },
    ]


def test_the_shelf_shows_the_latest(tmp_path, empty, monkeypatch):
    monkeypatch.setattr(views, "SHOWN", 30)
    for number in range(32):
        kept(empty, tmp_path / f"{number}.run", 1_780_000_000_000_000_000 + number)
    names = [Path(row["path"]).stem for row in shelf_rows(str(tmp_path))[0]]
    assert names == [str(number) for number in range(31, 1, -1)]
    assert shelf_rows(str(tmp_path / "none")) == ([], [])


def test_live_audio_that_was_cut_off_has_no_length(tmp_path, empty):
    kept(empty, tmp_path / "a.run", 1_780_000_000_000_000_000)
    header = json.loads((tmp_path / "a.run").read_text().split("\n")[0])
    header["audio"]["duration_s"] = None
    (tmp_path / "a.run").write_text(json.dumps(header) + "\n")
    (row,) = shelf_rows(str(tmp_path))[0]
    assert (row["duration"], row["outcome"]) == ("", "incomplete")


@pytest.mark.parametrize(
    ("asked", "width", "scale"),
    [({}, 900, 1.5), ({"width": 1e9, "scale": 0}, 2400, 1.5), ({"width": 1, "scale": 0.5}, 320, 1)],
)
def test_what_a_page_asks_for_is_within_reason(asked, width, scale):
    assert Look.asked(asked) == Look(width, scale, dark=False)


def test_a_dark_page_has_a_dark_picture(run):
    light, dark = (picture(run, "Timeline", Look(dark=dark))[0] for dark in (False, True))
    assert light != dark
