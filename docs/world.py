"""What the examples of the handbook are about: two short sessions and a study, made on the spot.

The embedded server says the words of a recording when a script tells it to, so that everything
takes half a minute, needs neither key nor network, and is much the same each time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

import gladia_nb as gn

__all__ = ["world"]

#: Seconds of the conversation that are sent.
_LONG_S = 9.0
_CUTS = ((0.0, 3.2), (3.2, 6.0), (6.0, 9.0))


@contextmanager
def world(folder: Path, *, speed: float = 1, study: bool = True) -> Iterator[dict[str, Any]]:
    """Make everything in a folder, and yield the names that examples may use.

    Args:
        folder: where it is kept; empty.
        speed: of the sessions.
        study: whether to run the study too, which the examples of four names need.
    """
    sound = folder / "talk.wav"
    words = _recording(sound)
    script = {"words": words, "delay": {"lognormal": {"median": 0.25, "sigma": 0.4}}, "seed": 7}
    with gn.LocalServer(engine="scripted", script=script) as server:
        options = {"server": server, "speed": speed, "tail_s": 1}
        lives = [
            gn.start(sound, endpointing=endpointing, path=folder / f"{name}.run", **options)
            for name, endpointing in (("run", 0.3), ("other", 0.5))
        ]
        run, other = (live.result() for live in lives)
        names: dict[str, Any] = {
            "gn": gn,
            "np": np,
            "folder": folder,
            "sound": sound,
            "server": server,
            "run": run,
            "other": other,
        }
        if study:
            arms = gn.grid(endpointing=[0.2, 0.4])
            made = gn.Study(
                folder / "study", _cuts(folder), arms, server=server, speed=speed, plan=6
            )
            names["study"] = made.run(progress=False)
        yield names


def _recording(path: Path) -> list[dict[str, Any]]:
    """The beginning of the conversation, with its words beside it."""
    audio = gn.read_audio(gn.sample("conversation"))
    soundfile.write(path, audio.samples[: round(_LONG_S * audio.sample_rate)], audio.sample_rate)
    known = json.loads(gn.sample("conversation").with_suffix(".words.json").read_text("utf-8"))
    words = [word for word in known["words"] if word["end_s"] < _LONG_S]
    path.with_suffix(".words.json").write_text(json.dumps({"words": words}), "utf-8")
    return words


def _cuts(folder: Path) -> gn.Corpus:
    """Parts of it, as recordings of a study; the server says the first words in each of them."""
    audio = gn.read_audio(folder / "talk.wav")
    words = json.loads((folder / "talk.words.json").read_text("utf-8"))["words"]
    items = folder / "items"
    items.mkdir()
    for number, (start, end) in enumerate(_CUTS):
        first, last = round(start * audio.sample_rate), round(end * audio.sample_rate)
        soundfile.write(items / f"{number}.wav", audio.samples[first:last], audio.sample_rate)
        said = [w for w in words if w["end_s"] < end - start]
        (items / f"{number}.words.json").write_text(json.dumps({"words": said}), "utf-8")
    return gn.corpus(items)
