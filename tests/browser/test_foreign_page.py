"""What a page of somebody else can do to an embedded server: open WebSockets whose URL it has.

The server takes any key here, so that nothing but its checks of `Host` and `Origin` is in the way.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from gladia_nb.server import LocalServer
from tests.support.scripted_helpers import SCRIPT, ask

from .conftest import PATIENCE_MS

SPEAK = """async ([url]) => await new Promise((resolve) => {
  const seen = [];
  const ws = new WebSocket(url);
  ws.onopen = () => { ws.send(new Uint8Array(32000)); ws.send('{"type":"stop_recording"}'); };
  ws.onmessage = (event) => seen.push(JSON.parse(event.data));
  ws.onclose = (event) => resolve({ code: event.code, seen });
})"""
FETCH = """async ([url, options]) => {
  try {
    const answer = await fetch(url, options);
    return { type: answer.type, status: answer.status, text: await answer.text() };
  } catch (error) { return { type: "error", status: 0, text: "" }; }
}"""
KEY = {"x-gladia-key": "any"}


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer(engine="scripted", script=SCRIPT, any_key=True) as server:
        yield server


@contextlib.contextmanager
def foreign_site() -> Iterator[str]:
    """A page on a port of its own, which makes it another origin."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>A page</title>")

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://localhost:{site.server_address[1]}/"
        site.shutdown()


def made(server: LocalServer) -> dict[str, Any]:
    request = urllib.request.Request(f"{server.url}/v2/live", b"{}", KEY)
    with urllib.request.urlopen(request) as reply:
        body: dict[str, Any] = json.loads(reply.read())
    return body


def asked(page: Page, url: str, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(FETCH, [url, options])
    return found


def test_a_foreign_page_reads_and_changes_nothing(server: LocalServer, page: Page) -> None:
    session = made(server)
    script = json.dumps({"words": [{"word": "HACKED", "start_s": 0.1, "end_s": 0.5}]})
    base = server.url
    with foreign_site() as site:
        page.goto(site)
        for path in ("/v2/live", f"/v2/live/{session['id']}", f"/v2/live/{session['id']}/file"):
            assert asked(page, base + path, headers=KEY)["type"] == "error"
            assert asked(page, base + path)["type"] == "error"
            blind = asked(page, base + path, mode="no-cors")
            assert (blind["type"], blind["text"]) == ("opaque", "")
        for mode, headers in (("cors", KEY), ("no-cors", {})):
            for path in ("/v2/live", "/_control/script", "/_control/faults"):
                told = asked(
                    page, base + path, method="POST", body=script, mode=mode, headers=headers
                )
                assert told["type"] in ("error", "opaque")
        # Its URL is the ticket for a WebSocket, and for nothing else.
        said = page.evaluate(SPEAK, [session["url"]])
    assert said["code"] == 1000
    texts = [m["data"]["utterance"]["text"] for m in said["seen"] if m["type"] == "transcript"]
    assert texts
    assert "HACKED" not in "".join(texts)
    listed = json.loads(ask(server, "/v2/live", key="any")[1])["items"]
    assert [item["id"] for item in listed] == [session["id"]], "the page has made none"
    assert json.loads(ask(server, "/_control/faults")[1])["faults"] == []


def test_a_name_that_was_pointed_at_this_machine_opens_nothing(
    server: LocalServer, make_browser: Any
) -> None:
    port = urlsplit(server.url).port
    browser = make_browser("--host-resolver-rules=MAP rebound.example 127.0.0.1")
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    answer = page.goto(f"http://rebound.example:{port}/v2/live")
    assert answer is not None
    assert answer.status == 403
    # The page is of the server's own origin, as browsers see it: nothing but the name is wrong.
    told = asked(page, f"http://rebound.example:{port}/v2/live", headers=KEY)
    assert (told["type"], told["status"]) == ("basic", 403)
    assert "is not the host" in told["text"]
    page.close()
