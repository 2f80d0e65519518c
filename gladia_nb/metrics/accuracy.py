"""How many words are wrong, and which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Any

import jiwer
import numpy as np
import pandas as pd
from rapidfuzz.distance import Levenshtein

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.granularity import (
    NO_REFERENCE,
    segments_cut,
    spoken_words,
    why_no_rates,
)
from gladia_nb.metrics.base.scripts import joined
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.record.columns import read, transcripts
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["WORD_ALIGNMENT", "WORD_ERRORS", "word_alignment", "word_errors"]

#: One row a channel, and one for all together.
WORD_ERRORS: Schema = MappingProxyType(
    {
        "channel": "str",  # its number, or "all"
        "reference_words": "int64",
        "transcript_words": "int64",
        "substitutions": "int64",
        "deletions": "int64",
        "insertions": "int64",
        "wer": "float64",  # errors / reference words; NaN without reference words
        "cer": "float64",  # the same for characters, blanks between words included
        "normaliser": "str",  # what makes words equal
    }
)

#: One row a pair of words, or a word that has no partner.
WORD_ALIGNMENT: Schema = MappingProxyType(
    {
        "channel": "int64",
        "op": "str",  # equal, substitute, delete, insert
        "reference": "str",  # the word really spoken; missing for insert
        "transcript": "str",  # the word of the final; missing for delete
        "reference_start_s": "float64",  # NaN for insert, and where the reference has no words
        "reference_end_s": "float64",
        "transcript_start_s": "float64",  # NaN for delete, or when the service does not say
        "transcript_end_s": "float64",
        "utterance_id": "str",  # of the utterance; missing for delete
        "position": "Int64",  # of the word in its final
        "normaliser": "str",  # what makes words equal
    }
)


def word_errors(run: RunData, *, normaliser: Choice = "basic") -> pd.DataFrame:
    """Word and character error rate of the finals against the reference, of any granularity.

    Only what was sent counts: of a session that was stopped, the words of the reference behind its
    audio are left out (`sent_reference`), and segments that were sent in part, with what was heard
    from there on. A text of which a part was sent has no rates.

    Both sides are normalised and counted in tokens: words, numbers in words, characters of scripts
    without spaces (`metrics.base.text`). The finals of a channel are joined in the order of their
    audio and aligned with all reference words of that channel by jiwer. The last row pools all
    channels: the sum of errors over the sum of words, not the mean of rates. A channel without a
    single final is legal and has a rate of 1; a rate can exceed 1.

    Args:
        run: a run with a reference.
        normaliser: `basic` is blind to case, punctuation and how English numbers are written;
            `raw` compares what is written; `whisper` is the English normaliser that was published
            with Whisper, which also spells out contractions and unifies spellings; or a function of
            your own from a text to a text or to a list of tokens.

    Returns:
        Columns in `WORD_ERRORS`; channels in order, then "all".

    Raises:
        ConfigError: the run has no reference, or is a part of a text; there is no such normaliser,
            or it is not installed.

    Example:
        `word_errors(run, normaliser="whisper")["wer"].iloc[-1]`
    """
    choice = chosen(run, normaliser)
    reference, finals = _told(run), _final_texts(run)
    columns: dict[str, list[Any]] = {name: [] for name in WORD_ERRORS}
    totals = np.zeros(7, dtype="int64")
    for channel in sorted(set(reference["channel"]) | set(finals["channel"])):
        spoken = reference[reference["channel"] == channel].sort_values("start_s", kind="stable")
        heard = finals[finals["channel"] == channel].sort_values("start_s", kind="stable")
        tokens = [token for text in heard["text"] for token in choice.tokens(text)]
        counts = _count(choice.tokens(" ".join(spoken["word"])), tokens)
        totals += counts
        _append(columns, str(channel), counts)
    _append(columns, "all", totals)
    columns["normaliser"] = [choice.name] * len(columns["channel"])
    return to_frame(columns, WORD_ERRORS)


def word_alignment(run: RunData, *, normaliser: Choice = "basic") -> pd.DataFrame:
    """Which word of the finals stands for which word that was spoken, and when each was.

    The alignment behind the word error rate (`word_errors`): by jiwer, all tokens of a channel at
    once, blind to time. A word of several tokens has a row for each ("21" is `equal` to "twenty"
    and to "one"), and one that the normaliser makes nothing of has none. The reference may have any
    granularity; of segments or a text its words have no times of their own.

    Args:
        run: a run with a reference.
        normaliser: what makes words equal; see `word_errors`.

    Returns:
        Columns in `WORD_ALIGNMENT`, by channel and in the order of the audio.

    Raises:
        ConfigError: the run has no reference.

    Example:
        `word_alignment(run).query("op == 'substitute'")[["reference", "transcript"]]`
    """
    reference = _told(run)
    choice, words = chosen(run, normaliser), _before_cut(run, _final_words(run))
    columns: dict[str, list[Any]] = {name: [] for name in WORD_ALIGNMENT}
    for channel in sorted(set(reference["channel"]) | set(words["channel"])):
        spoken = reference[reference["channel"] == channel].sort_values("start_s", kind="stable")
        heard = words[words["channel"] == channel].sort_values("_order", kind="stable")
        for row in _aligned(_entries(spoken, choice), _entries(heard, choice)):
            columns["channel"].append(channel)
            columns["normaliser"].append(choice.name)
            for name, value in row.items():
                columns[name].append(value)
    return to_frame(columns, WORD_ALIGNMENT)


def _told(run: RunData) -> pd.DataFrame:
    """The words that were sent; no rows where there is a reference and none of it was.

    Raises:
        ConfigError: nobody knows which they were.
    """
    if run.granularity is None:
        raise ConfigError(NO_REFERENCE)
    if reason := why_no_rates(run):
        raise ConfigError(reason)
    return spoken_words(run)


def _final_texts(run: RunData) -> pd.DataFrame:
    """The finals, with what was heard behind a segment that was cut left out."""
    finals = run.utterances[run.utterances["is_final"]]
    if not segments_cut(run):
        return finals
    words = _before_cut(run, _final_words(run))
    texts = words.groupby("_order", sort=True).agg(
        channel=("channel", "first"), text=("word", " ".join)
    )
    return texts.assign(start_s=np.arange(float(len(texts))))


def _before_cut(run: RunData, words: pd.DataFrame) -> pd.DataFrame:
    """Words, without those of a segment that was sent in part, and of what is behind it."""
    for channel, cut_s in segments_cut(run).items():
        middle_s = (words["start_s"] + words["end_s"]) / 2
        words = words[(words["channel"] != channel) | ~(middle_s > cut_s)]
    return words


def _final_words(run: RunData) -> pd.DataFrame:
    """The words of the first final of each utterance, with its place in the order of the audio."""
    found, shown = read(run.record), transcripts(run.record)
    finals = np.flatnonzero(shown.is_final)
    first = np.unique(shown.utterance[finals], return_index=True)[1]
    message = shown.message[finals[first]]
    place = np.empty(len(message), dtype="int64")
    place[np.argsort(found.start_s[message], kind="stable")] = np.arange(len(message))
    order = np.full(len(found.recv_ns), -1)
    order[message] = place
    words = run.words
    words = words.assign(_order=order[words["message"].to_numpy()])
    return words[words["_order"] >= 0]


_Entry = dict[str, Any]


def _entries(words: pd.DataFrame, choice: Normaliser) -> list[tuple[str, _Entry]]:
    """Each token of the words of some texts, one behind the other, with the row that it is from."""
    rows: list[_Entry] = words.to_dict("records")  # type: ignore[assignment]
    found: list[tuple[str, _Entry]] = []
    for _, text in groupby(rows, key=lambda row: row.get("_order")):
        said = list(text)
        cut = choice.of_words([row["word"] for row in said])
        found += [(token, row) for row, tokens in zip(said, cut, strict=True) for token in tokens]
    return found


def _aligned(
    spoken: Sequence[tuple[str, _Entry]], heard: Sequence[tuple[str, _Entry]]
) -> Iterator[_Entry]:
    nothing: _Entry = {}
    if not spoken:
        # jiwer defines no alignment with an empty reference.
        for _, entry in heard:
            yield _pair("insert", nothing, entry)
        return
    found = jiwer.process_words(
        _one_text([token for token, _ in spoken]), _one_text([token for token, _ in heard])
    )
    for edit in found.alignments[0]:
        left = [entry for _, entry in spoken[edit.ref_start_idx : edit.ref_end_idx]]
        right = [entry for _, entry in heard[edit.hyp_start_idx : edit.hyp_end_idx]]
        for k in range(max(len(left), len(right))):
            yield _pair(edit.type, left[k] if left else nothing, right[k] if right else nothing)


def _pair(op: str, spoken: _Entry, heard: _Entry) -> _Entry:
    return {
        "op": op,
        "reference": spoken.get("word"),
        "transcript": heard.get("word"),
        "reference_start_s": spoken.get("start_s", np.nan),
        "reference_end_s": spoken.get("end_s", np.nan),
        "transcript_start_s": heard.get("start_s", np.nan),
        "transcript_end_s": heard.get("end_s", np.nan),
        "utterance_id": heard.get("utterance_id"),
        "position": heard.get("position"),
    }


def _one_text(tokens: Sequence[str]) -> str:
    """Tokens as jiwer takes them, which cuts a text at blanks."""
    return " ".join("\u00b7".join(token.split()) for token in tokens)


def _count(reference: Sequence[str], transcript: Sequence[str]) -> list[int]:
    """Words, transcript words, substitutions, deletions, insertions; character errors, characters.

    jiwer defines no alignment with an empty reference, where all that was heard is inserted.
    """
    n, heard = len(reference), len(transcript)
    spoken, said = joined(reference), joined(transcript)
    if not n:
        return [0, heard, 0, 0, heard, len(said), 0]
    words = jiwer.process_words(_one_text(reference), _one_text(transcript))
    edits = [words.substitutions, words.deletions, words.insertions]
    # Only the number of character errors is wanted. The hint, about five characters a wrong word,
    # spares most of the work where there are few, and cannot change the result.
    wrong = Levenshtein.distance(spoken, said, score_hint=5 * sum(edits))
    return [n, heard, *edits, wrong, len(spoken)]


def _append(columns: dict[str, list[Any]], channel: str, counts: Any) -> None:
    n, heard, substitutions, deletions, insertions, wrong, characters = map(int, counts)
    row = {
        "channel": channel,
        "reference_words": n,
        "transcript_words": heard,
        "substitutions": substitutions,
        "deletions": deletions,
        "insertions": insertions,
        "wer": (substitutions + deletions + insertions) / n if n else np.nan,
        "cer": wrong / characters if characters else np.nan,
    }
    for name, value in row.items():
        columns[name].append(value)
