"""Runs that the recogniser has heard, in the time of the audio: it takes no time of its own."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pocketsphinx

from gladia_nb.run import Run
from gladia_nb.server.engines.base import Event, Speech, Transcript
from gladia_nb.server.engines.recogniser import Recogniser, StreamSettings
from gladia_nb.server.engines.sphinx_decoder import SphinxDecoder
from tests.support.make_runs import Arrival, make_run, transcript
from tests.support.make_runs import speech as speech_event
from tests.support.server_helpers import CONVERSATION, speech

__all__ = ["CHUNK_S", "recognised"]

CHUNK_S = 0.1
RATE = 16000


@cache
def _decoder() -> Any:
    # Hurried: what is understood does not matter here, only when.
    return pocketsphinx.Decoder(loglevel="FATAL", maxhmmpf=500, fwdflat=False, bestpath=False)


def recognised(endpointing_s: float, seconds: float, tail_s: float) -> Run:
    """The beginning of the conversation and silence, as the recogniser hears it.

    Args:
        endpointing_s: of the session.
        seconds: how much of the conversation; to be cut in a pause.
        tail_s: silence behind it.
    """
    settings = StreamSettings("wav/pcm", 16, RATE, endpointing_s, 60.0, 0.6, 10.0, end_first=True)
    recogniser = Recogniser(SphinxDecoder(_decoder(), settings), settings)
    data = speech(seconds) + bytes(2 * round(tail_s * RATE))
    size = 2 * round(CHUNK_S * RATE)
    arrivals: list[Arrival] = []
    for seq in range(len(data) // size):
        at = (seq + 1) * CHUNK_S
        heard = recogniser.feed(data[seq * size : (seq + 1) * size])
        arrivals += [arrival for event in heard for arrival in _arrival(at, event)]
    content = json.loads(CONVERSATION.with_suffix(".words.json").read_text("utf-8"))
    spoken = [word for word in content["words"] if word["end_s"] <= seconds]
    config = {"endpointing": endpointing_s, "maximum_duration_without_endpointing": 60}
    duration_s = len(data) // size * CHUNK_S
    return make_run(arrivals, duration_s=duration_s, reference=spoken, config=config)


def _arrival(at: float, event: Event) -> list[Arrival]:
    if isinstance(event, Speech):
        return [speech_event(at, "start" if event.began else "end", event.time)]
    if isinstance(event, Transcript):
        words = [(word.text, word.start, word.end) for word in event.words]
        return [transcript(at, words, f"{event.utterance}", final=event.is_final)]
    return []
