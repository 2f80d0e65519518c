"""What the Lab costs: stamps while it is shown and updated, and memory over half an hour.

A real JupyterLab in a real Chromium shows a Lab that streams against the scripted engine. Told are:

* stamps: receive stamp minus the server's own stamp before the write, in the same session; beside
  it the same without a Lab, from the calling process.
* memory: heap and nodes of the page (after a collection), and resident memory of the kernel, along
  a stream of half an hour, which is sent faster than real time (`--speed`); with words all along.

    python benchmarks/lab.py [--seconds 20] [--minutes 30] [--speed 20]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, sync_playwright
from stopwatch import ask, script

import gladia_nb as gn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser.hosts import Host, launch

SHOW = """\
import types, numpy as np, soundfile, gladia_nb as gn
soundfile.write("silence.wav", np.zeros(int({seconds} * 16000)), 16000, subtype="PCM_16")
config = gn.SessionConfig(endpointing=0.3, maximum_duration_without_endpointing=60)
server = types.SimpleNamespace(url="{url}", key="{key}")
lab = gn.Lab("silence.wav", config, server=server, speed={speed})
lab"""


def stamps(server: gn.LocalServer, run: gn.Run) -> np.ndarray:
    """Errors of the receive stamps in ms."""
    sent = ask(server, f"/_trace/{run.session_id}")["sent"]
    received = [e for e in run.record.of("message") if e["via"] == "websocket"]
    return np.array(
        [(e["recv_ns"] - m["before_ns"]) / 1e6 for e, m in zip(received, sent, strict=True)]
    )


def show(name: str, errors: np.ndarray) -> None:
    p50, p99 = np.quantile(errors, [0.5, 0.99])
    print(f"{name:12} n={len(errors):5}  stamp error p50 {p50:.3f}  p99 {p99:.3f} ms")


def started(page: Page, host: Host, server: gn.LocalServer, seconds: float, speed: float) -> None:
    """A Lab that is streaming."""
    cell = SHOW.format(seconds=seconds, url=server.url, key=server.key, speed=speed)
    host.open(page, [cell]).run()
    page.wait_for_selector(".gnb-primary[aria-disabled=false]")
    page.get_by_role("button", name="Start", exact=True).click()


def newest(folder: Path) -> gn.Run:
    return gn.load(max(folder.glob("*.run"), key=lambda path: path.stat().st_mtime))


def kernel_mb(host: Host) -> float:
    """Resident memory of the kernel."""
    for process in psutil.Process(os.getpid()).children(recursive=True):
        if "ipykernel_launcher" in " ".join(process.cmdline()):
            return process.memory_info().rss / 1e6
    raise RuntimeError(f"no kernel: {host.log}")


def page_memory(page: Page) -> tuple[float, int]:
    """Heap in MB and number of nodes, after a collection."""
    client = page.context.new_cdp_session(page)
    client.send("HeapProfiler.collectGarbage")
    client.send("Performance.enable")
    found = {m["name"]: m["value"] for m in client.send("Performance.getMetrics")["metrics"]}
    client.detach()
    return found["JSHeapUsedSize"] / 1e6, int(found["Nodes"])


def stamps_beside(
    browser: Browser, host: Host, server: gn.LocalServer, runs: Path, seconds: float
) -> None:
    """Stamps of a session with a Lab that shows it, and of one without."""
    page = new_page(browser)
    ask(server, "/_control/script", script(seconds, 300))
    started(page, host, server, seconds, 1)
    page.wait_for_selector(".gnb-verdict")
    show("with a Lab", stamps(server, newest(runs)))
    page.close()
    ask(server, "/_control/script", script(seconds, 300))
    alone = gn.transcribe(
        (np.zeros(int(seconds * 16000)), 16000),
        url=server.url,
        key=server.key,
        path=runs.parent / "alone.run",
        endpointing=0.3,
        maximum_duration_without_endpointing=60,
        progress=False,
    )
    show("without", stamps(server, alone))


def memory_over(
    browser: Browser, host: Host, server: gn.LocalServer, seconds: float, speed: float
) -> None:
    """Memory of page and kernel over a long session."""
    ask(server, "/_control/script", script(seconds, 300))
    page = new_page(browser)
    started(page, host, server, seconds, speed)
    page.wait_for_selector("[role=progressbar]")
    print(f"{seconds / 60:g} min of audio at {speed:g} times its speed")
    rows = []
    began = time.monotonic()
    while page.locator(".gnb-verdict").count() == 0:
        done = (time.monotonic() - began) * speed
        rows.append((done, *page_memory(page), kernel_mb(host)))
        if len(rows) % 4 == 1:
            share, heap, nodes, kernel = rows[-1]
            memory = f"heap {heap:6.1f} MB, {nodes:6} nodes, kernel {kernel:6.1f} MB"
            print(f"  at {share:7.0f} s: {memory}")
        time.sleep(2)
        if time.monotonic() - began > seconds / speed + 120:
            raise RuntimeError("the Lab did not come to an end")
    table = np.array(rows)
    table = table[len(table) // 5 :]  # without what is loaded at the start
    for name, column in (("heap", 1), ("nodes", 2), ("kernel", 3)):
        first, last = np.array_split(table[:, column], 2)
        ratio = np.median(last) / np.median(first)
        print(f"  {name}: median of the second half / of the first {ratio:.3f}")


def new_page(browser: Browser) -> Page:
    page = browser.new_page(viewport={"width": 1500, "height": 1600})
    page.set_default_timeout(120_000)
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--speed", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        runs = Path(folder) / "runs"
        host = Host("lab", Path(folder) / "host", GLADIA_NB_RUNS=str(runs))
        server = gn.LocalServer(engine="scripted", script={}, trace=True).start()
        try:
            stamps_beside(browser, host, server, runs, options.seconds)
            memory_over(browser, host, server, options.minutes * 60, options.speed)
            print(json.dumps({"messages": len(newest(runs).messages)}))
        finally:
            browser.close()
            host.stop()
            server.stop()
            gn.shutdown()


if __name__ == "__main__":
    main()
