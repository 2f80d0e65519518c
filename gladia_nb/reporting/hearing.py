"""The part of a page in which a run is heard: its data and its sound, inside the page."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from gladia_nb.record.columns import words
from gladia_nb.record.data import RunData
from gladia_nb.reporting.front import hearing_script, hearing_style
from gladia_nb.reporting.html import details, text
from gladia_nb.reporting.listening_part import listening
from gladia_nb.reporting.sound import Piece, SoundFormat, sound_pieces

__all__ = ["Heard", "hear_runs", "sound_size"]

_WITHOUT = (
    "<p>The words of this run can be seen one by one, heard and looked at in pictures where "
    "scripts may run: open this page in a browser. Its numbers are in the tables.</p>"
)


def sound_size(runs: Sequence[RunData], kind: SoundFormat = "flac") -> int:
    """Bytes that the sound of some runs takes in a page, before one is written.

    It is found by making it, which for `flac` takes little time.

    Args:
        runs: the runs; the same sound counts once, and a run without sound not at all.
        kind: `flac` or `opus`.

    Raises:
        AudioError: the sound of a run cannot be read.
        ConfigError: there is no such format.
    """
    sounds: dict[str, str] = {}
    for run in runs:
        _place(run, kind, sounds)
    return sum(map(len, sounds.values()))


class Heard:
    """What a page has of its runs.

    Attributes:
        body: of the section.
        style: for the head of the page; empty where there is nothing to hear.
        script: for its end, likewise.
    """

    def __init__(self, body: str = "") -> None:
        self.body = body
        self.style = f"<style>{hearing_style()}</style>" if body else ""
        self.script = f'<script type="module">{hearing_script()}</script>' if body else ""


def hear_runs(runs: list[RunData], labels: list[str], sound: SoundFormat | None) -> Heard:
    """Transcripts, pictures and sound of some runs, those after the first folded.

    Args:
        runs: the runs.
        labels: of each.
        sound: how their sound is put into the page; None for none. The same sound is there once.

    Raises:
        ConfigError: there is no such format.
        AudioError: the sound of a run cannot be read.
    """
    sounds: dict[str, str] = {}
    parts = []
    for run, label in zip(runs, labels, strict=True):
        if not len(words(run.record).start_s):
            continue
        place = "" if sound is None else _place(run, sound, sounds)
        part = _one(run, place)
        parts.append(part if len(runs) == 1 else details(label, part))
    return Heard("".join((*parts, *sounds.values())) if parts else "")


def _one(run: RunData, sound: str) -> str:
    found = {"data": listening(run), "rate": int(run.config["sample_rate"])}
    return (
        f'<div class="gnb-hear-root" data-sound="{sound}">{_WITHOUT}'
        f'<script type="application/json">{_json(found)}</script></div>'
    )


def _place(run: RunData, kind: SoundFormat, sounds: dict[str, str]) -> str:
    """The id of the sound of a run in the page; empty where none was kept."""
    audio = run.audio
    if audio is None:
        return ""
    digest = hashlib.sha256(audio.samples.tobytes()).hexdigest()[:16]
    place = f"sound-{audio.sample_rate}-{digest}"
    if place not in sounds:
        pieces = "".join(map(_piece, sound_pieces(audio, kind)))
        sounds[place] = f'<div hidden id="{text(place)}">{pieces}</div>'
    return place


def _piece(piece: Piece) -> str:
    data = base64.b64encode(piece.data).decode("ascii")
    return (
        f'<script type="text/plain" data-from="{piece.start_s}" data-until="{piece.until_s}">'
        f"{data}</script>"
    )


def _json(value: Any) -> str:
    """JSON that can stand in HTML: what it says is foreign and ends no element."""
    found = json.dumps(value, separators=(",", ":"), ensure_ascii=True)
    return found.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
