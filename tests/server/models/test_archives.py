"""Archives of friends are unpacked, those of enemies are not, and nothing lies outside."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import ModelError
from gladia_nb.server.models import archives
from gladia_nb.server.models.archives import unpack

FILES = {"m/tokens.txt": b"<blk> 0\n", "m/test/a.wav": b"RIFF" * 100, "m/model.onnx": b""}


def tar(path: Path, files: dict[str, bytes], mode: str = "w:bz2") -> Path:
    with tarfile.open(path, mode) as file:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mode = 0o4777
            file.addfile(info, io.BytesIO(data))
    return path


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return path


def inside(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz", "zip"])
def test_a_model_by_any_archive(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    made = zipped(path, FILES) if mode == "zip" else tar(path, FILES, mode)
    unpack(made, tmp_path / "model")
    assert inside(tmp_path / "model") == {name[2:]: data for name, data in FILES.items()}
    modes = {path.stat().st_mode & 0o7111 for path in (tmp_path / "model").rglob("*.*")}
    assert modes == {0}, "what the archive says of permissions is not taken"


def test_a_single_folder_is_left_out_and_no_other(tmp_path: Path) -> None:
    for number, (files, names) in enumerate(
        [
            ({"m/m/a": b"1", "m/b": b"2"}, {"m/a", "b"}),
            ({"m/m/a": b"1"}, {"m/a"}),
            ({"./m/a": b"1"}, {"a"}),
            ({"m/a": b"1", "b": b"2"}, {"m/a", "b"}),
            ({"a": b"1"}, {"a"}),
        ]
    ):
        folder = tmp_path / f"model{number}"
        unpack(tar(tmp_path / f"{number}.tar", files, "w"), folder)
        assert inside(folder).keys() == names


ENEMIES = [
    "../evil", "m/../../evil", "/tmp/evil", "m/..", "..", "C:evil", "m\\..\\evil", "m/a\nb",
    "a/" * 9 + "b", "a" * 301,
]  # fmt: skip


@pytest.mark.parametrize("name", ENEMIES)
@pytest.mark.parametrize("make", [tar, zipped])
def test_no_path_leaves_the_folder(
    make: Callable[[Path, dict[str, bytes]], Path], name: str, tmp_path: Path
) -> None:
    box = tmp_path / "box"
    box.mkdir()
    archive = make(tmp_path / "archive", {"m/good": b"1", name: b"2"})
    with pytest.raises(ModelError, match="The archive holds"):
        unpack(archive, box / "model")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "box"]
    assert [path.name for path in box.iterdir()] == ["model"]
    assert inside(box / "model").keys() <= {"m/good"}


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE],
)
def test_what_is_neither_file_nor_folder_is_refused(kind: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as file:
        info = tarfile.TarInfo("m/link")
        info.type, info.linkname = kind, "/etc/passwd"
        file.addfile(info)
        info = tarfile.TarInfo("m/link/evil")
        file.addfile(info, io.BytesIO())
    with pytest.raises(ModelError, match="'m/link', which is neither a file nor a folder"):
        unpack(path, tmp_path / "model")
    assert inside(tmp_path / "model") == {}


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        info = zipfile.ZipInfo("m/link")
        info.create_system = 3
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    with pytest.raises(ModelError, match="neither a file nor a folder"):
        unpack(path, tmp_path / "model")


def test_a_name_that_comes_twice_overwrites_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as file:
        for data in (b"first", b"second"):
            info = tarfile.TarInfo("m/a")
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    with pytest.raises(ModelError, match=r"Cannot unpack to .*: File exists"):
        unpack(path, tmp_path / "model")
    assert (tmp_path / "model" / "m" / "a").read_bytes() == b"first"


@pytest.mark.parametrize(("limit", "most"), [("MOST_BYTES", 401), ("MOST_FILES", 2)])
def test_too_much_is_refused(
    limit: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, limit, most)
    with pytest.raises(ModelError, match="that is no model"):
        unpack(tar(tmp_path / "a.tar", FILES, "w"), tmp_path / "model")


def test_more_than_a_zip_says_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"bomb": bytes(1000)})
    data = path.read_bytes()
    assert data.count((1000).to_bytes(4, "little")) == 2
    path.write_bytes(data.replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(ModelError, match=r"broken|more of 'bomb' than it says"):
        unpack(path, tmp_path / "model")
    made = tmp_path / "model" / "bomb"
    assert not made.exists() or made.stat().st_size <= 10


@given(data=st.binary(max_size=300), cut=st.integers(0, 200))
def test_broken_archives_are_one_sentence(
    data: bytes, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    whole = tar(folder / "whole.tar.gz", FILES, "w:gz").read_bytes()
    for number, content in enumerate((data, whole[:cut], whole[:cut] + data)):
        path = folder / f"{number}"
        path.write_bytes(content)
        try:
            unpack(path, folder / f"model{number}")
        except ModelError as error:
            assert "\n" not in str(error)
