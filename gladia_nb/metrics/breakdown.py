"""Where the latency of a final goes, and what the end of a session takes.

Every part begins where the one before it ends, in whole nanoseconds: the parts sum up to the whole
exactly, and none is clamped. A negative part is one: an event came before the one that should have
caused it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from gladia_nb.metrics.base.clocks import sent_s
from gladia_nb.metrics.base.placing import NEVER_NS, moment
from gladia_nb.metrics.latencies import speech_ends
from gladia_nb.metrics.passages import came_ns, reached_ns
from gladia_nb.record.columns import read
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["ENDING", "WATERFALL", "ending", "waterfall"]

#: One row a part of the latency of a final.
WATERFALL: Schema = MappingProxyType(
    {
        "channel": "int64",
        "utterance_id": "str",
        "trigger": "str",  # endpoint, max_duration, stop, resume; missing when it cannot be told
        "anchor": "str",  # who says when speech ended: the reference, or the service itself
        "anchor_s": "float64",  # audio time of the end of speech
        "part": "str",  # sending, uplink, endpointing, vad, waiting, flush, decoding, downlink
        "start_ns": "int64",
        "end_ns": "int64",
        "duration_ns": "int64",  # end - start, signed
        "duration_ms": "float64",
        "total_ns": "int64",  # arrival of the final - end of speech as it was spoken
    }
)

#: One row a step of the end of a session.
ENDING: Schema = MappingProxyType(
    {
        "step": "str",  # flush, post_processing, closing, result, total
        "start_ns": "int64",
        "end_ns": "int64",
        "duration_ms": "float64",  # signed
    }
)


def waterfall(run: RunData) -> pd.DataFrame:
    """The latency of each final, from the end of speech to its arrival, by its parts.

    Speech ended at the end of the last reference word of the utterance, where the run has a
    reference and it has such words, else where the service says that the utterance ended; the
    whole is counted from when that moment was spoken (capture clock). Parts:

    * `sending`: until the chunk that holds the end of speech began to be sent: the wait for the
      chunk to fill, and lateness of the client. It is left out, and counted to the next part, when
      that audio was never sent.
    * `uplink` and `downlink`: of a run with a network of one's choice, what that really held up:
      the chunk with the end of speech on its way to the service, and the final on its way back.
      Events that parts end with are then dated when they left the service, before that network.
    * For finals with the trigger `endpoint`: `endpointing`, the silence that was configured to be
      waited for; `vad`, from there to the arrival of the `speech_end` event: voice activity
      detection, its error about the end of speech, and the network; `decoding`, from there to the
      arrival of the final. Where no `speech_end` was received all is `decoding` that is not
      `endpointing`.
    * For finals with the trigger `stop`: `waiting`, until the stop was sent, and `flush`, from
      there to the final. Endpointing played no part.
    * For all others: `decoding`, all the rest. A final that was forced (`max_duration`) did not
      wait for the end of speech, and one after a lost connection (`resume`) includes the recovery.

    Do not pool finals of different triggers.

    Returns:
        Columns in `WATERFALL`, by utterance and in the order of the parts; no rows without finals.
        A final whose end of speech nobody says has no rows.

    Example:
        `waterfall(run).query("trigger == 'endpoint'").groupby("part")["duration_ms"].median()`
    """
    columns: dict[str, list[Any]] = {name: [] for name in WATERFALL}
    t0 = run.record.t0_ns
    finals = _anchored(run)
    spoken = moment(run, finals["anchor_s"])
    # Of live audio that was never sent nobody knows when it was spoken.
    known = spoken != NEVER_NS
    finals, spoken = finals[known], spoken[known]
    if t0 is None or not len(finals):
        return to_frame(columns, WATERFALL)
    sent = sent_s(run, finals["anchor_s"])
    wait_ns = round(float(run.config.get("endpointing", 0.05)) * 1e9)
    stop_ns = _stop_ns(run)
    for k, row in enumerate(finals.to_dict("records")):
        marks = [("", int(spoken[k]))]
        if not np.isnan(sent[k]):
            marks.append(("sending", t0 + round(sent[k] * 1e9)))
            if (reached := reached_ns(run, marks[-1][1])) is not None:
                marks.append(("uplink", reached))
        marks += _marks(run, row, (marks[-1][1], wait_ns), stop_ns)
        for (_, start_ns), (part, end_ns) in pairwise(marks):
            values = {
                **{n: row[n] for n in ("channel", "utterance_id", "anchor", "anchor_s")},
                "trigger": row["trigger"] if isinstance(row["trigger"], str) else None,
                "part": part,
                "start_ns": start_ns,
                "end_ns": end_ns,
                "duration_ns": end_ns - start_ns,
                "duration_ms": (end_ns - start_ns) / 1e6,
                "total_ns": marks[-1][1] - marks[0][1],
            }
            for name, value in values.items():
                columns[name].append(value)
    return to_frame(columns, WATERFALL)


def _anchored(run: RunData) -> pd.DataFrame:
    """Finals with the end of their speech, of the reference where it has one."""
    utterances = run.utterances
    utterances = utterances[utterances["is_final"]]
    names = ["channel", "utterance_id", "trigger", "final_ns", "speech_end_ns"]
    return utterances[names].merge(speech_ends(run))


def _marks(
    run: RunData, row: Mapping[Any, Any], silence: tuple[int, int], stop_ns: int | None
) -> Iterator[tuple[str, int]]:
    """The ends of all parts behind the way of the audio.

    Args:
        run: the run.
        row: the final.
        silence: since when, and for how long, the service waits for more speech.
        stop_ns: when the stop was sent, or None.
    """
    final_ns = int(row["final_ns"])
    left_ns = came_ns(run, final_ns)
    said_ns = final_ns if left_ns is None else left_ns
    if row["trigger"] == "stop" and stop_ns is not None:
        yield "waiting", stop_ns
        yield "flush", said_ns
    else:
        if row["trigger"] == "endpoint":
            yield "endpointing", sum(silence)
            if not pd.isna(row["speech_end_ns"]):
                heard_ns = int(row["speech_end_ns"])
                came = came_ns(run, heard_ns)
                yield "vad", heard_ns if came is None else came
        yield "decoding", said_ns
    if left_ns is not None:
        yield "downlink", final_ns


def ending(run: RunData) -> pd.DataFrame:
    """What the end of a session takes, on the monotonic clock of the client.

    * `flush`: stop sent to the last final that came. It bypasses endpointing, so that it is no
      latency of an ordinary final.
    * `post_processing`: stop sent to the last message of all.
    * `closing`: stop sent to the end of the connection.
    * `result`: request to answer of the stored result (`GET /v2/live/:id`), the last attempt.
    * `total`: stop sent to the end of the record.

    Returns:
        Columns in `ENDING`. A step of which an end was not recorded has no row: no stop was sent,
        no final came behind it, the result was not fetched.

    Example:
        `ending(run).set_index("step")["duration_ms"]`
    """
    rows: list[tuple[str, int, int]] = []
    stop_ns = _stop_ns(run)
    if stop_ns is not None:
        said = read(run.record)
        later = (said.recv_ns >= stop_ns) & ~said.via.is_("callback")
        is_final = said.type.is_("transcript") & said.is_final.value
        for step, chosen in (("flush", later & is_final), ("post_processing", later)):
            if chosen.any():
                rows.append((step, stop_ns, int(said.recv_ns[chosen].max())))
        closes = [event["ns"] for event in run.record.of("close") if event["ns"] >= stop_ns]
        if closes:
            rows.append(("closing", stop_ns, closes[-1]))
    results = run.record.of("result")
    if results:
        rows.append(("result", results[-1]["start_ns"], results[-1]["end_ns"]))
    if stop_ns is not None and run.complete:
        rows.append(("total", stop_ns, int(run.record.events[-1]["ns"])))
    columns = {
        "step": [row[0] for row in rows],
        "start_ns": [row[1] for row in rows],
        "end_ns": [row[2] for row in rows],
        "duration_ms": [(row[2] - row[1]) / 1e6 for row in rows],
    }
    return to_frame(columns, ENDING)


def _stop_ns(run: RunData) -> int | None:
    """When the stop was sent for the first time; None when it never was."""
    stamps = [e["send_end_ns"] for e in run.record.of("stop") if e["send_end_ns"] is not None]
    return stamps[0] if stamps else None
