"""One of each server and one Chromium for all tests in a browser.

The scope is the package: Playwright keeps an event loop running in the thread that started it, so
it has to be gone before any asynchronous test of another folder begins.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from .hosts import Host, Requests, find_chromium, launch

REQUIRED = "GLADIA_NB_REQUIRE_BROWSER"
SIZE = {"width": 1200, "height": 900}
#: Milliseconds after which a page that does not do what it should has failed.
PATIENCE_MS = 30_000


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright, or a skip with its reason where there is no Chromium."""
    if find_chromium() is None:
        sentence = "There is no Chromium; install it (Debian: apt-get install chromium)."
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{sentence} {REQUIRED}=1 asks for it.")
        pytest.skip(sentence)
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="package")
def make_browser(playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """Start a Chromium with extra arguments: `make_browser("--use-fake-ui-for-media-stream")`."""
    made: list[Browser] = []

    def make(*extra: str) -> Browser:
        made.append(launch(playwright, *extra))
        return made[-1]

    yield make
    for browser in made:
        browser.close()


@pytest.fixture(scope="package")
def browser(make_browser: Callable[..., Browser]) -> Browser:
    """A Chromium without a microphone."""
    return make_browser()


@pytest.fixture
def requests() -> Requests:
    """What the pages of this test have asked for."""
    return Requests()


@pytest.fixture
def context(browser: Browser, requests: Requests) -> Iterator[BrowserContext]:
    """A fresh profile."""
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    requests.watch(context)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty page."""
    return context.new_page()


def _host(name: str, factory: pytest.TempPathFactory) -> Iterator[Host]:
    host = Host(name, factory.mktemp(name))
    yield host
    host.stop()


@pytest.fixture(scope="package")
def lab(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A JupyterLab."""
    yield from _host("lab", tmp_path_factory)


@pytest.fixture(scope="package")
def notebook(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A Notebook 7."""
    yield from _host("notebook", tmp_path_factory)


@pytest.fixture(scope="package")
def voila(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A Voila."""
    yield from _host("voila", tmp_path_factory)


@pytest.fixture
def repository() -> Path:
    """The folder with `notebooks/`."""
    return Path(__file__).resolve().parents[2]
