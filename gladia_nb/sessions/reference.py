"""What was really spoken in the audio of a run, from wherever it is kept."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from gladia_nb.errors import ConfigError
from gladia_nb.paths import expanded
from gladia_nb.sessions.formats.base import Found, Problem, Reference
from gladia_nb.sessions.formats.mappings import reference_of
from gladia_nb.sessions.formats.reading import read_file

__all__ = [
    "ReferenceSource",
    "check_reference",
    "find_reference",
    "load_reference",
    "on_one_channel",
    "raise_first",
]

#: A path, a `Reference`, rows, a DataFrame, None (look beside the sound file) or False (none).
ReferenceSource = Any


def load_reference(
    path: str | Path, *, recording: str | None = None, strict: bool = False
) -> Reference:
    """Read what was spoken in a recording.

    The end of the name says what it is: `.words.json` (or `.json`), `.ctm` and `.TextGrid` with
    words, `.stm`, `.srt` and `.vtt` with segments, `.txt` with the text alone. `.srt`, `.vtt` and
    `.TextGrid` take the extra `corpora`. What needs a finer granularity than the file has is
    withheld later, with the reason.

    Args:
        path: of the file.
        recording: which one, where the file tells of several (CTM, STM).
        strict: raise for the first line that cannot be read; otherwise `problems` of the result
            holds file, line and what is wrong, and the rest is there.

    Raises:
        ConfigError: the file cannot be read, holds nothing, or tells of several recordings and it
            is not said of which; with `strict` also for a line that cannot be read.

    Example:
        `transcribe("talk.wav", reference=load_reference("talk.srt"))`
    """
    path = Path(path).expanduser()
    found = read_file(path)
    if strict:
        raise_first(found.problems)
    return dataclasses.replace(_chosen(found, path, recording), problems=tuple(found.problems))


def find_reference(source: object, reference: ReferenceSource = None) -> Reference | None:
    """What was spoken in an audio, without a mistake; None where nothing is known.

    A row keeps its `speaker` (a name) and its `sentence` (a number) where it has them: they tell
    whose turn it was, see `gladia_nb.turns`.

    Args:
        source: the audio; a path may have `NAME.words.json` beside it.
        reference: see `ReferenceSource`. Of a file that tells of several recordings the one is
            taken that has the name of the source.

    Raises:
        ConfigError: the file cannot be read, a row lacks something or has impossible times, or some
            of the audio is not to be scored.
    """
    if reference is False:
        return None
    if reference is None:
        if not isinstance(source, (str, Path)):
            return None
        beside = expanded(source, ConfigError).with_suffix(".words.json")
        if not beside.is_file():
            return None
        reference = beside
    found = _given(source, reference)
    if found.ignored:
        start_s, end_s, _ = found.ignored[0]
        raise ConfigError(
            f"The reference says of {len(found.ignored)} spans, the first from {start_s:.2f} to "
            f"{end_s:.2f} s, that they are not to be scored, and whatever is heard there would "
            "count as wrong. Take gladia_nb.corpus, which cuts them out of the audio."
        )
    return found


def _given(source: object, reference: ReferenceSource) -> Reference:
    if isinstance(reference, Reference):
        return reference
    problems: list[Problem] = []
    if isinstance(reference, (str, Path)):
        path = expanded(reference, ConfigError)
        found = read_file(path)
        raise_first(found.problems)
        name = Path(source).stem if isinstance(source, (str, Path)) else None
        return _chosen(found, path, name if name in found.references else None)
    if hasattr(reference, "to_dict"):
        reference = reference.to_dict("records")
    known = reference_of(reference, "the reference", problems)
    raise_first(problems)
    return known


def raise_first(problems: list[Problem]) -> None:
    """Raise for the first of some problems, and say how many more there are.

    Raises:
        ConfigError: there is one.
    """
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ConfigError(f"{problems[0]}{more}", [str(problem) for problem in problems])


def _chosen(found: Found, path: Path, recording: str | None) -> Reference:
    """The reference of one recording."""
    known = found.references
    if not known:
        why = f" ({found.problems[0]})" if found.problems else ""
        raise ConfigError(f"{path} tells of nothing that was spoken{why}.")
    if "" in known:
        return known[""]
    names = ", ".join(list(known)[:5]) + (", ..." if len(known) > 5 else "")
    if recording is not None:
        if recording not in known:
            raise ConfigError(f"{path} tells nothing of {recording!r}; it does of {names}.")
        return known[recording]
    if len(known) > 1:
        raise ConfigError(
            f"{path} tells of {len(known)} recordings ({names}); say which: "
            "load_reference(path, recording=NAME)."
        )
    return next(iter(known.values()))


#: Seconds by which a word may end behind the audio: aligners round, and audio is cut.
_OVERHANG_S = 0.1


def check_reference(
    reference: Reference | None, *, channels: int, duration_s: float | None
) -> None:
    """See that a reference can be of an audio: that it has its channels and is as long.

    Args:
        reference: from `find_reference`, or None.
        channels: of the audio.
        duration_s: length of the audio in seconds; None while that is not known.

    Raises:
        ConfigError: a word has another channel, or ends behind the audio; or it is one text, and
            not said of which of several channels.

    Example:
        >>> known = find_reference(None, [{"word": "hello", "start_s": 0.5, "end_s": 0.9}])
        >>> check_reference(known, channels=1, duration_s=2.0)
    """
    if reference is None:
        return
    unit = reference.granularity.capitalize()
    for number, row in enumerate(reference.rows, 1):
        name = repr(row.text if len(row.text) < 40 else row.text[:37] + "...")
        if not 0 <= row.channel < channels:
            raise ConfigError(
                f"{unit} {number} of the reference ({name}) is in channel "
                f"{row.channel}, and the audio has {channels} (counted from 0); "
                "is it the reference of this audio?"
            )
        if duration_s is not None and (row.end_s or 0.0) > duration_s + _OVERHANG_S:
            raise ConfigError(
                f"{unit} {number} of the reference ({name}) ends at {row.end_s:.2f} s, "
                f"and the audio at {duration_s:.2f} s; is it the reference of this audio?"
            )
    if unit == "Text" and len(reference.rows) == 1 and channels > 1:
        raise ConfigError(
            f"The reference is one text, and the audio has {channels} channels; give a text for "
            "each, as rows with text and channel, or mix the channels with channels=1."
        )


def on_one_channel(reference: Reference) -> Reference:
    """The reference of channels that were mixed into one: all of it is heard on that.

    Raises:
        ConfigError: there is a text for each of several channels, and nothing says in which order
            their words were spoken.
    """
    if reference.granularity == "text" and len({row.channel for row in reference.rows}) > 1:
        raise ConfigError(
            "The reference has a text for each channel, and nothing says how their words follow "
            "each other in one; keep the channels apart, or give segments with their times."
        )
    return dataclasses.replace(
        reference, rows=tuple(row._replace(channel=0) for row in reference.rows)
    )
