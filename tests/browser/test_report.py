"""A report in a real browser: what is clicked is heard, and nothing is asked of anybody."""

from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe

from gladia_nb.reporting import report
from tests.support.make_runs import make_run, reference, utterance, words
from tests.support.tones import RATE, WORDS, run_of_tones

from .audio_graph import LISTEN, heard, same, until

#: Keeps which words lit up, and what stood below them.
WATCH = """
[window.lit, window.shown] = [new Set(), new Set()];
new MutationObserver((changes) => {
  for (const { target } of changes) {
    if (target.classList?.contains("gnb-hear-now")) window.lit.add(target.firstChild.textContent);
    if (target.classList?.contains("gnb-hear-screen") && target.textContent) {
      window.shown.add(target.textContent);
    }
  }
}).observe(document.querySelector(".gnb-hear-text"), {
  attributes: true, attributeFilter: ["class"], childList: true, subtree: true,
});
"""
#: Holds back the second piece until somebody says so; `waits` when the first one has been heard.
LATE = """
() => {
  const decode = BaseAudioContext.prototype.decodeAudioData;
  const held = new Promise((resolve) => { window.go = resolve; });
  let count = 0;
  BaseAudioContext.prototype.decodeAudioData = async function (data) {
    count += 1;
    if (count === 2) {
      const over = () => {
        const [first] = window.heard;
        window.waits = this.currentTime > first.when + 2;
        if (!window.waits) setTimeout(over, 20);
      };
      over();
      await held;
    }
    return decode.call(this, data);
  };
}
"""
#: A page that is never idle until somebody says so.
BUSY = """
window.waiting = [];
window.requestIdleCallback = (act) => window.waiting.push(act);
window.cancelIdleCallback = (ticket) => { window.waiting.splice(ticket - 1, 1); };
window.idle = () => { for (const act of window.waiting.splice(0)) act(); };
"""
#: Whether a word is in view inside the transcript.
IN_VIEW = """
(word) => {
  const [box, own] = [
    document.querySelector(".gnb-hear-text"), document.querySelector(`[data-word="${word}"]`),
  ].map((element) => element.getBoundingClientRect());
  return own.top >= box.top && own.bottom <= box.bottom;
}
"""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_of_tones(tmp_path_factory.mktemp("tones"))


@pytest.fixture(scope="module")
def pages(run):
    place = run.path.parent
    return {kind: report(run, place / f"{kind}.html", figures=False, audio=kind)
            for kind in ("flac", "opus")}  # fmt: skip


def opened(page, path):
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    page.add_init_script(LISTEN)
    page.goto(Path(path).as_uri())
    page.locator(".gnb-hear-text").wait_for()
    return troubles


def word(page, text):
    return page.get_by_role("button", name=text, exact=True)


@pytest.mark.parametrize("number", [0, 7, 41, 42])
def test_a_click_on_a_word_plays_its_span_to_the_sample(page, pages, run, number):
    troubles = opened(page, pages["flac"])
    text, start, end = WORDS[number]
    word(page, text).click()
    (found,) = heard(page)
    assert found["rate"] == RATE
    first = round(max(0.0, start - 1) * RATE)
    truth = run.audio.samples[first : round((end + 1) * RATE), 0]
    assert same(found["samples"], truth)
    assert troubles == []


def test_a_small_page_plays_the_same_word(page, pages, run):
    opened(page, pages["opus"])
    assert pages["opus"].stat().st_size < pages["flac"].stat().st_size
    text, start, end = WORDS[20]
    word(page, text).click()
    (found,) = heard(page)
    assert len(found["samples"]) == round((end - start + 2) * RATE)
    # In the middle of what is played is the tone of that word, and of no other.
    middle = np.array(found["samples"][RATE : RATE + round((end - start) * RATE)])
    loudest = np.argmax(np.abs(np.fft.rfft(middle))) * RATE / len(middle)
    assert loudest == pytest.approx(300 + 100 * 20, abs=5)


def test_the_whole_is_played_without_a_gap_and_words_light_up(page, pages, run):
    opened(page, pages["flac"])
    page.evaluate(WATCH)
    slider = page.get_by_role("slider", name="Place in the audio")
    slider.fill("28.5")
    page.get_by_role("button", name="Play from 28.50 s").click()
    first, second = heard(page, 2)
    # What follows begins to the sample where the piece before it ends.
    length = len(first["samples"]) / RATE
    assert second["when"] - first["when"] == pytest.approx(length, abs=1e-9)
    played = first["samples"] + second["samples"]
    assert same(played, run.audio.samples[round(28.5 * RATE) :, 0])
    page.get_by_role("button", name="Play all").wait_for()
    page.locator(".gnb-hear-onair").wait_for(state="detached")
    lit, shown = page.evaluate("[[...window.lit], [...window.shown]]")
    # However rarely a busy browser draws: only what was spoken then, and what the screen had.
    assert lit
    assert set(lit) <= {word for word, _, end in WORDS if end > 28.4}
    assert shown
    assert set(shown) <= {word for word, *_ in WORDS}


def test_the_playhead_waits_for_a_piece_that_comes_late(page, pages, run):
    opened(page, pages["flac"])
    page.evaluate(LATE)
    page.get_by_role("slider", name="Place in the audio").fill("28.5")
    page.get_by_role("button", name="Play from 28.50 s").click()
    until(page, "window.waits")
    # Behind the first piece there is nothing to be heard yet, and nothing goes on.
    assert page.locator(".gnb-hear-clock").inner_text().startswith("30.00 s")
    page.evaluate("() => { window.go(); }")
    first, second = heard(page, 2)
    assert second["when"] - first["when"] > len(first["samples"]) / RATE
    played = first["samples"] + second["samples"]
    assert same(played, run.audio.samples[round(28.5 * RATE) :, 0])


def test_without_an_audio_output_it_plays_in_silence_and_says_so(page, pages):
    """Firefox never answers then."""
    opened(page, pages["flac"])
    page.evaluate(
        """() => {
          const resume = AudioContext.prototype.resume;
          window.plugIn = () => { AudioContext.prototype.resume = resume; };
          AudioContext.prototype.resume = () => new Promise(() => {});
          Object.defineProperty(AudioContext.prototype, "state", {
            get: () => "suspended", configurable: true,
          });
        }"""
    )
    page.evaluate(WATCH)
    word(page, WORDS[3][0]).click()
    page.get_by_text("This browser has no audio output: it plays in silence.").wait_for()
    until(page, f"window.lit.has({WORDS[3][0]!r})")
    assert page.evaluate("window.heard") == []
    # Whoever plugs one in hears the next word.
    page.evaluate("window.plugIn()")
    word(page, WORDS[4][0]).click()
    heard(page)
    page.get_by_text("Choose a word to hear it").wait_for()


def test_by_keyboard_alone(page, pages):
    troubles = opened(page, pages["flac"])
    page.get_by_role("button", name="Play all").focus()
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "seen_ms"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.value") == "state"
    page.locator(".gnb-hear-legend", has_text="another was spoken").wait_for()
    # The transcript itself scrolls; one of its words is a stop.
    while page.evaluate("document.activeElement.dataset.word") is None:
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    details = page.get_by_role("region", name="The chosen word")
    assert "wrong" in details.inner_text()
    assert "Reference\ntone13" in details.inner_text()
    page.keyboard.press("Enter")
    (found,) = heard(page)
    assert len(found["samples"]) == round(2.4 * RATE)
    # And from a picture.
    picture = page.get_by_role("group", name="Word latency over the audio")
    picture.focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "+", "Enter"):
        page.keyboard.press(key)
    assert details.locator(".gnb-hear-title").inner_text() == "tone2"
    status = page.locator(".gnb-hear-figure", has=picture).get_by_role("status")
    assert "“tone2” at 2.40 s: first seen 200 ms" in status.inner_text()
    assert len(heard(page)[0]["samples"]) == round(2.4 * RATE)
    # Behind each picture is a table.
    for title in page.locator(".gnb-hear-figure strong").all_inner_texts():
        figure = page.locator(".gnb-hear-figure", has_text=title)
        figure.get_by_text("As a table").focus()
        page.keyboard.press("Enter")
        figure.locator("tbody tr").nth(4).wait_for()
    assert troubles == []


def test_pictures_follow_the_pointer_and_are_linked(page, pages):
    opened(page, pages["flac"])
    picture = page.get_by_role("group", name="Word latency over the audio")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    # The first word ends at 1.0 s, and was seen 200 ms later; the axis goes to 36 s.
    x = 52 + (box["width"] - 66) * 1.0 / 36.0
    page.mouse.move(box["x"] + x, box["y"] + box["height"] - 50)
    tip = picture.locator(".gnb-hear-tip")
    tip.wait_for()
    assert "tone0" in tip.inner_text()
    page.mouse.down()
    page.mouse.up()
    assert len(heard(page)[0]["samples"]) == round((1.0 + 1) * RATE)
    # Out of view by now, it is still there.
    assert page.locator("[aria-current] .gnb-hear-spoken").text_content() == "tone0"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_asked_for_and_everybody_can_use_it(browser, requests, pages, scheme):
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})
    requests.watch(context)
    try:
        page = context.new_page()
        troubles = opened(page, pages["flac"])
        page.get_by_label("Errors").check()
        for details in page.get_by_text("As a table").all():
            details.click()
        # As it is while it plays, however long the look takes.
        page.get_by_role("combobox", name="Speed").select_option("0.5")
        page.get_by_role("button", name="Play all").click()
        page.locator(".gnb-hear-now").first.wait_for()
        # A look takes a while, and compares what was with what is.
        page.evaluate("window.requestAnimationFrame = () => 0")
        page.wait_for_timeout(100)
        found = Axe().run(page, options={"runOnly": TAGS})
        assert found.violations_count == 0, found.generate_report()
        page.get_by_label("First seen").check()
        found = Axe().run(page, options={"runOnly": TAGS})
        assert found.violations_count == 0, found.generate_report()
        assert all(url.startswith("file:") for url in requests.urls)
        assert troubles == []
    finally:
        context.close()


def test_without_sound_it_plays_in_silence(page, tmp_path):
    opened(page, report(run_of_tones(tmp_path, sound=False), tmp_path / "a.html", audio=True))
    assert "There is no sound in this page" in page.locator(".gnb-hear-note").inner_text()
    page.get_by_role("button", name="Play all").click()
    page.locator(".gnb-hear-onair").first.wait_for()
    assert page.evaluate("window.heard.length") == 0


def test_foreign_words_are_only_text(page, tmp_path):
    evil = "</script><img src=x onerror=alert(1)>"
    run = make_run(utterance([(evil, 0.5, 0.9), ("a&b", 1.0, 1.2)]))
    troubles = opened(page, report(run, tmp_path / "evil.html", figures=True))
    assert page.locator(".gnb-hear-word .gnb-hear-spoken").first.text_content() == evil
    assert page.locator("img[src=x]").count() == 0
    assert troubles == []


@pytest.fixture(scope="module")
def long_page(tmp_path_factory):
    """Six hundred utterances of five words, and a word that was missed between two of them."""
    said = [words(f"a{k} b{k} c{k} d{k} e{k}", 1.0 + 3 * k) for k in range(600)]
    arrivals = [part for k, group in enumerate(said) for part in utterance(group, f"00_{k:08x}")]
    lost = [("lost", 2.9 + 3 * 500, 3.2 + 3 * 500), ("gone", 3.3 + 3 * 500, 3.5 + 3 * 500)]
    known = sorted([*(word for group in said for word in group), *lost], key=lambda word: word[1])
    run = make_run(arrivals, duration_s=1803.0, chunk_ms=1000, reference=reference(known))
    return report(run, tmp_path_factory.mktemp("long") / "long.html", figures=False, audio=True)


def counted(page):
    return page.evaluate(
        "['li', 'button.gnb-hear-word'].map((name) => document.querySelectorAll("
        "`.gnb-hear-text ${name}`).length)"
    )


def test_hours_are_made_in_pieces_between_which_the_page_has_its_turn(page, long_page):
    page.add_init_script(BUSY)
    troubles = opened(page, long_page)
    # Lines are there, words of the first; pictures come later.
    assert counted(page) == [600, 200]
    assert page.locator(".gnb-hear-plot").count() == 0
    found = Axe().run(page, context=".gnb-hear", options={"runOnly": TAGS})
    assert found.violations_count == 0, found.generate_report()
    # What is asked for is made at once.
    page.locator("button.gnb-hear-word").first.focus()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.word") == "2999"
    assert "e599" in page.get_by_role("region", name="The chosen word").inner_text()
    until(page, f"({IN_VIEW})(2999)")
    assert counted(page) == [600, 205]
    page.get_by_role("slider", name="Place in the audio").fill("901.5")
    page.get_by_role("button", name="Play from 15:01.5").click()
    page.locator(".gnb-hear-onair", has_text="b300").wait_for()
    page.get_by_role("button", name="Stop").click()
    # An idle moment makes some of the rest, and not all of it.
    page.evaluate("window.idle()")
    assert page.locator(".gnb-hear-plot").count() > 0
    assert counted(page)[1] < 3000
    page.evaluate("() => { while (window.waiting.length) window.idle(); }")
    assert counted(page) == [600, 3000]
    assert page.locator(".gnb-hear-plot canvas").count() == 4
    # All of it can be found by the browser, and what is out of view is not laid out.
    assert page.evaluate("window.find('b500')")
    picture = page.get_by_role("group", name="Word latency over the audio")
    for key, chosen in (("Home", 0), ("End", 2999), ("ArrowLeft", 2998)):
        picture.press(key)
        until(page, f"({IN_VIEW})({chosen})")
    shown = (
        "[...document.querySelectorAll('.gnb-hear-text li .gnb-hear-line')].filter((line) => "
        "line.checkVisibility({ contentVisibilityAuto: true })).length"
    )
    until(page, f"0 < {shown} && {shown} < 100")
    # What was missed stands where it was said, in the order in which it was.
    page.get_by_label("Errors").check()
    lines = page.locator(".gnb-hear-text li")
    missed = lines.nth(500).locator("[data-state=missing]")
    assert missed.all_text_contents() == ["lost", "gone"]
    assert page.locator("[data-state=missing]").count() == 3, "and one in the legend"
    assert troubles == []


def test_what_is_printed_is_whole(page, long_page):
    page.add_init_script(BUSY)
    opened(page, long_page)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert counted(page) == [600, 3000]
    assert page.locator(".gnb-hear-plot canvas").count() == 4
    page.emulate_media(media="print")
    until(
        page,
        "[...document.querySelectorAll('.gnb-hear-text li .gnb-hear-line')].every((line) => "
        "line.checkVisibility({ contentVisibilityAuto: true }))",
    )


@pytest.mark.parametrize("host", ["lab", "notebook"])
def test_in_a_frame_of_a_notebook(host, request, page, pages, run):
    found = request.getfixturevalue(host)
    (found.work / "tones.html").write_bytes(pages["flac"].read_bytes())
    page.add_init_script(LISTEN)
    cell = "from IPython.display import IFrame\nIFrame('tones.html', 900, 700)"
    book = found.open(page, [cell])
    book.run()
    frame = page.frame_locator("iframe[src*='tones.html']")
    frame.get_by_role("button", name="tone7", exact=True).click()
    inner = next(item for item in page.frames if "tones.html" in item.url)
    (played,) = until(inner, "window.heard.length >= 1 && window.heard")
    _, start, end = WORDS[7]
    truth = run.audio.samples[round((start - 1) * RATE) : round((end + 1) * RATE), 0]
    assert same(played["samples"], truth)
