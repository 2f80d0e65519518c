"""A record with its DataFrames: all that measures, pictures and pages need of a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from gladia_nb.audio import Audio
from gladia_nb.errors import ConfigError
from gladia_nb.record.arrays import chunks
from gladia_nb.record.columns import transcripts
from gladia_nb.record.file import Record
from gladia_nb.record.frames import (
    chunks_frame,
    granularity_of,
    messages_frame,
    reference_frame,
    spoken_frame,
    utterances_frame,
    words_frame,
)
from gladia_nb.record.message import writable
from gladia_nb.record.packed import Events
from gladia_nb.record.sound import kept_sound
from gladia_nb.record.sound_writing import write_sound

__all__ = ["RunData", "forgetting"]


class RunData:
    """One session, complete or cut off, as a record and as frames.

    The record is immutable; the DataFrames are made from it when they are first asked for, and are
    yours to change.

    Args:
        record: the record of the session.

    Attributes:
        record: header and events; see `gladia_nb.record.event_kinds`.
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
        return writable(str(self.record.header["audio"]["name"]))

    @property
    def config(self) -> dict[str, Any]:
        """The configuration that was sent, as plain data."""
        return dict(self.record.header["config"])

    @property
    def duration_s(self) -> float:
        """Length of the audio in seconds, tail included; of live audio what was sent of it."""
        known = self.record.header["audio"]["duration_s"]
        return self.sent_s if known is None else float(known)

    @property
    def is_live(self) -> bool:
        """Whether the audio came to be while it was sent, as that of a microphone does."""
        return self.record.header["audio"].get("frames") is None

    @property
    def sent_s(self) -> float:
        """Seconds of the audio that were sent; less than `duration_s` where it was stopped."""
        frames = chunks(self.record).end_frame
        return float(frames.max() / int(self.config["sample_rate"])) if len(frames) else 0.0

    @property
    def warnings(self) -> list[str]:
        """What was odd, in words."""
        return [writable(str(event["text"])) for event in self.record.of("warning")]

    @property
    def error(self) -> str | None:
        """Why it failed, in words, or None."""
        for event in self.record.of("error"):
            return writable(str(event["text"]))
        return None

    @property
    def problems(self) -> list[str]:
        """What of its file was left out because it cannot be believed, a line each.

        Example:
            `line 7: chunk, seq: expected int, got str`
        """
        return [str(problem) for problem in self.record.problems]

    # -- what came of it --

    @cached_property
    def messages(self) -> pd.DataFrame:
        """Every message of the service, one row each; columns in `record.schema.MESSAGES`."""
        return messages_frame(self.record)

    @cached_property
    def chunks(self) -> pd.DataFrame:
        """Every chunk of audio sent, one row each; columns in `record.schema.CHUNKS`."""
        return chunks_frame(self.record)

    @cached_property
    def utterances(self) -> pd.DataFrame:
        """One row an utterance; columns in `record.schema.UTTERANCES`."""
        return utterances_frame(self.record)

    @cached_property
    def words(self) -> pd.DataFrame:
        """One row a word of every transcript; columns in `record.schema.WORDS`."""
        return words_frame(self.record)

    @cached_property
    def reference(self) -> pd.DataFrame:
        """The words that were really spoken, where they are known, else no rows.

        A reference of segments or of a text has none: it is in `spoken`.
        """
        return reference_frame(self.record)

    @cached_property
    def spoken(self) -> pd.DataFrame:
        """What was really spoken, as finely as it is known; columns in `record.schema.SPOKEN`."""
        return spoken_frame(self.record)

    @property
    def granularity(self) -> str | None:
        """How finely that is known: `word`, `segment` or `text`; None without a reference."""
        return granularity_of(self.record)

    @property
    def n_partials(self) -> int:
        """Partial transcripts; callbacks that repeat what the WebSocket said are not counted."""
        return int((~transcripts(self.record).is_final).sum())

    @property
    def text(self) -> str:
        """The finals, a line each, in the order of their audio."""
        frame = self.utterances
        frame = frame[frame["is_final"]].sort_values("start_s", kind="stable")
        return "\n".join(frame["text"].str.strip())

    @property
    def audio(self) -> Audio | None:
        """What was sent, sample for sample; None where no sound was kept beside the run.

        It is read from its file whenever it is asked for: 4 bytes of memory a sample. Audio that
        was captured and then not sent, because the session failed, is in the file and not here.

        Raises:
            AudioError: the file cannot be read.
        """
        return kept_sound(self.record)

    def save(self, path: str | Path, *, audio: bool = False) -> Path:
        """Write the run to a file and return its path; see `Record.save`.

        Args:
            path: of the run.
            audio: write its sound beside it, too. Without it, what was said can still be read.

        Raises:
            ConfigError: there is no sound to write.
            RunFileError: the file cannot be written.
        """
        if not audio:
            return self.record.save(path)
        sound = self.audio
        if sound is None:
            raise ConfigError("No sound was kept with this run; save it without audio=True.")
        path = self.record.save(path)
        write_sound(path, self.record, sound)
        return path

    def __repr__(self) -> str:
        out = f", {len(self.problems)} left out" if self.problems else ""
        facts = f"{self.name!r}, {self.duration_s:.1f} s, {self.outcome}{out}"
        return f"{type(self).__name__}({facts})"

    @property
    def damage(self) -> str:
        """One sentence about what was left out of its file; empty when nothing was.

        Example:
            "Of its file 2 things were left out, the first: line 7: it is not JSON."
        """
        problems = self.record.problems
        if not problems:
            return ""
        count = "1 thing was" if len(problems) == 1 else f"{len(problems)} things were"
        return f"Of its file {count} left out: {'; '.join(map(str, problems[:3]))}" + (
            "." if len(problems) <= 3 else "; and more, see run.problems."
        )


@contextmanager
def forgetting(run: RunData) -> Iterator[None]:
    """Let go in the end of all that was made of a run meanwhile.

    For whoever goes through many runs and takes a little of each: what is kept of a run takes more
    room than its record.
    """
    kept = [(store, set(store)) for store in (run.record.derived, vars(run))]
    try:
        yield
    finally:
        for store, before in kept:
            for name in store.keys() - before:
                del store[name]
        if isinstance(run.record.events, Events):
            run.record.events.forget()
