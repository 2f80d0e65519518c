"""How much of what partials showed was taken back: erasure, edits, and the time to settle.

Let `H_1 ... H_n` be the word lists that an utterance showed one after the other, the last of them
the final. Every measure is there twice, because formatting is not recognition: for words as they
are written (`raw`), and `normalised` (`metrics.base.text`), blind to case and punctuation.

* *Erasure* of an update: words of the old text behind the longest common prefix with the new one.
  *Normalised erasure*: the sum over all updates by the words of the final (Arivazhagan et al.,
  IWSLT 2020). A change at the head erases all that follows, though it stands there again.
* *Edits* of an update: the fewest additions and revocations of words that lead from old to new
  text; a substitution is one of each. *Edit overhead*: the share of edits, counted from the empty
  text, that were not needed to write the final (Baumann, Atterer and Schlangen, NAACL 2009).
* *Unstable partial word ratio* (after Shangguan et al., Interspeech 2020), of which two definitions
  circulate. `revoked_word_ratio`: words revoked in updates, by the words of the final.
  `absent_word_ratio`: showings of words in partials that are absent from the final, by the words of
  the final; a wrong word that is shown in ten partials counts ten times.
* *Unstable partial segment ratio*, `revised_utterance_ratio`: utterances in which any update
  revoked a word, by utterances.
* *Correction time* of a word of the final: from the first time it was shown to the time from which
  on it stayed (Baumann, Buss and Schlangen, Dialogue and Discourse 2011); 0 for most.

Words are found again by their order alone (longest common subsequence).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from rapidfuzz.distance import Indel, LCSseq

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.intervals import FEWEST, needed, quantiles, ratio, share
from gladia_nb.metrics.base.shown import Shown, screen
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = [
    "CORRECTIONS",
    "STABILITY",
    "STABILITY_SUMMARY",
    "corrections",
    "stability",
    "stability_summary",
]

#: One row an utterance and kind of text.
STABILITY: Schema = MappingProxyType(
    {
        "channel": "int64",
        "utterance_id": "str",
        "text": "str",  # raw, or normalised
        "normaliser": "str",  # what makes words equal: raw, or the one that was chosen
        "is_final": "bool",  # else its last partial stands for the final
        "speech_s": "float64",  # length of the utterance in audio time; NaN when it is not said
        "updates": "int64",  # transcripts, the final included
        "words": "int64",  # of the final
        "partial_erasure": "int64",  # words, from partial to partial
        "final_erasure": "int64",  # words, from the last partial to the final
        "normalised_erasure": "float64",  # both by words; NaN for a final without words
        "edits": "int64",  # all additions and revocations, those of the final included
        "final_edits": "int64",  # of them, from the last partial to the final
        "max_edits": "int64",  # most in one update
        "edit_overhead": "float64",  # share of edits that were not needed; NaN without edits
        "revoked": "int64",  # words revoked in updates
        "revoked_word_ratio": "float64",  # by words; NaN for a final without words
        "absent": "int64",  # showings, in partials, of words that the final does not have
        "absent_word_ratio": "float64",  # likewise
        "revised": "bool",  # whether a word was ever revoked
        "corrected_words": "int64",  # of the final, that had vanished or changed meanwhile
        "correction_max_ms": "float64",  # longest correction time; 0 when nothing was corrected
        "edits_per_s": "float64",  # edits by speech; NaN for no known length
    }
)

#: One row a measure and kind of text, over all utterances.
STABILITY_SUMMARY: Schema = MappingProxyType(
    {
        "text": "str",
        "normaliser": "str",
        "measure": "str",
        "unit": "str",
        "n": "int64",  # utterances
        "unfinished": "int64",  # of them, without a final
        "value": "float64",  # NaN where the note says so
        "low": "float64",  # 95 % interval; infinite: no bound; NaN where the note says so
        "high": "float64",
        "note": "str",  # what is withheld and why; missing when nothing is
    }
)

#: One row a word of every final, and of the last partial of every utterance without one.
CORRECTIONS: Schema = MappingProxyType(
    {
        "channel": "int64",
        "utterance_id": "str",
        "text": "str",  # raw or normalised
        "normaliser": "str",
        "is_final": "bool",
        "position": "int64",  # among the words of that text, from 0
        "word": "str",
        "first_ns": "int64",  # arrival of the first text that shows it
        "settled_ns": "int64",  # arrival of the text from which on it stayed
        "correction_ms": "float64",  # settled - first, never negative
    }
)

_KINDS = ("raw", "normalised")


class _Measured(NamedTuple):
    """One utterance, measured; first and settled are indices of updates, one for each word."""

    last: list[str]
    erasures: list[int]
    edits: list[int]
    revoked: int
    absent: int
    first: list[int]
    settled: list[int]


#: What was shown, the kind of text, and what was measured.
_Utterance = tuple[Shown, str, _Measured]


class _Kinds(dict[str, Normaliser]):
    """What makes words equal, by the kind of text."""

    def __init__(self, run: RunData, choice: Choice, names: Sequence[str] = _KINDS) -> None:
        made = {"raw": "raw", "normalised": choice}
        super().__init__({name: chosen(run, made[name]) for name in names})


def _all(run: RunData, kinds: _Kinds) -> Iterator[_Utterance]:
    for shown in screen(run):
        for kind, choice in kinds.items():
            yield shown, kind, _measure([choice.tokens(text) for text in shown.texts])


def stability(run: RunData, *, normaliser: Choice = "basic") -> pd.DataFrame:
    """Erasure, edits, revocations and corrections of each utterance; see the module for each.

    Args:
        run: the run.
        normaliser: what makes words equal where the text is `normalised`; see `word_times`.

    Returns:
        Columns in `STABILITY`, in the order of the utterances, `raw` before `normalised`. An
        utterance without partials has one update: its erasure is 0 and nothing is corrected.

    Example:
        `stability(run).query("text == 'normalised'")["normalised_erasure"].describe()`
    """
    kinds = _Kinds(run, normaliser)
    return _table(_all(run, kinds), kinds)


def corrections(
    run: RunData, *, text: str = "normalised", normaliser: Choice = "basic"
) -> pd.DataFrame:
    """When each word of the finals was shown first, and since when it stayed.

    Args:
        run: the run.
        text: `raw` or `normalised`.
        normaliser: what makes words equal where the text is `normalised`.

    Returns:
        Columns in `CORRECTIONS`, in the order of the utterances.

    Raises:
        ConfigError: there is no such text.

    Example:
        `corrections(run).query("correction_ms > 0")["correction_ms"].median()`
    """
    if text not in _KINDS:
        raise ConfigError(f"There is no text {text!r}; there are {' and '.join(_KINDS)}.")
    kinds = _Kinds(run, normaliser, (text,))
    return _times_of(_all(run, kinds), kinds)


def _table(everything: Iterable[_Utterance], kinds: _Kinds) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {name: [] for name in STABILITY}
    for shown, kind, found in everything:
        columns["normaliser"].append(kinds[kind].name)
        for name, value in _row(shown, kind, found).items():
            columns[name].append(value)
    return to_frame(columns, STABILITY)


def _times_of(everything: Iterable[_Utterance], kinds: _Kinds) -> pd.DataFrame:
    columns: dict[str, list[Any]] = {name: [] for name in CORRECTIONS}
    for shown, kind, found in everything:
        first = [shown.recv_ns[k] for k in found.first]
        settled = [shown.recv_ns[k] for k in found.settled]
        n = len(first)
        block: dict[str, Sequence[Any]] = {
            "channel": [shown.channel] * n,
            "utterance_id": [shown.id] * n,
            "text": [kind] * n,
            "normaliser": [kinds[kind].name] * n,
            "is_final": [shown.is_final] * n,
            "position": range(n),
            "word": found.last,
            "first_ns": first,
            "settled_ns": settled,
            "correction_ms": [(b - a) / 1e6 for a, b in zip(first, settled, strict=True)],
        }
        for name, values in block.items():
            columns[name].extend(values)
    return to_frame(columns, CORRECTIONS)


def stability_summary(run: RunData, *, normaliser: Choice = "basic") -> pd.DataFrame:
    """The measures of stability over all utterances, each with its interval.

    Ratios are pooled: the sum of what was counted by the sum of words (or utterances, edits,
    seconds), not a mean of ratios, in which short utterances would dominate. Intervals are
    those of drawing utterances; see `share` for what cannot exceed 1 and `ratio` for what can, and
    `quantiles` for correction times, which are over the words that were corrected; their share is
    `corrected_word_ratio`.

    Args:
        run: the run.
        normaliser: what makes words equal where the text is `normalised`.

    Returns:
        Columns in `STABILITY_SUMMARY`. A measure whose denominator is 0 has no row: a run without
        words has next to none, and correction times are only there when a word was corrected.
    """
    kinds = _Kinds(run, normaliser)
    everything = list(_all(run, kinds))
    table = _table(everything, kinds)
    columns: dict[str, list[Any]] = {name: [] for name in STABILITY_SUMMARY}
    for kind in _KINDS:
        part = table[table["text"] == kind].reset_index(drop=True)
        found = _pooled(part)
        if part["corrected_words"].any():
            found += _times(_times_of((item for item in everything if item[1] == kind), kinds))
        for pooled in found:
            row = {
                "text": kind,
                "normaliser": kinds[kind].name,
                "n": len(part),
                "unfinished": int((~part["is_final"]).sum()),
                **pooled._asdict(),
            }
            for name, item in row.items():
                columns[name].append(item)
    return to_frame(columns, STABILITY_SUMMARY)


class _Pooled(NamedTuple):
    """One measure, under the names of its columns."""

    measure: str
    unit: str
    value: float
    low: float
    high: float
    note: str | None


def _pooled(part: pd.DataFrame) -> list[_Pooled]:
    words, known = part["words"], part["speech_s"].notna()
    erased = part["partial_erasure"] + part["final_erasure"]
    # Of the edits, as many additions are needed as the final has words.
    ratios = {
        ("normalised_erasure", "words/word"): (erased, words),
        ("normalised_partial_erasure", "words/word"): (part["partial_erasure"], words),
        ("revoked_word_ratio", "words/word"): (part["revoked"], words),
        ("absent_word_ratio", "words/word"): (part["absent"], words),
        ("revised_utterance_ratio", "share"): (part["revised"], words * 0 + 1),
        ("edit_overhead", "share"): (part["edits"] - words, part["edits"]),
        ("corrected_word_ratio", "share"): (part["corrected_words"], words),
        ("edits_per_s", "1/s"): (part["edits"][known], part["speech_s"][known]),
    }
    found: list[_Pooled] = []
    for (measure, unit), (above, below) in ratios.items():
        if below.sum() > 0:
            pooled = (share if unit == "share" else ratio)(above, below)
            note = f"An interval needs {FEWEST} utterances." if len(above) < FEWEST else None
            found.append(_Pooled(measure, unit, *pooled, note))
    return found


def _times(table: pd.DataFrame) -> list[_Pooled]:
    late = table[table["correction_ms"] > 0]
    labels = late.groupby(["channel", "utterance_id"], sort=False).ngroup()
    found = quantiles(late["correction_ms"], labels, (0.5, 0.9))
    there = f"; there {'is' if found.clusters == 1 else 'are'} {found.clusters}."
    pooled = []
    for prob, point, low, high in zip(
        found.probs, found.points, found.low, found.high, strict=True
    ):
        note = None
        if found.clusters < needed(prob):
            note = f"Withheld: this needs {needed(prob)} utterances with corrections{there}"
        elif not low > -np.inf:
            note = f"Bounds need more utterances with corrections{there}"
        name = f"correction_p{prob * 100:.0f}"
        pooled.append(_Pooled(name, "ms", float(point), float(low), float(high), note))
    return pooled


def _row(shown: Shown, kind: str, found: _Measured) -> dict[str, Any]:
    words, speech_s = len(found.last), shown.end_s - shown.start_s
    last = shown.is_final and len(shown.texts) > 1
    edits = sum(found.edits)
    late = [
        (shown.recv_ns[b] - shown.recv_ns[a]) / 1e6
        for a, b in zip(found.first, found.settled, strict=True)
        if a != b
    ]
    return {
        "channel": shown.channel,
        "utterance_id": shown.id,
        "text": kind,
        "is_final": shown.is_final,
        "speech_s": speech_s,
        "updates": len(shown.texts),
        "words": words,
        "partial_erasure": sum(found.erasures[:-1] if last else found.erasures),
        "final_erasure": found.erasures[-1] if last else 0,
        "normalised_erasure": sum(found.erasures) / words if words else np.nan,
        "edits": edits,
        "final_edits": found.edits[-1] if last else 0,
        "max_edits": max(found.edits),
        "edit_overhead": (edits - words) / edits if edits else np.nan,
        "revoked": found.revoked,
        "revoked_word_ratio": found.revoked / words if words else np.nan,
        "absent": found.absent,
        "absent_word_ratio": found.absent / words if words else np.nan,
        "revised": found.revoked > 0,
        "corrected_words": len(late),
        "correction_max_ms": max(late, default=0.0),
        "edits_per_s": edits / speech_s if speech_s > 0 else np.nan,
    }


def _measure(lists: Sequence[list[str]]) -> _Measured:
    """Measure the texts of one utterance, the last of them the final."""
    last = lists[-1]
    old: list[str] = []
    erasures, edits = [0] * len(lists), [0] * len(lists)
    revoked = absent = 0
    first, settled = [-1] * len(last), [0] * len(last)
    seen = lost = 0  # bit k of seen: word k of the final is there; lost: showings it lacks
    for k, new in enumerate(lists):
        if new != old or k == 0:
            erasures[k], edits[k], gone = _update(old, new)
            revoked += gone
            now, lost = _present(new, last)
            come = now & ~seen
            while come:
                bit = come & -come
                word = bit.bit_length() - 1
                settled[word] = k
                if first[word] < 0:
                    first[word] = k
                come ^= bit
            seen, old = now, new
        absent += lost
    return _Measured(last, erasures, edits, revoked, absent, first, settled)


def _update(old: list[str], new: list[str]) -> tuple[int, int, int]:
    """Erasure, edits and revoked words of one update."""
    if new[: len(old)] == old:
        return 0, len(new) - len(old), 0
    same = _common(old, new)
    edits = Indel.distance(old[same:], new[same:])
    return len(old) - same, edits, (edits + len(old) - len(new)) // 2


def _present(new: list[str], last: list[str]) -> tuple[int, int]:
    """Which words of the final a text has, as bits, and how many words it has beside them."""
    if last[: len(new)] == new:
        return (1 << len(new)) - 1, 0
    same = _common(new, last)
    bits, count = (1 << same) - 1, same
    for block in LCSseq.editops(new[same:], last[same:]).as_matching_blocks():
        bits |= ((1 << block.size) - 1) << (same + block.b)
        count += block.size
    return bits, len(new) - count


def _common(left: list[str], right: list[str]) -> int:
    """Length of the longest common prefix."""
    for k, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return k
    return min(len(left), len(right))
