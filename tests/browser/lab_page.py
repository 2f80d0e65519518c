"""The Lab in a page: how it is shown, started and looked at, for tests and pictures of it."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from .conftest import PATIENCE_MS
from .hosts import Host, Notebook

expect.set_options(timeout=PATIENCE_MS)

HERE = Path(__file__).resolve().parent
#: A scripted server, three seconds of sound and thirty.
PREPARE = f"""\
import sys
sys.path.insert(0, {str(HERE.parents[1])!r})
from tests.support.scripted_helpers import SCRIPT, make_sound
import gladia_nb as gn
make_sound("short.wav")
make_sound("long.wav", 30.0)
server = gn.LocalServer(engine="scripted", script=SCRIPT, **options).start()
config = gn.SessionConfig(endpointing=0.3)
"""
SHOW = "lab = gn.Lab({source!r}, config, server=server)\nlab"
STREAMING = "() => document.querySelector('.gnb-progress').ariaValueNow > 0"


def cells(source: str = "short.wav", options: str = "{}") -> list[str]:
    return [f"options = {options}", PREPARE, SHOW.format(source=source)]


def show(
    host: Host,
    page: Page,
    source: str = "short.wav",
    options: str = "{}",
    *,
    whole: bool = False,
) -> tuple[Notebook, Locator]:
    """A notebook with a Lab, and the Lab; `whole` in JupyterLab with its file browser."""
    book = host.open(page, cells(source, options), whole=whole)
    if host.name != "voila":
        book.run()
    lab = page.locator(".gnb-lab")
    expect(lab.get_by_role("button", name="Start", exact=True)).to_have_attribute(
        "aria-disabled", "false", timeout=60_000
    )
    return book, lab


def start(lab: Locator) -> None:
    lab.get_by_role("button", name="Start", exact=True).click()


def no_violations(page: Page, state: str) -> None:
    found = Axe().run(page, context=".gnb-lab").response["violations"]
    said = [
        (entry["id"], entry["help"], [node["html"] for node in entry["nodes"]]) for entry in found
    ]
    assert said == [], f"{state}: {said}"


def path_of(lab: Locator) -> Path:
    """The file of the run on view."""
    facts = lab.locator(".gnb-factlist > div", has_text="Kept in")
    return Path(facts.locator("dd").inner_text())
