"""From a site to the cache: a model is there whole, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gladia_nb.errors import ModelError
from gladia_nb.server.models.cache import models_folder
from gladia_nb.server.models.getting import get_model, name_in
from tests.server.models.test_archives import inside, tar
from tests.support.model_site import ModelSite, model_site

FILES = {"tones-2026/tokens.txt": b"<blk> 0\n", "tones-2026/model.onnx": b"network" * 999}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelSite]:
    monkeypatch.setenv("GLADIA_NB_MODELS", str(tmp_path / "cache" / "models"))
    with model_site(tar(tmp_path / "a", FILES).read_bytes()) as found:
        yield found


def get(site: ModelSite, name: str | None = None, sha256: str | None = None) -> Path:
    return get_model(site.url, name=name, sha256=sha256, progress=lambda *_: None)


def left() -> list[str]:
    return sorted(path.name for path in models_folder().iterdir())


def test_a_model_is_fetched_and_nothing_else_is_left(site: ModelSite) -> None:
    path = get(site, sha256=hashlib.sha256(site.data).hexdigest())
    assert path == models_folder() / "tones"
    assert inside(path) == {name.partition("/")[2]: data for name, data in FILES.items()}
    assert left() == ["tones"]
    assert get(site, "other") == models_folder() / "other"


def test_a_download_that_broke_off_is_continued(site: ModelSite) -> None:
    site.cut_after = 100
    with pytest.raises(ModelError, match="it goes on from there"):
        get(site)
    assert left() == [".tones.part", ".tones.part.json"]
    site.cut_after = None
    get(site)
    assert site.asked[1]["Range"] == "bytes=100-"
    assert left() == ["tones"]


def test_two_at_once_do_not_write_into_one_file(site: ModelSite) -> None:
    refused = []

    def beside(*_: object) -> None:
        with pytest.raises(ModelError, match="Somebody else fetches the model 'tones' just now"):
            get(site)
        refused.append(1)

    path = get_model(site.url, name=None, sha256=None, progress=beside)
    assert refused
    assert inside(path)
    assert left() == ["tones"]


def test_a_lock_that_a_killed_process_left_is_none(site: ModelSite) -> None:
    models_folder().mkdir(parents=True)
    (models_folder() / ".tones.lock").touch()
    get(site)
    assert left() == ["tones"]


def test_a_name_that_is_taken(site: ModelSite) -> None:
    path = get(site)
    (path / "mine").write_text("kept")
    with pytest.raises(ModelError, match=r"There is a model 'tones' already, at .* remove tones"):
        get(site)
    assert (path / "mine").exists()
    assert len(site.asked) == 1


def test_an_archive_of_an_enemy_leaves_nothing(site: ModelSite, tmp_path: Path) -> None:
    site.data = tar(tmp_path / "b", {"../evil": b"1"}).read_bytes()
    with pytest.raises(ModelError, match="leads out of its folder"):
        get(site)
    assert left() == []
    site.data = b"no archive"
    with pytest.raises(ModelError, match="The archive is broken or none"):
        get(site)
    assert left() == []


@pytest.mark.parametrize("name", ["../up", "-x", "", "a b", "ä", ".hidden", "a" * 129])
def test_names_that_are_none(name: str, site: ModelSite) -> None:
    with pytest.raises(ModelError, match="A model cannot be called"):
        get(site, name)
    assert site.asked == []


def test_a_checksum_that_is_none(site: ModelSite) -> None:
    with pytest.raises(ModelError, match="64 hexadecimal digits"):
        get(site, sha256="abc")


def test_a_cache_that_cannot_be_made(
    site: ModelSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GLADIA_NB_MODELS", str(tmp_path / "file" / "models"))
    with pytest.raises(ModelError, match=r"Cannot make .*: Not a directory"):
        get(site)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/x/model-en.tar.bz2", "model-en"),
        ("http://a.example/model.v2.ZIP#part", "model.v2"),
        ("https://a.example/m%2Dx.tgz?a=b", "m-x"),
    ],
)
def test_the_name_of_an_archive(url: str, name: str) -> None:
    assert name_in(url) == name


@pytest.mark.parametrize(
    "url",
    ["", "model.zip", "ftp://a.example/m.zip", "https://a.example/m.onnx", "https:///m.zip",
     "file:///m.zip", "http://[x/m.zip"],
)  # fmt: skip
def test_addresses_of_no_archive(url: str) -> None:
    with pytest.raises(ModelError, match=r"is not (an|the) address"):
        name_in(url)
