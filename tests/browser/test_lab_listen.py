"""The Lab's tab Listen: what is clicked is heard, and when it is left nothing of it stays."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from gladia_nb.run import load
from tests.support.make_runs import make_run
from tests.support.tones import RATE, WORDS, run_of_tones

from .audio_graph import LISTEN, heard, same, until
from .conftest import PATIENCE_MS, SIZE
from .hosts import Notebook, Requests
from .lab_page import no_violations, start

HERE = Path(__file__).resolve().parent
#: A sound of which each word is a tone, a server that hears just that, and what was spoken.
PREPARE = f"""\
import json, sys
sys.path.insert(0, {str(HERE.parents[1])!r})
import soundfile
import gladia_nb as gn
from tests.support.scripted_helpers import words
from tests.support.tones import RATE, WORDS, tones
soundfile.write("tones.wav", tones(), RATE, subtype="PCM_16")
said = words(*WORDS)
open("tones.words.json", "w").write(json.dumps({{"words": said}}))
heard = [{{**word, "word": "wrong"}} if word["word"] == "tone13" else word for word in said]
server = gn.LocalServer(engine="scripted", script={{"words": heard, "delay": 0.01}}).start()
config = gn.SessionConfig(endpointing=0.2)
lab = gn.Lab("tones.wav", config, server=server, speed=20, runs="listened")
lab"""
#: Keeps what the page asks the kernel for, and the audio contexts that it makes.
WATCH = r"""
[window.asked, window.contexts] = [[], []];
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  const text = typeof data === "string" ? data : new TextDecoder().decode(data);
  const kind = /"kind":\s*"(listening|piece)"/.exec(text);
  if (kind) window.asked.push(kind[1]);
  return send.call(this, data);
};
window.AudioContext = class extends AudioContext {
  constructor(...options) {
    super(...options);
    window.contexts.push(this);
  }
};
"""


@pytest.fixture(scope="module")
def desk(browser, lab) -> tuple[Page, Notebook, Locator, Requests]:
    """A run of this Lab on view, and runs without sound and without words on its shelf."""
    shelf = lab.work / "listened"
    shelf.mkdir()
    run_of_tones(shelf, sound=False).path.rename(shelf / "silent.run")
    make_run(duration_s=2.0).save(shelf / "wordless.run")
    requests = Requests()
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    requests.watch(context)
    page = context.new_page()
    page.add_init_script(LISTEN + WATCH)
    book = lab.open(page, [PREPARE])
    book.run()
    shown = page.locator(".gnb-lab")
    start(shown)
    expect(shown.locator(".gnb-verdict")).to_be_visible()
    yield page, book, shown, requests
    context.close()
    # Other Labs of this host count the runs of the shelf.
    for path in (lab.work.parent / "runs").glob("*tones*"):
        path.unlink()


def tab(lab: Locator, name: str) -> Locator:
    return lab.get_by_role("tab", name=name, exact=True)


def opened(lab: Locator) -> Locator:
    """The tab, opened anew."""
    tab(lab, "Summary").click()
    tab(lab, "Listen").click()
    expect(lab.locator(".gnb-hear-text")).to_be_visible()
    return lab.locator(".gnb-hear")


def word(lab: Locator, text: str) -> Locator:
    return lab.locator(".gnb-hear").get_by_role("button", name=text, exact=True)


def kept_run(host) -> Path:
    (path,) = (host.work.parent / "runs").glob("*tones.run")
    return path


def test_a_click_on_a_word_plays_its_span_to_the_sample(desk, lab):
    page, _, shown, requests = desk
    assert page.evaluate("window.asked") == [], "nothing is read before somebody wants it"
    opened(shown)
    no_violations(page, "listen")
    assert page.evaluate("window.asked") == ["listening"]
    truth = load(kept_run(lab)).audio.samples[:, 0]
    for number in (0, 7, 41, 42, 48):
        text, begin, end = WORDS[number]
        word(shown, text).click()
        (found,) = heard(page)
        assert found["rate"] == RATE
        first = round(max(0.0, begin - 1) * RATE)
        assert same(found["samples"], truth[first : round((end + 1) * RATE)]), text
        expect(shown.locator(".gnb-hear-title")).to_have_text(text)
        # While it plays the transcript follows, and a word may leave the pointer.
        shown.locator(".gnb-hear-play").click()
        # It plays on from where it stopped, and says so.
        expect(shown.locator(".gnb-hear-play")).to_have_text(re.compile(r"^Play (from \d|all$)"))
    # The sound came by the half minute, each when it was first played, and once.
    assert page.evaluate("window.asked") == ["listening", "piece", "piece"]
    assert requests.outside == []


def test_what_is_chosen_last_is_played_also_while_the_sound_is_on_its_way(desk, lab):
    page, _, shown, _ = desk
    opened(shown)
    page.evaluate("window.heard = []")
    page.evaluate(
        "(texts) => { for (const text of texts) [...document.querySelectorAll('.gnb-hear-text "
        "button')].find((word) => word.firstChild.textContent === text).click(); }",
        ["tone3", "tone48"],
    )
    (found,) = heard(page)
    truth = load(kept_run(lab)).audio.samples[:, 0]
    first, last = (round(second * RATE) for second in (WORDS[48][1] - 1, WORDS[48][2] + 1))
    assert same(found["samples"], truth[first:last])


def test_the_whole_is_played_without_a_gap_and_words_light_up(desk, lab):
    page, _, shown, _ = desk
    opened(shown)
    page.evaluate("window.heard = []")
    shown.get_by_role("slider", name="Place in the audio").fill("28.5")
    shown.get_by_role("button", name="Play from 28.50 s").click()
    expect(shown.locator(".gnb-hear-now").first).to_be_visible()
    # A look takes a while, and compares what was with what is.
    page.evaluate(
        "() => { window.draw = requestAnimationFrame; window.requestAnimationFrame = () => 0; }"
    )
    no_violations(page, "playing")
    page.evaluate("() => { window.requestAnimationFrame = window.draw; }")
    first, second = heard(page, 2)
    length = len(first["samples"]) / RATE
    assert second["when"] - first["when"] == pytest.approx(length, abs=1e-9)
    truth = load(kept_run(lab)).audio.samples[round(28.5 * RATE) :, 0]
    assert same(first["samples"] + second["samples"], truth)


def test_with_keys_only(desk):
    page, _, shown, _ = desk
    opened(shown)
    page.evaluate("window.heard = []")
    tab(shown, "Listen").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.word !== undefined"):
            break
    for _ in range(13):
        page.keyboard.press("ArrowRight")
    details = shown.get_by_role("region", name="The chosen word")
    expect(details).to_contain_text("wrong")
    expect(details).to_contain_text("tone13")
    page.keyboard.press("Enter")
    _, begin, end = WORDS[13]
    assert len(heard(page)[0]["samples"]) == round((end - begin + 2) * RATE)
    picture = shown.get_by_role("group", name="Word latency over the audio")
    picture.focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "+", "Enter"):
        page.keyboard.press(key)
    expect(shown.locator(".gnb-hear-title")).to_have_text("tone2")
    assert len(heard(page)[0]["samples"]) == round((WORDS[2][2] - WORDS[2][1] + 2) * RATE)


def test_it_wears_the_theme_of_the_page_and_fits(desk):
    page, book, shown, _ = desk
    opened(shown)
    # The system likes it light all the time: what counts is what JupyterLab wears.
    drawn = "document.querySelector('.gnb-hear-plot canvas').toDataURL()"
    light = until(page, f"document.querySelector('.gnb-hear-plot canvas')?.width > 300 && {drawn}")
    book.wear("Dark")
    root = shown.locator(".gnb-hear")
    ink = "(root) => getComputedStyle(root).color"
    assert root.evaluate(ink) == shown.evaluate(ink)
    until(page, f"{drawn} !== {json.dumps(light)}")
    for name in ("Errors", "Final", "First seen"):
        root.get_by_role("radio", name=name).check()
        no_violations(page, f"listen, dark, {name}")
    for details in root.get_by_text("As a table").all():
        details.click()
    no_violations(page, "tables")
    page.set_viewport_size({"width": 560, "height": 900})
    assert shown.evaluate("(lab) => lab.scrollWidth <= lab.clientWidth")
    no_violations(page, "listen, narrow")
    page.set_viewport_size(SIZE)
    book.wear("Light")
    page.emulate_media(forced_colors="active")
    no_violations(page, "forced colours")
    before = page.evaluate(drawn)
    page.emulate_media(forced_colors="none")
    until(page, f"{drawn} !== {json.dumps(before)}")


def test_at_two_hundred_percent_nothing_is_lost(desk):
    """Half as many pixels of the page, each of two by two of the screen."""
    page, _, shown, _ = desk
    screen = page.context.new_cdp_session(page)
    twice = {"width": SIZE["width"] // 2, "height": 450, "deviceScaleFactor": 2, "mobile": False}
    screen.send("Emulation.setDeviceMetricsOverride", twice)
    until(page, "devicePixelRatio === 2 && innerWidth === 600")
    opened(shown)
    go = shown.get_by_role("button", name="Start", exact=True)
    for part in (".gnb-live", ".gnb-hear-pictures", ".gnb-shelf"):
        shown.locator(part).evaluate("(part) => part.scrollIntoView()")
        expect(go).to_be_in_viewport(ratio=1)
    assert shown.evaluate("(lab) => lab.scrollWidth <= lab.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # As sharp as the screen.
    until(page, "[...document.querySelectorAll('.gnb-hear-plot canvas')].length === 4 && "
          "[...document.querySelectorAll('.gnb-hear-plot canvas')].every((canvas) => "
          "canvas.width === 2 * canvas.clientWidth)")  # fmt: skip
    no_violations(page, "200 %")
    screen.send("Emulation.clearDeviceMetricsOverride")
    page.set_viewport_size(SIZE)
    screen.detach()


def test_when_it_is_left_nothing_of_it_stays(desk):
    page, book, shown, _ = desk
    opened(shown)
    word(shown, "tone20").click()
    heard(page)
    assert page.evaluate("window.contexts.filter(({ state }) => state !== 'closed').length") == 1
    page.evaluate("window.left = new WeakRef(document.querySelector('.gnb-hear'))")
    tab(shown, "Tables").click()
    expect(shown.locator(".gnb-hear")).to_have_count(0)
    until(page, "window.contexts.every(({ state }) => state === 'closed')")
    memory = page.context.new_cdp_session(page)
    for _ in range(50):
        memory.send("HeapProfiler.collectGarbage")
        if page.evaluate("window.left.deref() === undefined"):
            break
        page.wait_for_timeout(100)
    assert page.evaluate("window.left.deref() === undefined"), "transcript and pictures are gone"
    memory.detach()
    # Neither words nor sound are in what a notebook keeps.
    tab(shown, "Listen").click()
    word(shown, "tone20").click()
    heard(page)
    book.save()
    saved = json.loads(book.path.read_text())["metadata"]["widgets"]
    (state,) = [
        entry["state"]
        for entry in saved["application/vnd.jupyter.widget-state+json"]["state"].values()
        if "gnb-lab" in entry["state"].get("_css", "")
    ]
    text = json.dumps(
        {name: value for name, value in state.items() if name not in ("_esm", "_css")}
    )
    assert "tone20" in text, "the transcript is"
    assert "seen_ms" not in text
    assert "ZkxhQ" not in text
    assert not re.search(r'"(history|spread|curves|pieces)"', text)


def test_runs_without_sound_and_without_words_say_so(desk):
    page, _, shown, _ = desk
    page.evaluate("window.heard = []")
    view(shown, page, "silent.run")
    tab(shown, "Listen").click()
    note = shown.locator(".gnb-hear-note")
    expect(note).to_contain_text(
        "No sound was kept with this run. Choose a word to see when it came"
    )
    assert shown.locator(".gnb-hear").get_by_role("button", name="Play").count() == 0
    word(shown, "tone7").click()
    expect(shown.locator(".gnb-hear-title")).to_have_text("tone7")
    expect(shown.locator(".gnb-hear-plot canvas")).to_have_count(4)
    no_violations(page, "no sound")
    assert page.evaluate("window.heard") == []
    view(shown, page, "wordless.run")
    tab(shown, "Listen").click()
    expect(shown.get_by_text("there is no word to be seen or heard")).to_be_visible()
    no_violations(page, "no words")


def view(lab: Locator, page: Page, name: str) -> None:
    """Open a run of the shelf."""
    row = lab.locator(".gnb-shelf tbody tr", has=page.locator(f"[data-path$='{name}']"))
    row.get_by_role("button").click()
    expect(lab.locator(".gnb-factlist")).to_contain_text(name)


def test_a_sound_that_cannot_be_had_is_said_and_asked_for_again(desk, lab):
    page, _, shown, _ = desk
    own = kept_run(lab)
    shelf = lab.work / "listened"
    for path in (own, own.with_name(own.name + ".flac")):
        (shelf / path.name).write_bytes(path.read_bytes())
    shown.get_by_role("button", name="Refresh").click()
    view(shown, page, own.name)
    tab(shown, "Listen").click()
    sound = shelf / f"{own.name}.flac"
    expect(shown.locator(".gnb-hear-note")).to_contain_text("Choose a word to hear it")
    sound.rename(shelf / "away.flac")
    word(shown, "tone7").click()
    note = shown.locator(".gnb-hear-note")
    expect(note).to_contain_text("The sound cannot be played here (the kernel did not send it")
    expect(shown.get_by_role("alert").filter(has_text="No sound was kept")).to_be_visible()
    (shelf / "away.flac").rename(sound)
    page.evaluate("window.heard = []")
    word(shown, "tone7").click()
    assert len(heard(page)[0]["samples"]) == round((WORDS[7][2] - WORDS[7][1] + 2) * RATE)
    expect(note).to_contain_text("Choose a word to hear it")
    expect(shown.get_by_role("alert").filter(has_text="No sound was kept")).to_have_count(0)
