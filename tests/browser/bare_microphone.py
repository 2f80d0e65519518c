"""The microphone's front end in a page without a notebook: what a kernel would hear is kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext, Page

from gladia_nb.widgets.assets import MICROPHONE, joined
from gladia_nb.widgets.rules import microphone_rules

__all__ = ["NO_TRACKS", "BareMicrophone", "Captured", "in_thread"]

#: A browser that lets no track be read, as all but Chromium.
NO_TRACKS = "delete window.MediaStreamTrackProcessor;"
_ADDRESS = "http://localhost/"
_PAGE = """<!doctype html><title>A microphone</title><body><script type="module">
import make from "./microphone.js";
window.sent = [];
const model = {
  get: (name) => window.values[name],
  set: (name, value) => { window.values[name] = value; },
  save_changes: () => {},
  on: () => {},
  off: () => {},
  send: (content, _callbacks, buffers) => window.sent.push({
    ...content,
    ...(buffers ? { samples: Array.from(new Int16Array(buffers[0])) } : {}),
  }),
};
const widget = make();
window.destroy = widget.initialize({ model });
widget.render({ model, el: document.body });
window.ready = true;
</script>"""


@dataclass(frozen=True)
class Captured:
    """What a page has said of one recording.

    Attributes:
        device: what it said of the device.
        rate: hertz of its samples.
        channels: interleaved.
        pieces: number, frames and moment of each piece, and its samples.
        holes: where zeros were found in the sound.
        said: everything, in its order.
    """

    device: dict[str, Any]
    rate: float
    channels: int
    pieces: list[dict[str, Any]]
    holes: list[dict[str, Any]]
    said: list[dict[str, Any]]

    @property
    def samples(self) -> NDArray[np.int16]:
        """Of all pieces, an array of the shape (frames, channels)."""
        parts = [np.array(piece["samples"], dtype=np.int16) for piece in self.pieces]
        whole = np.concatenate(parts) if parts else np.zeros(0, np.int16)
        return whole.reshape(-1, self.channels)


def in_thread(page: Page, code: str, given: Any = None) -> Any:
    """Run code behind what reads a track in a thread of its own; `given` is at hand, and returned
    is what it returns.
    """
    files = [name for name in MICROPHONE.threads["TRACK_SOURCE"] if name != "track.js"]
    text = joined(MICROPHONE.paths(files))
    return page.evaluate(f"async (given) => {{ {text}\n{code} }}", given)


class BareMicrophone:
    """A page with a microphone.

    Args:
        context: whose page it is; it is allowed to hear.
        before: code that runs in the page before anything else, such as `NO_TRACKS`.
        values: traits of the microphone, such as `sample_rate`, `channels` and `chunk_ms`.
    """

    def __init__(self, context: BrowserContext, before: str = "", **values: Any) -> None:
        self.page: Page = context.new_page()
        traits = {"sample_rate": 16000, "channels": 1, "chunk_ms": 50.0, "mode": "take"}
        traits.update(rules=microphone_rules(), state="idle", message="", **values)
        self.page.route(f"{_ADDRESS}**", lambda route: route.fulfill(**_answer(route.request.url)))
        self.page.add_init_script(f"window.values = {json.dumps(traits)};\n{before}")
        self.page.goto(_ADDRESS)
        self.page.wait_for_function("window.ready")

    def press(self, name: str) -> None:
        """One of its buttons."""
        self.page.get_by_role("button", name=name).click()

    def until(self, state: str) -> None:
        """Wait for a state, as the page names it."""
        self.page.wait_for_selector(f".gladia-nb-mic[data-state={state}]")

    def listen(self, pieces: int) -> None:
        """Wait for so many more pieces: a machine that is busy takes its time to begin."""
        count = 'window.sent.filter(({ kind }) => kind === "piece").length'
        wanted = self.page.evaluate(count) + pieces
        self.page.wait_for_function(f"{count} >= {wanted}")

    def record(self, pieces: int) -> Captured:
        """Record so many pieces, and what comes until it has ended."""
        self.press("Record")
        self.until("live")
        self.listen(pieces)
        return self.stop()

    def stop(self) -> Captured:
        """End a recording; what came of it."""
        self.press("Stop")
        self.until("idle")
        return self.captured()

    def captured(self) -> Captured:
        """What was said since the last recording began."""
        said = self.page.evaluate("window.sent")
        last = max(k for k, content in enumerate(said) if content["kind"] == "asking")
        said = said[last:]
        begun = next(content for content in said if content["kind"] == "start")
        pieces = [content for content in said if content["kind"] == "piece"]
        holes = [content for content in said if content["kind"] == "zeros"]
        device, rate, channels = (begun[name] for name in ("device", "rate", "channels"))
        return Captured(device, rate, channels, pieces, holes, said)


def _answer(url: str) -> dict[str, Any]:
    if url.endswith("/microphone.js"):
        return {"content_type": "text/javascript", "body": MICROPHONE.module()}
    return {"content_type": "text/html", "body": _PAGE}
