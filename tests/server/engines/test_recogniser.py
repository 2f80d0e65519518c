"""Voice activity, endpoints and recognition, without any server around them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import jiwer
import numpy as np
import pytest

from gladia_nb import audio
from gladia_nb.server.engines.base import Event, Speech, Transcript
from gladia_nb.server.engines.recogniser import Recogniser, StreamSettings
from gladia_nb.server.engines.sphinx_decoder import SphinxDecoder, load_sphinx
from tests.support.server_helpers import CONVERSATION, speech

SETTINGS = StreamSettings("wav/pcm", 16, 16000, 0.3, 15.0, 0.6, 0.1, end_first=True)


def sphinx(settings: StreamSettings) -> Recogniser:
    return Recogniser(SphinxDecoder(load_sphinx(), settings), settings)


def recognise(data: bytes, settings: StreamSettings = SETTINGS, chunk: int = 3200) -> list[Event]:
    recogniser = sphinx(settings)
    events: list[Event] = []
    for start in range(0, len(data), chunk):
        events += recogniser.feed(data[start : start + chunk])
    return [*events, *recogniser.finish()]


def finals(events: list[Event]) -> str:
    return " ".join(
        word.text
        for event in events
        if isinstance(event, Transcript) and event.is_final
        for word in event.words
    )


def test_the_conversation_is_understood() -> None:
    words = json.loads(CONVERSATION.with_suffix(".words.json").read_text())["words"]
    words = [word for word in words if word["end_s"] < 13.0]
    reference = " ".join(re.sub(r"[^a-z' ]", "", word["word"].lower()) for word in words)
    events = recognise(speech(13.1))
    assert jiwer.wer(reference, finals(events)) <= 0.1
    ends = [word["end_s"] for word in words]
    for event in events:
        if isinstance(event, Speech) and not event.began:
            assert min(abs(event.time - end) for end in ends) < 0.1


def test_the_same_audio_gives_the_same_events() -> None:
    whole = recognise(speech(3.2), chunk=1 << 20)
    assert finals(whole)
    assert recognise(speech(3.2), chunk=34) == whole


def test_resampling_does_not_depend_on_the_chunks() -> None:
    data, settings = speech(1.2, rate=44100), replace(SETTINGS, sample_rate=44100)
    assert recognise(data, settings, chunk=1 << 20) == recognise(data, settings, chunk=998)


def test_speech_comes_before_its_transcripts() -> None:
    is_open = False
    seen: set[int] = set()
    for event in recognise(speech()):
        if isinstance(event, Speech):
            assert event.began is not is_open
            is_open = event.began
        elif isinstance(event, Transcript):
            assert is_open is not event.is_final
            assert event.is_final or event.utterance not in seen
            if event.is_final:
                seen.add(event.utterance)
    assert seen == {0, 1}


@pytest.mark.parametrize("endpointing", [0.01, 0.2, 0.3, 3.0])
def test_the_endpoint_follows_its_setting(endpointing: float) -> None:
    """Heard after the silence that was asked for, or after the detector's own hold of 0.12 s."""
    tail = np.zeros((int(16000 * 3.5), 1), np.float32)
    data = speech(1.2) + audio.encode(tail, "wav/pcm", 16)
    recogniser = sphinx(replace(SETTINGS, endpointing=endpointing))
    ends = []
    for start in range(0, len(data), 320):
        ends += [
            (start + 320) / 32000 - event.time
            for event in recogniser.feed(data[start : start + 320])
            if isinstance(event, Speech) and not event.began
        ]
    assert ends[-1] == pytest.approx(max(endpointing, 0.12), abs=0.03)


class _Muted:
    """A decoder whose second pass finds nothing."""

    def __init__(self) -> None:
        self._decoder = load_sphinx()
        self._ended = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._decoder, name)

    def start_utt(self) -> None:
        self._ended = False
        self._decoder.start_utt()

    def end_utt(self) -> None:
        self._ended = True
        self._decoder.end_utt()

    def hyp(self) -> Any:
        return None if self._ended else self._decoder.hyp()


def test_a_final_is_owed_to_whoever_saw_a_partial() -> None:
    recogniser = Recogniser(SphinxDecoder(_Muted(), SETTINGS), SETTINGS)
    events = [*recogniser.feed(speech(3.2)), *recogniser.finish()]
    transcripts = [event for event in events if isinstance(event, Transcript)]
    assert [event.is_final for event in transcripts[-2:]] == [False, True]
    assert transcripts[-1].words == transcripts[-2].words


def test_no_words_no_transcript() -> None:
    rng = np.random.default_rng(2)
    burst = rng.normal(0, 0.2, (16000 // 4, 1)) * np.hanning(16000 // 4)[:, None]
    silence = np.zeros((16000, 1))
    data = audio.encode(np.concatenate([silence, burst, silence]), "wav/pcm", 16)
    events = recognise(data, replace(SETTINGS, partial_step_s=10.0))
    numbers = [event.utterance for event in events if isinstance(event, Transcript)]
    assert numbers == list(range(len(numbers)))
