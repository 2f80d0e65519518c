"""What the other words of tables and reports mean: verdict, clocks, anchors, intervals."""

from __future__ import annotations

from gladia_nb.metrics.base.definition import AMID, SESSION, VAIN, WRONG, Definition, Script

__all__ = ["WORDS"]


def _word(
    name: str,
    meaning: str,
    found_in: str,
    example: str,
    value: float | str,
    *,
    script: Script = SESSION,
    unit: str = "",
    field: tuple[str, ...] = (),
    difference: str = "",
    source: str = "",
) -> Definition:
    return Definition(
        name, name, field, meaning, difference, source, unit, found_in, script, example, value
    )


def _on(clock: str) -> str:
    name = f"word_end -> first_seen @{clock}"
    return f"""gn.latency(run, anchor="reference").query("name == '{name}'")["latency_ms"]"""


_ENDS = "\u201cmorning\u201d ends at 1.25 s, is shown at 1.5 s"

#: In the order of the glossary.
WORDS: tuple[Definition, ...] = (
    _word(
        "verdict",
        "Whether the numbers can be believed. Valid: every check of the stopwatch, the pacing and "
        "the record passed. Degraded: they hold with the reservations named. Invalid: latencies of "
        "this run are not to be quoted.",
        "gn.verdict(run).status",
        "chunks are sent in time, but no probe watched the stopwatch",
        "degraded",
    ),
    _word(
        "send clock (@send)",
        "Latency since the chunk that holds the anchor began to be sent. The pacing of the client "
        "and the wait for the chunk to fill drop out: it tells of service and network.",
        _on("send"),
        f"{_ENDS}, its chunk is sent at 1.3 s",
        200,
        script=AMID,
        unit="ms",
    ),
    _word(
        "capture clock (@capture)",
        "Latency since the anchor was spoken: what a speaker feels. It is longer than on the send "
        "clock by the wait for the chunk to fill, half a chunk on average.",
        _on("capture"),
        _ENDS,
        250,
        script=AMID,
        unit="ms",
    ),
    _word(
        "acknowledgement clock (@ack)",
        "Latency since the service acknowledged the chunk that holds the anchor.",
        _on("ack"),
        f"{_ENDS}, its chunk is acknowledged at 1.32 s",
        180,
        script=AMID,
        unit="ms",
    ),
    _word(
        "anchor",
        "Who says when a word or the speech ended: the reference (words really spoken, with their "
        "times), the service's own word times, or a voice activity detector on the audio.",
        'gn.latency_table(run)["from"]',
        "the session has a reference",
        "speech end @send (reference)",
    ),
    _word(
        "trigger of a final",
        "endpoint: the silence that was configured was heard; max_duration: cut by force while "
        "speech went on; stop: flushed at the end; resume: after a lost connection. They are not "
        "pooled, because only the first waits for the end of speech.",
        'run.utterances["trigger"]',
        "speech_end comes before the final",
        "endpoint",
    ),
    _word(
        "never",
        "Samples of which the event never came. They count as later than all others and carry "
        "their quantiles to infinity; none is left out.",
        'gn.latency_table(run)["p50_ms"]',
        "no final comes",
        "never",
        script=VAIN,
    ),
    _word(
        "match rate",
        "Share of the words that were spoken which a final holds.",
        'gn.match_rate(run)["rate"]',
        "1 of 2 words is in the final",
        0.5,
        script=WRONG,
        unit="share",
    ),
    _word(
        "interval",
        "95 % interval of drawing whole utterances, and whole runs where there are several: words "
        "of one utterance share their fate. A bound beyond all samples is none: more than, less "
        "than. Withheld are a p90 below 29 utterances, a p95 below 59, a p99 below 299, and "
        "intervals of shares and ratios below 5. What compares two runs is about these two "
        "sessions only: how sessions vary takes three pairs of runs or more.",
        'gn.latency_table(run)["p50_95ci_ms"]',
        "one utterance tells no interval",
        "-",
    ),
    _word(
        "raw and normalised",
        "Finals bring case, punctuation and figures that partials do not have. Raw counts them as "
        "changes, normalised does not. The normaliser basic is blind to case and punctuation, and "
        "in English takes 21 for twenty-one; scripts without spaces are compared by character.",
        """gn.stability_summary(run).query("text == 'raw' and measure == 'revoked_word_ratio'")"""
        '["value"]',
        "raw, the final takes 2 more words back, 4 by 2 words",
        2,
        unit="words/word",
    ),
)
