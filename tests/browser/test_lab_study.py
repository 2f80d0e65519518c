"""The Lab's panel of a study of many runs, as people use it in JupyterLab."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import PATIENCE_MS, SIZE
from .hosts import Notebook, Requests
from .lab_page import no_violations, show

SHOTS = os.environ.get("GLADIA_NB_SHOTS")


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


@pytest.fixture(scope="module")
def desk(browser, lab) -> tuple[Page, Notebook, Locator, Requests]:
    """One page for all tests, with a Lab whose study is unfolded."""
    requests = Requests()
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    requests.watch(context)
    page = context.new_page()
    book, shown = show(lab, page, options="{'script': {'words': []}}" if False else "{}")
    yield page, book, shown, requests
    context.close()


def panel(lab: Locator) -> Locator:
    return lab.locator(".gnb-study")


def test_it_is_folded_until_somebody_looks(desk):
    page, _, lab, _ = desk
    study = panel(lab)
    expect(study.get_by_role("button", name="See the plan")).to_be_hidden()
    study.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(study.get_by_role("button", name="See the plan")).to_be_visible()
    study.scroll_into_view_if_needed()
    no_violations(page, "unfolded")
    shot(page, "unfolded")


def test_what_is_wrong_is_said_beside_the_field(desk):
    page, _, lab, _ = desk
    study = panel(lab)
    values = study.get_by_label("Values of the first", exact=True)
    values.fill("0.05, 30")
    problem = study.get_by_text("must be between 0.01 and 10 (got 30)")
    expect(problem).to_be_visible()
    expect(values).to_have_attribute("aria-invalid", "true")
    expect(study.get_by_text("One field needs to be mended.")).to_be_visible()
    expect(study.get_by_role("button", name="Run the study")).to_have_attribute(
        "aria-disabled", "true"
    )
    no_violations(page, "a problem")
    shot(page, "problem")
    values.fill("0.05, 0.3")
    expect(problem).to_be_hidden()
