"""The pages that are made of the package: nothing is missing, and every example runs."""

import importlib
import inspect
import pkgutil
import sys
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from matplotlib.artist import Artist

import gladia_nb as gn
from gladia_nb.cli.parser import command_parser
from gladia_nb.config import SessionConfig
from gladia_nb.network.profiles import Network
from gladia_nb.record import schema
from gladia_nb.sessions.options import SendOptions

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import examples  # noqa: E402 - they lie with the pages
import handbook  # noqa: E402
from world import world  # noqa: E402


def test_every_public_name_is_in_the_handbook_once():
    named = Counter(name for names in examples.GROUPS.values() for name in names)
    missing = sorted(set(gn.__all__) - set(named))
    assert missing == [], "give each a place in GROUPS of docs/examples.py"
    assert sorted(set(named) - set(gn.__all__)) == []
    assert set(named.values()) == {1}


def test_every_entry_has_the_words_of_its_name_and_an_example():
    text = "\n".join(handbook.name_pages().values())
    for name in gn.__all__:
        assert f"## `{name}`\n" in text
        assert f":: gladia_nb.{name}" in text
        assert examples.EXAMPLES[name] in text
        if callable(getattr(gn, name)):
            assert inspect.getdoc(getattr(gn, name))
    for name, code in examples.EXAMPLES.items():
        compile(code, name, "exec")


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """What each example gives, from sessions that are quicker than those of the pages."""
    found = {}
    with (
        world(tmp_path_factory.mktemp("world"), speed=20) as names,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        for name, code in examples.EXAMPLES.items():
            found[name] = handbook.run_example(code, names)
    return found


def test_every_example_runs(given):
    silent = {"shutdown", "LocalMicrophone", "record_audio", "Lab", "Microphone"}
    assert {name for name, value in given.items() if value is None} == silent
    drawn = {name for name, value in given.items() if isinstance(value, Artist)}
    assert drawn == {name for name in gn.__all__ if name.startswith("plot_")}


def test_an_example_says_what_its_name_is_about(given):
    assert given["ConfigError"] == "endpointing must be between 0.01 and 10 (got 30)"
    assert given["AuthenticationError"].startswith("The service refused the API key")
    assert given["LimitError"].startswith("Too many sessions")
    assert len(given["word_times"]) > 10
    assert set(given["CallbackReceiver"].index) == {"websocket", "callback"}


def test_what_an_example_gives_is_shown(given):
    pages = handbook.name_pages({**given, "plot_timeline": Path("made/pictures/plot_timeline.png")})
    assert "endpointing must be between 0.01 and 10 (got 30)\n```" in pages["errors.md"]
    assert "](pictures/plot_timeline.png)" in pages["pictures.md"]
    assert " more\n```" in pages["accuracy.md"]
    assert handbook.shown("x" * 5000).endswith("x...")


def frames():
    """Every schema of a frame, by its name."""
    found = {name: getattr(schema, name) for name in schema.__all__ if name.isupper()}
    for package in ("metrics", "studies"):
        home = importlib.import_module(f"gladia_nb.{package}")
        for info in pkgutil.iter_modules(home.__path__, f"gladia_nb.{package}."):
            module = importlib.import_module(info.name)
            found |= {
                name: value
                for name, value in vars(module).items()
                if name in getattr(module, "__all__", ())
                and name.isupper()
                and isinstance(value, Mapping)
                and value
                and all(kind in KINDS for kind in value.values() if isinstance(kind, str))
                and all(isinstance(kind, str) for kind in value.values())
            }
    return found


KINDS = {"int64", "Int64", "float64", "Float64", "str", "bool", "boolean", "object", "string"}


def test_every_column_of_every_frame_is_there():
    told = {
        name: {column: kind for column, kind, _ in rows} for name, _, rows in handbook.schemas()
    }
    for name, columns in frames().items():
        assert told.get(name) == dict(columns), f"{name} is not in the handbook as it is"
    for name, _, rows in handbook.schemas():
        assert rows[0][2] != "likewise", f"the first column of {name} follows none"
        assert all(words for *_, words in rows)
    (page,) = handbook.column_pages().values()
    for columns in told.values():
        for column in columns:
            assert f"| `{column}` |" in page


def test_comments_belong_to_their_lines():
    text = '#: Of\n#: it.\nX = {\n    "a": 1,  # one\n    # more\n    "b": 2,\n}  # end\n'
    assert handbook.comments(text) == {2: "Of it.", 4: "one more", 7: "end"}
    about = {name: words for name, words, _ in handbook.schemas()}
    assert about["WATERFALL"] == "One row a part of the latency of a final."


def test_every_setting_and_every_command_is_there():
    page = handbook.settings_page()
    for model in (SendOptions, Network):
        for name in model.model_fields:
            assert f"| `{name}` |" in page
    for name in SessionConfig.model_fields:
        assert f"`{name}" in page
    text = handbook.command_page()
    (commands,) = (a.choices for a in command_parser()._actions if isinstance(a.choices, dict))
    for name in commands:
        assert f"## `gladia-nb {name}`" in text


def test_pages_are_written_and_not_again(tmp_path):
    handbook.write(tmp_path, dry=True)
    written = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert {"columns.md", "settings.md", "command_line.md", "errors.md"} <= set(written)
    assert "0 done, 1 a gate fails" in (tmp_path / "command_line.md").read_text(encoding="utf-8")
    handbook.write(tmp_path, dry=True)
    assert written == {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
