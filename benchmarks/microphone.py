"""What a busy machine does to the sound of a browser's microphone, for both ways to capture it.

Chromium's fake device plays a steady tone into the microphone of a bare page, while other processes
keep the machine busy. Captures of the two ways take turns: by the track, as the device delivers it,
and by the audio graph (worklet), as in a browser that lets no track be read. Told of each capture:

* holes: runs of exact zeros inside the tone.
* breaks: places where the tone does not go on as a tone does, holes or not.
* lost: numbers that are missing among its pieces.

    python benchmarks/microphone.py [--captures 20] [--seconds 10] [--busy 4]
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser.bare_microphone import NO_TRACKS, BareMicrophone, Captured
from tests.browser.hosts import launch

RATE, TONE_HZ, LEVEL = 44_100, 440.0, 0.3
WAYS = {"track": "", "worklet": NO_TRACKS}


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that do nothing, without a rest."""
    command = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def tone(path: Path, seconds: float) -> Path:
    """A file of the tone."""
    at = np.arange(round(seconds * RATE)) / RATE
    soundfile.write(path, LEVEL * np.sin(2 * np.pi * TONE_HZ * at), RATE, subtype="PCM_16")
    return path


def runs(marked: np.ndarray, apart: int) -> int:
    """Groups of marks that lie further from each other than so many frames."""
    return int((np.diff(np.flatnonzero(marked), prepend=-(apart + 1)) > apart).sum())


def faults(found: Captured) -> tuple[int, int, int]:
    """Holes, breaks and lost pieces of a capture, between half a second and its last tenth."""
    rate = int(found.rate)
    sound = found.samples[rate // 2 : -rate // 10, 0] / 32768
    # A run of zeros of 4 ms; a tone has single ones.
    silent = np.convolve(sound == 0, np.ones(rate // 250), "valid") == rate // 250
    # A tone is told by its last two samples.
    slow = 2 * np.cos(2 * np.pi * TONE_HZ / rate)
    odd = np.abs(sound[2:] - slow * sound[1:-1] + sound[:-2]) > LEVEL / 100
    numbers = [piece["seq"] for piece in found.pieces]
    lost = numbers[-1] + 1 - len(numbers)
    return runs(silent, rate // 50), runs(odd, rate // 50), lost


def capture(browser: Browser, way: str, seconds: float) -> tuple[int, int, int]:
    """The faults of one capture."""
    context = browser.new_context()
    context.set_default_timeout(60_000)
    # Of 50 ms each.
    found = BareMicrophone(context, WAYS[way]).record(round(seconds * 20))
    context.close()
    if found.device["capture"] != way:
        raise RuntimeError(f"The page captured by {found.device['capture']} instead of {way}.")
    return faults(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--captures", type=int, default=20, help="of each way")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--busy", type=int, default=4, help="processes that keep it busy")
    asked = parser.parse_args()
    found: dict[str, list[tuple[int, int, int]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = tone(Path(folder, "tone.wav"), asked.seconds + 30)
        browser = launch(
            playwright,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={path}%noloop",
        )
        with busy(asked.busy):
            for _, way in itertools.product(range(asked.captures), WAYS):
                found[way].append(capture(browser, way, asked.seconds))
        browser.close()
    print(f"{asked.captures} captures of {asked.seconds:g} s each, {asked.busy} busy processes")
    for way, rows in found.items():
        holes, breaks, lost = np.array(rows).T
        print(
            f"{way:8} captures with holes {(holes > 0).sum():3} (in all {holes.sum()}), "
            f"with breaks {(breaks > 0).sum():3} (in all {breaks.sum()}), lost pieces {lost.sum()}"
        )


if __name__ == "__main__":
    main()
