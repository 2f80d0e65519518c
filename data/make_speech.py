#!/usr/bin/env python3
"""Make the three test recordings of this folder, with exact word times.

The speech is synthesised with flite, which also reports when each of its phones ends. The
times of the words are therefore known from the synthesis itself; no recogniser and no forced
aligner takes part. Running the script again gives the same samples and the same JSON text.

    python data/make_speech.py              write the recordings beside this script
    python data/make_speech.py --out DIR    write them elsewhere
    python data/make_speech.py --check      compare a new run with the files here

Besides flite, it needs numpy, soundfile and soxr.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

import numpy as np
import soundfile as sf
import soxr
from flite_words import (
    FLITE_RATE,
    ONSET_S,
    PAUSE_MARK,
    TAIL_S,
    Phone,
    SpeechError,
    Word,
    flite_version,
    split_words,
    synthesise,
    time_words,
)
from numpy.typing import NDArray
from speech_texts import RECORDINGS, Recording

FloatArray = NDArray[np.float64]

HERE = Path(__file__).resolve().parent

# ----------------------------------------------------------------------------------------
# How it is made.
# ----------------------------------------------------------------------------------------

PEAK_DBFS = -3.0
# Every voice is brought to this level first (root mean square over its words), so that the
# two speakers are equally loud.
SPEECH_DBFS = -20.0
# A seeded noise keeps the pauses from being digital silence, which no microphone delivers.
NOISE_DBFS = -70.0
NOISE_SEED = 20240229
# Pauses shorter than this between the words of a channel are not listed in the JSON.
LISTED_PAUSE_S = 0.1


class WordEntry(TypedDict):
    """A word as the JSON file holds it; times in seconds from the start of the file."""

    word: str
    start_s: float
    end_s: float
    channel: int
    speaker: str
    sentence: int


class PauseEntry(TypedDict):
    """A pause between two words of a channel as the JSON file holds it; times in seconds."""

    start_s: float
    end_s: float
    channel: int
    inside_sentence: bool


@dataclass(frozen=True)
class Spoken:
    """A sentence as sound: starts with its first word and ends with its last one.

    Attributes:
        words: The words, timed from the start of the first one.
        samples: The signal at `FLITE_RATE`, with `ONSET_S` before the first word and `TAIL_S`
            after the last one.
    """

    words: tuple[Word, ...]
    samples: FloatArray


def fade(length: int) -> FloatArray:
    """Return a gain which rises smoothly from 0 to 1 over so many samples."""
    return 0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(length, 1))


def at_rate(seconds: float) -> int:
    """Return the sample of `FLITE_RATE` which is nearest to a time in seconds."""
    return round(seconds * FLITE_RATE)


@cache
def speak(voice: str, text: str) -> Spoken:
    """Speak a sentence, with the pauses written in it.

    Args:
        voice: Name of the flite voice.
        text: The sentence as in `Sentence.text`.

    Returns:
        The sentence as sound.

    Raises:
        SpeechError: flite made other pauses than those written.
    """
    pauses_s = [float(found) for found in PAUSE_MARK.findall(text)]
    phones, signal = synthesise(voice, PAUSE_MARK.sub(",", text))

    # The stretches between flite's pauses, each a list of phones.
    stretches: list[list[Phone]] = [[]]
    for phone in phones:
        if phone.name != "pau":
            stretches[-1].append(phone)
        elif stretches[-1]:
            stretches.append([])
    if stretches.pop() or len(stretches) != len(pauses_s) + 1:
        raise SpeechError(f"flite makes {len(stretches) - 1} pauses in {text!r} ({voice})")

    timed = time_words(split_words(text), [phone for stretch in stretches for phone in stretch])
    edges_s = [0.0, *(edge for part in stretches for edge in (part[0].start_s, part[-1].end_s))]
    edges_s.append(phones[-1].end_s)

    # The stretches are laid out anew with the pauses asked for; `origin_s` is the new start.
    starts_s: list[float] = []
    origin_s = 0.0
    for stretch, pause_s in zip(stretches, [*pauses_s, 0.0], strict=True):
        starts_s.append(origin_s)
        origin_s += stretch[-1].end_s - stretch[0].start_s + pause_s
    samples = np.zeros(at_rate(ONSET_S) + at_rate(origin_s) + at_rate(TAIL_S))
    moved: list[Word] = []
    for index, (stretch, new_s) in enumerate(zip(stretches, starts_s, strict=True)):
        start_s, end_s = stretch[0].start_s, stretch[-1].end_s
        # At most half of flite's own pause belongs to either side.
        before_s = min(ONSET_S, (start_s - edges_s[2 * index]) / 2)
        after_s = min(TAIL_S, (edges_s[2 * index + 3] - end_s) / 2)
        begin = at_rate(start_s) - at_rate(before_s)
        piece = signal[begin : at_rate(end_s) + at_rate(after_s)].copy()
        rise, fall = at_rate(before_s), at_rate(after_s)
        piece[:rise] *= fade(rise)
        piece[len(piece) - fall :] *= fade(fall)[::-1]
        place = at_rate(ONSET_S) + at_rate(new_s) - rise
        samples[place : place + len(piece)] += piece[: len(samples) - place]
        shift_s = new_s - start_s
        moved += [
            Word(word.text, word.start_s + shift_s, word.end_s + shift_s)
            for word in timed
            if start_s <= word.start_s < end_s
        ]
    return Spoken(tuple(moved), samples)


def voice_gain(voice: str, recording: Recording) -> float:
    """Return the gain which brings a voice to `SPEECH_DBFS` in a recording.

    Args:
        voice: Name of the flite voice.
        recording: The recording.

    Returns:
        The factor for the samples of the voice.
    """
    energy, count = 0.0, 0
    for sentence in recording.sentences:
        if sentence.voice == voice:
            spoken = speak(voice, sentence.text)
            energy += float(np.sum(spoken.samples**2))
            count += at_rate(sum(word.end_s - word.start_s for word in spoken.words))
    return float(10 ** (SPEECH_DBFS / 20) / np.sqrt(energy / count))


def make(recording: Recording) -> tuple[NDArray[np.int16], dict[str, object]]:
    """Make a recording.

    Args:
        recording: What to make.

    Returns:
        The samples as 16-bit integers (one column for each channel) and the content of the
        file of words.
    """
    starts_s: list[float] = []
    end_s = recording.lead_s
    for sentence in recording.sentences:
        starts_s.append(end_s + sentence.gap_s)
        end_s = starts_s[-1] + speak(sentence.voice, sentence.text).words[-1].end_s
    frames = at_rate(end_s + recording.lead_s)

    mixed = np.zeros((frames, max(recording.channels.values()) + 1))
    gains = {voice: voice_gain(voice, recording) for voice in recording.channels}
    words: list[WordEntry] = []
    for number, (sentence, start_s) in enumerate(zip(recording.sentences, starts_s, strict=True)):
        spoken = speak(sentence.voice, sentence.text)
        channel = recording.channels[sentence.voice]
        place = at_rate(start_s) - at_rate(ONSET_S)
        mixed[place : place + len(spoken.samples), channel] += (
            gains[sentence.voice] * spoken.samples
        )
        words += [
            {
                "word": word.text,
                "start_s": round(start_s + word.start_s, 4),
                "end_s": round(start_s + word.end_s, 4),
                "channel": channel,
                "speaker": sentence.voice,
                "sentence": number,
            }
            for word in spoken.words
        ]
    words.sort(key=lambda word: (word["start_s"], word["channel"]))

    if recording.sample_rate != FLITE_RATE:
        mixed = soxr.resample(mixed, FLITE_RATE, recording.sample_rate, quality="VHQ")
    mixed *= 10 ** (PEAK_DBFS / 20) / np.max(np.abs(mixed))
    # RandomState, unlike the newer generators, promises the same numbers in every version.
    noise = np.random.RandomState(NOISE_SEED).standard_normal(mixed.shape)
    mixed += 10 ** (NOISE_DBFS / 20) * noise
    samples = np.round(mixed * 32767).astype(np.int16)

    voices = "voices" if len(recording.channels) > 1 else "voice"
    content: dict[str, object] = {
        "audio": f"{recording.name}.flac",
        "sample_rate": recording.sample_rate,
        "channels": samples.shape[1],
        "duration_s": round(len(samples) / recording.sample_rate, 4),
        "source": (
            f"Synthesised with {flite_version()}, {voices} {' and '.join(recording.channels)}; "
            "the word times are the segment times of the synthesiser (flite -psdur), moved with "
            "the speech when the pauses were set."
        ),
        "words": words,
        "pauses": list_pauses(words),
    }
    return samples, content


def list_pauses(words: list[WordEntry]) -> list[PauseEntry]:
    """List the pauses of at least `LISTED_PAUSE_S` between the words of each channel.

    Args:
        words: The words as in the JSON file.

    Returns:
        The pauses by their start.
    """
    pauses: list[PauseEntry] = []
    last: dict[int, WordEntry] = {}
    for word in words:
        before = last.get(word["channel"])
        # The times are rounded, so a pause of exactly the limit may fall just below it.
        if before and word["start_s"] - before["end_s"] > LISTED_PAUSE_S - 0.001:
            pauses.append(
                {
                    "start_s": before["end_s"],
                    "end_s": word["start_s"],
                    "channel": word["channel"],
                    "inside_sentence": before["sentence"] == word["sentence"],
                }
            )
        last[word["channel"]] = word
    return sorted(pauses, key=lambda pause: (pause["start_s"], pause["channel"]))


def write(folder: Path) -> None:
    """Make all recordings and write them, with their words, to a folder.

    Args:
        folder: Where to write; made if it does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for recording in RECORDINGS:
        samples, content = make(recording)
        audio = folder / f"{recording.name}.flac"
        sf.write(audio, samples, recording.sample_rate, format="FLAC", subtype="PCM_16")
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        (folder / f"{recording.name}.words.json").write_text(text, encoding="utf-8")


def differences(new: Path, old: Path) -> list[str]:
    """Compare two folders of recordings by samples and by text.

    The FLAC files are compared by what they decode to, for another version of the encoder may
    pack the same samples differently.

    Args:
        new: The one folder.
        old: The other folder.

    Returns:
        A line for each file of the second folder which is missing or different.
    """
    found: list[str] = []
    for recording in RECORDINGS:
        audio, words = f"{recording.name}.flac", f"{recording.name}.words.json"
        if not (old / audio).exists():
            found.append(f"{audio} is missing")
        else:
            ours, our_rate = sf.read(new / audio, dtype="int16")
            theirs, their_rate = sf.read(old / audio, dtype="int16")
            if our_rate != their_rate or not np.array_equal(ours, theirs):
                found.append(f"{audio} has other samples")
        if not (old / words).exists():
            found.append(f"{words} is missing")
        elif (new / words).read_bytes() != (old / words).read_bytes():
            found.append(f"{words} has another content")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The arguments; those of the process when `None`.

    Returns:
        The exit code: 0, or 1 when the check finds a difference, or 2 when the recordings
        cannot be made.
    """
    parser = argparse.ArgumentParser(description="Make the test recordings with flite.")
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR", help="folder of the files")
    parser.add_argument(
        "--check", action="store_true", help="compare the files with a new run; write nothing"
    )
    options = parser.parse_args(arguments)
    try:
        if not options.check:
            write(options.out)
            return 0
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder))
            found = differences(Path(folder), options.out)
    except SpeechError as error:
        sys.stderr.write(f"make_speech: {error}\n")
        return 2
    lines = found or ["The recordings are as the script makes them."]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
