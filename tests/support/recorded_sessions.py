"""A session with all that there is, as it was recorded, and what a session of its replay heard."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

import gladia_nb as gn
from tests.support.server_helpers import ALL

RATE = 16000
SECONDS = 3.0


def _words(text: str, start: float) -> list[dict[str, Any]]:
    return [
        {
            "word": w,
            "start_s": round(start + 0.25 * k, 3),
            "end_s": round(start + 0.25 * k + 0.2, 3),
        }
        for k, w in enumerate(text.split())
    ]


FIRST, SECOND, THIRD = (
    _words("good morning all", 0.2),
    _words("how are you", 1.5),
    _words("very well thanks indeed", 1.7),
)
SCRIPT = {
    "utterances": [
        {
            "words": FIRST,
            "translations": {"fr": "bonjour"},
            "entities": [{"entity_type": "TIME", "text": "morning", "start": 0.45, "end": 0.65}],
            "sentiments": [{"sentiment": "positive"}],
        },
        {"words": SECOND},
        {"words": THIRD, "channel": 1},
    ],
    "delay": {"uniform": [0.01, 0.12]},
    "seed": 2,
}
REFERENCE = [{**w, "channel": 0} for w in (*FIRST, *SECOND)] + [{**w, "channel": 1} for w in THIRD]
CONFIG: dict[str, Any] = {
    "sample_rate": RATE,
    "channels": 2,
    "endpointing": 0.3,
    "realtime_processing": {
        "translation": True,
        "translation_config": {"target_languages": ["fr"]},
        "named_entity_recognition": True,
        "sentiment_analysis": True,
    },
    "post_processing": {"summarization": True},
    "messages_config": ALL,
}
SILENCE = np.zeros((round(SECONDS * RATE), 2))


def session(server: gn.LocalServer, path: Path | None = None, **more: Any) -> gn.Run:
    """A session with the configuration of the recorded one."""
    options = {"speed": 2, "reference": REFERENCE, **CONFIG, **more}
    source = options.pop("source", (SILENCE, RATE))
    return gn.transcribe(source, server=server, path=path, progress=False, **options)


def record_session(path: Path, *, callbacks: bool = True) -> gn.Run:
    """Two channels, all add-ons, callbacks, and a connection that breaks."""
    drop = ["drop:at_byte=80000"]
    with gn.LocalServer(engine="scripted", script=SCRIPT, faults=drop) as server:
        return session(server, path, callbacks=callbacks)


def said(run: gn.Run, via: str = "websocket") -> list[str]:
    """What the service said of itself, without names and moments; no acknowledgements."""
    texts = [event["raw"] for event in run.record.of("message") if event["via"] == via]
    return plain(texts, run.session_id or "")


def plain(texts: list[str], session_id: str) -> list[str]:
    """Messages without the name of the session, moments and acknowledgements."""
    found = [re.sub(r'"created_at":"[^"]*"', '"created_at":""', text) for text in texts]
    return [text.replace(session_id, "ID") for text in found if not _acknowledges(text)]


def _acknowledges(text: str) -> bool:
    message = json.loads(text)
    return "acknowledged" in message.get("payload", message)
