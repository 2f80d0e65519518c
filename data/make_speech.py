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
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

HERE = Path(__file__).resolve().parent

# ----------------------------------------------------------------------------------------
# What is said. A sentence is spoken by one voice in one piece. `<0.4>` after a word is a pause
# of 0.4 s inside the sentence (flite is given a comma there, and the pause it makes is then
# set to exactly this length). No other punctuation than the final mark may be used.
# ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sentence:
    """One sentence of a script.

    Attributes:
        voice: Name of the flite voice, also the name of the speaker.
        gap_s: Seconds from the end of the sentence before it (whoever spoke) to its start;
            negative where it starts before the other speaker has finished.
        text: The words, with `<seconds>` for each pause and a final `.` or `?`.
    """

    voice: str
    gap_s: float
    text: str


@dataclass(frozen=True)
class Recording:
    """A recording to make.

    Attributes:
        name: File name without its ending.
        sample_rate: Samples per second of the file.
        channels: The channel on which each voice is heard.
        lead_s: Silence before the first word and after the last one, in seconds.
        sentences: What is said, in order.
    """

    name: str
    sample_rate: int
    channels: dict[str, int]
    lead_s: float
    sentences: tuple[Sentence, ...]


CONVERSATION = Recording(
    name="conversation",
    sample_rate=16000,
    channels={"slt": 0, "rms": 0},
    lead_s=0.5,
    sentences=(
        Sentence("slt", 0.0, "Hello <0.25> it is very nice to see you again."),
        Sentence("slt", 0.3, "How are you doing today?"),
        Sentence("rms", 0.6, "I am very well <0.2> but I didn't get much sleep last night."),
        Sentence("slt", 0.4, "What happened?"),
        Sentence("rms", 1.0, "There was a big storm <0.5> and the power went out in our house."),
        Sentence("slt", 0.5, "The same thing happened to us <0.4> about two weeks ago."),
        Sentence(
            "rms",
            0.8,
            "It was very dark <0.9> so we had to stay in the kitchen <0.35> "
            "and talk to each other.",
        ),
        Sentence("slt", 0.1, "That doesn't sound so bad."),
        Sentence("rms", 0.7, "In the end <0.3> it was a very good evening."),
        Sentence("slt", 2.0, "Do you want to come over for dinner <0.6> on Saturday night?"),
        Sentence("rms", 0.9, "I would love to <1.2> but I have to ask my wife first."),
        Sentence("slt", 0.15, "That is all right."),
        Sentence("slt", 0.3, "Tell her that the children <0.7> would be very happy to see her."),
        Sentence("rms", 0.5, "All right <0.15> I will give you a call tomorrow morning."),
    ),
)

CALL = Recording(
    name="call",
    sample_rate=8000,
    channels={"slt": 0, "rms": 1},
    lead_s=0.4,
    sentences=(
        Sentence("slt", 0.0, "Good morning <0.3> what can I do for you today?"),
        Sentence("rms", 0.5, "Hello <0.3> I have a problem with my new phone."),
        Sentence("slt", 0.4, "What is wrong with it?"),
        Sentence("rms", 0.7, "I can hear other people <0.25> but they can't hear me at all."),
        Sentence("slt", 0.4, "When did this happen?"),
        Sentence("rms", 0.6, "About three days ago <0.5> right after it fell on the floor."),
        Sentence("slt", -0.8, "That is not very good."),
        Sentence("slt", 0.6, "We can send you a new one <0.4> or you can bring it to the store."),
        Sentence("rms", 1.1, "I think I will bring it in this afternoon."),
        Sentence("slt", 0.3, "That would be great <0.2> is there anything else I can do for you?"),
        Sentence("rms", 0.5, "That is all I need <0.3> thank you for your help."),
    ),
)

MONOLOGUE = Recording(
    name="monologue",
    sample_rate=44100,
    channels={"rms": 0},
    lead_s=0.15,
    sentences=(
        Sentence("rms", 0.0, "When I was a child we lived in a small house near the river."),
        Sentence("rms", 0.1, "My father worked for the city and my mother was a teacher."),
        Sentence("rms", 0.1, "Every summer they would take us to the beach for a week."),
        Sentence("rms", 0.1, "We would get up very early and drive for most of the day."),
        Sentence("rms", 0.1, "I can still remember the first time that I saw the ocean."),
        Sentence("rms", 0.1, "It was the biggest thing that I had ever seen in my life."),
        Sentence("rms", 0.1, "My brother ran right into the water with all of his clothes on."),
        Sentence("rms", 0.1, "Now I have children of my own and they want to go there every year."),
    ),
)

RECORDINGS = (CONVERSATION, CALL, MONOLOGUE)

# ----------------------------------------------------------------------------------------
# How it is made.
# ----------------------------------------------------------------------------------------

# All the voices used have this rate.
FLITE_RATE = 16000
PEAK_DBFS = -3.0
# Every voice is brought to this level first (root mean square over its words), so that the
# two speakers are equally loud.
SPEECH_DBFS = -20.0
# A seeded noise keeps the pauses from being digital silence, which no microphone delivers.
NOISE_DBFS = -70.0
NOISE_SEED = 20240229
# In a pause, flite's own signal is kept for this long on both sides (the last sound dies away,
# the next one builds up) and faded; the rest of the pause holds the noise only.
TAIL_S = 0.04
ONSET_S = 0.02
# Pauses shorter than this between the words of a channel are not listed in the JSON.
LISTED_PAUSE_S = 0.1
# flite computes the waveform in frames of 5 ms; its phone times are not rounded to them.
FRAME_S = 0.005

# The vowels among flite's phones.
VOWELS = frozenset(
    ("aa", "ae", "ah", "ao", "aw", "ax", "ay", "eh", "er", "ey", "ih", "iy", "ow", "oy", "uh", "uw")
)
PAUSE_MARK = re.compile(r"\s*<([0-9.]+)>")


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


class SpeechError(Exception):
    """The recordings cannot be made; the message says why."""


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
