"""What the README and the pages of `docs/` show can be done as it stands there."""

from __future__ import annotations

import functools
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gladia_nb as gn
from gladia_nb.cli.commands import main
from gladia_nb.cli.parser import command_parser
from gladia_nb.network.profiles import PROFILES
from gladia_nb.server import LocalServer
from gladia_nb.server.engines.finding import GROUP
from gladia_nb.studies.files import read_study
from gladia_nb.studies.gates import Gate, read_gates
from tests.support.scripted_helpers import SCRIPT, TEXT, make_sound

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    ROOT / name
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        "docs/cassettes.md",
        "docs/engines.md",
        "docs/first_contact.md",
        "docs/studies.md",
        "docs/gates.md",
        "docs/sound.md",
        "docs/network.md",
        "docs/teaching.md",
        "notebooks/course/README.md",
    )
]


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in some language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def scripted() -> Iterator[LocalServer]:
    with LocalServer(engine="scripted", script=SCRIPT) as server:
        yield server


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    found = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [link for link in found if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_of_the_package_are_there(page: Path) -> None:
    used = set(re.findall(r"\bgn\.(\w+)", page.read_text(encoding="utf-8")))
    assert used <= set(gn.__all__)


@pytest.mark.parametrize(("page", "number"), [("README.md", 1), ("docs/studies.md", 0)])
def test_the_study_that_is_shown_runs(
    page: str,
    number: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scripted: LocalServer,
) -> None:
    (tmp_path / "calls").mkdir()
    make_sound(tmp_path / "calls" / "a.wav")
    (tmp_path / "calls" / "a.txt").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    # Only where it runs and how fast is not as on the page.
    monkeypatch.setattr(gn, "Study", functools.partial(gn.Study, server=scripted, speed=20, plan=4))
    names: dict[str, object] = {"gn": gn}
    exec(blocks(page, "python")[number], names)
    plan = gn.Study("studies/endpointing").plan()
    assert plan.cells == plan.done >= 3


def test_the_files_of_the_workflow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    design, limits = blocks("docs/gates.md", "toml")
    (tmp_path / "study.toml").write_text(design)
    (tmp_path / "slo.toml").write_text(limits)
    (tmp_path / "data").symlink_to(ROOT / "data")
    study = read_study(tmp_path / "study.toml")
    assert study.path == tmp_path / "studies" / "ci"
    assert main(["study", str(tmp_path / "study.toml"), "--plan"]) == 0
    assert capsys.readouterr().out.startswith("6 cells, 0 of them done")
    assert {gate.kind for gate in read_gates(tmp_path / "slo.toml")} >= {"verdict", "quantile"}


def test_the_commands_of_the_workflow_have_these_options() -> None:
    (workflow,) = blocks("docs/gates.md", "yaml")
    commands = re.findall(r"gladia-nb ([^|\n]+)", workflow)
    told = [command_parser().parse_args(command.split()) for command in commands]
    assert [arguments.command for arguments in told] == ["study", "check"]
    assert told[1].junit == "gates.xml"


def test_the_other_gates_of_the_page_are_gates() -> None:
    text = " ".join((ROOT / "docs" / "gates.md").read_text(encoding="utf-8").split())
    shown = [Gate.read(line) for line in re.findall(r"`([^`]+ < [0-9.]+)`", text)]
    assert {gate.kind for gate in shown} == {"ratio", "quantile", "difference"}
    assert len(shown) == 5


def test_the_networks_that_are_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scripted: LocalServer
) -> None:
    page = (ROOT / "docs" / "network.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `(\w+)` \| (?:(\d+) ms)? ?\| (?:(\d+) ms)? ?\|", page, re.MULTILINE)
    assert {name: (float(delay or 0), float(jitter or 0)) for name, delay, jitter in shown} == {
        name: (network.delay_ms, network.jitter_ms) for name, network in PROFILES.items()
    }
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path))
    transcribe = gn.transcribe

    def quickly(*sound: object, **options: object) -> gn.Run:
        return transcribe(*sound, **{**options, "server": scripted, "speed": 40})

    monkeypatch.setattr(gn, "transcribe", quickly)
    exec(blocks("docs/network.md", "python")[0], names := {"gn": gn})
    assert len(gn.network_delays(names["run"])) > 0
    for line in blocks("docs/network.md", "sh")[0].splitlines():
        command_parser().parse_args(shlex.split(line)[1:])


def test_the_engine_that_is_shown_is_found_and_hears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's package as a person would install it, in a server of its own."""
    (code,) = blocks("docs/engines.md", "python")
    (points,) = blocks("docs/engines.md", "toml")
    (tmp_path / "counting_engine.py").write_text(code)
    told = tomllib.loads(points)["project"]["entry-points"][GROUP]
    about = tmp_path / "counting_engine-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: counting-engine\nVersion: 1\n")
    lines = [f"{name} = {value}" for name, value in told.items()]
    (about / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines]))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    make_sound(tmp_path / "a.wav")
    with LocalServer(engine="counting") as server:
        run = gn.transcribe(tmp_path / "a.wav", server=server, speed=20, progress=False)
        whole = int(gn.read_audio(tmp_path / "a.wav").duration_s)
        assert whole >= 2
        assert run.text.split() == [str(second + 1) for second in range(whole)]
        with pytest.raises(gn.GladiaNbError, match="channels must be 1"):
            gn.transcribe(tmp_path / "a.wav", server=server, channels=2, progress=False)
    with pytest.raises(gn.ServerError, match="The engine 'counting' has no model 'hours'"):
        LocalServer(engine="counting", model="hours").start()
    with pytest.raises(gn.ServerError, match=r"no engine 'counted'; there are .*, counting"):
        LocalServer(engine="counted").start()


def test_the_commands_of_the_page_have_these_options() -> None:
    (shown,) = blocks("docs/engines.md", "sh")
    commands = re.findall(r"^gladia-nb ([^#\n]+)", shown, flags=re.MULTILINE)
    told = [command_parser().parse_args(command.split()) for command in commands]
    assert [arguments.command for arguments in told] == ["models", "models", "serve"]
    assert told[2].engine == "sherpa"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, scripted: LocalServer) -> Path:
    """A folder with a sound and its run, as the pages about cassettes name them."""
    folder = tmp_path_factory.mktemp("recorded")
    make_sound(folder / "interview.wav", 2.0)
    (folder / "interview.wav").rename(folder / "interview.flac")
    run = gn.transcribe(
        folder / "interview.flac",
        server=scripted,
        path=folder / "interview.run",
        audio=False,
        progress=False,
    )
    (folder / "contact").mkdir()
    run.without_speech().save(folder / "contact" / "contact.run")
    return folder


@pytest.mark.parametrize("page", ["docs/cassettes.md", "docs/first_contact.md"])
def test_cassettes_are_played_and_handed_on_as_it_is_shown(
    page: str, recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(recorded)
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        exec(block, names)
    if page == "docs/cassettes.md":
        original = gn.load("interview.run")
        assert names["run"].text == original.text
        assert gn.load("shared.run").text == original.without_speech().text
    else:
        assert names["run"].complete
        with names["server"] as server:
            assert server.url


def test_the_commands_about_cassettes_are_there() -> None:
    text = (ROOT / "docs/cassettes.md").read_text() + (ROOT / "docs/first_contact.md").read_text()
    shown = re.findall(r"^(?:\S+=\S+ )?gladia-nb (.+)$|`gladia-nb ([^`]+)`", text, re.MULTILINE)
    told = [command_parser().parse_args((a or b).split()).command for a, b in shown]
    assert sorted(told) == ["anonymise", "compare-traffic", "contact", "serve"]
