import re
import shutil
import subprocess
import zipfile
from importlib.resources import files
from pathlib import Path

import pytest

from gladia_nb.widgets.assets import FRONT, module, style

HERE = files("gladia_nb.widgets").joinpath("static", "lab")


def test_every_file_is_taken_once_and_every_import_is_of_an_earlier_file():
    present = {path.name for path in HERE.iterdir() if path.name.endswith(".js")}
    assert present == set(FRONT)
    for number, name in enumerate(FRONT):
        text = HERE.joinpath(name).read_text("utf-8")
        for imported in re.findall(r'from "\./([\w.]+)"', text):
            assert imported in FRONT[:number]


def test_the_module_stands_alone():
    text = module()
    assert "import " not in text
    assert re.findall(r"^export ", text, re.MULTILINE) == ["export "]
    names = re.findall(r"^(?:const|function|class|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)), "two files use one name at their top"


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node to read JavaScript")
def test_the_module_is_javascript(tmp_path):
    path = tmp_path / "lab.mjs"
    path.write_text(module(), "utf-8")
    subprocess.run(["node", "--check", str(path)], check=True, capture_output=True)


@pytest.mark.parametrize("text", [module(), style()])
def test_nothing_is_fetched_from_outside(text):
    found = re.findall(r"(?:https?:)?//[\w.]+\.\w+", text.replace("http://www.w3.org/2000/svg", ""))
    assert found == []
    assert "@import" not in text
    assert "innerHTML" not in text
    assert "eval(" not in text


def test_motion_is_only_for_those_who_like_it():
    text = style()
    quiet = text.index("prefers-reduced-motion: no-preference")
    assert all(
        match.start() > quiet for match in re.finditer(r"animation|transition|@keyframes", text)
    )


def test_the_wheel_has_the_front_end(tmp_path, monkeypatch):
    hatchling = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")
    root = Path(__file__).resolve().parents[2]
    (path,) = hatchling.WheelBuilder(str(root)).build(directory=str(tmp_path))
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
    for name in (*FRONT, "lab.css"):
        assert f"gladia_nb/widgets/static/lab/{name}" in names
    for shipped in root.joinpath("gladia_nb").rglob("*"):
        if shipped.suffix in (".js", ".css", ".py", ".pyi"):
            assert shipped.relative_to(root).as_posix() in names
