"""What a page plays, seen in its audio graph."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from playwright.sync_api import Frame, Page

#: Keeps what each source of the audio graph that leads to the loudspeaker is told to play.
LISTEN = """
window.heard = [];
const [connect, start] = [AudioNode.prototype.connect, AudioBufferSourceNode.prototype.start];
AudioNode.prototype.connect = function (to, ...more) {
  this.leadsTo = to;
  return connect.call(this, to, ...more);
};
AudioBufferSourceNode.prototype.start = function (when, offset, length) {
  const { buffer, context } = this;
  const from = Math.round(offset * buffer.sampleRate);
  const count = Math.round(length * buffer.sampleRate);
  const samples = buffer.getChannelData(0).slice(from, from + count);
  const out = this.leadsTo === context.destination;
  window.heard.push({ when, rate: buffer.sampleRate, samples: Array.from(samples), out });
  return start.call(this, when, offset, length);
};
"""


def until(frame: Page | Frame, expression: str) -> Any:
    """Wait for something; what Playwright waits with, a page that forbids `eval` does not run."""
    deadline = time.monotonic() + 30
    while not (found := frame.evaluate(expression)):
        assert time.monotonic() < deadline, expression
        frame.wait_for_timeout(30)
    return found


def heard(page: Page, count: int = 1) -> list[dict[str, Any]]:
    """What was played, in the order in which it was."""
    found: list[dict[str, Any]] = until(page, f"window.heard.length >= {count} && window.heard")
    page.evaluate("window.heard = []")
    assert all(item["out"] for item in found)
    return found


def same(played: list[float], truth: np.ndarray) -> bool:
    """Sample for sample, up to how a browser makes floats of whole numbers.

    One sample earlier or later would be a hundred times as far away.
    """
    return len(played) == len(truth) and bool(np.abs(np.array(played) - truth).max() < 2**-15)
