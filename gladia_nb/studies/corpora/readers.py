"""Which reader reads a corpus: by what is given, and what is in it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.sessions.reference import raise_first
from gladia_nb.studies.corpora.collection import Corpus
from gladia_nb.studies.corpora.cutting import cut_at_silences, without_ignored
from gladia_nb.studies.corpora.folders import add_sound, is_sound, read_folder
from gladia_nb.studies.corpora.gathering import Gathering
from gladia_nb.studies.corpora.items import Item
from gladia_nb.studies.corpora.librispeech import chapters_in, read_librispeech
from gladia_nb.studies.corpora.manifests import read_by_recording, read_common_voice, read_nemo
from gladia_nb.studies.corpora.rows import read_rows

__all__ = ["corpus"]

_LISTS = {
    ".jsonl": read_nemo,
    ".json": read_nemo,
    ".tsv": read_common_voice,
    ".ctm": read_by_recording,
    ".stm": read_by_recording,
}


def corpus(
    source: str | Path | Iterable[Any],
    *,
    audio: str | Path | None = None,
    max_s: float | None = None,
    strict: bool = False,
) -> Corpus:
    """Read recordings with what was said in them.

    A path is

    * a folder of sounds, each with one of `.words.json`, `.TextGrid`, `.ctm`, `.stm`, `.srt`,
      `.vtt` and `.txt` beside it;
    * a folder in the layout of LibriSpeech, with and without `.alignment.txt`;
    * a manifest of NeMo (`.jsonl`, `.json`), a table of Common Voice (`.tsv`), or a `.ctm` or
      `.stm` file with one or many recordings;
    * one sound file.

    Anything else is iterated: dicts with `audio` (a path, `(array, rate)`, or `array` and
    `sampling_rate`, as Hugging Face datasets give it), one of `words`, `segments` and `text`, and
    perhaps `name`, `speaker` and `language`; cuts of Lhotse; items; rows of a DataFrame; paths of
    sounds. Sounds that came as arrays stay in memory; all others are read when they are needed.

    How finely it is known what was said is the item's `granularity`. Word error rates are known for
    all; latencies of utterances from the reference for `word` and `segment`; latencies of words,
    `match_rate`, `wer_at` and `word_states` for `word`. What is not known is withheld, with the
    reason.

    Spans that an STM file says are not to be scored are cut out.

    Args:
        source: where it is.
        audio: folder of the sounds, or where their paths begin; by default that of the source.
        max_s: recordings that are longer are cut in the middle of silences, seconds. What has no
            silence stays longer, and a text without times whole; `notes` tells.
        strict: raise for the first line that cannot be read; otherwise `problems` holds file, line
            and what is wrong, and the rest is there.

    Raises:
        ConfigError: there is nothing there, it is of no kind that can be read, or a library for it
            is not installed; with `strict` also for a line that cannot be read.
        AudioError: a recording that is to be cut cannot be read.

    Example:
        `corpus("recordings", max_s=60).table()`
    """
    if max_s is not None and not 0 < max_s < math.inf:
        raise ConfigError(f"max_s is a length in seconds, above 0 (got {max_s}).")
    folder = None if audio is None else Path(audio).expanduser()
    into = Gathering()
    if isinstance(source, (str, Path)):
        _read_path(Path(source).expanduser(), folder, into)
    elif isinstance(source, Iterable):
        rows = source.to_dict("records") if isinstance(source, pd.DataFrame) else source
        read_rows(rows, folder or Path(), into)
    else:
        raise ConfigError(
            f"A corpus is a path or an iterable of rows, not {type(source).__name__}."
        )
    if strict:
        raise_first(into.problems)
    if not into.items:
        why = f" The first problem: {into.problems[0]}" if into.problems else ""
        raise ConfigError(f"There is no recording with a reference in this corpus.{why}")
    items = [part for item in into.items.values() for part in _cut(item, max_s, into.notes)]
    return Corpus(items, problems=into.problems, notes=into.notes)


def _read_path(path: Path, folder: Path | None, into: Gathering) -> None:
    if path.is_dir():
        # Chapters lie among the folders of LibriSpeech; no other layout has such files.
        read = read_librispeech if chapters_in(path) else read_folder
        return read(path, into)
    if not path.exists():
        raise ConfigError(f"There is no file or folder {path}.")
    if is_sound(path):
        return add_sound(path, path.stem, into)
    reader = _LISTS.get(path.suffix.lower())
    if reader is None:
        raise ConfigError(
            f"{path} is no corpus that can be read: a folder, a sound file, or a list "
            f"({', '.join(_LISTS)})."
        )
    return reader(path, folder, into)


def _cut(item: Item, max_s: float | None, notes: list[str]) -> list[Item]:
    parts = without_ignored(item, notes)
    if max_s is None:
        return parts
    return [short for part in parts for short in cut_at_silences(part, max_s, notes)]
