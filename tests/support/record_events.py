"""Records from single events, for tests of what is read from them."""

from __future__ import annotations

import json
from typing import Any

from gladia_nb.record.file import Record

HEADER: dict[str, Any] = {"config": {"sample_rate": 16000}, "reference": None}


def record(*events: dict[str, Any], **config: Any) -> Record:
    header = {**HEADER, "config": {**HEADER["config"], **config}}
    return Record(header, ({"event": "audio_start", "t0_ns": 1_000}, *events))


def message(body: Any, recv_ns: int = 2_000_001_000) -> dict[str, Any]:
    raw = body if isinstance(body, str) else json.dumps(body)
    return {"event": "message", "recv_ns": recv_ns, "connection": 1, "via": "websocket", "raw": raw}
