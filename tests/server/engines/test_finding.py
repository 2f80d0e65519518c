"""Engines by name: ours, those of others, and what is none."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from gladia_nb.server.engines import finding
from gladia_nb.server.engines.base import Engine, EngineError
from gladia_nb.server.engines.finding import engine_names, make_engine
from gladia_nb.server.engines.scripted import ScriptedEngine
from gladia_nb.server.engines.sherpa import SherpaEngine
from gladia_nb.server.engines.sphinx import SphinxEngine
from gladia_nb.server.settings.options import ServerOptions
from gladia_nb.server.settings.script import Script


def of_another(options: ServerOptions) -> Engine:
    assert options.model == "theirs"
    return ScriptedEngine(Script.load(None))


def refuses(_: ServerOptions) -> Engine:
    raise EngineError("It needs a licence.")


def fails(_: ServerOptions) -> Engine:
    raise ValueError("odd")


def nothing(_: ServerOptions) -> Any:
    return object()


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    here = __name__
    points = [
        EntryPoint(name, value, finding.GROUP)
        for name, value in {
            "another": f"{here}:of_another",
            "refuses": f"{here}:refuses",
            "fails": f"{here}:fails",
            "missing": "no_such_package_at_all:engine",
            "nothing": f"{here}:nothing",
            "recogniser": f"{here}:fails",
        }.items()
    ]
    monkeypatch.setattr(finding, "entry_points", lambda *, group: points)


def test_our_own() -> None:
    assert isinstance(make_engine(ServerOptions()), SphinxEngine)
    assert isinstance(make_engine(ServerOptions(engine="scripted")), ScriptedEngine)
    assert isinstance(make_engine(ServerOptions(engine="sherpa", model="x")), SherpaEngine)
    assert engine_names() == ["recogniser", "scripted", "sherpa"]


@pytest.mark.parametrize("name", ["recogniser", "scripted"])
def test_a_model_that_would_not_be_used_is_refused(name: str) -> None:
    with pytest.raises(EngineError, match=f"The engine '{name}' takes no model; the one for mo"):
        make_engine(ServerOptions(engine=name, model="tones"))


@pytest.mark.usefixtures("others")
def test_one_of_another_package() -> None:
    assert engine_names()[3:] == ["another", "fails", "missing", "nothing", "refuses"]
    options = ServerOptions(engine="another", model="theirs")
    assert isinstance(make_engine(options), ScriptedEngine)
    assert isinstance(make_engine(ServerOptions()), SphinxEngine), "ours cannot be replaced"


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("magic", "There is no engine 'magic'; there are recogniser, scripted, sherpa, another"),
        ("refuses", "^It needs a licence.$"),
        ("fails", r"The engine 'fails' \(.*:fails\) cannot be used: ValueError: odd"),
        ("missing", "cannot be used: ModuleNotFoundError: No module named 'no_such_package_at"),
    ],
)
def test_what_is_none_is_one_sentence(name: str, sentence: str) -> None:
    with pytest.raises(EngineError, match=sentence):
        make_engine(ServerOptions(engine=name))


@pytest.mark.usefixtures("others")
def test_what_has_not_the_methods_of_one() -> None:
    with pytest.raises(EngineError, match="is none: it has no supplies, start, close, refusals"):
        make_engine(ServerOptions(engine="nothing"))
