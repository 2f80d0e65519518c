"""The Lab beside a kernel that stops, with a microphone, in Notebook 7 and in Voila."""

from __future__ import annotations

import re
import time

import pytest
import soundfile
from playwright.sync_api import expect

from gladia_nb.run import load

from .conftest import PATIENCE_MS
from .lab_page import STREAMING, no_violations, path_of, show, start

# -- the kernel --


def test_what_happens_to_the_kernel_ends_the_session_and_keeps_its_record(lab, page):
    book, shown = show(lab, page, "long.wav")
    start(shown)
    page.wait_for_function(STREAMING)
    book.interrupt()
    expect(shown.get_by_role("status").filter(has_text="Stopped")).to_be_visible()
    # The same cell again: a new Lab, ready, and no session beside it.
    start(shown)
    expect(shown.get_by_role("status").filter(has_text="Streaming")).to_be_visible()
    book.run_cell(2)
    expect(shown.get_by_role("status").filter(has_text="Ready")).to_be_visible()
    newest = shown.locator(".gnb-shelf tbody tr").first
    expect(newest).to_contain_text("stopped")
    start(shown)
    page.wait_for_function(STREAMING)
    place = book.path.parent.parent / "runs"
    live = max(place.glob("*.run"), key=lambda path: path.stat().st_mtime)
    book.restart()
    banner = shown.locator(".gnb-banner")
    expect(banner).to_contain_text("The kernel was restarted or has ended")
    expect(shown.get_by_role("status").filter(has_text="No kernel")).to_be_visible()
    no_violations(page, "no kernel")
    book.run()
    expect(banner).to_be_empty()
    # The worker ends it properly; a service that takes too long for that is left.
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not load(live).complete and time.monotonic() < deadline:
        time.sleep(0.2)
    assert load(live).outcome in ("stopped", "aborted")
    shown.get_by_role("button", name="Refresh").click()
    expect(newest).to_contain_text(load(live).outcome)


#: Counts how often a page asks for a microphone.
ASKS = """
window.asked = 0;
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wishes) => { window.asked += 1; return ask(wishes); };
"""


@pytest.fixture
def speaking(make_browser, clip):
    """A Chromium in whose microphone somebody speaks."""
    sound = f"--use-file-for-fake-audio-capture={clip.with_suffix('.wav')}"
    samples, rate = soundfile.read(clip)
    soundfile.write(clip.with_suffix(".wav"), samples, rate, subtype="PCM_16")
    fake = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    context = make_browser(*fake, sound).new_context()
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(ASKS)
    yield context
    context.close()


def ended(page, shown, choice):
    """The session of a microphone that was stopped, in one of the pages that show it."""
    expect(shown.locator(".gnb-verdict")).to_be_visible()
    expect(shown.locator(".gnb-source")).to_contain_text("take.wav")
    run = load(path_of(shown))
    assert run.outcome == "stopped"
    assert run.name == "microphone"
    browser_held = run.record.header["options"].get("stopwatch") == "browser"
    assert browser_held is (choice == "direct")
    no_violations(page, "microphone stopped")
    return run


def begun(lab, page, choice):
    """A Lab with the microphone as its source, that is about to be started."""
    book, shown = show(lab, page)
    shown.get_by_label("Source", exact=True).select_option(choice)
    expect(shown.locator(".gladia-nb-mic")).to_be_visible()
    expect(shown.get_by_role("button", name="Record")).to_be_hidden()
    no_violations(page, "microphone")
    return book, shown


def test_the_microphone_held_by_the_browser(lab, speaking):
    page = speaking.new_page()
    _, shown = begun(lab, page, "direct")
    start(shown)
    expect(shown.get_by_role("log")).to_contain_text("one two three four")
    shown.locator(".gnb-bar").get_by_role("button", name="Stop").click()
    ended(page, shown, "direct")


def test_the_microphone_and_a_second_page_that_shows_the_same_session(lab, speaking):
    page, other = speaking.new_page(), speaking.new_page()
    book, shown = begun(lab, page, "stream")
    # What is on the page is in the file: the second one has the same cells and the same kernel.
    book.save()
    other.goto(lab.address(book.path.name))
    second = other.locator(".gnb-lab")
    expect(second.get_by_label("Source", exact=True)).to_have_value("stream")
    kept = set((lab.work.parent / "runs").glob("*.run"))
    start(shown)
    expect(second.get_by_role("status").filter(has_text="Streaming")).to_be_visible()
    for one in (shown, second):
        expect(one.get_by_role("log")).to_contain_text("one two three four")
    assert [one.evaluate("window.asked") for one in (page, other)] == [1, 0]
    # Either of them ends it, for both, and there was one session.
    second.locator(".gnb-bar").get_by_role("button", name="Stop").click()
    paths = {ended(*one, "stream").path for one in ((page, shown), (other, second))}
    assert set((lab.work.parent / "runs").glob("*.run")) - kept == paths
    assert [one.evaluate("window.asked") for one in (page, other)] == [1, 0]


# -- where people meet it --


@pytest.mark.parametrize(("width", "height", "columns"), [(1280, 800, 1), (1440, 900, 2)])
def test_start_is_on_the_screen_beside_a_file_browser(lab, page, width, height, columns):
    page.set_viewport_size({"width": width, "height": height})
    _, shown = show(lab, page, whole=True)
    go = shown.get_by_role("button", name="Start", exact=True)
    source, live = shown.locator(".gnb-source"), shown.locator(".gnb-live")
    expect(go).to_be_in_viewport(ratio=1)
    expect(live).to_be_in_viewport()
    beside = source.bounding_box()["x"] > live.bounding_box()["x"] + 100
    assert beside is (columns == 2)
    # Settings fold where there is no room for them.
    expect(shown.get_by_label("Preset", exact=True)).to_be_visible(visible=columns == 2)
    shown.locator(".gnb-shelf").evaluate("(shelf) => shelf.scrollIntoView()")
    expect(shown.locator(".gnb-shelf")).to_be_in_viewport()
    expect(go).to_be_in_viewport(ratio=1)
    start(shown)
    expect(shown.locator(".gnb-verdict")).to_be_visible()
    assert shown.evaluate("(lab) => lab.scrollWidth <= lab.clientWidth")
    # Tables have the width of both columns: what matters most in them is in sight.
    for part in (shown.locator(".gnb-after"), shown.locator(".gnb-shelf")):
        assert part.bounding_box()["width"] > 0.9 * shown.bounding_box()["width"]
    above = live if columns == 2 else shown.locator(".gnb-side")
    gap = shown.locator(".gnb-after").bounding_box()["y"] - _bottom(above)
    assert gap < 24, "nothing is empty above the results"
    for what in (
        shown.locator(".gnb-after th", has_text=re.compile("^p50_ms$")),
        shown.locator(".gnb-shelf tbody tr").first.get_by_role("button", name="Open"),
    ):
        what.evaluate("(one) => one.scrollIntoView({ block: 'center', inline: 'nearest' })")
        shown.locator(".gnb-scroll").evaluate_all("(all) => all.map((one) => one.scrollTo(0, 0))")
        expect(what).to_be_in_viewport(ratio=1)
    no_violations(page, f"{width} pixels")


def _bottom(part):
    box = part.bounding_box()
    return box["y"] + box["height"]


# -- the other hosts --


def listens(page, shown):
    """The tab *Listen*: what is clicked is chosen, and its pictures are there."""
    shown.get_by_role("tab", name="Listen", exact=True).click()
    shown.locator(".gnb-hear").get_by_role("button", name="six", exact=True).click()
    expect(shown.locator(".gnb-hear-title")).to_have_text("six")
    expect(shown.get_by_role("button", name="Play it")).to_be_visible()
    expect(shown.locator(".gnb-hear-plot canvas")).to_have_count(4)


def test_notebook_7(notebook, page, requests):
    _, shown = show(notebook, page)
    start(shown)
    expect(shown.locator(".gnb-verdict")).to_be_visible()
    expect(shown.get_by_role("log")).to_contain_text("five six seven")
    assert load(path_of(shown)).outcome == "finished"
    listens(page, shown)
    no_violations(page, "Notebook 7")
    assert requests.outside == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_voila(voila, page, scheme):
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    _, shown = show(voila, page)
    start(shown)
    expect(shown.locator(".gnb-verdict")).to_be_visible()
    expect(shown.get_by_role("log")).to_contain_text("five six seven")
    assert load(path_of(shown)).outcome == "finished"
    listens(page, shown)
    # The microphone has the colours of the Lab around it, whoever decided on them.
    shown.get_by_label("Source", exact=True).select_option("take")
    expect(shown.get_by_role("button", name="Record")).to_be_visible()
    ink = "(element) => getComputedStyle(element).getPropertyValue('--gnb-ink')"
    assert shown.evaluate(ink) == shown.locator(".gladia-nb-mic").evaluate(ink) != ""
    no_violations(page, f"Voila, {scheme}")


def test_the_notebook_under_voila(voila, page, repository):
    book = voila.open(page, repository / "notebooks" / "lab.ipynb")
    expect(page.locator(".gnb-lab")).to_be_visible(timeout=60_000)
    assert "Traceback" not in book.outputs
    assert "Recipe(" in book.outputs
