"""What a user holds after a session: the record with its DataFrames, a verdict and a report."""

from __future__ import annotations

import datetime as dt
import html
from pathlib import Path
from typing import Any

from gladia_nb.metrics import (
    Verdict,
    audit_note,
    how_compared,
    latency_table,
    matched_words,
    verdict,
)
from gladia_nb.record.anonymous import without_speech
from gladia_nb.record.data import RunData
from gladia_nb.record.file import load_record
from gladia_nb.record.message import writable

__all__ = ["Run", "anonymise", "load"]


class Run(RunData):
    """One session, complete or cut off, and everything that was read from it.

    The record is immutable; the DataFrames are made from it when they are first asked for, and are
    yours to change.

    Args:
        record: the record of the session.

    Attributes:
        record: header and events; see `gladia_nb.record.events`.
    """

    @property
    def verdict(self) -> Verdict:
        """Whether its numbers can be believed, and why not; see `gladia_nb.health`."""
        return verdict(self)

    def report(self, path: str | Path, **options: Any) -> Path:
        """Write a page about this run and return its path; see `gladia_nb.report`."""
        from gladia_nb.reporting import report

        return report(self, path, **options)

    def without_speech(self) -> Run:
        """A copy to be handed on: placeholders in place of texts and words, and no sound.

        Each word has a placeholder of its length, and the same one wherever it stands, so that all
        measures of time, and of which words were the same, give the same numbers; word errors can
        differ where two spellings of one word were taken for equal ("21", "twenty-one"). Stamps,
        times of the audio, ids, languages and settings stay, and so does how often a word came;
        vocabulary, spelling, context and metadata of the configuration go like all texts. What
        exactly goes: `gladia_nb.record.anonymous`.

        The copy is in no file: `run.without_speech().save("shared.run")`.
        """
        return Run(without_speech(self.record))

    def _repr_html_(self) -> str:
        header = self.record.header
        target = writable(str(header["options"]["target"]))
        finals = self.utterances[self.utterances["is_final"]]
        facts = [
            f"{self.duration_s:.1f} s of audio",
            f"{len(finals)} finals",
            f"{self.n_partials} partials",
            f"sent to {target}",
            dt.datetime.fromtimestamp(header["anchor"][1] / 1e9, dt.UTC).strftime(
                "%Y-%m-%d %H:%M UTC"
            ),
        ]
        # Transcripts are foreign text: everything is escaped.
        parts = [
            f"<p><b>{html.escape(self.name)}</b> · {html.escape(self.outcome)} · "
            + html.escape(" · ".join(facts))
            + "</p>"
        ]
        if self.error:
            parts.append(f"<p><b>Error:</b> {html.escape(self.error)}</p>")
        status, reasons = self.verdict
        why = html.escape(" ".join(reasons))
        parts.append(f"<p><b>Measurement: {html.escape(status)}.</b> {why}</p>")
        notes = [text for text in (*self.warnings, self.damage, audit_note(self)) if text]
        parts.extend(f"<p><b>Note:</b> {html.escape(text)}</p>" for text in notes)
        said = " ".join(filter(None, (matched_words(self), how_compared(self))))
        parts.append(f"<p>{html.escape(said)}</p>")
        table = latency_table(self)
        if len(table):
            parts.append(table.to_html(index=False, border=0))
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.text.splitlines())
        parts.append(f"<details><summary>Transcript</summary><ol>{lines}</ol></details>")
        return f"<div>{''.join(parts)}</div>"


def load(path: str | Path) -> Run:
    """Read a run from its file, also one that was cut off by a crash.

    What of the file cannot be believed is left out: `run.problems` says which lines and why, and
    `run.verdict` counts them.

    Raises:
        RunFileError: no such file, no ordinary file, not a run, damaged beyond use, or made by a
            later version.
    """
    return Run(load_record(path))


def anonymise(run: Run | str | Path) -> Run:
    """A run without the speech that it is about, to be handed on; see `Run.without_speech`.

    Args:
        run: a run, or the file of one.

    Raises:
        RunFileError: as `load` does.
    """
    return (run if isinstance(run, Run) else load(run)).without_speech()
