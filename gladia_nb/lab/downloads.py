"""What of a run a browser can take along, as bytes: nothing of it is written for good here."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from gladia_nb.errors import ConfigError
from gladia_nb.lab.views import whole_table
from gladia_nb.lab.writing import file_stem
from gladia_nb.reporting.export import export_run
from gladia_nb.run import Run
from gladia_nb.scratch import ScratchFolder

__all__ = ["DOWNLOADS", "download"]

#: What there is, and what it is for people.
DOWNLOADS = {
    "run": "The run, one file",
    "tables": "Tables and pictures, as a ZIP file",
    "report": "A report, one page",
}


def download(run: Run, what: str, table: str = "") -> tuple[str, bytes]:
    """Name and content of a file.

    Args:
        run: the run.
        what: one of `DOWNLOADS`, or `table`.
        table: name of a table, for that.

    Raises:
        ConfigError: there is no such thing.
    """
    stem = file_stem(run)
    if what == "table":
        text = whole_table(run, table).to_csv(index=False)
        return f"{stem}-{table.lower()}.csv", text.encode("utf-8")
    if what not in DOWNLOADS:
        raise ConfigError(f"There is no download {what!r}; there are {', '.join(DOWNLOADS)}.")
    with ScratchFolder() as place:
        if what == "run":
            return f"{stem}.run", run.save(place / f"{stem}.run").read_bytes()
        if what == "report":
            run.report(place / f"{stem}.html")
            return f"{stem}.html", (place / f"{stem}.html").read_bytes()
        export_run(run, place / stem)
        return f"{stem}.zip", _zipped(place / stem)


def _zipped(folder: Path) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder.parent))
    return file.getvalue()
