"""The Lab's panel of a study of many runs, as people use it in JupyterLab."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from gladia_nb.studies.many_runs import Study
from tests.support.scripted_helpers import WORDS, make_sound

from .conftest import PATIENCE_MS, SIZE
from .hosts import Host, Notebook, Requests
from .lab_page import PREPARE, no_violations

#: On a busy machine a stopwatch may be invalid more than three times.
SHOW = """\
from gladia_nb.studies import running
running.TRIES = 30
lab = gn.Lab("long.wav", config, server=server, speed=10)
lab"""
#: A folder for pictures of the panel, for eyes.
PICTURES = os.environ.get("GLADIA_NB_PICTURES")


def look(page: Page, panel: Locator, name: str) -> None:
    """Keep what it looks like, where that is asked for."""
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-frame.png")
        panel.screenshot(path=f"{PICTURES}/{name}.png")


@pytest.fixture(scope="module")
def desk(browser, lab: Host) -> tuple[Page, Notebook, Locator, Requests]:
    """One page for all tests: a Lab, and a folder with a recording and its words."""
    calls = lab.work / "calls"
    calls.mkdir()
    make_sound(calls / "one.wav")
    (calls / "one.words.json").write_text(json.dumps(WORDS))
    requests = Requests()
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    requests.watch(context)
    page = context.new_page()
    book = lab.open(page, ["options = {}", PREPARE, SHOW])
    book.run()
    shown = page.locator(".gnb-lab")
    expect(shown.get_by_role("button", name="Start", exact=True)).to_have_attribute(
        "aria-disabled", "false", timeout=60_000
    )
    yield page, book, shown, requests
    context.close()


@pytest.fixture
def study(desk) -> Locator:
    """The panel."""
    return desk[2].locator(".gnb-study")


def press(study: Locator, name: str) -> None:
    button = study.get_by_role("button", name=name, exact=True)
    expect(button).to_have_attribute("aria-disabled", "false")
    button.press("Enter")


def test_it_is_folded_until_somebody_looks(desk, study):
    page = desk[0]
    plan = study.get_by_role("button", name="See the plan")
    expect(plan).to_be_hidden()
    study.locator("summary").press("Enter")
    expect(plan).to_be_visible()
    no_violations(page, "unfolded")
    look(page, study, "unfolded")


def test_what_is_wrong_is_said_beside_the_field(desk, study):
    page = desk[0]
    values = study.get_by_label("Values of the first", exact=True)
    values.fill("0.05, 30")
    problem = study.get_by_text("must be between 0.01 and 10 (got 30)")
    expect(problem).to_be_visible()
    assert problem.get_attribute("id") in values.get_attribute("aria-describedby").split()
    expect(values).to_have_attribute("aria-invalid", "true")
    expect(study.get_by_text("One field needs to be mended.")).to_be_visible()
    run = study.get_by_role("button", name="Run the study")
    expect(run).to_have_attribute("aria-disabled", "true")
    no_violations(page, "a problem")
    look(page, study, "problem")
    values.fill("0.05, 0.3")
    expect(problem).to_be_hidden()


def test_the_plan_says_what_it_takes_and_sends_nothing(desk, study, lab):
    page = desk[0]
    # In this order there is something to study all the time, and the buttons are never off.
    study.get_by_label("Recordings of your own", exact=True).fill("calls")
    study.get_by_label("Sample: conversation, two voices").uncheck()
    study.get_by_label("Repeats", exact=True).fill("1")
    study.get_by_label("Price of an hour", exact=True).fill("100")
    study.get_by_label("Folder of the study", exact=True).fill("first")
    press(study, "See the plan")
    facts = study.locator(".gnb-plan")
    expect(facts).to_contain_text("3, 0 done")
    expect(facts).to_contain_text("0.25")
    assert not (lab.work / "first").exists()
    no_violations(page, "planned")
    look(page, study, "planned")


def test_run_watch_and_compare(desk, study, lab, tmp_path):
    page, _, whole, requests = desk
    press(study, "Run the study")
    cells = study.get_by_role("table", name="Cells of each arm by state")
    expect(cells).to_contain_text("baseline again")
    start = whole.get_by_role("button", name="Start", exact=True)
    compared = study.get_by_role("table", name="Differences")
    expect(compared).to_contain_text("word_end -> first_seen @send")
    expect(start).to_have_attribute("aria-disabled", "false")
    expect(cells.get_by_role("row", name="endpointing=0.3 1 0 0 0")).to_be_visible()
    assert Study(lab.work / "first").plan().done == 3
    picture = study.locator("img")
    expect(picture).to_be_visible()
    assert "Difference of each arm" in picture.get_attribute("alt")
    no_violations(page, "compared")
    look(page, study, "compared")
    study.get_by_label("Picture of the study", exact=True).select_option("Latency against errors")
    expect(study.get_by_alt_text("WER of each arm")).to_be_visible()
    study.get_by_label("Page of the study", exact=True).fill(str(tmp_path / "page.html"))
    study.get_by_role("button", name="Page of the study: write").click()
    expect(study.get_by_text("The page is written to")).to_be_visible()
    assert "What the arms differ in" in (tmp_path / "page.html").read_text()
    assert requests.outside == []


def test_dark_narrow_and_in_a_small_window(desk, study):
    page, book, whole, _ = desk
    book.wear("Dark")
    no_violations(page, "dark")
    look(page, study, "dark")
    page.set_viewport_size({"width": 700, "height": 900})
    assert whole.evaluate("(lab) => lab.scrollWidth <= lab.clientWidth")
    no_violations(page, "narrow")
    look(page, study, "narrow")
    book.wear("Light")
    page.set_viewport_size({"width": 1366, "height": 768})
    assert whole.evaluate("(lab) => lab.scrollWidth <= lab.clientWidth")
    look(page, study, "small")
    page.set_viewport_size(SIZE)


def test_stop_and_what_is_done_is_kept(desk, study, lab):
    page, _, whole, _ = desk
    study.get_by_label("Repeats", exact=True).fill("50")
    study.get_by_label("Folder of the study", exact=True).fill("second")
    press(study, "See the plan")
    expect(study.locator(".gnb-plan")).to_contain_text("150, 0 done")
    press(study, "Run the study")
    expect(whole.get_by_text("A study is running; stop it first.")).to_be_visible()
    expect(study.locator("summary")).to_contain_text("of 150 cells done")
    no_violations(page, "running")
    look(page, study, "running")
    press(study, "Stop the study")
    expect(study.get_by_text("Stopped: what is done is kept")).to_be_visible()
    expect(study.get_by_role("button", name="Run the study")).to_have_attribute(
        "aria-disabled", "false"
    )
    assert Path(lab.work / "second" / "design.json").is_file()
    assert Study(lab.work / "second").plan().done < 150
