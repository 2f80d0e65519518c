"""What each student's lesson plays in: a sound, its words, and a service whose truth is known.

All numbers come from the student's own, so that answers differ from neighbour to neighbour and are
the same after a restart. The service is the embedded server with its scripted engine: it says the
words of the recording after delays that are drawn for this student, and takes hardly any processor
time, so that a whole class fits on one machine.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile

from gladia_nb.audio import Audio, encode, read_audio
from gladia_nb.errors import ConfigError
from gladia_nb.server.local import LocalServer
from gladia_nb.sessions.samples import sample

__all__ = ["World", "make_world"]

RATE = 16_000


@dataclass(frozen=True)
class World:
    """A sound, what is said in it, and a service for it.

    Attributes:
        audio: the sound, 16 kHz mono.
        words: what was really spoken, with `word`, `start_s` and `end_s`: a reference.
        script: what the service says, and after which delays; see `gladia_nb.server.settings`.
        faults: what goes wrong on purpose.
        facts: numbers of this student that a lesson shows or a check knows.
        table: measurements that somebody else has made; None where a lesson has none.
    """

    audio: Audio
    words: list[dict[str, Any]]
    script: Mapping[str, Any] = field(repr=False)
    faults: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    table: pd.DataFrame | None = field(default=None, repr=False)

    @property
    def pcm(self) -> bytes:
        """The sound as 16-bit PCM: 32,000 bytes a second."""
        return encode(self.audio.samples, "wav/pcm", 16)

    def server(self, **options: Any) -> LocalServer:
        """A service for it, not yet started: use it with `with`, or call `start`.

        Args:
            **options: of the embedded server, beyond the script and the faults.
        """
        given = {"script": self.script, "faults": list(self.faults), **options}
        return LocalServer(engine="scripted", **given)

    def write_readings(self, folder: str | Path, count: int) -> Path:
        """The sound as so many recordings, a little different each, with the words beside.

        Args:
            folder: where to; made when it is missing.
            count: of recordings.

        Returns:
            The folder, for `gladia_nb.corpus`.
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        for number in range(1, count + 1):
            path = place / f"reading-{number:02d}.wav"
            noise = np.random.default_rng(number).normal(0, 1e-4, self.audio.samples.shape)
            soundfile.write(path, self.audio.samples + noise, self.audio.sample_rate)
            told = json.dumps({"words": self.words})
            path.with_suffix(".words.json").write_text(told, encoding="utf-8")
        return place


def make_world(lesson: int, seed: int) -> World:
    """The world of a lesson for a student's number.

    Raises:
        ConfigError: there is no such lesson.

    Example:
        >>> make_world(2, 7).audio.duration_s == make_world(2, 7).audio.duration_s
        True
    """
    make = _MAKERS.get(lesson) if isinstance(lesson, int) else None
    if make is None:
        known = ", ".join(map(str, _MAKERS))
        raise ConfigError(f"Lesson {lesson!r} has no world; these have one: {known}.")
    # Not for secrets: what matters is that it is the same tomorrow.
    return make(random.Random(f"{seed}/{lesson}"))  # noqa: S311


@cache
def _recording(name: str) -> tuple[Audio, list[dict[str, Any]]]:
    told = json.loads(sample(name).with_suffix(".words.json").read_text(encoding="utf-8"))
    return read_audio(sample(name)), told["words"]


def _speech(
    seconds: float, name: str = "conversation", tail_s: float = 0.6
) -> tuple[Audio, list[dict[str, Any]]]:
    """The beginning of a recording with its words, and a silence behind the last whole word."""
    whole, told = _recording(name)
    words = [word for word in told if word["end_s"] <= seconds - tail_s]
    samples = whole.samples[: round(seconds * whole.sample_rate)].copy()
    # What begins and is not heard to its end would be a word that nobody knows of.
    samples[round((words[-1]["end_s"] + 0.02) * whole.sample_rate) :] = 0
    return Audio(samples, whole.sample_rate, name=name), words


def _word(word: str, start_s: float, end_s: float) -> dict[str, Any]:
    return {"word": word, "start_s": round(start_s, 4), "end_s": round(end_s, 4), "channel": 0}


def _said(words: list[dict[str, Any]], shift_s: float = 0.0) -> list[dict[str, Any]]:
    """Words as a script has them, perhaps with times that are wrong."""
    return [
        {
            "word": word["word"],
            "start_s": round(max(0.0, word["start_s"] + shift_s), 4),
            "end_s": round(max(0.0, word["end_s"] + shift_s), 4),
        }
        for word in words
    ]


def _delays(rng: random.Random, sigma: float = 0.35) -> dict[str, Any]:
    """Delays of a service: partials scattered around a median, finals behind a fixed time."""
    median = rng.randrange(220, 500, 20) / 1000
    return {
        "partial_delay": {"lognormal": {"median": median, "sigma": sigma}},
        "final_delay": rng.randrange(200, 480, 20) / 1000,
        "seed": rng.randrange(1000),
    }


def _first(rng: random.Random) -> World:
    audio, words = _speech(12)
    return World(audio, words, {"words": _said(words), **_delays(rng)})


def _second(rng: random.Random) -> World:
    audio, words = _speech(rng.randrange(50, 81, 2) / 10)
    sizes = [rng.randrange(800, 4000, 2) for _ in range(3)]
    script = {"words": _said(words), "partial_delay": 0.15, "final_delay": 0.3}
    return World(audio, words, script, facts={"sizes": sizes})


def _third(rng: random.Random) -> World:
    audio, words = _speech(10)
    shift_ms = rng.choice((-1, 1)) * rng.randrange(60, 130, 10)
    once = [w["word"] for w in words if sum(o["word"] == w["word"] for o in words) == 1]
    facts = {"word": rng.choice([word for word in once if len(word) > 3]), "shift_ms": shift_ms}
    return World(
        audio, words, {"words": _said(words, shift_ms / 1000), **_delays(rng)}, facts=facts
    )


def _fourth(rng: random.Random) -> World:
    """A word every 0.4 s and a constant delay, so that any stopwatch can be held to account."""
    delay_ms = rng.randrange(200, 400, 10)
    text = "one two three four five six seven eight nine ten".split()
    words = [_word(word, 0.2 + 0.4 * k, 0.4 + 0.4 * k) for k, word in enumerate(text)]
    audio = Audio(np.zeros((round(4.5 * RATE), 1), dtype="float32"), RATE, name="silence")
    facts = {
        "delay_ms": delay_ms,
        "work_ms": rng.randrange(3, 7),
        "draw_ms": rng.randrange(60, 100, 5),
    }
    script = {"words": _said(words), "delay": delay_ms / 1000}
    return World(audio, words, script, facts=facts, table=_stamps(rng))


def _stamps(rng: random.Random) -> pd.DataFrame:
    """Sixty words of a fast service whose word times are uncertain; some words never came."""
    draw = np.random.default_rng(rng.randrange(1 << 30))
    spoken = 0.5 + 0.4 * np.arange(60)
    wait = draw.normal(rng.randrange(60, 100, 5) / 1000, 0.11, 60)
    wait[draw.choice(60, rng.randrange(9, 16), replace=False)] = np.nan
    return pd.DataFrame({"spoken_s": spoken.round(3), "shown_s": (spoken + wait).round(3)})


def _fifth(rng: random.Random) -> World:
    audio, words = _speech(24)
    script = {"words": _said(words), "partial_delay": 0.25}
    script["final_delay"] = rng.randrange(200, 420, 20) / 1000
    facts = {"longest_s": rng.randrange(5, 9), "patience_ms": rng.randrange(650, 860, 10)}
    return World(audio, words, script, facts=facts)


def _sixth(rng: random.Random) -> World:
    audio, words = _speech(14)
    at = rng.randrange(150_000, 260_000, 3200) + rng.randrange(400, 2800, 2)
    script = {"words": _said(words), "partial_delay": 0.1, "final_delay": 0.15}
    # What a client sends while nothing is read is lost when the line breaks then.
    faults = (f"stall:at_byte={at},wait_s=0.3", f"drop:at_byte={at + 3200}")
    facts = {"at_byte": at, "losing": [f"drop:at_byte={at},lose_s=0.6"]}
    return World(audio, words, script, faults, facts=facts)


def _seventh(rng: random.Random) -> World:
    """Two services, of which the second is as fast as the first, or slower."""
    text = "is forty milliseconds a difference or is it chance".split()
    words = [_word(word, 0.3 + 0.4 * k, 0.6 + 0.4 * k) for k, word in enumerate(text)]
    audio = Audio(np.zeros((round(4.3 * RATE), 1), dtype="float32"), RATE, name="sentence")
    base, extra = rng.randrange(260, 380, 20), rng.choice((0, 40, 80))
    scripts = [
        # Drawn anew for each session: two sessions of one service differ, as they do in life.
        {
            "words": _said(words),
            "partial_delay": {"lognormal": {"median": delay / 1000, "sigma": 0.2}},
            "seed": None,
        }
        for delay in (base, base + extra)
    ]
    facts = {"extra_ms": extra, "other": scripts[1]}
    return World(audio, words, scripts[0], facts=facts, table=_pairs(rng))


def _pairs(rng: random.Random) -> pd.DataFrame:
    """B - A for each word of twelve recordings; words of one recording share their fate."""
    draw = np.random.default_rng(rng.randrange(1 << 30))
    recording = np.repeat(np.arange(1, 13), 20)
    shared = draw.normal(rng.randrange(10, 40, 5), 45, 12)[recording - 1]
    difference = (shared + draw.normal(0, 50, len(recording))).round(1)
    return pd.DataFrame({"recording": recording, "difference_ms": difference})


def _voice(rng: random.Random) -> World:
    audio, words = _speech(6)
    return World(audio, words, {"words": _said(words), **_delays(rng)})


def _callbacks(rng: random.Random) -> World:
    audio, words = _speech(7)
    facts = {"failures": rng.randrange(1, 4)}
    return World(audio, words, {"words": _said(words), **_delays(rng)}, facts=facts)


_MAKERS = {
    1: _first,
    2: _second,
    3: _third,
    4: _fourth,
    5: _fifth,
    6: _sixth,
    7: _seventh,
    8: _voice,
    9: _callbacks,
}
