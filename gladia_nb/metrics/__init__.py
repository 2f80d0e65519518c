"""What the frames of a run mean: latency, accuracy, health, with intervals.

Pure functions, frames in, frames out; definitions and sources are in the docstrings. Nothing here
opens a connection or draws.
"""

from gladia_nb.metrics.accuracy import WORD_ERRORS, word_errors
from gladia_nb.metrics.audit import (
    AUDIO_AUDIT,
    CALLBACK_DELAYS,
    MESSAGE_AUDIT,
    audio_audit,
    audit_note,
    callback_delays,
    message_audit,
)
from gladia_nb.metrics.coverage import COVERAGE, coverage
from gladia_nb.metrics.health import PACING, VITALS, pacing, vitals
from gladia_nb.metrics.latency import LATENCY, latency
from gladia_nb.metrics.stats import (
    LATENCY_TABLE,
    SUMMARY,
    Quantiles,
    best_anchor,
    ecdf,
    latency_table,
    quantiles,
    summary,
)
from gladia_nb.metrics.text import NORMALISER, normalise
from gladia_nb.metrics.verdict import HEALTH, Verdict, check_latencies, health, verdict
from gladia_nb.metrics.words import MATCH_RATE, WORD_TIMES, match_rate, word_times

__all__ = [
    "AUDIO_AUDIT",
    "CALLBACK_DELAYS",
    "COVERAGE",
    "HEALTH",
    "LATENCY",
    "LATENCY_TABLE",
    "MATCH_RATE",
    "MESSAGE_AUDIT",
    "NORMALISER",
    "PACING",
    "SUMMARY",
    "VITALS",
    "WORD_ERRORS",
    "WORD_TIMES",
    "Quantiles",
    "Verdict",
    "audio_audit",
    "audit_note",
    "best_anchor",
    "callback_delays",
    "check_latencies",
    "coverage",
    "ecdf",
    "health",
    "latency",
    "latency_table",
    "match_rate",
    "message_audit",
    "normalise",
    "pacing",
    "quantiles",
    "summary",
    "verdict",
    "vitals",
    "word_errors",
    "word_times",
]
