"""The recordings that come with the project: synthetic speech with exact word times."""

from __future__ import annotations

from pathlib import Path

from gladia_nb.errors import AudioError

__all__ = ["sample"]

_HERE = Path(__file__).resolve().parents[1]
#: In an installed package, and beside the package in a clone.
_PLACES = (_HERE / "data", _HERE.parent / "data")
_NAMES = ("conversation", "call", "monologue")


def sample(name: str = "conversation") -> Path:
    """Path of a recording: `conversation`, `call` (stereo) or `monologue` (never pauses).

    Beside each lies `NAME.words.json` with the words and their times.

    Raises:
        AudioError: there is no recording of that name.

    Example:
        >>> sample("call").name
        'call.flac'
    """
    for place in _PLACES:
        path = place / f"{name}.flac"
        if name in _NAMES and path.is_file():
            return path
    raise AudioError(f"There is no recording {name!r}; there are {', '.join(_NAMES)}.")
