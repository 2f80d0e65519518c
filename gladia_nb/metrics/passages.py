"""What a network between this machine and the service really did, where a proxy made one.

The proxy copies bytes that it cannot read, and tells of each piece when it had it and when it let
it go, on the clock of the stamps. Which piece a message came in follows from the time; where many
pieces left at once, as after a stall, from their order and their sizes.
"""

from __future__ import annotations

from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.record.columns import read
from gladia_nb.record.data import RunData
from gladia_nb.record.keeping import kept, kept_frame
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["NETWORK_DELAYS", "came_ns", "network_delays", "reached_ns"]

#: One row a piece of what passed.
NETWORK_DELAYS: Schema = MappingProxyType(
    {
        "direction": "str",  # up: to the service; down: from it
        "at_s": "float64",  # when it came to the proxy, since audio position 0 was spoken
        "came_ns": "int64",  # when it came to the proxy
        "left_ns": "int64",  # when the proxy let it go
        "added_ms": "float64",  # left - came: what the network added
        "size_bytes": "int64",
    }
)

#: Pieces that left so close to each other left together.
_TOGETHER_NS = 5_000_000
Moments = npt.NDArray[np.int64]


def network_delays(run: RunData) -> pd.DataFrame:
    """What the network of a run added, piece by piece, as the proxy that made it has measured it.

    A piece is what the proxy read at once: mostly one chunk of audio, or one message, with what
    TLS adds to it. Requests and handshakes are among them.

    Returns:
        Columns in `NETWORK_DELAYS`, by the time at which each left; no rows for a run without a
        network of one's choice.

    Example:
        `network_delays(run).groupby("direction")["added_ms"].describe()`
    """
    return kept_frame(run.record, "network delays", lambda: _network_delays(run))


def _network_delays(run: RunData) -> pd.DataFrame:
    t0 = run.record.t0_ns
    rows = [
        (direction, *piece)
        for event in run.record.of("network")
        for direction in ("up", "down")
        for piece in event[direction]
    ]
    rows.sort(key=lambda row: row[2])
    came = np.array([row[1] for row in rows], dtype="int64")
    left = np.array([row[2] for row in rows], dtype="int64")
    columns = {
        "direction": [row[0] for row in rows],
        "at_s": np.full(len(rows), np.nan) if t0 is None else (came - t0) / 1e9,
        "came_ns": came,
        "left_ns": left,
        "added_ms": (left - came) / 1e6,
        "size_bytes": [row[3] for row in rows],
    }
    return to_frame(columns, NETWORK_DELAYS)


def reached_ns(run: RunData, sent_ns: int) -> int | None:
    """When the service's side had what was sent at a moment; None without a network.

    Args:
        run: the run.
        sent_ns: before it was sent.
    """
    came, left, _ = _pieces(run, "up")
    first = int(np.searchsorted(came, sent_ns, side="left"))
    if first == len(came):
        return None
    # What came at once can have left in parts.
    last = int(np.searchsorted(came, came[first], side="right")) - 1
    return int(left[last])


def came_ns(run: RunData, recv_ns: int) -> int | None:
    """When the proxy had a message from the service; None without a network.

    Args:
        run: the run.
        recv_ns: stamp of the message, as it was received.
    """
    return kept(run.record, "messages at the proxy", lambda: _came(run)).get(recv_ns)


def _pieces(run: RunData, direction: str) -> tuple[Moments, Moments, Moments]:
    """When pieces came, when they left, and their sizes."""

    def chosen() -> tuple[Moments, Moments, Moments]:
        table = network_delays(run)
        table = table[table["direction"] == direction]
        came, left, size = (
            table[name].to_numpy("int64") for name in ("came_ns", "left_ns", "size_bytes")
        )
        return came, left, size

    return kept(run.record, f"network pieces {direction}", chosen)


def _came(run: RunData) -> dict[int, int]:
    """When the proxy had each message, by its stamp."""
    came, left, size = _pieces(run, "down")
    said = read(run.record)
    over = ~said.via.is_("callback")
    stamps = np.asarray(said.recv_ns)[over]
    if not len(left) or not len(stamps):
        return {}
    lengths = np.array([len(text.encode("utf-8", "surrogatepass")) for text in _texts(run)])
    # A file from anywhere can say anything of a size.
    lengths, size = np.maximum(lengths[over], 1), np.clip(size, 1, 1 << 40)
    begins = np.flatnonzero(np.diff(left, prepend=left[0] - 2 * _TOGETHER_NS) > _TOGETHER_NS)
    bunch = np.searchsorted(left[begins], stamps, side="right") - 1
    found: dict[int, int] = {}
    for k in np.unique(bunch[bunch >= 0]):
        pieces = slice(begins[k], begins[k + 1] if k + 1 < len(begins) else len(left))
        mine = np.flatnonzero(bunch == k)
        # The share of all bytes that has come with the end of each piece, and of each message.
        passed = np.cumsum(size[pieces]) / size[pieces].sum()
        wanted = np.cumsum(lengths[mine]) / lengths[mine].sum()
        at = np.minimum(np.searchsorted(passed, wanted - 1e-9), len(passed) - 1)
        # No message comes in a piece that left after it was stamped.
        latest = np.searchsorted(left[pieces], stamps[mine], side="right") - 1
        for stamp, piece in zip(stamps[mine], np.minimum(at, latest), strict=True):
            found[int(stamp)] = int(came[pieces][piece])
    return found


def _texts(run: RunData) -> list[str]:
    return [event["raw"] for event in run.record.of("message")]
