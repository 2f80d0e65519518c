"""What is measured beside latencies of words and utterances, defined once."""

from __future__ import annotations

from gladia_nb.metrics.base.definition import (
    GROWING,
    HESITANT,
    LATE,
    SESSION,
    WRONG,
    Definition,
    Script,
)

__all__ = ["MEASURES"]


def _turn(
    column: str,
    field: tuple[str, ...],
    *,
    meaning: str,
    difference: str,
    source: str,
    example: str,
    value: float,
    script: Script = HESITANT,
    unit: str = "ms",
    label: str | None = None,
) -> Definition:
    label = f"turn: {label or column.removesuffix('_ms').replace('_', ' ')}"
    found_in = f'gn.turns(run)["{column}"]'
    return Definition(
        f"turns: {column}",
        label,
        field,
        meaning,
        difference,
        source,
        unit,
        found_in,
        script,
        example,
        value,
    )


_END = "the turn ends at 2.2 s"
_LIVEKIT = "LiveKit Agents, EOUMetrics and its turn detection by voice activity"

_TURNS = (
    _turn(
        "first_final_ms",
        (),
        meaning="From the end of a turn to its first final that arrives after it.",
        difference="Artificial Analysis takes the first final after the end of speech, too.",
        source="Artificial Analysis, AA-WER Streaming",
        example=f"{_END}, its finals arrive at 2.5 and 3 s",
        value=300,
        script=LATE,
    ),
    _turn(
        "last_final_ms",
        ("time to complete transcript of a turn",),
        meaning="From the end of a turn to its last final.",
        difference="Below 0 where all finals had come by then; never where one is missing.",
        source="AssemblyAI, Evaluating streaming STT models",
        example=f"{_END}, its finals arrive at 2.5 and 3 s",
        value=800,
        script=LATE,
    ),
    _turn(
        "premature_finals",
        ("false endpoints", "early cut-offs"),
        meaning=(
            "Finals that a silence caused and that arrived before the speech of the turn had ended."
        ),
        difference=(
            "Rates divide by turns or by finals. Latencies of ends of speech are worth little "
            "without this count: who cuts early is fast."
        ),
        source="Li et al., ICASSP 2020",
        example=f"{_END}, a final of \u201cwell\u201d arrives at 1.2 s",
        value=1,
        unit="finals",
    ),
    _turn(
        "end_of_speech_detected_ms",
        ("end-of-turn latency",),
        meaning="From the end of a turn to the speech_end message of its last utterance.",
        difference="The configured silence is part of it.",
        source="AssemblyAI, Evaluating streaming STT models",
        example=f"{_END}, speech_end arrives at 2.5 s",
        value=300,
    ),
    _turn(
        "last_change_ms",
        (),
        meaning="From the end of a turn to the last transcript that says other words than before.",
        difference="Blind to case and punctuation, which finals add.",
        source="",
        example="the turn ends at 1.3 s, its words change last at 1.6 s",
        value=300,
        script=SESSION,
    ),
    _turn(
        "ttfs_ms",
        ("TTFS of Pipecat", "TTFB of Pipecat's speech-to-text services"),
        label="TTFS (Pipecat)",
        meaning=(
            "From the end of speech by voice activity to the last final that arrives after it and "
            "within 2.2 s."
        ),
        difference=(
            "Pipecat goes back from when its detector said stopped by the silence that takes "
            "(0.2 s), and waits 2 s from there: later finals do not count, earlier ones give no "
            "sample, nor does a turn in which somebody speaks again before."
        ),
        source="Pipecat, stt-benchmark and STT latency tuning",
        example=f"{_END}, its finals arrive at 2.5 and 3 s",
        value=800,
        script=LATE,
    ),
    _turn(
        "transcription_delay_ms",
        ("transcription_delay of LiveKit",),
        label="transcription delay (LiveKit)",
        meaning=(
            "From the end of speech by voice activity to the last final that had arrived when the "
            "agent ended the turn."
        ),
        difference="LiveKit says 0 where that final came before the end of speech.",
        source=_LIVEKIT,
        example=f"{_END} and is ended at 2.75 s, when a final of 1.2 s was there",
        value=-1000,
    ),
    _turn(
        "end_of_utterance_delay_ms",
        ("end_of_utterance_delay of LiveKit", "end_of_turn_delay of LiveKit"),
        label="end of utterance delay (LiveKit)",
        meaning=(
            "From the end of speech by voice activity until the agent ends the turn: 0.55 s later, "
            "or with the first final where none had come by then."
        ),
        difference=(
            "LiveKit's own value depends on its turn detector; this is voice activity with the "
            "default delays. Its transcription_delay is part of it."
        ),
        source=_LIVEKIT,
        example=f"{_END}, a final was there, and 0.55 s pass",
        value=550,
    ),
)

_STREAM = (
    Definition(
        "first transcript of the stream",
        "first transcript of the stream",
        ("time to first token (TTFT)", "time to first byte (TTFB)"),
        "From the start of the audio to the first partial with a text.",
        "It holds the silence before speech and the time to speak the first word, and is easily "
        "made short by early guesses. Some count TTFT from the end of speech, and Pipecat calls "
        "its time to final segment TTFB.",
        "AssemblyAI, Evaluating streaming STT models; Gladia, How to measure latency in "
        "speech-to-text, 2025",
        "ms",
        'run.utterances["first_partial_s"] * 1000',
        SESSION,
        "the first partial arrives 1 s after the audio began",
        1000,
    ),
    Definition(
        "backlog slope",
        "backlog slope",
        (),
        "By how much the transcript falls behind the audio in each second; around 0 it keeps up.",
        "What a real-time factor above 1 looks like in a live session.",
        "",
        "ms/s",
        'gn.stream(run)["backlog_ms_per_s"]',
        GROWING,
        "partials come one a second, each a tenth of a second farther behind",
        100,
    ),
    Definition(
        "real-time factor",
        "real-time factor",
        ("real-time factor (RTF)",),
        "Time that it took by length of the audio.",
        "It tells how fast a file is transcribed (RTFx is its inverse). A live stream is sent at "
        "the pace of speech, so that it is about 1 for every service: look at the backlog slope.",
        "Gladia, How to measure latency in speech-to-text, 2025",
        "",
        '(run.chunks["send_start_ns"] - run.record.t0_ns) / 1e9 / run.duration_s',
        SESSION,
        "the last chunk of 3.3 s of audio is sent after 3.3 s",
        1,
    ),
    Definition(
        "average lagging",
        "average lagging",
        ("average lagging (AL, LAAL, DAL)",),
        "How far translated words come behind an interpreter who speaks at the pace of the source, "
        "on average.",
        "Made for simultaneous translation. LAAL does not reward too many words, DAL lets nobody "
        "catch up. For transcripts the latency of words tells more, because each has its own time.",
        "Ma et al., ACL 2019; Papi et al., AutoSimTrans 2022; Cherry and Foster 2019",
        "ms",
        'gn.translation_latency(run)["al_ms"]',
        SESSION,
        "the only word comes at 2.3 s, behind the end of speech that began at 0.5 s",
        1800,
    ),
)


def _stability(
    measure: str,
    field: tuple[str, ...],
    *,
    meaning: str,
    difference: str,
    source: str,
    example: str,
    value: float,
    unit: str = "words/word",
) -> Definition:
    name = measure.replace("_", " ")
    query = f"text == 'normalised' and measure == '{measure}'"
    found_in = f'gn.stability_summary(run).query("{query}")["value"]'
    return Definition(
        name, name, field, meaning, difference, source, unit, found_in, SESSION, example, value
    )


_TAKEN = "\u201cmorning\u201d and \u201cwarning\u201d are taken back"
_STABILITY = (
    _stability(
        "normalised_erasure",
        ("normalised erasure (NE)", "flicker"),
        meaning="Words that had to be taken back until the final stood, by the words of the final.",
        difference="A change erases all words behind it, though they stand there again.",
        source="Arivazhagan et al., IWSLT 2020",
        example=f"{_TAKEN} on the way to 2 words",
        value=1,
    ),
    _stability(
        "revoked_word_ratio",
        ("unstable partial word ratio (UPWR)",),
        meaning="Words taken back in updates, by the words of the final.",
        difference="The name is also used for words shown and absent from the final; see below.",
        source="Shangguan et al., Interspeech 2020",
        example=f"{_TAKEN} on the way to 2 words",
        value=1,
    ),
    _stability(
        "absent_word_ratio",
        ("unstable partial word ratio (UPWR)",),
        meaning="Showings of words that the final does not have, by the words of the final.",
        difference="A wrong word that is shown in ten partials counts ten times.",
        source="after Shangguan et al., Interspeech 2020",
        example="\u201cwarning\u201d is shown once, the final has 2 words",
        value=0.5,
    ),
    _stability(
        "edit_overhead",
        ("edit overhead (EO)",),
        meaning="Share of all additions and revocations that were not needed to reach the final.",
        difference="The same.",
        source="Baumann, Atterer and Schlangen, NAACL 2009",
        example="6 edits, where 2 would have done",
        value=2 / 3,
        unit="share",
    ),
)

_ACCURACY = (
    Definition(
        "WER",
        "WER",
        ("word error rate (WER)",),
        "Substituted, deleted and inserted words by those of the reference, after normalisation, "
        "pooled over channels. Words behind the audio that was sent are left out.",
        "A mean over files weighs short ones more. Semantic WER (Pipecat) leaves out errors that "
        "do not change the meaning.",
        "Morris et al., Interspeech 2004; Pipecat, stt-benchmark",
        "share",
        'gn.word_errors(run)["wer"]',
        WRONG,
        "1 of 2 words is wrong",
        0.5,
    ),
    Definition(
        "CER",
        "CER",
        ("character error rate (CER)",),
        "The same of characters, blanks included.",
        "The same.",
        "",
        "share",
        'gn.word_errors(run)["cer"]',
        WRONG,
        "2 of 12 characters are wrong",
        1 / 6,
    ),
    Definition(
        "WER(tau)",
        "WER(tau)",
        (),
        "Word error rate of what was on the screen tau after each word was spoken.",
        "Baumann et al. call it fixed-lag correctness, of which it is one less.",
        "after Baumann, Atterer and Schlangen, NAACL 2009",
        "share",
        'gn.wer_at(run, [0.25])["wer"]',
        SESSION,
        "0.25 s after \u201cmorning\u201d the screen says \u201cwarning\u201d",
        0.5,
    ),
)

#: In the order of the glossary.
MEASURES: tuple[Definition, ...] = (*_TURNS, *_STREAM, *_STABILITY, *_ACCURACY)
