"""Kinds of events that tell how sound was captured: its holes, its clock, its device."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from gladia_nb.record.event_fields import (
    Count,
    Difference,
    Measured,
    Offset,
    RecordEvent,
    Said,
    Stamp,
)

__all__ = ["ClockEvent", "DeviceEvent", "GapEndEvent", "GapEvent"]


class ClockEvent(RecordEvent, tag="clock", frozen=True):
    """How another clock is mapped to ours from now on.

    Attributes:
        ns: when that was estimated.
        name: whose clock.
        offset_ns: it minus ours.
        uncertainty_ns: half the width of what is possible.
        n: exchanges that were used.
    """

    ns: Stamp
    name: str
    offset_ns: Offset
    uncertainty_ns: Measured
    n: Count


class DeviceEvent(RecordEvent, tag="device", frozen=True, kw_only=True):
    """What live audio comes from, as far as its host says.

    Attributes:
        ns: when that was told.
        sample_rate: hertz of what is recorded.
        label: its name.
        capture: how a browser captured: `track` (read as the device delivers it) or `worklet` (in
            the browser's audio graph).
        device_rate: hertz of the device itself.
        device_channels: its channels.
        latency_s: of the device.
        base_latency_s: of the host's audio graph, where that captures.
        echo_cancellation: whether, or how, its host takes out echoes.
        noise_suppression: whether its host takes out noise.
        auto_gain_control: whether its host changes the gain.
    """

    ns: Stamp
    sample_rate: Measured | UnsetType = UNSET
    label: str | UnsetType = UNSET
    capture: str | UnsetType = UNSET
    device_rate: Said | UnsetType = UNSET
    device_channels: Said | UnsetType = UNSET
    latency_s: Said | UnsetType = UNSET
    base_latency_s: Said | UnsetType = UNSET
    echo_cancellation: Said | UnsetType = UNSET
    noise_suppression: Said | UnsetType = UNSET
    auto_gain_control: Said | UnsetType = UNSET


class GapEvent(RecordEvent, tag="gap", frozen=True, kw_only=True):
    """Live audio that is not there.

    Attributes:
        ns: when that was known.
        why: `paused`, `stalled`, `lost` (pieces never came), `hole` (between two pieces that
            follow each other) or `zeros` (exact zeros inside the sound, which a capture puts there
            that cannot keep up).
        at_frame: where it would be.
        captured_ns: of a pause, when the last sample before it was captured.
        pieces: of a loss, how many pieces never came.
        frames: of a loss, a hole or zeros, how many sample frames it lasted; of a loss or a hole by
            the moments around it, below 0 where these are closer to each other than the sound
            between them is long.
    """

    ns: Stamp
    why: str
    at_frame: Count
    captured_ns: Stamp | UnsetType | None = UNSET
    pieces: Count | UnsetType = UNSET
    frames: Difference | UnsetType = UNSET


class GapEndEvent(RecordEvent, tag="gap_end", frozen=True):
    """Audio comes again after a pause or a stall; fields as in `GapEvent`."""

    ns: Stamp
    why: str
    at_frame: Count
