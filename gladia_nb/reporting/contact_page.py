"""The page of a first contact: what was looked at, and where the service is not as expected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from gladia_nb.drafts import replacing
from gladia_nb.errors import RunFileError
from gladia_nb.metrics.base.sent_part import audio_length
from gladia_nb.record.data import RunData
from gladia_nb.reporting.html import STYLE, frame, section, table, text

__all__ = ["Check", "write_contact_page"]

_COLUMNS = {
    "aspect": "aspect",
    "message": "message",
    "what": "what",
    "a": "the service",
    "b": "the embedded server",
}


class Check(NamedTuple):
    """One thing that was looked at."""

    name: str
    expected: str
    seen: str

    @property
    def is_as_expected(self) -> bool:
        """Whether it was seen as it was expected."""
        return self.expected == self.seen


def write_contact_page(
    path: Path, *, checks: Sequence[Check], differences: pd.DataFrame, run: RunData
) -> Path:
    """Write the page and return its path.

    Args:
        path: of the HTML file.
        checks: what was looked at.
        differences: columns in `gladia_nb.metrics.TRAFFIC`.
        run: the session, without speech.

    Raises:
        RunFileError: it cannot be written.
    """
    header = run.record.header
    when = dt.datetime.fromtimestamp(header["anchor"][1] / 1e9, dt.UTC)
    odd = [check for check in checks if not check.is_as_expected]
    facts = (
        f"<p>{text(header['options']['target'])} on {when:%Y-%m-%d %H:%M} UTC, "
        f"{audio_length(run)} of audio, session {text(run.session_id)}, "
        f"gladia_nb {text(version('gladia-nb'))}.</p>"
        f"<p>{len(checks) - len(odd)} of {len(checks)} checks are as expected; the traffic differs "
        f"from that of the embedded server in {len(differences)} points.</p>"
    )
    rows = [
        [check.name, "as expected" if check.is_as_expected else "differs", *check[1:]]
        for check in checks
    ]
    parts = [
        ("checks", "Checks", table(["check", "", "expected", "seen"], rows, numbers=9)),
        ("differences", "Differences of the traffic", _differences(differences)),
    ]
    body = "".join(section(*part) for part in parts)
    title = "First contact"
    page = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>"
        f"<header><h1>{title}</h1>{facts}</header><main>{body}</main></body></html>\n"
    )
    try:
        with replacing(path) as new:
            new.write_text(page, encoding="utf-8")
    except OSError as error:
        raise RunFileError(
            f"Cannot write {path}: {error.strerror or error}. Name another place."
        ) from None
    return path


def _differences(differences: pd.DataFrame) -> str:
    if not len(differences):
        return "<p>None: the embedded server says it as the service does.</p>"
    said = (
        "<p>Both sessions have the same audio and configuration, and the embedded server was told "
        "what the service had heard. A dash is what one of them does not have.</p>"
    )
    return said + frame(differences, _COLUMNS, numbers=9)
