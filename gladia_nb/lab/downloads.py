"""What of a run a browser can take along, as bytes: nothing of it is written for good here."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.lab.listen_view import why_silent
from gladia_nb.lab.views import whole_table
from gladia_nb.lab.writing import file_stem
from gladia_nb.record.folders import sound_files
from gladia_nb.record.sound import Wire
from gladia_nb.reporting.export import export_run
from gladia_nb.run import Run
from gladia_nb.scratch import ScratchFolder

__all__ = ["DOWNLOADS", "download", "download_offers", "size_text"]

#: What there is, and what it is for people.
DOWNLOADS = {
    "run": "The run, without sound",
    "tables": "Tables and pictures, as a ZIP file",
    "report": "A report, one page",
    "sound": "The sound",
    "sound_run": "The run with its sound, as a ZIP file",
    "sound_report": "A report with its sound, one page",
}
#: Those that need the sound.
_SOUNDING = ("sound", "sound_run", "sound_report")
#: Bytes of sound that go to a page in one message.
_MOST_BYTES = 256 << 20


def download_offers(run: Run) -> list[dict[str, Any]]:
    """What there is of a run to take along.

    Returns:
        Of each its key in `DOWNLOADS` as `what`; `text`, what it is; `size` of what is in a file
        already, in words, or ""; and `why` it cannot be had, in a sentence, or "".
    """
    silent = _why_no_sound(run)
    sound = 0 if silent else _sound_path(run).stat().st_size
    known = 0 if run.path is None or not run.path.exists() else run.path.stat().st_size
    sizes = {
        "run": size_text(known),
        "sound": size_text(sound),
        "sound_run": size_text(sound and known + sound),
        # In a page a byte of sound takes a third more.
        "sound_report": f"about {size_text(sound * 4 // 3)} of sound in it",
    }
    offers = []
    for what, text in DOWNLOADS.items():
        why = silent if what in _SOUNDING else ""
        named = f"{text} ({_kind_of(run)})" if what == "sound" else text
        size = "" if why else sizes.get(what, "")
        offers.append({"what": what, "text": named, "size": size, "why": why})
    return offers


def size_text(size: int) -> str:
    """So many bytes in words; "" for none.

    Example:
        >>> size_text(812), size_text(20_400), size_text(3_250_000), size_text(0)
        ('812 bytes', '20 kB', '3.2 MB', '')
    """
    if size >= 1e6:
        return f"{size / 1e6:.1f} MB"
    if size >= 1e3:
        return f"{size / 1e3:.0f} kB"
    return f"{size} bytes" if size else ""


def download(run: Run, what: str, table: str = "") -> tuple[str, bytes]:
    """Name and content of a file.

    Args:
        run: the run.
        what: one of `DOWNLOADS`, or `table`.
        table: name of a table, for that.

    Raises:
        AudioError: the sound cannot be read.
        ConfigError: there is no such thing, or no sound.
    """
    stem = file_stem(run)
    if what == "table":
        text = whole_table(run, table).to_csv(index=False)
        return f"{stem}-{table.lower()}.csv", text.encode("utf-8")
    if what not in DOWNLOADS:
        raise ConfigError(f"There is no download {what!r}; there are {', '.join(DOWNLOADS)}.")
    if what in _SOUNDING and (why := _why_no_sound(run)):
        raise ConfigError(why)
    if what == "sound":
        return f"{stem}.{_kind_of(run).lower()}", _sound_of(run)
    with ScratchFolder() as place:
        return _made(run, what, stem, place)


def _made(run: Run, what: str, stem: str, place: Path) -> tuple[str, bytes]:
    """What has to be written first, in a folder that goes again."""
    if what == "run":
        return f"{stem}.run", run.save(place / f"{stem}.run").read_bytes()
    if what in ("report", "sound_report"):
        sounds = what == "sound_report"
        name = f"{stem}-with-sound.html" if sounds else f"{stem}.html"
        return name, run.report(place / name, audio=sounds).read_bytes()
    folder = place / stem
    if what == "tables":
        export_run(run, folder)
        return f"{stem}.zip", _zipped(folder)
    folder.mkdir()
    run.save(folder / f"{stem}.run")
    # With the name of the run in front: so it is found beside it.
    (folder / f"{stem}.run{_wire(run).suffix}").write_bytes(_sound_of(run))
    return f"{stem}-with-sound.zip", _zipped(folder)


def _wire(run: Run) -> Wire:
    return Wire.of(run.config)


def _kind_of(run: Run) -> str:
    """FLAC, or WAV for what that cannot hold."""
    return _wire(run).suffix.removeprefix(".").upper()


def _sound_path(run: Run) -> Path:
    return _wire(run).path(run.path or Path())


def _why_no_sound(run: Run) -> str:
    """Why no sound can be had, or ""."""
    if silent := why_silent(run):
        return silent
    path = _sound_path(run)
    if path.stat().st_size > _MOST_BYTES:
        return f"The sound is too large for one message to a page; copy {path} instead."
    return ""


def _sound_of(run: Run) -> bytes:
    path = _sound_path(run)
    try:
        if len(sound_files(run.path or Path())) == 1:
            return path.read_bytes()
        # It was cut off, and the last of it lies beside it.
        with ScratchFolder() as place:
            run.save(place / "whole.run", audio=True)
            return _wire(run).path(place / "whole.run").read_bytes()
    except OSError as error:
        raise AudioError(f"Cannot read {path}: {error.strerror or error}.") from None


def _zipped(folder: Path) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder.parent))
    return file.getvalue()
