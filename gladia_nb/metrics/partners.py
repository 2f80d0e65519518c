"""Which latencies of two runs go together: of the same word, or of the whole runs."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.metrics.base.align import align_edits, align_in_time
from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.intervals import quantiles
from gladia_nb.metrics.base.matching import MATCH_WITHIN_S
from gladia_nb.metrics.base.recordings import recording_numbers, same_recording
from gladia_nb.metrics.latencies import latency
from gladia_nb.metrics.words_heard import heard_words
from gladia_nb.record.arrays import utterances
from gladia_nb.record.data import RunData

__all__ = ["FEWEST_IN_COMMON", "Pairing", "median", "paired_latencies", "pairings"]

#: Share of the words of two runs that has to be the same in both, or they are not paired.
FEWEST_IN_COMMON = 0.5

#: What of the header tells one sound from another; a live one has no length there.
_SOUND = ("name", "duration_s", "source_rate", "source_channels")
#: What makes a row of one side that of the other.
_KEY = ["name", "channel", "_same", "_copy"]
#: What each way of pairing is, in words.
_HOW = MappingProxyType(
    {
        "reference": "word by word",
        "text": "word by word where their texts are the same, without a reference in common",
        "run": "medians of the whole runs, which have no reference in common",
    }
)
#: Columns of a latency that tell which one it is.
_KEPT = ("name", "anchor", "channel", "utterance_id")


class Pairing(NamedTuple):
    """How the latencies of two runs are paired.

    Attributes:
        by: `reference`, `text` or `run`.
        recording: number of the recording among those paired alike; -1 where nobody knows.
        words: where it is by their texts: the words of each side, as in `_common`.
        share: of the words of both that are the same, where they are too few; else None.
    """

    by: str
    recording: int
    words: tuple[pd.DataFrame, pd.DataFrame] | None = None
    share: float | None = None

    @property
    def how(self) -> str:
        """What goes with what, in words.

        Example:
            >>> Pairing("run", -1, share=0.12).how
            'medians of the whole runs, since only 12 % of the words of both are the same'
        """
        if self.share is None:
            return _HOW[self.by]
        same = f"{100 * self.share:.0f} % of the words of both are the same"
        return f"medians of the whole runs, since only {same}"

    @property
    def note(self) -> str:
        """Why they are paired no better; empty where there is nothing to say.

        Example:
            >>> Pairing("run", -1, share=0.12).note[:41]
            'Paired are medians of the whole runs, sin'
        """
        return "" if self.share is None else f"Paired are {self.how}."


def pairings(
    left: Sequence[RunData], right: Sequence[RunData], normaliser: Choice = "basic"
) -> list[Pairing]:
    """How each run of one side is paired with that of the other; see `gladia_nb.compare`.

    Example:
        `[pairing.by for pairing in pairings([before], [after])]`
    """
    numbers = recording_numbers([run.reference for run in left])
    sounds: dict[Hashable, int] = {}
    found = []
    for number, a, b in zip(numbers, left, right, strict=True):
        if same_recording(a.reference, b.reference):
            found.append(Pairing("reference", number))
            continue
        sound = _sound(a)
        if sound is None or sound != _sound(b):
            found.append(Pairing("run", -1))
            continue
        share, words = _common(a, b, normaliser)
        if share >= FEWEST_IN_COMMON:
            found.append(Pairing("text", sounds.setdefault(sound, len(sounds)), words))
            continue
        found.append(Pairing("run", -1, share=share if any(map(len, words)) else None))
    return found


def paired_latencies(a: RunData, b: RunData, pairing: Pairing, normaliser: Choice) -> pd.DataFrame:
    """The latencies of two runs, side by side.

    Returns:
        `name`, `anchor`, `trigger`; `cluster`, the utterance whose words share their fate;
        `ms_a` and `ms_b`, `inf` for what never came and NaN where that side has no such row;
        `paired`, whether they are compared, else `alone`, the number of rows without a partner;
        `paired_by`, `recording` and `pairing_note`, of the pairing.
    """
    anchor = "reference" if pairing.by == "reference" else "service"
    words = pairing.words or (None, None)
    join = _whole if pairing.by == "run" else _joined
    found = join(
        _samples(a, normaliser, anchor, words[0]), _samples(b, normaliser, anchor, words[1])
    )
    return found.assign(
        paired_by=pairing.by, recording=pairing.recording, pairing_note=pairing.note
    )


def median(values: pd.Series) -> float:
    """The median; infinite where it lies among what never came."""
    return float(quantiles(values, range(len(values)), (0.5,)).points[0])


def _sound(run: RunData) -> Hashable | None:
    """What the header says of the sound that was sent; None where it does not tell it apart."""
    told = run.record.header["audio"]
    length = told.get("duration_s")
    if not isinstance(length, float | int) or not math.isfinite(length):
        return None
    return tuple(told.get(name) for name in _SOUND)


# -- words by their texts --


def _common(
    a: RunData, b: RunData, normaliser: Choice
) -> tuple[float, tuple[pd.DataFrame, pd.DataFrame]]:
    """The words that two runs have in common.

    They are aligned channel by channel, as a reference is with finals: equal words in the same
    order, ends at most `MATCH_WITHIN_S` apart; by their order alone where one has no times.

    Returns:
        The share of all words of both that have a partner. And the words of each side: `channel`,
        `utterance_id`, `position`, and `same`, one number for a word of both.
    """
    sides = [_heard(run, normaliser) for run in (a, b)]
    one, other = sides
    partner = np.full(len(other), -1)
    for channel in sorted(set(one["channel"]) & set(other["channel"])):
        left, right = (side[side["channel"] == channel] for side in sides)
        timed = not (left["end_s"].isna().any() or right["end_s"].isna().any())
        if timed:
            left, right = (side.sort_values("end_s", kind="stable") for side in (left, right))
        texts = left["token"].tolist(), right["token"].tolist()
        pairs = np.array(
            align_in_time(*texts, left["end_s"].tolist(), right["end_s"].tolist(), MATCH_WITHIN_S)
            if timed
            else align_edits(*texts),
            dtype="int64",
        )
        there = pairs >= 0
        partner[right.index[there]] = left.index[pairs[there]]
    alone = len(one) + np.arange(len(other))
    words = (
        one.assign(same=np.arange(len(one))),
        other.assign(same=np.where(partner >= 0, partner, alone)),
    )
    return 2 * int((partner >= 0).sum()) / max(len(one) + len(other), 1), words


def _heard(run: RunData, normaliser: Choice) -> pd.DataFrame:
    """The words of a transcript, with what makes each equal to another."""
    choice = chosen(run, normaliser)
    found = heard_words(run, choice)
    names = np.array([*utterances(run.record).id, ""], dtype=object)
    tokens = {word: " ".join(choice.tokens(word)) for word in dict.fromkeys(found.word)}
    return pd.DataFrame(
        {
            "channel": found.channel,
            "utterance_id": names[found.utterance],
            "position": found.position,
            "end_s": found.end_s,
            "token": [tokens[word] for word in found.word],
        }
    )


def _same(rows: pd.DataFrame, words: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Of each latency the number of its word; of an utterance that of its first or last word.

    NaN for an utterance without words.
    """
    keys = ["channel", "utterance_id"]
    ends = words.groupby(keys, sort=False)["same"].agg(["first", "last"])
    mine = pd.MultiIndex.from_frame(rows[keys])
    first, last = (ends[name].reindex(mine).to_numpy("float64") for name in ("first", "last"))
    same = np.where(rows["since"] == "speech_start", first, last)
    single = (rows["unit"] == "word").to_numpy()
    whole = words.set_index([*keys, "position"])["same"]
    places = pd.MultiIndex.from_frame(
        rows.loc[single, [*keys, "position"]].astype({"position": "int64"})
    )
    same[single] = whole.reindex(places).to_numpy("float64")
    return same


# -- latencies side by side --


def _samples(
    run: RunData, normaliser: Choice, anchor: str, words: pd.DataFrame | None
) -> pd.DataFrame:
    """Placed latencies of a run, with `inf` for those that never came."""
    rows = latency(run, normaliser=normaliser)
    rows = rows[rows["anchor_clock_s"].notna() & (rows["anchor"] == anchor)]
    final = (rows["unit"] == "utterance") & (rows["milestone"] == "final")
    same = rows["anchor_s"] if words is None else _same(rows, words)
    found = pd.DataFrame(
        {
            **{name: rows[name] for name in _KEPT},
            "trigger": rows["trigger"].fillna("").where(final, ""),
            "ms": rows["latency_ms"].fillna(np.inf),
            "_same": same,
        }
    )
    copies = found.groupby(["name", "channel", "_same"], dropna=False).cumcount()
    return found.assign(_copy=copies)


def _joined(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Rows of both sides, side by side where they are of the same word."""
    # What is the same as nothing has no partner.
    b = b.assign(_copy=b["_copy"].where(b["_same"].notna(), -1 - np.arange(len(b))))
    table = a.merge(b, on=_KEY, how="outer", suffixes=("_a", "_b"))
    for side in ("a", "b"):
        table[f"trigger_{side}"] = table[f"trigger_{side}"].fillna("")
    both = table["ms_a"].notna() & table["ms_b"].notna()
    # What never came has no trigger of its own.
    known = table["trigger_a"].where(table["trigger_a"] != "", table["trigger_b"])
    odd = both & (table["trigger_a"] != table["trigger_b"])
    odd &= (table["trigger_a"] != "") & (table["trigger_b"] != "")
    return pd.DataFrame(
        {
            "name": table["name"],
            "anchor": table["anchor_a"].fillna(table["anchor_b"]),
            "trigger": known,
            "cluster": _clusters(table),
            "ms_a": table["ms_a"],
            "ms_b": table["ms_b"],
            "paired": both & ~odd,
            "alone": (~both).astype("int64") + 2 * odd,
        }
    )


def _clusters(table: pd.DataFrame) -> pd.Series:
    """Utterances of the side that has fewer, whose words share their fate on both."""
    sides = [table[f"utterance_id_{side}"] for side in ("a", "b")]
    if sides[1].nunique() < sides[0].nunique():
        sides.reverse()
    return table["channel"].astype(str).str.cat(sides[0].fillna(sides[1]), sep=" ")


def _whole(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    """Medians of both sides, side by side."""
    keys = ["name", "anchor", "trigger"]
    first, second = (
        side.groupby(keys, sort=False)["ms"].agg(ms=median).reset_index() for side in (a, b)
    )
    table = first.merge(second, on=keys, how="outer", suffixes=("_a", "_b"))
    both = table["ms_a"].notna() & table["ms_b"].notna()
    return table.assign(cluster="all", paired=both, alone=(~both).astype("int64"))
