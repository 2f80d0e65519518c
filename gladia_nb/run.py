"""What a user holds after a session: the record, with its DataFrames and a summary."""

from __future__ import annotations

import datetime as dt
import html
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gladia_nb.record import Record, load_record

if TYPE_CHECKING:
    import pandas as pd

    from gladia_nb.metrics import Verdict

__all__ = ["Run", "load"]


class Run:
    """One session, complete or cut off, and everything that was read from it.

    The record is immutable; the DataFrames are made from it when they are first asked for, and are
    yours to change.

    Args:
        record: the record of the session.

    Attributes:
        record: header and events; see `gladia_nb.record`.
    """

    def __init__(self, record: Record) -> None:
        self.record = record

    # -- what it was --

    @property
    def session_id(self) -> str | None:
        """The service's name for the session."""
        return self.record.session_id

    @property
    def outcome(self) -> str:
        """`finished`, `stopped`, `aborted`, `failed`, or `incomplete` when it was cut off."""
        return self.record.outcome

    @property
    def complete(self) -> bool:
        """Whether the record has its end."""
        return self.record.complete

    @property
    def path(self) -> Path | None:
        """The file it is in."""
        return self.record.path

    @property
    def name(self) -> str:
        """Name of the audio."""
        return str(self.record.header["audio"]["name"])

    @property
    def config(self) -> dict[str, Any]:
        """The configuration that was sent, as plain data."""
        return dict(self.record.header["config"])

    @property
    def duration_s(self) -> float:
        """Length of the audio in seconds, tail included; of live audio what was sent of it."""
        known = self.record.header["audio"]["duration_s"]
        if known is None:
            frames = max((event["end_frame"] for event in self.record.of("chunk")), default=0)
            return float(frames / int(self.record.header["config"]["sample_rate"]))
        return float(known)

    @property
    def warnings(self) -> list[str]:
        """What was odd, in words."""
        return [str(event["text"]) for event in self.record.of("warning")]

    @property
    def error(self) -> str | None:
        """Why it failed, in words, or None."""
        for event in self.record.of("error"):
            return str(event["text"])
        return None

    # -- what came of it --

    @cached_property
    def messages(self) -> pd.DataFrame:
        """Every message of the service, one row each; columns in `gladia_nb.frames.MESSAGES`."""
        from gladia_nb.frames import messages_frame

        return messages_frame(self.record)

    @cached_property
    def chunks(self) -> pd.DataFrame:
        """Every chunk of audio sent, one row each; columns in `gladia_nb.frames.CHUNKS`."""
        from gladia_nb.frames import chunks_frame

        return chunks_frame(self.record)

    @cached_property
    def utterances(self) -> pd.DataFrame:
        """One row an utterance; columns in `gladia_nb.frames.UTTERANCES`."""
        from gladia_nb.frames import utterances_frame

        return utterances_frame(self.record)

    @cached_property
    def words(self) -> pd.DataFrame:
        """One row a word of every transcript; columns in `gladia_nb.frames.WORDS`."""
        from gladia_nb.frames import words_frame

        return words_frame(self.record)

    @cached_property
    def reference(self) -> pd.DataFrame:
        """The words that were really spoken, where they are known, else no rows."""
        from gladia_nb.frames import reference_frame

        return reference_frame(self.record)

    @cached_property
    def verdict(self) -> Verdict:
        """Whether its numbers can be believed, and why not; see `gladia_nb.health`."""
        from gladia_nb.metrics import verdict

        return verdict(self)

    @property
    def text(self) -> str:
        """The finals, a line each, in the order of their audio."""
        frame = self.utterances
        frame = frame[frame["is_final"]].sort_values("start_s", kind="stable")
        return "\n".join(frame["text"].str.strip())

    def report(self, path: str | Path, **options: Any) -> Path:
        """Write a page about this run and return its path; see `gladia_nb.report`."""
        from gladia_nb.reporting import report

        return report(self, path, **options)

    def save(self, path: str | Path) -> Path:
        """Write the run to a file and return its path; see `Record.save`."""
        return self.record.save(path)

    def __repr__(self) -> str:
        return f"Run({self.name!r}, {self.duration_s:.1f} s, {self.outcome})"

    def _repr_html_(self) -> str:
        from gladia_nb.metrics import audit_note, latency_table

        header = self.record.header
        target = header["options"]["target"]
        finals = self.utterances[self.utterances["is_final"]]
        facts = [
            f"{self.duration_s:.1f} s of audio",
            f"{len(finals)} finals",
            f"{int((self.messages['is_final'] == False).sum())} partials",  # noqa: E712 - nullable
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
        notes = [text for text in (*self.warnings, audit_note(self)) if text]
        parts.extend(f"<p><b>Note:</b> {html.escape(text)}</p>" for text in notes)
        table = latency_table(self)
        if len(table):
            parts.append(table.to_html(index=False, border=0))
        lines = "".join(f"<li>{html.escape(line)}</li>" for line in self.text.splitlines())
        parts.append(f"<details><summary>Transcript</summary><ol>{lines}</ol></details>")
        return f"<div>{''.join(parts)}</div>"


def load(path: str | Path) -> Run:
    """Read a run from its file, also one that was cut off by a crash.

    Raises:
        RunFileError: no such file, not a run, damaged, or made by a later version.
    """
    return Run(load_record(path))
