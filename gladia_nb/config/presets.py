"""Where to begin, by use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["PRESETS"]

#: Gladia's recommended starting points, by use. Sources: "Recommended parameters" of its
#: documentation, which names ranges; the middle of a range is taken.
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "voice_agent": {
            "endpointing": 0.08,
            "maximum_duration_without_endpointing": 15,
            "messages_config": {"receive_partial_transcripts": True},
        },
        "meeting": {
            "endpointing": 0.4,
            "maximum_duration_without_endpointing": 15,
        },
        "call_centre": {
            "endpointing": 0.3,
            "maximum_duration_without_endpointing": 15,
        },
        "captions": {
            "endpointing": 0.3,
            "maximum_duration_without_endpointing": 5,
            "messages_config": {"receive_partial_transcripts": True},
        },
    }
)
