"""What of a run can be seen word by word and heard, for a page: its words, and its sound in pieces.

Neither is kept: words are read when somebody opens the view, and a piece of the sound, half a
minute, when it is to be played. What lies before and behind it in the file is not decoded.
"""

from __future__ import annotations

import json
from typing import Any

from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.record.anonymous import MARK
from gladia_nb.record.folders import sound_files
from gladia_nb.record.sound import kept_sound, sent_frames
from gladia_nb.reporting.listening_part import listening
from gladia_nb.reporting.sound import piece_bounds, piece_place, sound_file
from gladia_nb.run import Run

__all__ = ["listened", "sound_piece", "why_silent"]

#: Why there is nothing to hear.
_REMOVED = "What was said was taken out of this run, and its sound with it."
_NO_FILE = "This run is in no file, so there is no sound beside it."
_GONE = "The file of this run was deleted, or moved, and its sound with it."
_OTHER = "The sound file beside this run is of another run."
_NONE = "No sound was kept with this run."


def listened(run: Run) -> tuple[dict[str, Any], bytes]:
    """What a page shows of a run word by word, and what it needs to ask for the sound.

    Returns:
        `rate` in hertz; `pieces`, of each of the sound its beginning and that of the next one in
        seconds; and `silent`, a sentence that says why there are none, or "". Beside it the words,
        as JSON: see `gladia_nb.reporting.listening_part.listening`.
    """
    bounds, silent = _pieces(run)
    rate = _rate(run)
    content = {
        "rate": rate,
        "pieces": [[first / rate, until / rate] for first, until, _ in bounds],
        "silent": silent,
    }
    return content, json.dumps(listening(run), separators=(",", ":"), allow_nan=False).encode()


def sound_piece(run: Run, number: object) -> bytes:
    """A piece of the sound as a file that a browser decodes: sample for sample what was sent.

    Args:
        run: the run.
        number: of the piece, counted from 0.

    Raises:
        AudioError: the file beside the run cannot be read, or ends before the piece.
        ConfigError: there is no such piece, or no sound.
    """
    at = number if isinstance(number, int) and number >= 0 else None
    first, _, end = piece_place(at or 0, _rate(run))
    audio = kept_sound(run.record, first, end - first)
    if audio is None or at is None:
        bounds, silent = _pieces(run)
        count = f"The sound of {run.name} has {len(bounds)} pieces (asked: {number!r})."
        raise ConfigError(silent or count)
    if not len(audio.samples):
        raise AudioError(f"The sound beside {run.name} ends before {first / _rate(run):.0f} s.")
    return sound_file(audio)


def why_silent(run: Run) -> str:
    """Why there is nothing to hear of a run, in a sentence; "" where there is."""
    return _pieces(run)[1]


def _rate(run: Run) -> int:
    return int(run.config["sample_rate"])


def _pieces(run: Run) -> tuple[list[tuple[int, int, int]], str]:
    """Where the pieces of the sound lie, or a sentence that says why there are none."""
    sent = sent_frames(run.record)
    try:
        # Its last sample frame tells whether there is a sound that can be read.
        if kept_sound(run.record, max(0, sent - 1), 1) is not None:
            return piece_bounds(sent, _rate(run)), ""
    except AudioError as error:
        return [], str(error)
    return [], _why_silent(run)


def _why_silent(run: Run) -> str:
    if run.record.header.get(MARK):
        return _REMOVED
    if run.path is None:
        return _NO_FILE
    if not run.path.exists():
        return _GONE
    return _OTHER if sound_files(run.path) else _NONE
