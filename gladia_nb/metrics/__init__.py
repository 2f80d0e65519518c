"""What the frames of a run mean: latency, accuracy, health, with intervals.

Pure functions, frames in, frames out; definitions and sources are in the docstrings. Nothing here
opens a connection or draws.
"""

from gladia_nb.metrics.accuracy import (
    WORD_ALIGNMENT,
    WORD_ERRORS,
    word_alignment,
    word_errors,
)
from gladia_nb.metrics.audit import (
    AUDIO_AUDIT,
    CALLBACK_DELAYS,
    MESSAGE_AUDIT,
    audio_audit,
    audit_note,
    callback_delays,
    message_audit,
)
from gladia_nb.metrics.base.intervals import Quantiles, Ratio, quantiles, ratio, share
from gladia_nb.metrics.base.shown import Shown, screen
from gladia_nb.metrics.base.text import NORMALISER, NORMALISERS, normalise
from gladia_nb.metrics.beginnings import (
    ACK_DELAYS,
    PINGS,
    STARTUP,
    WARM_UP,
    ack_delays,
    pings,
    startup,
    warm_up,
)
from gladia_nb.metrics.breakdown import ENDING, WATERFALL, ending, waterfall
from gladia_nb.metrics.changes import UPDATES, liveliest, updates
from gladia_nb.metrics.checks import HEALTH, Verdict, check_latencies, health, verdict
from gladia_nb.metrics.comparison import COMPARISON, compare
from gladia_nb.metrics.curves import COVERAGE, coverage
from gladia_nb.metrics.deadline import ERROR_DELAY, WER_AT, error_delay, wer_at
from gladia_nb.metrics.definitions import DEFINITIONS, GLOSSARY, field_name, glossary, latency_label
from gladia_nb.metrics.endpoints import (
    ENDPOINTING,
    ENDPOINTING_CUTS,
    endpointing,
    endpointing_cuts,
)
from gladia_nb.metrics.history import WORD_STATES, word_states
from gladia_nb.metrics.instability import (
    CORRECTIONS,
    STABILITY,
    STABILITY_SUMMARY,
    corrections,
    stability,
    stability_summary,
)
from gladia_nb.metrics.keeping_up import (
    CADENCE,
    CURSOR_LAG,
    STREAM,
    Slope,
    cadence,
    cursor_lag,
    slope,
    stream,
)
from gladia_nb.metrics.latencies import (
    ANCHORS,
    CLOCKS,
    LATENCY,
    latency,
    latency_part,
    run_anchor,
)
from gladia_nb.metrics.passages import NETWORK_DELAYS, network_delays
from gladia_nb.metrics.stopwatch import PACING, VITALS, pacing, vitals
from gladia_nb.metrics.summaries import (
    LATENCY_TABLE,
    SUMMARY,
    ecdf,
    how_compared,
    latency_table,
    matched_words,
    summary,
)
from gladia_nb.metrics.traffic import TRAFFIC, compare_traffic
from gladia_nb.metrics.translation import (
    TRANSLATION_LATENCY,
    average_lagging,
    differentiable_average_lagging,
    length_adaptive_average_lagging,
    translation_latency,
)
from gladia_nb.metrics.turn_taking import TURN_GAP_S, TURNS, turns
from gladia_nb.metrics.vad import SPEECH, speech_spans
from gladia_nb.metrics.words import MATCH_RATE, WORD_TIMES, match_rate, word_times

__all__ = [
    "ACK_DELAYS",
    "ANCHORS",
    "AUDIO_AUDIT",
    "CADENCE",
    "CALLBACK_DELAYS",
    "CLOCKS",
    "COMPARISON",
    "CORRECTIONS",
    "COVERAGE",
    "CURSOR_LAG",
    "DEFINITIONS",
    "ENDING",
    "ENDPOINTING",
    "ENDPOINTING_CUTS",
    "ERROR_DELAY",
    "GLOSSARY",
    "HEALTH",
    "LATENCY",
    "LATENCY_TABLE",
    "MATCH_RATE",
    "MESSAGE_AUDIT",
    "NETWORK_DELAYS",
    "NORMALISER",
    "NORMALISERS",
    "PACING",
    "PINGS",
    "SPEECH",
    "STABILITY",
    "STABILITY_SUMMARY",
    "STARTUP",
    "STREAM",
    "SUMMARY",
    "TRAFFIC",
    "TRANSLATION_LATENCY",
    "TURNS",
    "TURN_GAP_S",
    "UPDATES",
    "VITALS",
    "WARM_UP",
    "WATERFALL",
    "WER_AT",
    "WORD_ALIGNMENT",
    "WORD_ERRORS",
    "WORD_STATES",
    "WORD_TIMES",
    "Quantiles",
    "Ratio",
    "Shown",
    "Slope",
    "Verdict",
    "ack_delays",
    "audio_audit",
    "audit_note",
    "average_lagging",
    "cadence",
    "callback_delays",
    "check_latencies",
    "compare",
    "compare_traffic",
    "corrections",
    "coverage",
    "cursor_lag",
    "differentiable_average_lagging",
    "ecdf",
    "ending",
    "endpointing",
    "endpointing_cuts",
    "error_delay",
    "field_name",
    "glossary",
    "health",
    "how_compared",
    "latency",
    "latency_label",
    "latency_part",
    "latency_table",
    "length_adaptive_average_lagging",
    "liveliest",
    "match_rate",
    "matched_words",
    "message_audit",
    "network_delays",
    "normalise",
    "pacing",
    "pings",
    "quantiles",
    "ratio",
    "run_anchor",
    "screen",
    "share",
    "slope",
    "speech_spans",
    "stability",
    "stability_summary",
    "startup",
    "stream",
    "summary",
    "translation_latency",
    "turns",
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
