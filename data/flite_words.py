"""Speech from flite, and when each of its words is spoken: flite says when its phones end."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray
from speech_texts import RECORDINGS

FloatArray = NDArray[np.float64]

# flite computes the waveform in frames of 5 ms; its phone times are not rounded to them.
FRAME_S = 0.005


class SpeechError(Exception):
    """The recordings cannot be made; the message says why."""


# All the voices used have this rate.
FLITE_RATE = 16000

# In a pause, flite's own signal is kept for this long on both sides (the last sound dies away,
# the next one builds up) and faded; the rest of the pause holds the noise only.
TAIL_S = 0.04

ONSET_S = 0.02

# The vowels among flite's phones.
VOWELS = frozenset(
    ("aa", "ae", "ah", "ao", "aw", "ax", "ay", "eh", "er", "ey", "ih", "iy", "ow", "oy", "uh", "uw")
)

PAUSE_MARK = re.compile(r"\s*<([0-9.]+)>")


@dataclass(frozen=True)
class Phone:
    """A phone with its start and end in seconds."""

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Word:
    """A word with its start and end in seconds."""

    text: str
    start_s: float
    end_s: float


def run_flite(*arguments: str) -> str:
    """Run flite and return what it prints.

    Args:
        *arguments: The command line after the program's name.

    Returns:
        The standard output.

    Raises:
        SpeechError: flite is missing or failed.
    """
    program = shutil.which("flite")
    if program is None:
        raise SpeechError(
            "the speech synthesiser flite is not installed (Debian/Ubuntu: apt-get install flite)"
        )
    # flite's status is 1 after --version and 0 for an unknown voice: it says nothing, and the
    # callers check the output instead. The arguments are those of this script.
    done = subprocess.run(  # noqa: S603
        [program, *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout


def flite_version() -> str:
    """Return flite's version, for example `flite-2.2-current`."""
    found = re.search(r"version:\s*(flite-\S+)", run_flite("--version"))
    if found is None:
        raise SpeechError("flite does not tell its version")
    return found[1]


def synthesise(voice: str, text: str) -> tuple[list[Phone], FloatArray]:
    """Speak a sentence.

    Args:
        voice: Name of the flite voice.
        text: The sentence as flite is to read it.

    Returns:
        The phones (flite calls a pause `pau`) and the samples at `FLITE_RATE`.

    Raises:
        SpeechError: flite's times do not fit the waveform.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        printed = run_flite("-voice", voice, "-psdur", "-t", text, "-o", str(path))
        if not path.exists():
            raise SpeechError(f"flite made no sound for {text!r}")
        samples, rate = sf.read(path, dtype="float64")
    phones: list[Phone] = []
    start_s = 0.0
    for item in printed.split():
        name, _, end = item.rpartition(":")
        phones.append(Phone(name, start_s, float(end)))
        start_s = float(end)
    # The last phone must end where the waveform does; flite drops the last, incomplete frame, so
    # one frame of difference is normal. This holds for the statistical voices (slt, rms, awb),
    # not for the diphone voice kal16, whose waveform is shorter than its phone times say.
    if rate != FLITE_RATE or not phones or abs(start_s - len(samples) / rate) > 2 * FRAME_S:
        raise SpeechError(f"flite's phone times do not fit its waveform for {text!r} ({voice})")
    return phones, samples


def split_words(text: str) -> tuple[str, ...]:
    """Return the words of a sentence as the JSON has them: lower case, no punctuation."""
    return tuple(PAUSE_MARK.sub("", text).lower().rstrip(".?").split())


@cache
def spell_vocabulary() -> dict[str, tuple[str, ...]]:
    """Return the phones which each word of the recordings has when it is spoken alone.

    All the voices share one lexicon, so the fastest of them answers for the others.

    Returns:
        For each word the names of its phones, without pauses.

    Raises:
        SpeechError: flite read the list of words in another way.
    """
    sentences = [sentence for recording in RECORDINGS for sentence in recording.sentences]
    words = sorted({word for sentence in sentences for word in split_words(sentence.text)})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "words.txt"
        # After an empty line flite begins a new utterance and prints its phones on a new line.
        path.write_text("\n\n".join(words) + "\n", encoding="utf-8")
        printed = run_flite("-voice", "kal16", "-ps", "-f", str(path), "-o", "none")
    lines = [line.split() for line in printed.splitlines() if line.strip()]
    if len(lines) != len(words):
        raise SpeechError(f"flite read {len(lines)} words in a list of {len(words)}")
    return {
        word: tuple(name for name in line if name != "pau")
        for word, line in zip(words, lines, strict=True)
    }


def time_words(words: tuple[str, ...], phones: list[Phone]) -> list[Word]:
    """Divide the phones of a sentence among its words.

    In a sentence a word has as many phones as alone, and the same consonants; only vowels may
    be reduced ("the", "a"). This is checked for each phone, so that a wrong division is found.

    Args:
        words: The words of the sentence.
        phones: The phones of the sentence, without pauses.

    Returns:
        The words with their times.

    Raises:
        SpeechError: The phones are not those of the words.
    """
    timed: list[Word] = []
    first = 0
    for word in words:
        alone = spell_vocabulary()[word]
        mine = phones[first : first + len(alone)]
        for phone, expected in zip(mine, alone, strict=False):
            if phone.name != expected and not {phone.name, expected} <= VOWELS:
                raise SpeechError(f"{word!r} has {phone.name} for {expected} in {words}")
        if not mine or len(mine) != len(alone):
            raise SpeechError(f"no phones are left for {word!r} in {words}")
        timed.append(Word(word, mine[0].start_s, mine[-1].end_s))
        first += len(alone)
    if first != len(phones):
        raise SpeechError(f"phones are left over in {words}")
    return timed
