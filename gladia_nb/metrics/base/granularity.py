"""What can be told by how finely it is known what was spoken: words, segments, or a text.

| Granularity | Known of it |
|---|---|
| `word` | everything |
| `segment` | error rates at the end; latencies of utterances, from the segments that they overlap |
| `text` | error rates at the end |

Latencies of words, their match in time, WER(tau) and the history of words need words with times.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from gladia_nb.metrics.base.sent_part import sent_reference, sent_wholly
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import REFERENCE, to_frame

__all__ = [
    "NO_REFERENCE",
    "segment_spans",
    "segments_cut",
    "spoken_words",
    "why_no_rates",
    "why_no_words",
    "withheld",
]

#: Said of a run of which nothing is known.
NO_REFERENCE = (
    "This run has no reference words to compare with. "
    "Give reference= when it is made, or put NAME.words.json beside the sound file."
)

_KNOWN = {
    "segment": "The reference of this run knows segments, and not when each word was spoken",
    "text": "The reference of this run is a text, and does not say when any of it was spoken",
}


def why_no_words(run: RunData) -> str:
    """Why a measure that needs words with times is withheld, in a sentence; "" when it is not.

    Example:
        "The reference of this run is a text, and does not say when any of it was spoken; this
        measure needs words with times."
    """
    if len(run.reference):
        return ""
    known = _KNOWN.get(run.granularity or "")
    return f"{known}; this measure needs words with times." if known else NO_REFERENCE


def withheld(run: RunData) -> str:
    """What a coarse reference cannot tell of latencies, in a sentence; "" where it can tell all.

    A run without any reference has nothing withheld: it is measured by the service's own times.
    """
    known = _KNOWN.get(run.granularity or "")
    if not known:
        return ""
    what = "Latencies of words" if run.granularity == "segment" else "All latencies"
    return f"{known}. {what} from the reference are withheld."


def why_no_rates(run: RunData) -> str:
    """Why a run with a reference has no error rates, in a sentence; "" when it has.

    Example:
        "8.6 s of 49.0 s were sent, and the reference of this run is a text: nobody knows which of
        its words were among them."
    """
    if run.granularity != "text" or sent_wholly(run).any():
        return ""
    return (
        f"{run.sent_s:.1f} s of {run.duration_s:.1f} s were sent, and the reference of this "
        "run is a text: nobody knows which of its words were among them."
    )


def spoken_words(run: RunData) -> pd.DataFrame:
    """The words that were sent, of any granularity; times are NaN where they are not known.

    Words behind the audio that was sent are left out (`sent_reference`). Words of segments follow
    each other in the order of their segments; a segment that was sent in part is left out whole.

    Returns:
        Columns in `record.schema.REFERENCE`; no rows without a reference.
    """
    if run.granularity in (None, "word"):
        return sent_reference(run)
    rows = run.spoken[sent_wholly(run)].sort_values("start_s", kind="stable")
    words = [text.split() for text in rows["text"].tolist()]
    columns = {
        "word": [word for some in words for word in some],
        "channel": np.repeat(rows["channel"].to_numpy(), list(map(len, words))),
    }
    nowhere = np.full(sum(map(len, words)), np.nan)
    unknown = [None] * len(nowhere)
    columns |= {"start_s": nowhere, "end_s": nowhere, "speaker": unknown, "sentence": unknown}
    return to_frame(columns, REFERENCE)


def segments_cut(run: RunData) -> dict[int, float]:
    """Where the first segment begins that was not sent whole, by channel; seconds.

    What was heard from there on has no partner in `spoken_words`.
    """
    if run.granularity != "segment":
        return {}
    cut = run.spoken[~sent_wholly(run)].sort_values("start_s", ascending=False)
    # Of several the first one, which is the last to be set.
    return dict(zip(cut["channel"].tolist(), cut["start_s"].tolist(), strict=True))


def segment_spans(run: RunData) -> pd.DataFrame:
    """When there were segments, by channel and time; those that overlap are one.

    Returns:
        Columns `channel`, `start_s` and `end_s`; no rows for another granularity than `segment`.
    """
    spans: list[tuple[int, float, float]] = []
    if run.granularity == "segment":
        rows = run.spoken.sort_values(["channel", "start_s", "end_s"], kind="stable")
        names = ("channel", "start_s", "end_s")
        for channel, start_s, end_s in zip(*(rows[name] for name in names), strict=True):
            if spans and spans[-1][0] == channel and start_s < spans[-1][2]:
                spans[-1] = (channel, spans[-1][1], max(end_s, spans[-1][2]))
            else:
                spans.append((channel, start_s, end_s))
    return pd.DataFrame(spans, columns=["channel", "start_s", "end_s"]).astype(
        {"channel": "int64", "start_s": "float64", "end_s": "float64"}
    )
