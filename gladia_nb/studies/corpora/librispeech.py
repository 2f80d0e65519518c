"""The layout of LibriSpeech: `SPEAKER/CHAPTER/` with `.trans.txt`, and perhaps `.alignment.txt`."""

from __future__ import annotations

from pathlib import Path

from gladia_nb.sessions.formats.librispeech import read_alignments, read_transcripts
from gladia_nb.studies.corpora.folders import is_sound
from gladia_nb.studies.corpora.gathering import Gathering
from gladia_nb.studies.corpora.sounds import FileSound

__all__ = ["chapters_in", "read_librispeech"]


def chapters_in(folder: Path) -> list[Path]:
    """The `.trans.txt` files of a folder and the folders in it, in order."""
    return sorted(folder.rglob("*.trans.txt"))


def read_librispeech(folder: Path, into: Gathering) -> None:
    """Add each utterance of each chapter: with its words where they are aligned, else its text.

    Raises:
        ConfigError: a file cannot be read.
    """
    for path in chapters_in(folder):
        texts = read_transcripts(path)
        into.problems += texts.problems
        beside = path.with_name(path.name.removesuffix(".trans.txt") + ".alignment.txt")
        known = dict(texts.references)
        if beside.is_file():
            aligned = read_alignments(beside)
            into.problems += aligned.problems
            known |= {name: words for name, words in aligned.references.items() if name in known}
        sounds = {sound.stem: sound for sound in sorted(path.parent.iterdir()) if is_sound(sound)}
        for name, reference in known.items():
            place = (str(beside if reference.granularity == "word" else path), None)
            if name in sounds:
                into.add(name, FileSound(sounds[name]), reference, place)
            else:
                into.tell(place, f"there is no sound of {name!r} beside it.")
