"""What the pages say can be done as it stands there, and every link leads somewhere."""

import fnmatch
import functools
import json
import re
import shlex
import sys
import tomllib
import warnings
from pathlib import Path

import pytest
import soundfile

import gladia_nb as gn
from gladia_nb.cli.parser import command_parser
from gladia_nb.server import LocalServer
from tests.support.scripted_helpers import RATE, WORDS, make_sound

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

import handbook  # noqa: E402 - it lies with the pages

PAGES = sorted(
    path for path in DOCS.rglob("*.md") if not {"made", "built"} & set(path.relative_to(DOCS).parts)
)
#: Pages whose blocks of Python belong to each other, and run here from top to end.
SPOKEN = [
    path
    for path in PAGES
    if (path.name == "start.md" or path.parent.name in ("how", "explain"))
    and "```python" in path.read_text(encoding="utf-8")
]
#: Pages that are made of the package and of the notebooks.
MADE = {
    *(f"made/{handbook.slug(heading)}.md" for heading in handbook.GROUPS),
    *(f"made/{name}.md" for name in ("columns", "settings", "command_line")),
}


def name_of(path):
    return path.relative_to(DOCS).as_posix()


def blocks(path, language):
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def service():
    with LocalServer(engine="scripted", script={"words": WORDS, "delay": 0.05}) as server:
        yield server


@pytest.mark.parametrize("page", SPOKEN, ids=name_of)
def test_the_python_of_a_page_runs(page, service, tmp_path, monkeypatch):
    make_sound(tmp_path / "talk.wav")
    (tmp_path / "talk.words.json").write_text(json.dumps({"words": WORDS}))
    soundfile.info(tmp_path / "talk.wav")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLADIA_API_URL", service.url)
    monkeypatch.setenv("GLADIA_API_KEY", service.key)
    # Where it goes and how fast is not as on the page, nor how long it takes.
    quick = functools.partial(gn.transcribe, speed=20)
    monkeypatch.setattr(gn, "transcribe", quick)
    monkeypatch.setattr(gn, "report", functools.partial(gn.report, figures=False))
    monkeypatch.setattr(gn, "sample", lambda *_: tmp_path / "talk.wav")
    space = {"gn": gn}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for code in blocks(page, "python"):
            found = compile(code, name_of(page), "exec")
            if not code.startswith("# needs"):
                exec(found, space)
    for value in space.values():
        if isinstance(value, gn.Microphone):
            value.close()
    assert soundfile.info(tmp_path / "talk.wav").samplerate == RATE


def targets():
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_can_be_given(page):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for line in "".join(blocks(page, "sh")).splitlines():
        words = shlex.split(line, comments=True)
        # What is set for one command, before it.
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            words.pop(0)
        if not words:
            continue
        match words[0]:
            case "gladia-nb":
                command_parser().parse_args(words[1:])
            case "make":
                assert set(words[1:]) <= targets()
            case "pip":
                asked = re.search(r"\[(.*)\]", words[-1])
                assert set(asked[1].split(",")) <= set(extras["optional-dependencies"])
            case "voila":
                assert (ROOT / words[1]).exists()
            case "export":
                assert re.fullmatch(r"GLADIA_\w+=.+", words[1])
            case "python":
                assert all((ROOT / word).exists() for word in words[1:] if word.endswith(".py"))
            case other:
                pytest.fail(f"nobody has tried: {other}")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_data_can_be_read(page):
    for text in blocks(page, "json"):
        json.loads(text)
    for text in blocks(page, "toml"):
        tomllib.loads(text)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" in link:
            continue
        place = (page.parent / link).resolve()
        made = place.is_relative_to(DOCS) and place.relative_to(DOCS).as_posix() in MADE
        assert made or place.exists(), f"{name_of(page)}: {link}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_names_of_the_package_are_there(page):
    used = set(re.findall(r"\bgn\.(\w+)", page.read_text(encoding="utf-8")))
    assert used <= set(gn.__all__)


def contents():
    """What the tables of contents name, patterns included."""
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    tables = re.findall(r"^```\{toctree\}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [line for table in tables for line in table.splitlines() if line and line[0] != ":"]


def test_every_page_is_in_the_contents():
    named = contents()
    pages = {name_of(path).removesuffix(".md") for path in PAGES} - {"index"}
    pages |= {name.removesuffix(".md") for name in MADE}
    missing = {page for page in pages if not any(fnmatch.fnmatch(page, name) for name in named)}
    assert missing == set(), "a table of contents names each page"
    plain = {name for name in named if "*" not in name}
    assert plain - pages == set(), "these are named and are not there"
