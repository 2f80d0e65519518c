"""Items as a study needs them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gladia_nb.audio import Audio, read_audio
from gladia_nb.sessions.reference import find_reference


@dataclass
class _Sound:
    path: Path
    name: str
    sha256: str
    duration_s: float
    channels: int

    def audio(self) -> Audio:
        return read_audio(self.path)

    @property
    def reference(self) -> Any:
        return find_reference(self.path)


def as_items(items: Any) -> list[Any]:
    found = []
    for item in items:
        if hasattr(item, "sha256"):
            found.append(item)
            continue
        audio = read_audio(item)
        digest = hashlib.sha256(audio.samples.tobytes()).hexdigest()
        found.append(_Sound(Path(item), Path(item).stem, digest, audio.duration_s, audio.channels))
    return found
