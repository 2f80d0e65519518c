"""The file of a run with its header, made before anything is sent."""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.metadata
import platform
import re
from pathlib import Path
from typing import Any

from gladia_nb.clock import Anchor
from gladia_nb.drafts import create_whole
from gladia_nb.errors import RunFileError
from gladia_nb.paths import expanded
from gladia_nb.record.file import FORMAT, VERSION, dump_line
from gladia_nb.record.folders import new_path, runs_directory, sound_files
from gladia_nb.record.redact import redact_url

__all__ = ["create_run_file"]


def create_run_file(
    path: str | Path | None,
    *,
    name: str,
    body: dict[str, Any],
    audio: dict[str, Any],
    options: dict[str, Any],
    words: list[dict[str, Any]] | None,
    granularity: str = "word",
) -> Path:
    """Make the file of a run, with its header as the only line, and return its absolute path.

    Args:
        path: where; None for a new file in `runs/` (or `GLADIA_NB_RUNS`), named after `name`.
        name: of the audio.
        body: of `POST /v2/live`.
        audio: what is known of the audio: `name`, `duration_s`, `frames`, `source_rate`,
            `source_channels`, `clipped`; None for what only the end of live audio tells.
        options: how it is sent, and whose stopwatch it is.
        words: rows of what was really spoken, or None: `word`, `start_s`, `end_s` and `channel`
            each; of a coarser granularity `text` instead of `word`, its times None where unknown.
        granularity: of these rows: `word`, `segment` or `text`.

    Raises:
        RunFileError: it exists already, or cannot be written.
    """
    anchor = Anchor.take()
    header = {
        "format": FORMAT,
        "version": VERSION,
        "anchor": [anchor.mono_ns, anchor.wall_ns, anchor.width_ns],
        "config": body,
        "audio": audio,
        "options": options,
        "reference": words,
        "granularity": granularity if words else None,
        "versions": _versions(),
    }
    # A callback's URL can hold a password.
    line = redact_url(dump_line(header))
    while True:
        place = _new_place(name) if path is None else expanded(path, RunFileError).absolute()
        try:
            if sounds := sound_files(place):
                if path is None:
                    # Of a run that began since this name was free.
                    continue
                # That of a run that has gone; it would pass for this one's.
                raise RunFileError(
                    f"{sounds[0]} exists already; a run is never overwritten, nor its sound."
                )
            create_whole(place, line.encode("ascii"))
        except FileExistsError:
            if path is None:
                # Somebody else began at the same moment, and has this name now.
                continue
            raise RunFileError(f"{place} exists already; a run is never overwritten.") from None
        except OSError as error:
            raise RunFileError(
                f"Cannot write the run to {place}: {error.strerror or error}. Name another place."
            ) from None
        return place


def _new_place(name: str) -> Path:
    now = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
    stem = re.sub(r"[^\w.-]+", "_", Path(name).stem)[:60] or "audio"
    return new_path(runs_directory(), f"{now}-{stem}").absolute()


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "system": platform.platform(terse=True)}
    for name in ("gladia-nb", "aiohttp", "numpy", "pandas", "soxr"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
