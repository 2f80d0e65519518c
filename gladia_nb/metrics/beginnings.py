"""What it takes to begin: the request, the connections, the first seconds; pings and round trips.

None of it belongs to the latency of a transcript; it is paid once, and is reported apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.clusters import utterance_clusters
from gladia_nb.metrics.base.intervals import quantiles
from gladia_nb.metrics.latencies import CLOCKS, latency_part
from gladia_nb.record.columns import read
from gladia_nb.record.data import RunData
from gladia_nb.record.file import Event
from gladia_nb.record.schema import Schema, to_frame

__all__ = [
    "ACK_DELAYS",
    "PINGS",
    "STARTUP",
    "WARM_UP",
    "ack_delays",
    "pings",
    "startup",
    "warm_up",
]

#: One row a phase of the request that opens a session, and of each connection.
STARTUP: Schema = MappingProxyType(
    {
        "step": "str",  # init: POST /v2/live; connect: the WebSocket; first: see phase
        "connection": "Int64",  # from 1; missing for init
        "phase": "str",  # dns, tcp_tls, http, upgrade, total; of first: acknowledgement, transcript
        "start_ns": "Int64",  # missing where only the duration was recorded
        "duration_ms": "float64",
        "error": "str",  # why the connection failed; missing when it did not
    }
)

#: One row a ping.
PINGS: Schema = MappingProxyType(
    {
        "send_ns": "int64",
        "at_s": "float64",  # sent, since audio position 0 was spoken
        "rtt_ms": "float64",  # pong - ping; NaN: no answer came before the next ping
        "answered": "bool",
    }
)

#: One row a chunk that was sent, each time that it was.
ACK_DELAYS: Schema = MappingProxyType(
    {
        "seq": "int64",
        "connection": "int64",
        "resend": "bool",
        "end_s": "float64",  # audio time behind its last sample
        "sent_s": "float64",  # end of sending, since audio position 0 was spoken
        "ack_s": "float64",  # first acknowledgement that covers it; NaN: none did
        "ack_ms": "float64",  # acknowledgement - end of sending, signed; NaN: none came
        "acknowledged": "bool",
    }
)

#: One row a measure and anchor.
WARM_UP: Schema = MappingProxyType(
    {
        "name": "str",
        "anchor": "str",
        "first_s": "float64",  # audio up to here is the beginning
        "n_first": "int64",  # samples of the beginning, those that never came included
        "n_rest": "int64",
        "first_p50_ms": "float64",  # inf: among those that never came
        "rest_p50_ms": "float64",
        "difference_ms": "float64",  # first - rest: what the beginning costs
    }
)


def startup(run: RunData) -> pd.DataFrame:
    """The steps that open a session, by phase, on the monotonic clock of the client.

    * `init`: `POST /v2/live`. Phases `dns` (the name's resolution), `tcp_tls` (the connection, with
      its TLS handshake), `http` (all the rest: request, service, answer), and `total`.
    * `connect`: each opening of the WebSocket, failed ones with their `error`. Phases `dns`,
      `tcp_tls`, `upgrade` (all the rest: HTTP upgrade to WebSocket), and `total`.
    * `first`: from audio position 0 to the first `acknowledgement` and the first `transcript` with
      a text. The latter contains leading silence and the time to speak a word.

    `total` is the sum of the other phases of its step. A connection that was taken over from an
    earlier request has neither `dns` nor `tcp_tls`: it was not resolved and opened again.

    Returns:
        Columns in `STARTUP`, in the order of time. A step that was not recorded has no rows.

    Example:
        `startup(run).query("phase == 'total'")[["step", "connection", "duration_ms"]]`
    """
    rows: list[dict[str, Any]] = []
    for event in run.record.of("init"):
        rows += _step("init", None, "http", event)
    for event in run.record.of("connect"):
        rows += _step("connect", event["connection"], "upgrade", event)
    rows += _first(run)
    return to_frame({name: [row[name] for row in rows] for name in STARTUP}, STARTUP)


def _step(step: str, connection: int | None, rest: str, event: Event) -> Iterator[dict[str, Any]]:
    total_ms = (event["end_ns"] - event["start_ns"]) / 1e6
    dns_ms = event.get("dns_ms", 0.0)
    # What a tracer of connections calls "connect" begins before the name is resolved.
    opened_ms = event["connect_ms"] - dns_ms if "connect_ms" in event else event.get("tcp_ms", 0.0)
    phases = {
        "dns": dns_ms if "dns_ms" in event else None,
        "tcp_tls": opened_ms if {"connect_ms", "tcp_ms"} & set(event) else None,
        rest: total_ms - dns_ms - opened_ms,
        "total": total_ms,
    }
    for phase, duration_ms in phases.items():
        if duration_ms is not None:
            yield {
                "step": step,
                "connection": connection,
                "phase": phase,
                "start_ns": event["start_ns"] if phase == "total" else None,
                "duration_ms": duration_ms,
                "error": event.get("error"),
            }


def _first(run: RunData) -> Iterator[dict[str, Any]]:
    messages, t0 = read(run.record), run.record.t0_ns
    transcripts = np.flatnonzero(messages.type.is_("transcript")).tolist()
    firsts = {
        "acknowledgement": iter(np.flatnonzero(messages.acknowledged.value).tolist()),
        "transcript": (k for k in transcripts if (messages.text[k] or "").strip()),
    }
    for phase, found in firsts.items():
        number = next(found, None)
        if t0 is not None and number is not None:
            at_ns, connection = int(messages.recv_ns[number]), messages.connection
            yield {
                "step": "first",
                "connection": None if connection.missing[number] else int(connection.value[number]),
                "phase": phase,
                "start_ns": t0,
                "duration_ms": (at_ns - t0) / 1e6,
                "error": None,
            }


def pings(run: RunData) -> pd.DataFrame:
    """Round trips of WebSocket pings, over time.

    A ping is answered by whoever holds the connection, which may be a proxy before the service. It
    is never subtracted from a latency.

    Returns:
        Columns in `PINGS`, in the order of sending; no rows when nobody pinged.
    """
    events, t0 = run.record.of("ping"), run.record.t0_ns
    stamps = [(event["send_ns"], event["recv_ns"]) for event in events]
    columns = {
        "send_ns": [event["send_ns"] for event in events],
        "at_s": [np.nan if t0 is None else (event["send_ns"] - t0) / 1e9 for event in events],
        "rtt_ms": [np.nan if recv is None else (recv - send) / 1e6 for send, recv in stamps],
        "answered": [recv is not None for _, recv in stamps],
    }
    return to_frame(columns, PINGS)


def ack_delays(run: RunData) -> pd.DataFrame:
    """From the end of sending each chunk to its acknowledgement, over time.

    It holds the round trip and what waits inside the service: where it grows while the pings do
    not, the service falls behind. It is not a latency of transcripts. A chunk that was sent again
    has a row for each sending; an acknowledgement covers all audio up to its end, so that it may
    come before a chunk was sent again, and the delay is then negative.

    Returns:
        Columns in `ACK_DELAYS`, in the order of sending. Without acknowledgements (they can be
        switched off) every row has `acknowledged` false.
    """
    chunks, t0 = run.chunks.sort_values("send_start_ns", kind="stable"), run.record.t0_ns
    origin = 0 if t0 is None else t0
    columns = {
        **{name: chunks[name].array for name in ("seq", "connection", "resend", "end_s")},
        "sent_s": _seconds(chunks["send_end_ns"], origin),
        "ack_s": _seconds(chunks["ack_ns"], origin),
        "ack_ms": chunks["ack_ms"].array,
        "acknowledged": chunks["ack_ns"].notna().array,
    }
    return to_frame(columns, ACK_DELAYS)


def _seconds(stamps: pd.Series, origin: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Stamps as seconds since `origin`; NaN for missing ones."""
    found = np.full(len(stamps), np.nan)
    known = stamps.notna().to_numpy()
    found[known] = (stamps[known].astype("int64").to_numpy() - origin) / 1e9
    return found


_LOOKED_AT = ["name", "anchor", "run", "channel", "utterance_id", "reference"]
_LOOKED_AT += ["anchor_s", "latency_ms"]


def warm_up(
    source: RunData | pd.DataFrame, *, first_s: float = 10.0, clock: str = "send"
) -> pd.DataFrame:
    """Latency of the beginning against that of the rest.

    Services load and adapt; whoever leaves out the beginning must say so and show both numbers. One
    run tells little about it: compare several. Finals that did not wait for the end of speech
    (triggers `stop`, `max_duration` and `resume`) are left out of the latency of utterances.

    Args:
        source: a run, or its rows of `latency`.
        first_s: audio whose words and utterances are the beginning, seconds.
        clock: `send` or `capture`; see `latency`.

    Returns:
        Columns in `WARM_UP`, one row a measure and anchor that has samples on both sides, and a
        median that came on one of them at least.

    Raises:
        ConfigError: `first_s` is not positive, or there is no such clock.

    Example:
        `warm_up(run, first_s=5)[["name", "difference_ms"]]`
    """
    if not 0 < first_s < np.inf:
        raise ConfigError(f"first_s of warm_up must be positive, in seconds (got {first_s}).")
    is_known = clock in CLOCKS
    if isinstance(source, pd.DataFrame):
        rows = source
        is_known = not len(rows) or bool((rows["clock"] == clock).any())
    else:
        rows = latency_part(source, clocks=[clock])
    if not is_known:
        raise ConfigError(f"There is no clock {clock!r}; there are send and capture.")
    on_clock = (rows["clock"] == clock).to_numpy(dtype=bool)
    columns: dict[str, list[Any]] = {name: [] for name in WARM_UP}
    forced = (rows["unit"] == "utterance") & (rows["milestone"] == "final")
    forced &= rows["trigger"].isin(["stop", "max_duration", "resume"])
    # Hours of words have millions of rows: what is not looked at is not copied.
    rows = rows.loc[on_clock & rows["anchor_clock_s"].notna() & ~forced, _LOOKED_AT]
    for (name, anchor), group in rows.groupby(["name", "anchor"], sort=False):
        early = group["anchor_s"] <= first_s
        if early.all() or not early.any():
            continue
        first, rest = (
            quantiles(part["latency_ms"], utterance_clusters(part), (0.5,)).points[0]
            for part in (group[early], group[~early])
        )
        if np.isinf(first) and np.isinf(rest):
            continue
        row = {
            "name": name,
            "anchor": anchor,
            "first_s": first_s,
            "n_first": int(early.sum()),
            "n_rest": int((~early).sum()),
            "first_p50_ms": first,
            "rest_p50_ms": rest,
            "difference_ms": first - rest,
        }
        for column, value in row.items():
            columns[column].append(value)
    return to_frame(columns, WARM_UP)
