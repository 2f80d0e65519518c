import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from gladia_nb.plots.palette import DARK, LIGHT
from gladia_nb.reporting.front import hearing_module, hearing_paths, hearing_sheet
from gladia_nb.widgets import assets
from gladia_nb.widgets.assets import LAB, MICROPHONE, STATIC, Front

FRONTS = [LAB, MICROPHONE]
IMPORT = re.compile(r"^import \{([^}]*)\} from \"\./([\w.]+)\";", re.MULTILINE)
#: What a text may name that is no address to fetch something from.
NAMES = ("http://www.w3.org/2000/svg", "http://localhost")
#: Colours that are none of a palette: of the page's own, and of the system's in forced colours.
NEUTRAL = {"black", "white", "transparent", "currentcolor", "canvastext", "none", "inherit"}


def apart(front: Front) -> list[str]:
    return [name for files in front.threads.values() for name in files]


def sources(front: Front) -> list[Path]:
    return front.paths([*apart(front), *front.modules, *front.styles])


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_every_file_is_taken_and_every_import_is_of_an_earlier_file(front):
    taken = [*apart(front), *front.modules, *front.styles]
    assert {*taken} == {path.name for path in (STATIC / front.name).iterdir()}
    # Threads may share a file, and each has it once.
    for order in (*front.threads.values(), [*front.modules, *front.styles]):
        assert len(order) == len(set(order))
    for order in (*front.threads.values(), front.modules):
        for number, name in enumerate(order):
            text = front.paths([name])[0].read_text("utf-8")
            for names, imported in IMPORT.findall(text):
                assert imported in order[:number]
                there = front.paths([imported])[0].read_text("utf-8")
                offered = re.findall(r"^export (?:async )?(?:\w+) (\w+)", there, re.MULTILINE)
                assert set(re.findall(r"\w+", names)) <= set(offered), f"{name} of {imported}"


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_the_module_stands_alone(front):
    text = front.module()
    assert not re.search(r"^import ", text, re.MULTILINE)
    assert re.findall(r"^export ", text, re.MULTILINE) == ["export "]
    # What lets a run be heard is one expression, and keeps its names to itself.
    own = text.replace(hearing_module(), "const mountHearing = 0;\n")
    for part in (own, *(front_text(front, files) for files in front.threads.values())):
        names = re.findall(r"^(?:async )?(?:const|function|class|let) (\w+)", part, re.MULTILINE)
        assert len(names) == len(set(names)), "two files use one name at their top"


def front_text(front: Front, names) -> str:
    """What runs in a thread of its own, as the page gets it."""
    module = front.module()
    (line,) = [
        line
        for name, files in front.threads.items()
        if files == names
        for line in module.splitlines()
        if line.startswith(f"const {name} = ")
    ]
    return json.loads(line.split(" = ", 1)[1].removesuffix(";"))


def test_the_lab_lets_a_run_be_heard_in_its_own_colours(monkeypatch):
    assert LAB.module().count(hearing_module()) == 1
    assert "mountHearing" not in MICROPHONE.module()
    # It comes without colours: those of the Lab, which follow JupyterLab's theme, are inherited.
    assert LAB.style().count(hearing_sheet()) == 1
    assert not re.search(r"\.gnb-hear\b[^{}]*\{\s*--gnb-", LAB.style())
    watched = []
    monkeypatch.setattr(assets, "_watched", lambda _make, parts: watched.append(list(parts)))
    for front in FRONTS:
        front.esm()
        front.css()
    esm, css, *others = watched
    assert {*esm, *css} == {*sources(LAB), *hearing_paths()}
    assert {path.suffix for path in css} == {".css"}
    assert not {*hearing_paths()} & {path for parts in others for path in parts}


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node to read JavaScript")
@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_the_module_is_javascript(front, tmp_path):
    path = tmp_path / "module.mjs"
    path.write_text(front.module(), "utf-8")
    subprocess.run(["node", "--check", str(path)], check=True, capture_output=True)


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_nothing_is_fetched_from_outside(front):
    for whole in (front.module(), front.style()):
        text = re.sub("|".join(map(re.escape, NAMES)), "", whole)
        assert re.findall(r"(?:https?:)?//[\w.]+\.\w+", text) == []
        assert "@import" not in text
        assert "innerHTML" not in text
        assert "eval(" not in text
        assert "url(" not in front.style()


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_every_colour_comes_from_the_palette(front):
    known = {f"--gnb-{field.name.replace('_', '-')}" for field in dataclasses.fields(LIGHT)}
    for path in sources(front):
        text = path.read_text("utf-8")
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgb|hsl|oklch|color-mix)a?\(", text), path
        used = set(re.findall(r"var\((--gnb-[\w-]+)", text)) - {"--gnb-lanes"}
        assert used <= known, path
        if path.suffix == ".css":
            for value in re.findall(r"(?:color|background|fill|stroke|border): ([^;]+);", text):
                plain = re.sub(r"var\([^;]*\)", "", value)
                named = set(re.findall(r"[a-z]{3,}", plain.lower())) - NEUTRAL
                assert not named & {"red", "green", "blue", "gray", "grey", "orange", "yellow"}


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_both_themes_stand_in_front(front):
    style = front.style()
    assert style.startswith(f"{front.selector}{{--gnb-ink:{LIGHT.ink};")
    assert f"prefers-color-scheme:dark){{{front.selector}{{--gnb-ink:{DARK.ink};" in style
    assert f'[data-jp-theme-light="true"] {front.selector}{{--gnb-ink:{LIGHT.ink};' in style
    assert f'[data-jp-theme-light="false"] {front.selector}{{--gnb-ink:{DARK.ink};' in style


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_motion_is_only_for_those_who_like_it(front):
    text = front.style()
    moving = [m.start() for m in re.finditer(r"animation:|transition: (?!none)|@keyframes", text)]
    if "no-preference" in text:
        assert all(at > text.index("no-preference") for at in moving)
    else:
        assert "prefers-reduced-motion: reduce" in text


def test_the_wheel_has_the_front_end(tmp_path):
    hatchling = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")
    root = Path(__file__).resolve().parents[2]
    (path,) = hatchling.WheelBuilder(str(root)).build(directory=str(tmp_path))
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
    for front in FRONTS:
        for source in sources(front):
            assert source.relative_to(root).as_posix() in names
    for shipped in root.joinpath("gladia_nb").rglob("*"):
        if shipped.suffix in (".js", ".css", ".py", ".pyi"):
            assert shipped.relative_to(root).as_posix() in names
    assert not [name for name in names if "node_modules" in name or name.endswith("package.json")]


# -- while somebody works on the files --


def copied(front: Front, folder: Path) -> Front:
    shutil.copytree(STATIC, folder / "static")
    return dataclasses.replace(front, static=folder / "static")


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_what_is_shown_follows_a_file_that_changes(front, tmp_path, monkeypatch):
    pytest.importorskip("watchfiles", reason="watchfiles is not installed; nothing can be watched")
    import anywidget

    monkeypatch.setenv("ANYWIDGET_HMR", "1")
    front = copied(front, tmp_path)
    made = type("Watched", (anywidget.AnyWidget,), {"_esm": front.esm(), "_css": front.css()})
    widget = made()
    sent = []
    widget.observe(lambda change: sent.append(change["name"]), ["_esm", "_css"])
    parts = [*(names[0] for names in front.threads.values()), front.modules[-1], front.styles[-1]]
    for number, path in enumerate(front.paths(parts)):
        word = f"news_{number}"
        trait = "_css" if path.suffix == ".css" else "_esm"
        comment = f"\n/* {word} */\n"
        deadline = time.monotonic() + 30
        path.write_text(path.read_text("utf-8") + comment, "utf-8")
        while word not in getattr(widget, trait):
            assert time.monotonic() < deadline, f"{path.name} was not seen"
            # A watcher that is just beginning may have missed it.
            time.sleep(0.2)
            os.utime(path)
        assert trait in sent
    widget.close()


def test_without_being_asked_nothing_is_watched():
    code = (
        "import sys, threading; from gladia_nb.widgets.assets import LAB, MICROPHONE; "
        "texts = [text for one in (LAB, MICROPHONE) for text in (one.esm(), one.css())]; "
        "print([type(text).__name__ for text in texts], "
        "threading.active_count(), 'watchfiles' in sys.modules)"
    )
    environment = {name: value for name, value in os.environ.items() if "ANYWIDGET" not in name}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['str', 'str', 'str', 'str'] 1 False"
