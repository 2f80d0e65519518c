"""Parts of the Lab in states that a whole one is rarely in."""

from __future__ import annotations

import math
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from gladia_nb.lab.finished import FinishedRuns
from gladia_nb.lab.replay import start_replay
from gladia_nb.lab.watcher import Watcher
from gladia_nb.reporting.front import hearing_paths
from gladia_nb.reporting.modules import joined
from gladia_nb.widgets.assets import LAB
from tests.support.make_runs import rich_run

from .lab_parts import tell, with_parts

SHELF = """
const shelf = shelfPanel(wires);
root.append(shelf.element);
model.on("change:shelf", shelf.update);
shelf.update();
"""


def row(name: str, **fields: Any) -> dict[str, Any]:
    told = {"began": "2026-01-02", "duration": "", "seen": "", "final": "", "duration_s": None}
    rest = {"settings": "", "outcome": "finished", "target": "embedded", "path": f"{name}.run"}
    return {"name": name, **told, **rest, **fields}


def shelf_of(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"directory": "runs", "rows": list(rows), "skipped": [], "deleted": [], **fields}


def names(page: Page) -> list[str]:
    return page.locator(".gnb-shelf tbody td:nth-child(2)").all_inner_texts()


def test_never_is_the_slowest_and_no_number_is_last_whichever_way_it_is_sorted(page):
    rows = [
        row("never", seen="never", duration_s=3.0),
        row("none", seen="–"),
        row("slow", seen="1200 ms", duration_s=20.0),
        row("unread"),
        row("fast", seen="90 ms", duration_s=0.0),
    ]
    with_parts(page, SHELF, shelf=shelf_of(*rows))
    for column, rising in (("Seen", ["fast", "slow", "never"]), ("Length", None)):
        sort = page.get_by_role("button", name=column)
        sort.click()
        wanted = rising or ["fast", "never", "slow"]
        assert names(page) == [*wanted, "none", "unread"]
        sort.click()
        assert names(page) == [*reversed(wanted), "none", "unread"]
    page.get_by_label("Search the shelf").fill("opera")
    expect(page.get_by_text("No run matches")).to_be_visible()
    expect(page.locator(".gnb-shelf table")).to_have_count(0)


RESULTS = """
const results = afterPanel(wires);
root.append(results.element);
model.on("change:after", results.update);
results.update();
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What is told of a run on view."""
    kept = FinishedRuns(str(tmp_path_factory.mktemp("runs")))
    kept._keep(rich_run())
    return kept.view()


def test_what_became_of_the_file_on_view_is_said_where_it_matters(page, told):
    deleted = "This run was deleted from the shelf. Undo there brings it back."
    with_parts(page, RESULTS, after={**told, "kept": "on disk"})
    page.get_by_role("tab", name="Export").click()
    expect(page.get_by_role("tabpanel")).to_contain_text("on disk")
    tell(page, "after", {**told, "kept": deleted, "gone": True})
    expect(page.get_by_role("tabpanel")).to_contain_text(deleted)
    expect(page.locator(".gnb-run .gnb-gone")).to_have_text(deleted)
    tell(page, "after", {**told, "kept": "on disk"})
    expect(page.locator(".gnb-run .gnb-gone")).to_have_count(0)
    expect(page.get_by_role("tabpanel")).to_contain_text("on disk")
    # Another run that is in memory only has the same path, and is another one.
    other = {**told, "number": told["number"] + 1, "name": "another.wav", "kept": "on disk"}
    tell(page, "after", other)
    expect(page.locator(".gnb-title")).to_have_text("another.wav")
    expect(page.get_by_role("tab", name="Summary")).to_have_attribute("aria-selected", "true")


OFFERS = [
    {"what": "run", "text": "The run, without sound", "size": "20 kB", "why": ""},
    {"what": "sound", "text": "The sound (FLAC)", "size": "", "why": "No sound was kept."},
]
TAKEN = """window.answers = {
  offers: { offers },
  download: { name: "a.run", size: "3 bytes" },
  save: { text: "There is a file a.run already; nothing was written.", taken: true },
}"""


def test_what_can_be_downloaded_says_its_size_or_why_not(page, told):
    with_parts(page, RESULTS, after=told)
    page.evaluate(f"(offers) => {{ {TAKEN} }}", OFFERS)
    page.get_by_role("tab", name="Export").click()
    expect(page.get_by_text("20 kB")).to_be_visible()
    sound = page.get_by_role("button", name="The sound (FLAC)")
    expect(sound).to_have_attribute("aria-disabled", "true")
    expect(sound).to_have_accessible_description("No sound was kept.")
    sound.click(force=True)
    with page.expect_download():
        page.get_by_role("button", name="The run, without sound").click()
    expect(page.get_by_text("Downloaded: a.run, 3 bytes.")).to_be_visible()
    assert page.evaluate("sent.filter(({ kind }) => kind === 'download').length") == 1
    # What is there is replaced by a second press, as long as it is the same place.
    path = page.get_by_label("A copy of the run", exact=True)
    page.get_by_role("button", name="A copy of the run: write").click()
    expect(page.get_by_role("button", name="A copy of the run: replace")).to_have_text("Replace")
    path.press("x")
    expect(page.get_by_role("button", name="A copy of the run: write")).to_have_text("Write")
    path.press("Backspace")
    page.get_by_role("button", name="A copy of the run: replace").click()
    asked = page.evaluate("sent.filter(({ kind }) => kind === 'save').map((one) => one.replace)")
    assert asked == [False, True]


BAR = """
const microphone = microphoneSlot(rules);
const check = checkButton(wires, () => false);
const top = bar({ ...wires, microphone }, microphone, check, () => false);
root.append(top.element);
for (const name of ["live", "setup", "sentences"]) model.on(`change:${name}`, top.update);
top.update();
"""
SETUP = {
    "choice": "file",
    "choices": [["file", "A file"]],
    "values": {"target": "embedded"},
    "missing": "",
    "key": "none",
    "sound": {},
    "problems": {},
}
FINISHED = {
    "mode": "live",
    "running": False,
    "phase": "finished",
    "sent": 9.0,
    "left": 0.0,
    "title": "clip.wav",
    "starting": False,
    "duration": 9.0,
}


def test_a_start_that_fails_is_said_where_start_is(page):
    idle = {"study": {"running": False}, "check": {"running": False}}
    with_parts(page, BAR, live=FINISHED, setup=SETUP, sentences=[], **idle)
    state, why = page.locator(".gnb-standing"), page.locator(".gnb-why")
    expect(state).to_contain_text("Finished")
    expect(why).to_be_hidden()
    sentence = "The reference does not fit: it ends at 9 s, the sound at 3 s."
    tell(page, "sentences", [{"number": 1, "text": sentence, "about": "start"}])
    expect(state).to_contain_text("Failed")
    expect(state).not_to_contain_text("9.0 s of audio sent")
    expect(why).to_have_text(sentence)
    start = page.get_by_role("button", name="Start", exact=True)
    expect(start).to_have_accessible_description(sentence)
    # What went wrong elsewhere is not said here, and what goes well takes it away.
    tell(page, "sentences", [{"number": 2, "text": "Not so.", "about": "set"}])
    expect(why).to_be_hidden()
    expect(state).to_contain_text("Finished")


def test_times_are_rounded_and_no_minute_has_sixty_seconds(page):
    (lab,) = LAB.paths(["dom.js"])
    (hearing,) = (path for path in hearing_paths() if path.name == "dom.js")
    shown = page.evaluate(
        f"""() => {{
          const clock = (() => {{ {joined([lab])}; return clockTime; }})();
          const place = (() => {{ {joined([hearing])}; return placeText; }})();
          return [
            ...[4.29, 59.96, 119.97, 3599.99].map((value) => clock(value, 1)),
            ...[16.4, 59.6, 3723].map((value) => clock(value)),
            ...[4.256, 59.996, 119.96, 65.2].map(place),
          ];
        }}"""
    )
    assert shown == [
        *("0:04.3", "1:00.0", "2:00.0", "1:00:00.0"),
        *("0:16", "1:00", "1:02:03"),
        *("4.26 s", "1:00.0", "2:00.0", "1:05.2"),
    ]


def test_runs_of_one_sound_are_told_apart_by_when_they_began(page):
    rows = [row("clip.wav", path=f"{k}.run", began=f"2026-01-02 10:00:0{k}") for k in (2, 1)]
    rows.append(row("other.wav", path="o.run"))
    with_parts(page, SHELF, shelf=shelf_of(*rows))
    table = {"columns": ["What", "A", "B", "C"], "rows": [["audio", "a", "a", "b"]], "total": 1}
    page.evaluate(
        "(answers) => { window.answers = answers; }",
        {
            "compare": {"table": table, "differs": [True]},
            "difference": {"paired": "word by word", "text": "A picture."},
        },
    )
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Compare", exact=True).click()
    heads = page.get_by_role("table", name="Runs side by side").locator("thead th")
    assert [text.strip() for text in heads.all_inner_texts()] == [
        "What",
        "A other.wav (baseline)",
        "B clip.wav, 2026-01-02 10:00:01",
        "C clip.wav, 2026-01-02 10:00:02",
    ]
    expect(page.get_by_label("Against A").locator("option").first).to_have_text(
        "B clip.wav, 2026-01-02 10:00:01"
    )


LIVE = """
const live = livePanel({ ...wires, microphone: microphoneSlot(rules) });
root.append(live.element);
model.on("change:live", live.update);
live.update();
"""
#: Pixels of the sound's picture that are painted in its upper quarter.
HIGH = """() => {
  const canvas = document.querySelector(".gnb-progress canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height / 4);
  return data.filter((value, k) => k % 4 === 3 && value > 0).length;
}"""


def test_a_replay_shows_the_sound_that_was_kept_with_its_run(page):
    def shown(session: int) -> dict[str, Any]:
        told = watcher.views()["live"] | {"session": session, "path": f"{session}.run"}
        return told | {"starting": False}

    watcher, replay = Watcher(), start_replay(rich_run(), speed=math.inf)
    watcher.watch(replay, "the talk", math.inf)
    assert replay.wait(30)
    idle = {"mode": "idle", "running": False}
    traits = {"live": idle, "lines": [], "series": {}, "after": {}}
    with_parts(page, LIVE, setup={"sound": {"name": "other.wav", "peaks": []}}, **traits)
    peaks = [[-0.9, 0.9]] * 600
    page.evaluate("(peaks) => { window.answers = { waveform: { peaks } }; }", peaks)
    tell(page, "live", shown(1))
    page.wait_for_function(f"({HIGH})() > 100")
    tell(page, "live", shown(1))
    # Of a run without sound the line is flat, and not that of the one before.
    page.evaluate("window.answers = { waveform: { peaks: [] } }")
    tell(page, "live", shown(2))
    page.wait_for_function(f"({HIGH})() === 0")
    asked = page.evaluate("sent.filter(({ kind }) => kind === 'waveform').map((one) => one.path)")
    assert asked == ["1.run", "2.run"]
    # The numbers of the whole run stand beside the counts of the whole run only.
    medians = {"seen": "11 ms", "final": "1577 ms"}
    tell(page, "after", {"path": "2.run", "headline": {"medians": medians}})
    tell(page, "live", shown(2))
    figures = page.locator(".gnb-counters")
    expect(figures).to_contain_text("1577 ms")
    tell(page, "live", shown(2) | {"phase": "stopped", "whole": False})
    expect(figures).not_to_contain_text("1577 ms")
    tell(page, "live", shown(2) | {"path": ""})
    tell(page, "after", {"path": "", "headline": {"medians": medians}})
    expect(figures).not_to_contain_text("1577 ms")


BOX = """
const { box, show } = tickBox({ "aria-label": "Box" }, (value) => send({ kind: "set", value }));
root.append(box);
model.on("change:setup", () => show(model.get("setup")));
"""


def test_a_box_stays_as_it_was_set_whatever_was_on_its_way(page):
    with_parts(page, BOX)
    box = page.get_by_label("Box")
    tell(page, "setup", True)
    expect(box).to_be_checked()
    # In one go, since what is forgiven lasts for a second.
    seen = page.evaluate(
        """async () => {
          const box = document.querySelector("input");
          const seen = [];
          const tick = async (...told) => {
            box.click();
            for (const value of told) {
              tell("setup", value);
              seen.push(box.checked);
            }
            await new Promise((resolve) => setTimeout(resolve, 1200));
            seen.push(box.checked);
          };
          await tick(true, false);
          await tick();
          await tick(true);
          return seen;
        }"""
    )
    # Set off: a view of before, then its own. Set on: no view at all. Set off: it was refused.
    assert seen == [False, False, False, True, False, True]
    assert page.evaluate("sent.map(({ value }) => value)") == [False, True, False]
