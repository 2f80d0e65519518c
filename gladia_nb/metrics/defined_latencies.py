"""The latencies of `gladia_nb.latency`, defined once, for tables, glossary and report."""

from __future__ import annotations

from gladia_nb.metrics.base.definition import SESSION, WRONG, Definition, Script

__all__ = ["LATENCIES"]

_WORD = "\u201cmorning\u201d ends at 1.3 s"
_END = "speech ends at 1.3 s"


def _latency(
    name: str,
    label: str,
    field: tuple[str, ...],
    *,
    meaning: str,
    difference: str,
    source: str,
    example: str,
    value: float,
    script: Script = SESSION,
) -> Definition:
    between = name.startswith(("first_partial", "last_partial", "text_settled"))
    run, clock = ("run", "arrival") if between else ('run, anchor="reference"', "capture")
    found_in = f"""gn.latency({run}).query("name == '{name} @{clock}'")["latency_ms"]"""
    return Definition(
        name, label, field, meaning, difference, source, "ms", found_in, script, example, value
    )


_WORDS = (
    _latency(
        "word_end -> first_seen",
        "word: first seen",
        ("word emission latency", "user-perceived latency (UPL)"),
        meaning="From the end of a word to the first transcript that shows it, partial or final.",
        difference=(
            "In papers about models emission latency is counted in the audio the model has read, "
            "without network and computing. User-perceived latency is this latency on the capture "
            "clock."
        ),
        source=(
            "AssemblyAI, Evaluating streaming STT models; Yu et al., FastEmit, ICASSP 2021; "
            "CAIMAN-ASR, User-perceived latency"
        ),
        example=f"{_WORD}, the first transcript with it arrives at 1.4 s",
        value=100,
    ),
    _latency(
        "word_end -> first_correct",
        "word: first correct",
        ("word first correct (WFC)",),
        meaning=(
            "From the end of a word to the first transcript that shows the word really spoken "
            "in its place, also where the final is wrong."
        ),
        difference="Baumann et al. count from the start of the word, so that its length is in it.",
        source="Baumann, Atterer and Schlangen, NAACL 2009",
        example=f"{_WORD}; a partial has it right at 1.5 s, the final does not",
        value=200,
        script=WRONG,
    ),
    _latency(
        "word_end -> stable",
        "word: stable",
        ("word first final (WFF)",),
        meaning="From the end of a word to the transcript from which on it never changed again.",
        difference=(
            "Final in this name means that the word stands, not that the service has sent its "
            "final."
        ),
        source="Baumann, Atterer and Schlangen, NAACL 2009",
        example=f"{_WORD}, is lost at 1.5 s and stands again from 1.6 s on",
        value=300,
    ),
    _latency(
        "word_end -> final",
        "word: final (waits for the whole utterance)",
        ("finalisation latency of a word",),
        meaning=(
            "From the end of a word to the final with it; the first word of an utterance waits "
            "until the last one has been spoken and the silence behind it has been heard."
        ),
        difference=(
            "Where finals come word by word it is a delay of recognition; here most of it is the "
            "rest of the utterance. Time to final segment (TTFS) counts from the end of speech."
        ),
        source="Soniox, Speech-to-text latency; Argmax OpenBench, confirmed streaming latency",
        example=f"{_WORD}, the final arrives at 2 s",
        value=700,
    ),
)

_UTTERANCES = (
    _latency(
        "speech_start -> first_partial",
        "utterance: first partial",
        ("time to first partial (TTFP)",),
        meaning="From the start of speech to the first partial with a text.",
        difference=(
            "TTFT and TTFB most often count from the start of the stream, silence included; see "
            "first transcript of the stream."
        ),
        source="Gladia, How to measure latency in speech-to-text, 2025",
        example="speech starts at 0.5 s, the first partial arrives at 1 s",
        value=500,
    ),
    _latency(
        "speech_end -> last_word_seen",
        "utterance: last word seen",
        ("partial recognition latency (PR50, PR90)",),
        meaning=(
            "From the end of speech to the first transcript that shows the last word of the final."
        ),
        difference=(
            "The same; PR50 and PR90 are its median and 90th percentile over utterances. It is "
            "often near 0 and can be negative."
        ),
        source="Yu et al., FastEmit, ICASSP 2021",
        example=f"{_END}, its last word is shown first at 1.4 s",
        value=100,
    ),
    _latency(
        "speech_end -> last_partial_message",
        "utterance: last partial message",
        (),
        meaning=(
            "From the end of speech to the last partial of the utterance, whatever it held: most "
            "often what had been shown before."
        ),
        difference="It tells when partials stop coming, not when something was recognised.",
        source="",
        example=f"{_END}, the last partial arrives at 1.7 s and brings nothing new",
        value=400,
    ),
    _latency(
        "speech_end -> end_of_speech_detected",
        "utterance: end of speech detected",
        ("endpoint latency (EP50, EP90)", "end-of-speech latency", "end-of-turn latency"),
        meaning="From the end of speech to the arrival of the service's speech_end message.",
        difference=(
            "The configured silence (endpointing) is part of it. End-of-turn latency counts to the "
            "decision that a turn is over, which may wait longer than for a silence."
        ),
        source="Li et al., ICASSP 2020; AssemblyAI, Evaluating streaming STT models",
        example=f"{_END}, speech_end arrives at 1.75 s",
        value=450,
    ),
    _latency(
        "speech_end -> final",
        "utterance: final",
        (
            "time to final segment (TTFS)",
            "time to complete transcript (TTCT)",
            "finalisation latency",
            "transcription delay",
        ),
        meaning="From the end of speech of an utterance to its final, by its trigger.",
        difference=(
            "Names differ in who says when speech ended and in which final counts. In Pipecat's "
            "code the same is called TTFB. A final that was flushed by the stop waits for no "
            "silence and is no time to final segment; it is kept apart."
        ),
        source=(
            "Pipecat, stt-benchmark; AssemblyAI, Evaluating streaming STT models; LiveKit Agents, "
            "EOUMetrics"
        ),
        example=f"{_END}, the final arrives at 2 s",
        value=700,
    ),
)

_BETWEEN = (
    _latency(
        "first_partial -> final",
        "utterance: first partial to final",
        (),
        meaning="From the arrival of the first partial to that of the final of an utterance.",
        difference="Most of it is how long the utterance is.",
        source="",
        example="the first partial arrives at 1 s, the final at 2 s",
        value=1000,
    ),
    _latency(
        "last_partial_message -> final",
        "utterance: last partial message to final",
        (),
        meaning="From the arrival of the last partial to that of the final of an utterance.",
        difference="Some tools call it end-of-turn latency; no end of speech is in it.",
        source="Deepgram, support-toolkit",
        example="the last partial arrives at 1.7 s, the final at 2 s",
        value=300,
    ),
    _latency(
        "text_settled -> final",
        "utterance: text settled to final",
        (),
        meaning=(
            "From the first partial whose text is that of the final, blind to case and "
            "punctuation, to the final: how much earlier the final could have been known."
        ),
        difference="What an early answer (eager end of turn) could gain at most.",
        source="",
        example="a partial says \u201cgood morning\u201d at 1.4 s, the final says so at 2 s",
        value=600,
    ),
)

#: In the order of `latency`; names without their clock.
LATENCIES: tuple[Definition, ...] = (*_WORDS, *_UTTERANCES, *_BETWEEN)
