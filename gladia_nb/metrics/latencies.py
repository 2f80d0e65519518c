"""How long after it was spoken did it come: each word and each utterance, on three clocks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.audio import Audio
from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.metrics.rows_of_latency import BLOCK_NAMES, LatencyRows, Owners, latency_rows
from gladia_nb.metrics.vad import speech_of
from gladia_nb.metrics.waits import ANCHORS
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept_frame
from gladia_nb.record.schema import Schema, to_frame

__all__ = [
    "ANCHORS",
    "CLOCKS",
    "LATENCY",
    "TRIGGERS",
    "latency",
    "latency_part",
    "run_anchor",
    "speech_ends",
]

Ints = npt.NDArray[np.int64]

#: Clocks of what is counted from a position of the audio, and the one between two arrivals.
CLOCKS = ("send", "capture", "ack", "arrival")

#: Why finals came, in the order of tables.
TRIGGERS = ("endpoint", "max_duration", "stop", "resume")

#: One row a word or utterance, milestone, anchor and clock.
LATENCY: Schema = MappingProxyType(
    {
        "name": "str",  # both events and the clock: "word_end -> final @send"
        "unit": "str",  # word or utterance
        "milestone": "str",  # the event that was waited for; see `latency`
        "since": "str",  # the event it is counted from
        "clock": "str",  # since the audio was sent, spoken (capture), acknowledged (ack); arrival
        "anchor": "str",  # who says when `since` was: reference, service, vad; or the stopwatch
        "run": "str",  # id of the session
        "channel": "int64",
        "utterance_id": "str",  # missing for a word that was spoken and that no final holds
        "position": "Int64",  # of the word in the final; missing for utterances
        "word": "str",  # missing for utterances
        "reference": "Int64",  # row of `run.reference` that a word is anchored by
        "anchor_s": "float64",  # audio time of `since`; NaN where that is an arrival
        "anchor_clock_s": "float64",  # the same on the clock, since audio position 0 was spoken
        "event_s": "float64",  # arrival of the milestone, on the same scale; NaN: it never came
        "latency_ms": "float64",  # event_s - anchor_clock_s, signed
        "trigger": "str",  # why the final came; missing when it cannot be told, or never came
        "behind_audio": "bool",  # the service says that it ended behind the audio that was sent
        "normaliser": "str",  # what makes words equal
    }
)


def latency(
    run: RunData,
    *,
    anchor: str | None = None,
    audio: Audio | str | Path | pd.DataFrame | None = None,
    normaliser: Choice = "basic",
) -> pd.DataFrame:
    """Every latency of a run, one row each.

    Words, from the end of each: `first_seen`, to the first transcript that shows it (word emission
    latency); `first_correct`, to the first that shows the correct word; `stable`, to the one from
    which on it never changed; `final`, to the final, for which each word waits until the whole
    utterance has ended. What each means is said at `word_times`; how the field calls it, at
    `gladia_nb.glossary`.

    With the anchor `reference` every word that was spoken has a row for each milestone:

    * one that a final holds has the milestones of that word;
    * one in whose place a final holds another word (substituted) is `first_seen` and
      `first_correct` when a partial first showed it right, and never `stable` nor `final`;
    * one that no final holds (deleted) never came: `event_s` is NaN in all four, `utterance_id` and
      `position` are missing. It is not dropped, or losing words would look fast;
    * a word that was heard and not spoken (inserted) has no row here, since nobody said when it
      was; with the anchor `service` it has.

    Utterances:

    * `speech_start -> first_partial`: to the first partial that has a text.
    * `speech_end -> last_word_seen`: to the first transcript that shows the last word of the final
      (partial recognition latency). A final without words has no row.
    * `speech_end -> last_partial_message`: to the last partial, whatever it held: most often what
      had been shown before.
    * `speech_end -> end_of_speech_detected`: to the arrival of the service's own speech_end
      message. A final that was forced (`max_duration`) is amid speech and has no row.
    * `speech_end -> final`: time to the final segment.
    * `first_partial -> final`, `last_partial_message -> final`: between two arrivals.
    * `text_settled -> final`: from the first partial whose text equals that of the final, both
      normalised: how much earlier the final could have been known.

    Anchors: `service` takes the times of the final itself (of the last partial, if no final came).
    `reference` takes the words that were really spoken, where the run has them: a word is anchored
    by the one it was matched with (for `first_correct`, by the one in whose place it stands), an
    utterance by the first and the last of those that were matched with its words or lie in the
    middle of it unmatched. Of a reference that knows segments only, an utterance is anchored by
    those that it overlaps, and words are not; a text without times anchors nothing. `vad` takes the
    spans of speech that an offline voice activity detector
    finds in the audio (`speech_spans`); utterances only. What matches nothing has no row.

    Clocks: `send` counts from when the chunk that holds the anchor was sent, so that the pacing of
    the client drops out; `capture` from when the anchor was spoken, which is what a speaker feels;
    `ack` from when the acknowledgement of that chunk arrived. What is counted from an arrival has
    the clock `arrival` and the anchor `stopwatch`, and is left out when an anchor is asked for.

    Nothing is clamped or left out. A negative latency is one: the text came before the anchor. A
    milestone that never came has `event_s` NaN and is *censored*: its latency is greater than any
    that was seen. An anchor that lies behind the audio that was sent, was not acknowledged (`ack`),
    or never arrived has `anchor_clock_s` NaN and its latency is unknown. A service may say that the
    last word ended a little behind the audio: up to a quarter of a second the last chunk stands
    for it, and the row is marked `behind_audio`. Partials and speech events that were not asked for
    are not waited for.

    Finals with the trigger `stop` or `max_duration` were not caused by the end of speech: keep them
    apart (`summary` does).

    Args:
        run: the run.
        anchor: `reference`, `service` or `vad`; all that can be told by default.
        audio: what was sent, for `vad`: sound, the path of a sound file, or spans from
            `speech_spans`. With the anchor `vad` it is by default the sound kept with the run.
        normaliser: what makes words equal; see `word_times`.

    Returns:
        Columns in `LATENCY`; words before utterances, then by milestone, anchor and clock.

    Raises:
        ConfigError: there is no such anchor or normaliser, `vad` is asked for and no sound was kept
            with the run, or the audio is another one than that of the run (length, rate, channels).
        AudioError: the sound file cannot be read.

    Example:
        `latency(run).query("name == 'word_end -> final @send'")["latency_ms"].median()`
    """
    if anchor is not None and anchor not in ANCHORS:
        raise ConfigError(f"There is no anchor {anchor!r}; there are {', '.join(ANCHORS)}.")
    choice = chosen(run, normaliser)
    if audio is not None:
        return _latency(run, choice, anchor, speech_of(run, audio))
    # The dearest table of all, which most others are made of.
    name = f"latency {anchor} {choice.key}"
    speech = (lambda: speech_of(run)) if anchor == "vad" else lambda: None
    return kept_frame(run.record, name, lambda: _latency(run, choice, anchor, speech()))


def latency_part(
    run: RunData,
    *,
    anchors: Collection[str] = (),
    units: Collection[str] = (),
    clocks: Collection[str] = (),
    milestones: Collection[str] = (),
    normaliser: Choice = "basic",
) -> pd.DataFrame:
    """Some rows of `latency`, without making the others: hours of words have millions.

    Args:
        run: the run.
        anchors: those that are wanted; all of `reference`, `service` and `stopwatch` when empty.
        units: likewise.
        clocks: likewise.
        milestones: likewise.
        normaliser: what makes words equal; see `latency`.

    Returns:
        Columns in `LATENCY`, in the order of `latency`, numbered from 0.

    Example:
        `latency_part(run, units=["word"], clocks=["send"], anchors=[run_anchor(run)])`
    """
    found = latency_rows(run, chosen(run, normaliser))
    wanted = {"anchor": anchors, "unit": units, "clock": clocks, "milestone": milestones}
    blocks = (
        block
        for block in found.blocks
        if all(not values or block.names[name] in values for name, values in wanted.items())
    )
    return _frame(found._replace(blocks=tuple(blocks)))


def run_anchor(run: RunData, *, normaliser: Choice = "basic") -> str:
    """`reference` where some latency of a run has it, else `service`."""
    blocks = latency_rows(run, chosen(run, normaliser)).blocks
    known = any(len(block.rows) for block in blocks if block.names["anchor"] == "reference")
    return "reference" if known else "service"


def speech_ends(run: RunData) -> pd.DataFrame:
    """When the speech of each utterance with a final ended, by the reference where it can tell.

    Returns:
        Columns `channel`, `utterance_id`, `anchor` and `anchor_s`, of `LATENCY`; one row an
        utterance, and none where nobody says when it ended.
    """
    rows = latency_part(run, units=["utterance"], milestones=["final"], clocks=["capture"])
    rows = rows[rows["anchor_s"].notna()]
    # "reference" comes before "service".
    rows = rows.sort_values("anchor", kind="stable").drop_duplicates(["channel", "utterance_id"])
    return rows[["channel", "utterance_id", "anchor", "anchor_s"]]


def _latency(
    run: RunData, choice: Normaliser, anchor: str | None, speech: pd.DataFrame | None
) -> pd.DataFrame:
    return _frame(latency_rows(run, choice, anchor, speech))


def _frame(found: LatencyRows) -> pd.DataFrame:
    blocks, owners = found.blocks, found.owners
    if not blocks:
        return to_frame({name: [] for name in LATENCY}, LATENCY)
    counts = [len(block.rows) for block in blocks]
    rows = np.concatenate([block.rows for block in blocks])
    anchors = np.array([block.names["anchor"] == "reference" for block in blocks])
    positions, places = owners.position[rows], owners.reference[rows]
    places[~np.repeat(anchors, counts)] = -1
    whole = {
        name: np.concatenate([getattr(block, name) for block in blocks])
        for name in ("anchor_s", "anchor_clock_s", "event_s", "behind_audio")
    }
    columns: dict[str, Any] = {
        **{
            name: _repeated([block.names[name] for block in blocks], counts) for name in BLOCK_NAMES
        },
        **whole,
        "latency_ms": (whole["event_s"] - whole["anchor_clock_s"]) * 1e3,
        "run": _repeated([found.session_id], [len(rows)]),
        "normaliser": _repeated([found.normaliser], [len(rows)]),
        "channel": owners.channel[rows],
        "position": _numbers(positions),
        "reference": _numbers(places),
        **_owned(owners, [block.rows for block in blocks]),
    }
    return pd.DataFrame({name: columns[name] for name in LATENCY}, copy=False)


def _numbers(values: Ints) -> pd.arrays.IntegerArray:
    """Numbers from 0; missing where they are -1."""
    return pd.arrays.IntegerArray(np.maximum(values, 0), values < 0)


#: Rows of a table from which on equal stretches of a column are kept once.
_MANY = 1 << 16
#: Rows of such a stretch.
_STRETCH = 1 << 12


def _repeated(texts: Sequence[str | None], counts: Sequence[int]) -> Any:
    """Each text so many times, one behind the other.

    Hours of words are hundreds of megabytes of texts that hardly differ: stretches of one text are
    kept once, and the column points to them again and again.
    """
    codes, levels = pd.factorize(np.array(texts, dtype=object))
    known = pd.array(levels, dtype="str")
    if sum(counts) < _MANY:
        return known.take(np.repeat(codes, counts), allow_fill=True)
    stretches = {code: known.take(np.full(_STRETCH, code), allow_fill=True) for code in set(codes)}
    parts = []
    for code, count in zip(codes, counts, strict=True):
        full, rest = divmod(count, _STRETCH)
        parts += [pd.Series(stretches[code])] * full + [pd.Series(stretches[code][:rest])]
    return pd.concat(parts, ignore_index=True).array


def _owned(owners: Owners, blocks: Sequence[Ints]) -> dict[str, Any]:
    """Texts of what the rows are of; blocks of the same words share theirs."""
    texts = {
        "utterance_id": pd.array(owners.ids, dtype="str").take(owners.utterance, allow_fill=True),
        "word": pd.array(owners.word, dtype="str"),
        "trigger": pd.array(owners.trigger, dtype="str"),
    }
    if sum(map(len, blocks)) < _MANY:
        rows = np.concatenate(blocks)
        return {name: column.take(rows) for name, column in texts.items()}
    taken: list[tuple[Ints, dict[str, Any]]] = []
    parts: dict[str, list[Any]] = {name: [] for name in texts}
    for rows in blocks:
        same = (found for known, found in taken if np.array_equal(known, rows))
        found = next(same, None)
        if found is None:
            found = {name: pd.Series(column.take(rows)) for name, column in texts.items()}
            taken.append((rows, found))
        for name, column in found.items():
            parts[name].append(column)
    return {name: pd.concat(part, ignore_index=True).array for name, part in parts.items()}
