"""Latency of simultaneous translation: how far behind an ideal interpreter each word came.

Of `n` target words, word `i` (from 1) comes with the delay `d_i`: the time since the source began.
The source lasts `X`. An ideal interpreter would speak at the pace `X / n`, word `i` at
`(i - 1) * X / n`. All delays and results are in milliseconds.

The definitions are those that SimulEval computes, with delays that include the computation.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.clocks import captured_s
from gladia_nb.record.columns import read
from gladia_nb.record.data import RunData
from gladia_nb.record.limits import LONGEST_S
from gladia_nb.record.message import writable
from gladia_nb.record.schema import Schema, to_frame

__all__ = [
    "TRANSLATION_LATENCY",
    "average_lagging",
    "differentiable_average_lagging",
    "length_adaptive_average_lagging",
    "translation_latency",
]

#: One row a translation of an utterance.
TRANSLATION_LATENCY: Schema = MappingProxyType(
    {
        "channel": "int64",
        "utterance_id": "str",  # as in `run.utterances`; as the translation has it where it is none
        "language": "str",  # of the translation
        "start_s": "float64",  # of the utterance, audio time
        "end_s": "float64",
        "words": "int64",  # of the translation
        "recv_ns": "int64",  # arrival
        "after_speech_ms": "float64",  # since the end of the utterance was spoken, signed
        "after_final_ms": "float64",  # since its final arrived; NaN when that never came
        "al_ms": "float64",  # average lagging; NaN for no words, as those below
        "laal_ms": "float64",  # length-adaptive
        "dal_ms": "float64",  # differentiable
    }
)


def average_lagging(
    delays_ms: Sequence[float], source_ms: float, target_words: int | None = None
) -> float:
    """Average lagging, AL (Ma et al., ACL 2019).

    The mean of `d_i - (i - 1) * X / n` over the words up to and including the first one that came
    when the source had ended; those behind it could not have been delayed by waiting. When the
    first word comes after the end of the source this is its delay. It can be negative.

    Args:
        delays_ms: of each word, in the order in which they came.
        source_ms: length of the source.
        target_words: `n`, of a reference translation; the number of delays when it is not given.

    Raises:
        ConfigError: no words, or a length that is not positive.

    Example:
        >>> average_lagging([700, 1100, 1500], 1200)
        700.0
    """
    delays = _checked(delays_ms, source_ms, target_words)
    pace = source_ms / (target_words or len(delays))
    ended = np.flatnonzero(delays >= source_ms)
    counted = int(ended[0]) + 1 if len(ended) else len(delays)
    return float(np.mean(delays[:counted] - np.arange(counted) * pace))


def length_adaptive_average_lagging(
    delays_ms: Sequence[float], source_ms: float, reference_words: int
) -> float:
    """Length-adaptive average lagging, LAAL (Papi et al., AutoSimTrans 2022).

    Average lagging with the longer of translation and reference translation for `n`, so that to say
    too much is no advantage.

    Args:
        delays_ms: of each word.
        source_ms: length of the source.
        reference_words: length of the reference translation.

    Raises:
        ConfigError: no words, or a length that is not positive.

    Example:
        >>> length_adaptive_average_lagging([700, 1100, 1500], 1200, 2)
        700.0
    """
    _checked(delays_ms, source_ms, reference_words)
    return average_lagging(delays_ms, source_ms, max(len(delays_ms), reference_words))


def differentiable_average_lagging(delays_ms: Sequence[float], source_ms: float) -> float:
    """Differentiable average lagging, DAL (Cherry and Foster 2019).

    The mean over all words of `d'_i - (i - 1) * X / n`, where `d'_i` is the delay of word `i`, but
    at least `X / n` after that of the word before: what was waited for is not made good by speaking
    fast.

    Args:
        delays_ms: of each word.
        source_ms: length of the source.

    Raises:
        ConfigError: no words, or a length that is not positive.

    Example:
        >>> differentiable_average_lagging([700, 1100, 1500], 1200)
        700.0
    """
    delays = _checked(delays_ms, source_ms, None)
    ideal = np.arange(len(delays)) * source_ms / len(delays)
    # d'_i - ideal_i never falls and is at least d_i - ideal_i: the running maximum.
    return float(np.mean(np.maximum.accumulate(delays - ideal)))


def translation_latency(
    run: RunData, references: Mapping[tuple[str, str], str] | None = None
) -> pd.DataFrame:
    """Latency of each translation of a run.

    The service sends the whole translation of an utterance in one message, once it is final: all
    its words have the same delay, from when the start of the utterance was spoken (capture clock)
    to the arrival. The source is the utterance; AL is then this delay, unless it comes before the
    utterance ends. `after_speech_ms` and `after_final_ms` say more about such a service.

    Args:
        run: a run with translation on.
        references: `(utterance_id, language)` -> a reference translation, for LAAL; the id is that
            of the utterance or the one in the translation. Without a reference the length of the
            translation itself counts.

    Returns:
        Columns in `TRANSLATION_LATENCY`, in the order of arrival. A translation that failed has no
        row, and neither has one of an utterance without times.

    Example:
        `translation_latency(run).groupby("language")["after_final_ms"].median()`
    """
    columns: dict[str, list[Any]] = {name: [] for name in TRANSLATION_LATENCY}
    messages, t0 = read(run.record), run.record.t0_ns
    at = np.flatnonzero(messages.type.is_("translation") & ~messages.via.is_("callback"))
    finals = _finals(run)
    for number in at.tolist():
        recv_ns, said = int(messages.recv_ns[number]), _read(messages.raw[number])
        if said is None or t0 is None:
            continue
        named, channel, start_s, end_s, language, text = said
        ident, final_ns = finals.get((channel, _number(named)), (named, None))
        begin_s, finish_s = (float(moment) for moment in captured_s(run, [start_s, end_s]))
        delay_ms = (recv_ns - t0) / 1e6 - begin_s * 1e3
        words = len(text.split())
        wanted = len(_reference(references or {}, (ident, named), language, text).split())
        source_ms, delays = (finish_s - begin_s) * 1e3, [delay_ms] * words
        good = words > 0 and source_ms > 0
        row = {
            "channel": channel,
            "utterance_id": ident,
            "language": language,
            "start_s": start_s,
            "end_s": end_s,
            "words": words,
            "recv_ns": recv_ns,
            "after_speech_ms": delay_ms - source_ms,
            "after_final_ms": _after(recv_ns, final_ns),
            "al_ms": average_lagging(delays, source_ms) if good else np.nan,
            "laal_ms": np.nan,
            "dal_ms": differentiable_average_lagging(delays, source_ms) if good else np.nan,
        }
        if good:
            row["laal_ms"] = length_adaptive_average_lagging(delays, source_ms, max(wanted, 1))
        for name, value in row.items():
            columns[name].append(value)
    return to_frame(columns, TRANSLATION_LATENCY)


def _checked(
    delays_ms: Sequence[float], source_ms: float, words: int | None
) -> np.ndarray[Any, np.dtype[np.float64]]:
    delays = np.asarray(delays_ms, dtype="float64")
    if not len(delays):
        raise ConfigError("A translation without words has no lag; leave it out.")
    if not (0 < source_ms < math.inf) or not np.isfinite(delays).all():
        raise ConfigError("Delays must be finite and the source longer than 0 ms.")
    if words is not None and words < 1:
        raise ConfigError("A reference translation needs at least one word.")
    return delays


def _read(raw: str) -> tuple[str, int, float, float, str, str] | None:
    """Id, channel, start, end, language and text of a translation; None when it failed."""
    try:
        data = json.loads(raw)["data"]
        utterance, translated = data["utterance"], data["translated_utterance"]
        start_s, end_s = float(utterance["start"]), float(utterance["end"])
        channel = int(utterance.get("channel") or 0)
        language = data.get("target_language") or translated.get("language") or ""
        texts = (data.get("utterance_id", data.get("id", "")), language, translated["text"])
        ident, language, text = (writable(str(value)) for value in texts)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return None
    # Of no time of this audio, or no channel of it.
    if not (abs(start_s) <= LONGEST_S and abs(end_s) <= LONGEST_S and 0 <= channel < 64):
        return None
    return ident, channel, start_s, end_s, language, text


def _finals(run: RunData) -> dict[tuple[int, str], tuple[str, int]]:
    """Id and arrival of the final of each utterance, by channel and number."""
    frame = run.utterances[run.utterances["is_final"]]
    rows = zip(frame["channel"], frame["utterance_id"], frame["final_ns"], strict=True)
    return {(channel, _number(ident)): (ident, int(final_ns)) for channel, ident, final_ns in rows}


def _number(ident: str) -> str:
    """An add-on may name the utterance `00_00000003`, or `00-00000003`, just `3`."""
    tail = ident.replace("-", "_").rpartition("_")[2]
    return (tail.lstrip("0") or "0") if tail.isdecimal() else ident


def _reference(
    references: Mapping[tuple[str, str], str], idents: Sequence[str], language: str, text: str
) -> str:
    """The reference under the first of the names that has one, else the text itself."""
    return next(
        (references[ident, language] for ident in idents if (ident, language) in references), text
    )


def _after(recv_ns: int, final_ns: int | None) -> float:
    return np.nan if final_ns is None else (recv_ns - final_ns) / 1e6
