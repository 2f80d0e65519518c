"""The Lab as people use it: in JupyterLab, with mouse and keys."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Locator, Page, expect

from gladia_nb.lab.live_state import MAX_LINES
from gladia_nb.record.file import dump_line
from gladia_nb.run import load

from .conftest import PATIENCE_MS, SIZE
from .hosts import Notebook, Requests
from .lab_page import STREAMING, no_violations, path_of, show, start

SECRET = "k3y-that-must-not-be-anywhere-51c0ffee"


@pytest.fixture(scope="module")
def desk(browser, lab) -> tuple[Page, Notebook, Locator, Requests]:
    """One page for all tests that leave the Lab as they found it: ready."""
    requests = Requests()
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    requests.watch(context)
    page = context.new_page()
    book, shown = show(lab, page)
    yield page, book, shown, requests
    context.close()


def test_empty(desk):
    page, _, lab, _ = desk
    no_violations(page, "empty")
    expect(lab.get_by_role("status").filter(has_text="Ready")).to_be_visible()
    assert lab.get_by_text("When a session has ended").is_visible()


def test_settings_are_checked_as_they_are_typed(desk):
    page, _, lab, _ = desk
    field = lab.get_by_label("Endpointing, s", exact=True)
    field.fill("30")
    problem = lab.get_by_text("Must be between 0.01 and 10 (got 30).")
    expect(problem).to_be_visible()
    assert problem.get_attribute("id") in field.get_attribute("aria-describedby").split()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(lab.get_by_text("One setting needs to be mended first.")).to_be_visible()
    no_violations(page, "a problem")
    lab.get_by_role("button", name="Endpointing, s: back to the default, 0.05").click()
    expect(problem).to_be_hidden()
    expect(field).to_have_value("0.05")
    field.fill("0.3")
    for fold in lab.locator(".gnb-folded details").all():
        fold.locator("summary").click()
    no_violations(page, "everything unfolded")
    for fold in lab.locator(".gnb-folded details").all():
        fold.locator("summary").click()
    lab.get_by_role("tab", name="Python").click()
    expect(lab.locator("pre")).to_contain_text("endpointing=0.3")
    no_violations(page, "code")
    lab.get_by_role("tab", name="Settings").click()


def test_a_network_is_chosen_or_written_and_the_sound_left_out(desk):
    page, _, lab, _ = desk
    fold = lab.locator(".gnb-folded summary", has_text="Sending")
    fold.click()
    network = lab.get_by_label("Network", exact=True)
    own = lab.get_by_label("Network of one’s own, as JSON")
    expect(own).to_be_hidden()
    network.select_option("mobile")
    expect(fold).to_contain_text("1 changed")
    # With what it was as the beginning, by keys alone.
    network.focus()
    page.keyboard.press("End")
    expect(own).to_have_value(re.compile('"delay_ms": 40'))
    page.keyboard.press("Tab")
    assert own.evaluate("(area) => area === document.activeElement")
    own.fill('{"delay": 80, "jitter": 90}')
    problem = lab.get_by_text("Jitter_ms must not be above delay_ms, 80 (got 90).")
    expect(problem).to_be_visible()
    expect(own).to_have_attribute("aria-invalid", "true")
    no_violations(page, "a network of one's own")
    # Nothing is taken away while it is typed, and nothing is left open that says nothing.
    own.fill("")
    expect(problem).to_be_hidden()
    expect(own).to_be_visible()
    own.press("Shift+Tab")
    expect(own).to_be_hidden()
    network.select_option("{}")
    own.fill('{"delay": 20}')
    lab.get_by_label("Keep the sound", exact=True).uncheck()
    expect(fold).to_contain_text("2 changed")
    lab.get_by_role("tab", name="Python").click()
    expect(lab.locator("pre")).to_contain_text('network={"delay": 20}, audio=False')
    lab.get_by_role("tab", name="Settings").click()
    lab.get_by_role("button", name="Network: back to the default, as it is").click()
    expect(own).to_be_hidden()
    expect(network).to_have_value("")
    lab.get_by_role("button", name="Keep the sound: back to the default, on").click()
    expect(fold).not_to_contain_text("changed")
    fold.click()


def test_the_setup_is_checked(desk):
    page, _, lab, requests = desk
    begin = lab.get_by_role("button", name="Check this setup")
    panel = lab.get_by_role("region", name="Check of this setup")
    expect(panel).to_be_hidden()
    begin.focus()
    page.keyboard.press("Enter")

    def line(name: str) -> Locator:
        return panel.get_by_role("listitem").filter(has=page.get_by_text(name, exact=True))

    expect(line("browser")).to_contain_text("Chromium")
    expect(begin).to_have_attribute("aria-disabled", "true")
    expect(lab.locator(".gnb-bar .gnb-why")).to_have_text("A check is running; stop it first.")
    below = lab.locator(".gnb-live").bounding_box()
    no_violations(page, "checking")
    expect(line("service")).to_contain_text("OK")
    expect(line("service")).to_contain_text("The embedded server answers in")
    # Nothing jumps while lines come.
    assert lab.locator(".gnb-live").bounding_box() == below
    expect(panel.get_by_role("status")).to_contain_text("o do")
    expect(line("clocks")).to_be_visible()
    expect(begin).to_have_attribute("aria-disabled", "false")
    no_violations(page, "checked")
    page.keyboard.press("Enter")
    expect(line("python")).to_be_visible()
    panel.get_by_role("button", name="Stop the check").click()
    expect(panel.get_by_role("status")).to_contain_text("Stopped before its end.")
    panel.get_by_role("button", name="Close").press("Enter")
    expect(panel).to_be_hidden()
    assert begin.evaluate("(button) => button === document.activeElement")
    expect(lab.get_by_role("button", name="Start", exact=True)).to_have_attribute(
        "aria-disabled", "false"
    )
    assert requests.outside == []


#: Every text of an element from now on.
_WATCHED = """(element) => {
  window.gnbSeen = [];
  const note = () => window.gnbSeen.push(element.textContent);
  const all = {subtree: true, childList: true, characterData: true};
  new MutationObserver(note).observe(element, all);
}"""


def test_a_run_with_keys_only_and_what_comes_after(desk):
    page, _, lab, requests = desk
    go = lab.get_by_role("button", name="Start", exact=True)
    go.focus()
    places = []
    for _ in range(80):
        place = page.evaluate(
            "() => document.activeElement.closest('.gnb-bar, .gnb-panel')?.getAttribute('class')"
        )
        if not places or places[-1] != place:
            places.append(place)
        if place and "gnb-config" in place:
            break
        page.keyboard.press("Tab")
    # In the order of reading: what begins the run, the run, then source and settings.
    assert [place.rsplit("gnb-", 1)[1] for place in places] == ["bar", "live", "source", "config"]
    # On a busy machine what was set before may still be looked at.
    expect(go).to_have_attribute("aria-disabled", "false")
    go.focus()
    before = lab.locator(".gnb-counters").bounding_box()
    lab.locator(".gnb-state").evaluate(_WATCHED)
    page.keyboard.press("Enter")
    # At once, and again means the same.
    assert "Ready" not in lab.locator(".gnb-state").inner_text()
    page.keyboard.press("Enter")
    expect(lab.get_by_role("log")).to_contain_text("one two three four")
    during = lab.locator(".gnb-counters").bounding_box()
    assert during == before, "nothing jumps while words come"
    no_violations(page, "streaming")
    expect(lab.locator(".gnb-verdict")).to_be_visible()
    expect(lab.get_by_role("log")).to_contain_text("five six seven")
    expect(lab.get_by_role("status").filter(has_text="Finished")).to_be_visible()
    assert lab.locator(".gnb-counters").bounding_box() == before
    seen = page.evaluate("() => window.gnbSeen")
    assert "Starting" in seen[0]
    assert not [text for text in seen if "Ready" in text], "nothing goes back"
    no_violations(page, "finished")
    run = load(path_of(lab))
    assert run.outcome == "finished"
    assert run.config["endpointing"] == 0.3
    assert requests.outside == []


def test_views_of_the_run(desk, tmp_path):
    page, _, lab, _ = desk
    lab.get_by_role("tab", name="Pictures").click()
    picture = lab.locator(".gnb-result img")
    expect(picture).to_be_visible()
    assert "Overview of" in picture.get_attribute("alt")
    assert picture.evaluate("(image) => image.naturalWidth") > 500
    no_violations(page, "picture")
    lab.get_by_role("tab", name="Pictures").press("ArrowRight")
    lab.get_by_label("Table", exact=True).select_option("Messages")
    expect(lab.get_by_role("table", name="Messages")).to_contain_text("recv_ns")
    no_violations(page, "table")
    lab.get_by_role("tab", name="Export").click()
    lab.get_by_label("A copy of the run", exact=True).fill(str(tmp_path / "copy.run"))
    lab.get_by_role("button", name="A copy of the run: write").click()
    expect(lab.get_by_text("Saved as")).to_be_visible()
    assert load(tmp_path / "copy.run").outcome == "finished"
    report = lab.get_by_label("A report", exact=True)
    assert re.fullmatch(r"\d{8}-\d{6}-short\.html", report.input_value())
    with page.expect_download() as taken:
        lab.get_by_role("button", name="The run, without sound").click()
    taken.value.save_as(tmp_path / "taken.run")
    assert load(tmp_path / "taken.run").outcome == "finished"
    no_violations(page, "export")
    term = lab.get_by_role("button", name="Final after speech")
    term.click()
    expect(term).to_have_attribute("aria-expanded", "true")
    expect(lab.locator(".gnb-meaning")).to_contain_text("time to final segment")
    # The same number wherever it is shown.
    headline = lab.locator(".gnb-headline > div").nth(1).locator("dd").first.inner_text()
    figures = lab.locator(".gnb-counters > div", has_text="Final after speech")
    expect(figures.locator("dd")).to_have_text(headline)


def test_replay_pause_and_compare(desk):
    page, _, lab, requests = desk
    lab.get_by_role("tab", name="Replay").click()
    lab.get_by_role("button", name="As it was").click()
    expect(lab.get_by_role("status").filter(has_text="Replay: streaming")).to_be_visible()
    lab.get_by_role("button", name="Pause the view").click()
    lab.get_by_role("button", name="Go on with the view").click()
    lab.get_by_role("button", name="At once").click()
    expect(lab.get_by_role("status").filter(has_text="Replay: finished")).to_be_visible()
    expect(lab.get_by_role("log")).to_contain_text("five six seven")
    start(lab)
    boxes = lab.locator(".gnb-shelf tbody input[type=checkbox]")
    expect(boxes).to_have_count(2)
    for k in range(2):
        boxes.nth(k).check()
    lab.get_by_role("button", name="Compare", exact=True).click()
    table = lab.get_by_role("table", name="Runs side by side")
    expect(table).to_contain_text("(baseline)")
    expect(table).not_to_contain_text("utterances")
    lab.get_by_label("Only what differs").uncheck()
    expect(table).to_contain_text("utterances")
    differences = lab.locator(".gnb-shelf .gnb-result img")
    expect(differences).to_be_visible()
    # Without a reference they are paired by their texts, and that is said.
    assert "word by word where their texts are the same" in differences.get_attribute("alt")
    expect(lab.get_by_role("heading", name="word by word where their texts")).to_have_count(1)
    no_violations(page, "compare")
    boxes.nth(1).uncheck()
    lab.get_by_role("button", name="Rename", exact=True).click()
    lab.get_by_label("New name").fill("first try")
    lab.get_by_label("New name").press("Enter")
    row = lab.get_by_role("row", name="first try")
    expect(row).to_be_visible()
    lab.get_by_label("Search the shelf").fill("first")
    expect(boxes).to_have_count(1)
    boxes.nth(0).check()
    lab.get_by_role("button", name="Delete", exact=True).click()
    expect(row).to_have_count(0)
    lab.get_by_role("button", name="Undo", exact=True).click()
    expect(row).to_be_visible()
    lab.get_by_label("Search the shelf").fill("")
    expect(boxes).to_have_count(2)
    no_violations(page, "renamed")
    assert requests.outside == []


DROP = """([lab, name, text]) => {
  const dropped = new DataTransfer();
  dropped.items.add(new File([text], name));
  const about = { dataTransfer: dropped, bubbles: true, cancelable: true };
  lab.dispatchEvent(new DragEvent("drop", about));
}"""


def test_an_upload_and_the_player(desk, clip):
    page, _, lab, _ = desk
    lab.get_by_label("Source", exact=True).select_option("upload")
    lab.get_by_label("WAV, FLAC").set_input_files(clip)
    expect(lab.get_by_text("clip.flac · 5.0 s · 16 kHz · mono")).to_be_visible()
    lab.get_by_role("button", name="Listen").click()
    player = lab.locator("audio")
    expect(player).to_be_visible()
    assert player.get_attribute("src").startswith("blob:")
    # What was spoken in it is dropped, wherever on the Lab.
    words = json.dumps({"words": [{"word": "hello", "start_s": 0.5, "end_s": 1.0}]})
    page.evaluate(DROP, [lab.element_handle(), "clip.words.json", words])
    expect(lab.get_by_text("Reference: clip.words.json, 1 word")).to_be_visible()
    page.evaluate(DROP, [lab.element_handle(), "clip.ctm", "no such thing"])
    expect(lab.locator(".gnb-source").get_by_role("alert")).to_be_visible()
    no_violations(page, "a reference that is none")
    lab.get_by_role("button", name="Dismiss").click()
    lab.get_by_role("button", name="Remove the reference").click()
    expect(lab.get_by_text("Reference: clip")).to_be_hidden()


def test_errors_are_said(desk):
    page, _, lab, _ = desk
    lab.get_by_label("Source", exact=True).select_option("file")
    lab.get_by_label("Path", exact=True).fill("missing.wav")
    lab.get_by_label("Path", exact=True).press("Enter")
    expect(lab.locator(".gnb-source").get_by_text("There is no file")).to_be_visible()
    lab.get_by_label("Service", exact=True).select_option("1")
    lab.get_by_role("button", name="Use this key").click()
    # Beside what it is about.
    alert = lab.locator(".gnb-config").get_by_role("alert")
    expect(alert).to_contain_text("The key is empty")
    no_violations(page, "error")
    alert.get_by_role("button", name="Dismiss").click()
    expect(alert).to_have_count(0)
    lab.get_by_label("Service", exact=True).select_option("0")
    lab.get_by_label("Path", exact=True).fill("short.wav")
    lab.get_by_label("Path", exact=True).press("Enter")
    expect(lab.get_by_role("button", name="Start", exact=True)).to_have_attribute(
        "aria-disabled", "false"
    )


def test_dark_and_narrow(desk):
    page, book, lab, _ = desk
    book.wear("Dark")
    no_violations(page, "dark")
    page.set_viewport_size({"width": 700, "height": 900})
    assert lab.evaluate("(lab) => lab.scrollWidth <= lab.clientWidth")
    no_violations(page, "narrow")
    page.set_viewport_size(SIZE)
    book.wear("Light")


def test_half_an_hour_of_words_leaves_the_page_flat(desk):
    page, _, lab, _ = desk
    # The record of a long session, made from that of a short one.
    first = lab.locator(".gnb-shelf tbody button").first
    first.click()
    lab.get_by_role("tab", name="Summary").click()
    path = path_of(lab)
    record = load(path).record
    message = next(
        e for e in record.of("message") if '"is_final":true' in e["raw"].replace(" ", "")
    )
    body = json.loads(message["raw"])
    lines = [record.header, *record.of("init", "connect", "audio_start")]
    for k in range(2000):
        body["data"]["utterance"]["text"] = f" line {k}"
        lines.append({**message, "raw": json.dumps(body)})
    text = "".join(dump_line(line) for line in (*lines, record.events[-1]))
    path.with_name("zz-long.run").write_text(text, "ascii")
    lab.get_by_role("button", name="Refresh").click()
    rows = lab.locator(".gnb-shelf tbody button")
    expect(rows).to_have_count(3)
    lab.locator(".gnb-shelf tbody tr", has=page.locator("[data-path$='zz-long.run']")).get_by_role(
        "button"
    ).click()
    expect(lab.locator(".gnb-factlist")).to_contain_text("zz-long.run")
    lab.get_by_role("tab", name="Replay").click()
    nodes = "document.querySelectorAll('.gnb-live *').length"
    lab.get_by_role("button", name="At once").click()
    expect(lab.get_by_role("log")).to_contain_text("line 1999")
    assert lab.get_by_role("log").locator("p").count() == MAX_LINES
    count = page.evaluate(f"() => {nodes}")
    lab.get_by_role("button", name="At once").click()
    # The words of the first go, those of the second come, and nothing else is left.
    page.wait_for_function(f"(count) => {nodes} === count", arg=count)


def test_stop_in_the_middle(desk):
    page, _, lab, _ = desk
    lab.get_by_label("Source", exact=True).select_option("file")
    lab.get_by_label("Path", exact=True).fill("long.wav")
    lab.get_by_label("Path", exact=True).press("Enter")
    expect(lab.get_by_text("long.wav · 30.0 s")).to_be_visible()
    start(lab)
    page.wait_for_function(STREAMING)
    lab.get_by_role("button", name="Stop", exact=True).click()
    expect(lab.get_by_role("status").filter(has_text="Stopped")).to_be_visible()
    expect(lab.locator(".gnb-factlist")).to_contain_text("stopped")
    run = load(path_of(lab))
    assert run.outcome == "stopped"
    assert run.duration_s == 30


def test_the_key_is_in_no_file(desk, lab, tmp_path):
    page, book, shown, requests = desk
    shown.get_by_label("Service", exact=True).select_option("4")
    shown.get_by_label("URL", exact=True).fill("http://127.0.0.1:9")
    shown.get_by_label("API key", exact=True).fill(SECRET)
    shown.get_by_label("API key", exact=True).press("Enter")
    expect(shown.get_by_text("A key is set, typed here.")).to_be_visible()
    assert shown.get_by_label("API key", exact=True).input_value() == ""
    no_violations(page, "key set")
    book.save()
    saved = json.loads(book.path.read_text())
    assert "widgets" in saved["metadata"], "the state of widgets was saved with it"
    out = tmp_path / "exported"
    for kind in ("html", "notebook"):
        subprocess.run(
            [
                sys.executable,
                "-m",
                "nbconvert",
                "--to",
                kind,
                "--output-dir",
                str(out),
                str(book.path),
            ],
            check=True,
            capture_output=True,
        )
    folders = [lab.work.parent, out]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert book.path in files
    assert [path for path in files if SECRET.encode() in path.read_bytes()] == []
    assert SECRET not in page.content()
    assert not [url for url in requests.urls if SECRET in url]
    shown.get_by_role("button", name="Forget the key").click()
    expect(shown.get_by_text("No key is set.")).to_be_visible()


def test_a_dropped_connection_while_streaming(desk):
    page, book, _, requests = desk
    book.add(
        "faulty = gn.LocalServer(engine='scripted', script=SCRIPT, faults=['drop:at_byte=40000'])\n"
        "other = gn.Lab('short.wav', config, server=faulty.start())\nother"
    )
    shown = page.locator(".gnb-lab").nth(1)
    start(shown)
    expect(shown.locator(".gnb-verdict")).to_be_visible()
    expect(shown.locator(".gnb-note").first).to_contain_text("The connection was lost")
    expect(shown.get_by_role("log")).to_contain_text("five six seven")
    run = load(path_of(shown))
    assert run.outcome == "finished"
    assert run.chunks["ack_ns"].notna().all()
    assert requests.outside == []
