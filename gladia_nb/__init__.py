"""See and measure live transcription: Gladia live speech-to-text in Jupyter.

    import gladia_nb as gn

    run = gn.transcribe("data/conversation.flac", endpointing=0.3)
    run.messages                 # every message, one row each
    gn.latency_table(run)        # partial versus final
    gn.plot_overview(run)

Without an API key it talks to an embedded, compatible server with a real recogniser; with
`GLADIA_API_KEY` set, to Gladia. Names are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gladia_nb.audio import Audio, read_audio
    from gladia_nb.client import GladiaClient
    from gladia_nb.config import PRESETS, SessionConfig
    from gladia_nb.direct import DirectLive, start_direct
    from gladia_nb.errors import (
        ApiError,
        AudioError,
        AuthenticationError,
        ConfigError,
        GladiaNbError,
        LimitError,
        NotFoundError,
        RunFileError,
        ServerError,
        SessionError,
        UnreachableError,
        WorkerError,
    )
    from gladia_nb.handle import Live
    from gladia_nb.live import LiveAudio
    from gladia_nb.local_microphone import LocalMicrophone, record_audio
    from gladia_nb.metrics import (
        ack_delays,
        audio_audit,
        cadence,
        callback_delays,
        check_latencies,
        corrections,
        cursor_lag,
        ending,
        error_delay,
        latency_table,
        match_rate,
        message_audit,
        pacing,
        pings,
        speech_spans,
        stability_summary,
        summary,
        translation_latency,
        vitals,
        warm_up,
        wer_at,
        word_alignment,
        word_errors,
        word_states,
        word_times,
    )
    from gladia_nb.metrics.compare import compare
    from gladia_nb.metrics.latency import latency
    from gladia_nb.metrics.stability import stability
    from gladia_nb.metrics.startup import startup
    from gladia_nb.metrics.stream import stream
    from gladia_nb.metrics.updates import updates
    from gladia_nb.metrics.verdict import health, verdict
    from gladia_nb.metrics.waterfall import waterfall
    from gladia_nb.plots import (
        plot_comparison,
        plot_error_delay,
        plot_final_waterfall,
        plot_flicker,
        plot_health,
        plot_latency_ecdf,
        plot_latency_histogram,
        plot_overview,
        plot_partial_alignment,
        plot_staircase,
        plot_timeline,
        plot_wer_at,
        plot_word_latency,
    )
    from gladia_nb.process import shutdown
    from gladia_nb.receiver import CallbackReceiver
    from gladia_nb.reporting import report
    from gladia_nb.run import Run, load
    from gladia_nb.runner import start, transcribe
    from gladia_nb.samples import sample
    from gladia_nb.server.local import LocalServer
    from gladia_nb.widgets.lab import Lab
    from gladia_nb.widgets.microphone import Microphone

__version__ = "0.1.0"

_HOMES = {
    "gladia_nb.audio": ("Audio", "read_audio"),
    "gladia_nb.client": ("GladiaClient",),
    "gladia_nb.config": ("PRESETS", "SessionConfig"),
    "gladia_nb.errors": (
        "ApiError",
        "AudioError",
        "AuthenticationError",
        "ConfigError",
        "GladiaNbError",
        "LimitError",
        "NotFoundError",
        "RunFileError",
        "ServerError",
        "SessionError",
        "UnreachableError",
        "WorkerError",
    ),
    "gladia_nb.direct": ("DirectLive", "start_direct"),
    "gladia_nb.handle": ("Live",),
    "gladia_nb.live": ("LiveAudio",),
    "gladia_nb.local_microphone": ("LocalMicrophone", "record_audio"),
    "gladia_nb.process": ("shutdown",),
    "gladia_nb.metrics": (
        "ack_delays",
        "audio_audit",
        "cadence",
        "callback_delays",
        "check_latencies",
        "compare",
        "corrections",
        "cursor_lag",
        "ending",
        "error_delay",
        "health",
        "latency",
        "latency_table",
        "match_rate",
        "message_audit",
        "pacing",
        "pings",
        "speech_spans",
        "stability",
        "stability_summary",
        "startup",
        "stream",
        "summary",
        "translation_latency",
        "updates",
        "verdict",
        "vitals",
        "warm_up",
        "waterfall",
        "wer_at",
        "word_alignment",
        "word_errors",
        "word_states",
        "word_times",
    ),
    "gladia_nb.plots": (
        "plot_comparison",
        "plot_error_delay",
        "plot_final_waterfall",
        "plot_flicker",
        "plot_health",
        "plot_latency_ecdf",
        "plot_latency_histogram",
        "plot_overview",
        "plot_partial_alignment",
        "plot_staircase",
        "plot_timeline",
        "plot_wer_at",
        "plot_word_latency",
    ),
    "gladia_nb.reporting": ("report",),
    "gladia_nb.receiver": ("CallbackReceiver",),
    "gladia_nb.run": ("Run", "load"),
    "gladia_nb.runner": ("start", "transcribe"),
    "gladia_nb.samples": ("sample",),
    "gladia_nb.server.local": ("LocalServer",),
    "gladia_nb.widgets.lab": ("Lab",),
    "gladia_nb.widgets.microphone": ("Microphone",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "PRESETS",
    "ApiError",
    "Audio",
    "AudioError",
    "AuthenticationError",
    "CallbackReceiver",
    "ConfigError",
    "DirectLive",
    "GladiaClient",
    "GladiaNbError",
    "Lab",
    "LimitError",
    "Live",
    "LiveAudio",
    "LocalMicrophone",
    "LocalServer",
    "Microphone",
    "NotFoundError",
    "Run",
    "RunFileError",
    "ServerError",
    "SessionConfig",
    "SessionError",
    "UnreachableError",
    "WorkerError",
    "ack_delays",
    "audio_audit",
    "cadence",
    "callback_delays",
    "check_latencies",
    "compare",
    "corrections",
    "cursor_lag",
    "ending",
    "error_delay",
    "health",
    "latency",
    "latency_table",
    "load",
    "match_rate",
    "message_audit",
    "pacing",
    "pings",
    "plot_comparison",
    "plot_error_delay",
    "plot_final_waterfall",
    "plot_flicker",
    "plot_health",
    "plot_latency_ecdf",
    "plot_latency_histogram",
    "plot_overview",
    "plot_partial_alignment",
    "plot_staircase",
    "plot_timeline",
    "plot_wer_at",
    "plot_word_latency",
    "read_audio",
    "record_audio",
    "report",
    "sample",
    "shutdown",
    "speech_spans",
    "stability",
    "stability_summary",
    "start",
    "start_direct",
    "startup",
    "stream",
    "summary",
    "transcribe",
    "translation_latency",
    "updates",
    "verdict",
    "vitals",
    "warm_up",
    "waterfall",
    "wer_at",
    "word_alignment",
    "word_errors",
    "word_states",
    "word_times",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'gladia_nb' has no attribute {name!r}")
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
