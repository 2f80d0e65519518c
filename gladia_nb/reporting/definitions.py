"""What the words of a report mean, for a reader who has only the page."""

from __future__ import annotations

__all__ = ["DEFINITIONS"]

#: Term and meaning, in the order of the page.
DEFINITIONS: tuple[tuple[str, str], ...] = (
    (
        "Verdict",
        "Whether the numbers can be believed. Valid: every check of the stopwatch, the pacing and "
        "the record passed. Degraded: they hold with the reservations named. Invalid: latencies of "
        "this run are not to be quoted.",
    ),
    (
        "Send clock (@send)",
        "Latency since the chunk that holds the anchor began to be sent. The pacing of the client "
        "and the wait for the chunk to fill drop out: it tells of service and network.",
    ),
    (
        "Capture clock (@capture)",
        "Latency since the anchor was spoken: what a speaker feels. It is longer than on the send "
        "clock by the wait for the chunk to fill, half a chunk on average.",
    ),
    (
        "Acknowledgement clock (@ack)",
        "Latency since the service acknowledged the chunk that holds the anchor.",
    ),
    (
        "Anchor",
        "Who says when a word or the speech ended: the reference (words really spoken, with their "
        "times), the service's own word times, or a voice activity detector on the audio.",
    ),
    (
        "First seen, first correct, stable, final",
        "Of a word: the first transcript that shows it; the first that shows the right word in its "
        "place; the one from which on it never changed; the final of its utterance.",
    ),
    (
        "Trigger of a final",
        "endpoint: the silence that was configured was heard; max_duration: cut by force while "
        "speech went on; stop: flushed at the end; resume: after a lost connection. They are not "
        "pooled, because only the first waits for the end of speech.",
    ),
    (
        "Never",
        "Samples of which the event never came. They count as later than all others and carry "
        "their quantiles to infinity; none is left out.",
    ),
    (
        "Interval",
        "95 % interval of drawing whole utterances, and whole runs where there are several: words "
        "of one utterance share their fate. A bound beyond all samples is none: more than, less "
        "than. Withheld are a p90 below 29 utterances, a p95 below 59, a p99 below 299, and "
        "intervals of shares and ratios below 5. What compares two runs is about these two "
        "sessions only: how sessions vary takes three pairs of runs or more.",
    ),
    (
        "Normalised erasure",
        "Words that had to be taken back until the final stood, by the words of the final "
        "(Arivazhagan et al. 2020).",
    ),
    (
        "Unstable word ratios",
        "Revoked: words taken back in updates, by words of the final. Absent: showings of words "
        "that the final does not have, by the words of the final.",
    ),
    (
        "Edit overhead",
        "Share of all additions and revocations that were not needed to arrive at the final "
        "(Baumann et al. 2009).",
    ),
    (
        "Raw and normalised",
        "Finals bring case, punctuation and figures that partials do not have. Raw counts them as "
        "changes, normalised does not. The normaliser basic is blind to case and punctuation, and "
        "in English takes 21 for twenty-one; scripts without spaces are compared by character.",
    ),
    (
        "WER, CER",
        "Substituted, deleted and inserted words (characters) by those of the reference, after "
        "normalisation, pooled over channels.",
    ),
    (
        "WER(tau)",
        "Word error rate of what was on the screen tau after each word was spoken.",
    ),
    (
        "Backlog slope",
        "By how many milliseconds the transcript falls behind the audio in each second. Around "
        "0 it keeps up.",
    ),
)
