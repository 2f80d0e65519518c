"""The folder of fetched models, and names that are none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import ModelError
from gladia_nb.server.models.cache import (
    cached_models,
    folder_of,
    is_name,
    models_folder,
    remove_model,
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLADIA_NB_MODELS", str(tmp_path / "models"))
    (tmp_path / "models" / "tones").mkdir(parents=True)
    (tmp_path / "models" / "tones" / "tokens.txt").write_text("12345")
    (tmp_path / "models" / ".tones.part").write_text("1")
    (tmp_path / "models" / ".unpacking-x").mkdir()
    return tmp_path / "models"


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert models_folder() == tmp_path / "gladia-nb" / "models"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    if sys.platform == "linux":
        assert models_folder() == tmp_path / ".cache" / "gladia-nb" / "models"
    assert cached_models() == []


def test_what_is_there(cache: Path) -> None:
    (model,) = cached_models()
    assert (model.name, model.path, model.size) == ("tones", cache / "tones", 5)


def test_a_model_by_path_and_by_name(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder_of("tones") == cache / "tones"
    assert folder_of("other") == Path("other")
    assert folder_of("../models/tones") == Path("../models/tones")
    assert folder_of("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert folder_of("~/models") == cache
    (tmp_path / "tones").mkdir()
    monkeypatch.chdir(tmp_path)
    assert folder_of("tones") == Path("tones"), "what lies here comes first"


def test_a_model_is_deleted(cache: Path) -> None:
    remove_model("tones")
    assert cached_models() == []
    with pytest.raises(ModelError, match="There is no fetched model 'tones'; there are: none"):
        remove_model("tones")


@pytest.mark.parametrize("name", ["..", ".", "", ".unpacking-x", "../models", "/tmp", "a/b"])
def test_nothing_else_is_deleted(name: str, cache: Path) -> None:
    with pytest.raises(ModelError, match="There is no fetched model"):
        remove_model(name)
    assert len(list(cache.iterdir())) == 3


def test_a_link_is_not_followed(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (cache / "link").symlink_to(tmp_path / "precious")
    with pytest.raises(ModelError):
        remove_model("link")
    assert (tmp_path / "precious").is_dir()


@given(st.text(max_size=10))
def test_a_name_is_one_folder(name: str) -> None:
    if is_name(name):
        assert Path("x", name).parent == Path("x")
        assert Path(name).name == name
