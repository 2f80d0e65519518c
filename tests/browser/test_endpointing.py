"""The slider that moves the cuts on the sound, with keys, in both themes."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.scripted_helpers import WORDS, make_sound

from .conftest import PATIENCE_MS, SIZE
from .hosts import Notebook, Requests
from .lab_page import no_violations, show, start


@pytest.fixture(scope="module")
def explorer(browser, lab) -> tuple[Page, Notebook, Locator, Requests]:
    """A run with a reference, and the view of its endpointings."""
    make_sound(lab.work / "spoken.wav")
    (lab.work / "spoken.words.json").write_text(json.dumps({"words": WORDS}))
    requests = Requests()
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    requests.watch(context)
    page = context.new_page()
    book, shown = show(lab, page, source="spoken.wav")
    start(shown)
    expect(shown.locator(".gnb-verdict")).to_be_visible()
    shown.get_by_role("tab", name="Endpointing").click()
    yield page, book, shown, requests
    context.close()
    # Other Labs of this host count the runs of the shelf.
    for path in (lab.work.parent / "runs").glob("*spoken*.run"):
        path.unlink()


def slider_of(lab: Locator) -> Locator:
    slider = lab.get_by_role("slider", name="Endpointing: silence that ends an utterance")
    expect(slider).to_be_visible()
    return slider


def kinds_of(lab: Locator) -> list[str]:
    marks = lab.locator(".gnb-cut")
    return [marks.nth(k).get_attribute("data-kind") for k in range(marks.count())]


def test_the_first_place_is_what_was_measured(explorer):
    page, _, lab, requests = explorer
    slider = slider_of(lab)
    assert slider.get_attribute("aria-valuetext").startswith("0.3 s, measured; utterances: 2")
    # The pause of 0.65 s is within the one turn of the reference.
    assert kinds_of(lab) == ["premature", "endpoint"]
    facts = lab.locator(".gnb-explorer dl")
    expect(facts).to_contain_text("1 of 1")
    expect(lab.get_by_role("img", name="Where utterances end: 0.3 s, measured")).to_be_visible()
    no_violations(page, "endpointing")
    assert requests.outside == []


def test_keys_move_the_cuts_until_they_are_gone(explorer):
    page, _, lab, _ = explorer
    slider = slider_of(lab)
    first = lab.locator(".gnb-cut").first
    before = first.bounding_box()["x"]
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", slider_text(slider, "predicted"))
    assert first.bounding_box()["x"] > before
    assert kinds_of(lab) == ["premature", "endpoint"]
    page.keyboard.press("End")
    expect(lab.locator(".gnb-cut")).to_have_count(1)
    assert kinds_of(lab) == ["stop"]
    expect(lab.locator(".gnb-explorer dl")).to_contain_text("0 of 1")
    assert slider.get_attribute("aria-valuetext").startswith("3 s, predicted; utterances: 1")
    page.keyboard.press("Home")
    expect(lab.locator(".gnb-cut")).to_have_count(2)
    assert lab.evaluate("(lab) => lab.contains(document.activeElement)")


def slider_text(slider: Locator, word: str) -> str:
    """What the slider says now, which has this word in it."""
    text = slider.get_attribute("aria-valuetext")
    assert word in text
    return text


def test_marks_lie_on_the_sound_also_where_it_is_dark_and_narrow(explorer):
    page, book, lab, _ = explorer
    slider_of(lab)
    track = lab.locator(".gnb-track").bounding_box()
    # Speech ends at 0.95 s of 3 s, and is known to have ended 0.3 s later.
    place = lab.locator(".gnb-cut").first.bounding_box()["x"] - track["x"]
    assert place == pytest.approx(track["width"] * 1.25 / 3, abs=3)
    book.wear("Dark")
    no_violations(page, "endpointing, dark")
    page.set_viewport_size({"width": 700, "height": 900})
    assert lab.evaluate("(lab) => lab.scrollWidth <= lab.clientWidth")
    no_violations(page, "endpointing, narrow")
    page.set_viewport_size(SIZE)
    book.wear("Light")
