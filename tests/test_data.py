"""The recordings of `data/` are what their descriptions say."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

DATA = Path(__file__).resolve().parent.parent / "data"
SCRIPT = DATA / "make_speech.py"
NAMES = ("conversation", "call", "monologue")
FRAME_S = 0.01
# Far above the noise floor of the files (-70 dBFS) and below any audible speech in them.
SILENCE_DBFS = -50.0


def load(name: str) -> tuple[np.ndarray, int, dict[str, Any]]:
    """Return the samples (one column a channel, full scale is 1), the rate and the JSON."""
    samples, rate = sf.read(DATA / f"{name}.flac", always_2d=True)
    content = json.loads((DATA / f"{name}.words.json").read_text(encoding="utf-8"))
    return samples, rate, content


def level_dbfs(samples: np.ndarray) -> float:
    """Return the root mean square level in dB relative to full scale."""
    return float(10 * np.log10(np.mean(samples**2) + 1e-12))


def frame_levels_dbfs(channel: np.ndarray, rate: int) -> np.ndarray:
    """Return the level of each frame of `FRAME_S` of a channel."""
    size = round(FRAME_S * rate)
    frames = channel[: len(channel) // size * size].reshape(-1, size)
    levels: np.ndarray = 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    return levels


def words_of(content: dict[str, Any], channel: int) -> list[dict[str, Any]]:
    """Return the words of a channel."""
    return [word for word in content["words"] if word["channel"] == channel]


@pytest.mark.parametrize(
    ("name", "rate", "channels", "shortest_s", "longest_s"),
    [
        ("conversation", 16000, 1, 40.0, 52.0),
        ("call", 8000, 2, 27.0, 36.0),
        ("monologue", 44100, 1, 27.0, 33.0),
    ],
)
def test_format(name: str, rate: int, channels: int, shortest_s: float, longest_s: float) -> None:
    """Rate, channels, length and peak are as described."""
    samples, found_rate, content = load(name)
    assert sf.info(DATA / f"{name}.flac").subtype == "PCM_16"
    assert (found_rate, samples.shape[1]) == (rate, channels)
    assert (content["sample_rate"], content["channels"]) == (rate, channels)
    assert content["audio"] == f"{name}.flac"
    assert abs(content["duration_s"] - len(samples) / rate) <= 1e-4
    assert shortest_s <= content["duration_s"] <= longest_s
    peak_dbfs = 20 * np.log10(np.max(np.abs(samples)))
    assert -3.2 < peak_dbfs < -2.8


@pytest.mark.parametrize("name", NAMES)
def test_words_are_in_order(name: str) -> None:
    """Words lie inside the file, by start time, and do not overlap on a channel."""
    _, _, content = load(name)
    words = content["words"]
    assert words
    assert [word["start_s"] for word in words] == sorted(word["start_s"] for word in words)
    for word in words:
        assert 0 <= word["start_s"] < word["end_s"] <= content["duration_s"]
        assert word["word"] == word["word"].lower()
        assert word["word"].replace("'", "").isalpha()
    for channel in range(content["channels"]):
        for first, second in pairwise(words_of(content, channel)):
            assert first["end_s"] <= second["start_s"] + 1e-4
            assert first["sentence"] <= second["sentence"]


@pytest.mark.parametrize("name", NAMES)
def test_words_are_heard_where_they_are_said_to_be(name: str) -> None:
    """There is speech in each word, none in the pauses, and the ends of speech agree."""
    samples, rate, content = load(name)
    for channel in range(content["channels"]):
        signal = samples[:, channel]
        words = words_of(content, channel)
        for word in words:
            part = signal[round(word["start_s"] * rate) : round(word["end_s"] * rate)]
            assert frame_levels_dbfs(part, rate).max() > -30, word
        loud = np.flatnonzero(frame_levels_dbfs(signal, rate) > SILENCE_DBFS) * FRAME_S
        starts_s, ends_s = [words[0]["start_s"]], [words[-1]["end_s"]]
        for pause in (p for p in content["pauses"] if p["channel"] == channel):
            # A sound dies away for some 40 ms after its last frame.
            begin = round((pause["start_s"] + 0.045) * rate)
            end = round((pause["end_s"] - 0.025) * rate)
            assert level_dbfs(signal[begin:end]) < -60, pause
            starts_s.append(pause["end_s"])
            ends_s.append(pause["start_s"])
        # The edges of the speech in the waveform. Speech may begin or end with the closure of a
        # consonant (the "t" of "great"), which is silent and belongs to the word all the same.
        for start_s in starts_s:
            assert -0.03 < loud[loud > start_s - 0.06][0] - start_s < 0.1
        for end_s in ends_s:
            assert -0.1 < loud[loud < end_s + 0.06][-1] + FRAME_S - end_s < 0.05
        assert abs(loud[-1] + FRAME_S - words[-1]["end_s"]) < 0.05


@pytest.mark.parametrize("name", NAMES)
def test_pauses_are_the_gaps_between_words(name: str) -> None:
    """Every gap of 0.1 s or more between words of a channel is listed, and nothing else."""
    _, _, content = load(name)
    gaps = [
        (first["end_s"], second["start_s"], channel, first["sentence"] == second["sentence"])
        for channel in range(content["channels"])
        for first, second in pairwise(words_of(content, channel))
        if second["start_s"] - first["end_s"] > 0.099
    ]
    listed = [
        (pause["start_s"], pause["end_s"], pause["channel"], pause["inside_sentence"])
        for pause in content["pauses"]
    ]
    assert sorted(gaps) == sorted(listed)


def test_conversation_pauses() -> None:
    """Pauses go from 0.1 s to 2 s, and several are inside sentences."""
    _, _, content = load("conversation")
    lengths_s = [pause["end_s"] - pause["start_s"] for pause in content["pauses"]]
    assert abs(min(lengths_s) - 0.1) < 0.001
    assert abs(max(lengths_s) - 2.0) < 0.001
    inside_s = [
        pause["end_s"] - pause["start_s"] for pause in content["pauses"] if pause["inside_sentence"]
    ]
    assert len(inside_s) >= 5
    assert max(inside_s) >= 1.0
    assert {word["speaker"] for word in content["words"]} == {"slt", "rms"}


def test_call_overlaps_exactly_once() -> None:
    """The two speakers of the call talk at the same time once."""
    samples, rate, content = load("call")
    speech = np.zeros(samples.shape, dtype=bool)
    for word in content["words"]:
        begin, end = round(word["start_s"] * rate), round(word["end_s"] * rate)
        speech[begin:end, word["channel"]] = True
    both = speech.all(axis=1).astype(np.int8)
    starts = np.flatnonzero(np.diff(both) == 1)
    assert len(starts) == 1
    assert 0.3 < both.sum() / rate < 1.5
    for channel in (0, 1):
        assert len({word["speaker"] for word in words_of(content, channel)}) == 1


def test_monologue_has_no_silence_to_cut_at() -> None:
    """Neither the words nor the waveform of the monologue leave 0.2 s of silence."""
    samples, rate, content = load("monologue")
    assert max(pause["end_s"] - pause["start_s"] for pause in content["pauses"]) <= 0.2
    longest = current = 0
    for silent in frame_levels_dbfs(samples[:, 0], rate) < SILENCE_DBFS:
        current = current + 1 if silent else 0
        longest = max(longest, current)
    assert longest * FRAME_S <= 0.2


def test_missing_flite_is_one_sentence(tmp_path: Path) -> None:
    """Without flite the script says so in one line and exits with code 2."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--out", str(tmp_path)],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "apt-get install flite" in done.stderr


def test_recordings_are_as_the_script_makes_them() -> None:
    """A new run of the script gives the same samples and the same words."""
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed, so the recordings cannot be made again")
    version = subprocess.run(["flite", "--version"], capture_output=True, text=True, check=False)
    if "flite-2.2" not in version.stdout or platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("the same samples are promised for flite 2.2 on x86-64 only")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
