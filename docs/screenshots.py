"""Pictures of the Lab in each of its states, from a real JupyterLab: `make screenshots`.

Writes `docs/lab-*.png`, or what `--out` says. Needs Chromium and what the tests need.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.browser.hosts import Host, launch  # noqa: E402 - it lies with the tests

#: A quarter of a minute of the conversation, and a server that hears just its words.
PREPARE = """\
import json, soundfile, gladia_nb as gn
audio = gn.read_audio(gn.sample("conversation"))
soundfile.write("conversation.flac", audio.samples[: 14 * audio.sample_rate], audio.sample_rate)
words = json.loads(gn.sample("conversation").with_suffix(".words.json").read_text())["words"]
words = [word for word in words if word["end_s"] < 14]
open("conversation.words.json", "w").write(json.dumps({"words": words}))
script = {"words": words, "delay": {"lognormal": {"median": 0.25, "sigma": 0.4}}, "seed": 7}
server = gn.LocalServer(engine="scripted", script=script, {faults}).start()
"""
SHOW = """\
config = gn.SessionConfig(endpointing=0.3)
lab = gn.Lab("conversation.flac", config, server=server)
lab"""
WIDE, NARROW = 1500, 700


@contextmanager
def page_of(
    browser: Browser, host: Host, *, width: int, dark: bool, faults: str = ""
) -> Iterator[Page]:
    """A Lab that is ready, in a page of this width."""
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    book = host.open(page, [PREPARE.replace("{faults}", faults), SHOW])
    if dark:
        book.wear("Dark")
    book.run()
    page.wait_for_selector(".gnb-lab")
    yield page
    book.wear("Light")
    context.close()


def shoot_lab(page: Page, path: Path, part: str = ".gnb-lab") -> None:
    """The whole Lab, however long it is, or a part of it."""
    width = page.viewport_size["width"]
    tall = page.evaluate("() => document.querySelector('.gnb-lab').scrollHeight")
    page.set_viewport_size({"width": width, "height": tall + 700})
    page.wait_for_timeout(400)
    page.locator(part).screenshot(path=path)
    print(path)


def tour(page: Page, out: Path, name: str, states: str) -> None:
    """Through the states of a Lab in which nothing goes wrong; `states` are those to keep."""
    lab = page.locator(".gnb-lab")

    def shoot(page: Page, path: Path, part: str = ".gnb-lab") -> None:
        if path.stem.rsplit("-", 1)[1] in states.split():
            shoot_lab(page, path, part)

    shoot(page, out / f"lab-{name}-empty.png")
    # Folded where there is no room beside the live view.
    if not lab.get_by_label("Preset", exact=True).is_visible():
        lab.locator(".gnb-config summary").first.click()
    lab.get_by_label("Preset", exact=True).select_option("captions")
    lab.get_by_label("Languages", exact=True).fill("en")
    lab.get_by_label("Maximum duration, s", exact=True).fill("90")
    lab.locator("summary", has_text="Add-ons on each final").click()
    lab.get_by_label("Sentiment analysis", exact=True).check()
    page.wait_for_selector(".gnb-problem:has-text('between 5 and 60')")
    shoot(page, out / f"lab-{name}-configured.png")
    lab.get_by_label("Maximum duration, s", exact=True).fill("15")
    page.wait_for_selector(".gnb-primary[aria-disabled=false]")
    lab.locator("summary", has_text="Add-ons on each final").click()
    lab.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_selector("[role=progressbar][aria-valuenow='9']")
    shoot(page, out / f"lab-{name}-streaming.png")
    page.wait_for_selector(".gnb-verdict")
    shoot(page, out / f"lab-{name}-finished.png")
    lab.get_by_role("tab", name="Pictures").click()
    page.wait_for_selector(".gnb-result img")
    shoot(page, out / f"lab-{name}-picture.png")
    lab.get_by_role("tab", name="Listen").click()
    page.wait_for_selector(".gnb-hear-text")
    lab.get_by_label("Speed", exact=True).last.select_option("0.5")
    lab.locator("button.gnb-hear-word", has_text="again").click()
    page.wait_for_selector(".gnb-hear-past:has-text('again')")
    shoot(page, out / f"lab-{name}-listen.png", ".gnb-after")
    lab.get_by_role("tab", name="Python").click()
    lab.get_by_role("tab", name="Export").click()
    boxes = lab.locator(".gnb-shelf tbody input[type=checkbox]")
    if boxes.count() > 1:
        for k in range(2):
            boxes.nth(k).check()
        lab.get_by_role("button", name="Compare", exact=True).click()
        page.wait_for_selector(".gnb-shelf .gnb-result img")
    shoot(page, out / f"lab-{name}-compare.png")


def first_screen(browser: Browser, host: Host, out: Path) -> None:
    """What is met: JupyterLab on a laptop, its file browser open, while a session runs."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(60_000)
    cell = "import gladia_nb as gn\n\nlab = gn.Lab(config=gn.SessionConfig(endpointing=0.3))\nlab"
    host.open(page, [cell], "lab.ipynb", whole=True).run()
    page.wait_for_selector(".gnb-primary[aria-disabled=false]")
    page.get_by_role("button", name="Start", exact=True).click()
    page.wait_for_selector("[role=progressbar][aria-valuenow='8']")
    path = out / "lab-first-screen.png"
    page.screenshot(path=path)
    print(path)
    page.get_by_role("button", name="Stop", exact=True).click()
    page.wait_for_selector(".gnb-verdict")
    context.close()


def main() -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--only", choices=("light", "dark", "narrow", "error", "first"))
    arguments = parser.parse_args()
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    # The first one has a single run on its shelf; the second has two to compare.
    first = "empty configured streaming finished picture listen"
    kinds = {
        "light": (WIDE, False, first),
        "dark": (WIDE, True, "configured streaming listen compare"),
        "narrow": (NARROW, False, "streaming finished"),
    }
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        host = Host("lab", Path(folder) / "host", GLADIA_NB_RUNS="runs")
        try:
            for name, (width, dark, states) in kinds.items():
                if arguments.only in (None, name):
                    with page_of(browser, host, width=width, dark=dark) as page:
                        tour(page, out, name, states)
            if arguments.only in (None, "first"):
                first_screen(browser, host, out)
            if arguments.only in (None, "error"):
                faults = "faults=['drop:at_byte=160000']"
                with page_of(browser, host, width=WIDE, dark=False, faults=faults) as page:
                    page.get_by_role("button", name="Start", exact=True).click()
                    page.wait_for_selector(".gnb-note:has-text('was lost')")
                    shoot_lab(page, out / "lab-light-resumed.png")
                    page.locator(".gnb-lab").get_by_label("Source", exact=True).select_option(
                        "file"
                    )
                    page.get_by_label("Path", exact=True).fill("missing.wav")
                    page.get_by_label("Path", exact=True).press("Enter")
                    page.wait_for_selector(".gnb-source .gnb-problem:visible")
                    page.get_by_label("Service", exact=True).select_option("1")
                    page.get_by_role("button", name="Use this key").click()
                    page.wait_for_selector(".gnb-alert strong")
                    shoot_lab(page, out / "lab-light-error.png")
        finally:
            browser.close()
            host.stop()


if __name__ == "__main__":
    main()
