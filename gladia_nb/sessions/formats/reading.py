"""Which reader reads a file, by the end of its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.formats.base import Found
from gladia_nb.sessions.formats.ctm import read_ctm
from gladia_nb.sessions.formats.librispeech import read_alignments, read_transcripts
from gladia_nb.sessions.formats.mappings import read_json
from gladia_nb.sessions.formats.plain import read_plain
from gladia_nb.sessions.formats.stm import read_stm
from gladia_nb.sessions.formats.subtitles import read_subtitles
from gladia_nb.sessions.formats.textgrids import read_textgrid

__all__ = ["ENDS", "read_file"]

#: By the end of a name, in small letters; the longer ones before those that they end with, and the
#: finer ones before the coarser ones.
_READERS: Mapping[str, Callable[[Path], Found]] = {
    ".words.json": read_json,
    ".json": read_json,
    ".textgrid": read_textgrid,
    ".ctm": read_ctm,
    ".alignment.txt": read_alignments,
    ".stm": read_stm,
    ".srt": read_subtitles,
    ".vtt": read_subtitles,
    ".trans.txt": read_transcripts,
    ".txt": read_plain,
}

#: What may stand behind the name of a sound, the finest first.
ENDS = tuple(end for end in _READERS if end not in (".json", ".alignment.txt", ".trans.txt"))


def read_file(path: Path) -> Found:
    """What a file tells of recordings.

    Raises:
        ConfigError: it cannot be read, is of no kind that can be read, or the library for its kind
            is not installed.
    """
    name = path.name.lower()
    for end, read in _READERS.items():
        if name.endswith(end):
            return read(path)
    raise ConfigError(
        f"{path} is no reference that can be read; those end with {', '.join(ENDS[:-1])} "
        f"or {ENDS[-1]}."
    )
