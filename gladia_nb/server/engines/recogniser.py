"""A streaming recogniser for one channel, on PocketSphinx and its English model.

It works by stream time alone: audio is taken in blocks of 10 ms whatever the client's chunks are,
and partial hypotheses are looked at every so many blocks, so that the same audio gives the same
events however it arrives. Finals are the decoder's second pass and can differ from the partials
before them.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pocketsphinx
import soxr

from gladia_nb import audio
from gladia_nb.server.engines.base import Event, Progress, Speech, Transcript, Word
from gladia_nb.server.engines.speech_gate import FRAME_S, SpeechGate
from gladia_nb.server.engines.vocabulary import Entry, Vocabulary

__all__ = ["Recogniser", "StreamSettings", "load_decoder"]

_RATE = 16000
_FRAME = round(_RATE * FRAME_S)
#: Audio before the detected onset that the decoder gets too, so that soft first sounds are not
#: lost; in frames.
_PRE_ROLL = 25
#: How often to report the position, in frames.
_PROGRESS = 20
#: A forced cut gives a word that began so late back to the next utterance; in seconds.
_CARRY_S = 0.8
#: Cepstral means of speech at 8 kHz. The decoder adapts to a channel as it listens, but begins with
#: the means of full-band speech, so far off that it loses the first sentences. Measured on the
#: project's recordings, two voices.
_NARROW_BAND_MEANS = "42,30,-25,46,-18,1,15,-26,13,-14,4,14,-10"

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """What the recogniser of one channel must know of its session.

    Attributes:
        encoding: `wav/pcm`, `wav/alaw` or `wav/ulaw`.
        bit_depth: bits per sample.
        sample_rate: hertz.
        endpointing: seconds of silence that close an utterance.
        max_utterance_s: seconds after which an utterance is cut by force.
        speech_threshold: strictness of the voice activity detection, 0 to 1.
        partial_step_s: how often to look for a new partial hypothesis, in seconds of audio.
        end_first: whether the end of speech is reported before its final.
        vocabulary: the user's own words.
    """

    encoding: str
    bit_depth: int
    sample_rate: int
    endpointing: float
    max_utterance_s: float
    speech_threshold: float
    partial_step_s: float
    end_first: bool
    vocabulary: Sequence[Entry] = ()


def load_decoder() -> Any:
    """A PocketSphinx decoder with its own English model; takes about 0.4 s and 100 MB."""
    # Measured on the project's recordings: 5000 active states a frame recognise as well as the
    # default of 30000, in two thirds of the time; 3000 recognise worse.
    return pocketsphinx.Decoder(loglevel="FATAL", maxhmmpf=5000)


class Recogniser:
    """One channel, from encoded bytes to events.

    Args:
        decoder: a decoder that no utterance has been given to.
        settings: of the session.
    """

    def __init__(self, decoder: Any, settings: StreamSettings) -> None:
        if settings.sample_rate == 8000:
            decoder.set_cmn(_NARROW_BAND_MEANS)
        self._decoder = decoder
        self._vocabulary = Vocabulary(decoder, settings.vocabulary)
        self._settings = settings
        self._gate = SpeechGate(settings.speech_threshold, settings.endpointing)
        self._step = max(1, round(settings.partial_step_s / FRAME_S))
        self._limit = round(settings.max_utterance_s / FRAME_S)
        self._intake = _Intake(settings)
        #: The latest frames; a new utterance begins with those that no utterance has had.
        self._past: deque[Samples] = deque(maxlen=max(_PRE_ROLL + 12, round(_CARRY_S / FRAME_S)))
        self._position = 0
        self._first = 0
        self._onset = 0
        self._taken = 0
        self._is_decoding = False
        self._utterance = 0
        self._partial: tuple[Word, ...] = ()
        self._steady: list[tuple[str, int]] = []

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next bytes of the channel, whole samples; yields events as they come."""
        for frame in self._intake.feed(data):
            yield from self._next(frame)

    def finish(self) -> Iterator[Event]:
        """The audio is over; yields what is left."""
        for frame in self._intake.finish():
            yield from self._next(frame)
        if self._gate.is_open:
            self._gate.close()
            yield from self._close()
        yield Progress(self._position * FRAME_S)

    def _next(self, frame: Samples) -> Iterator[Event]:
        self._past.append(frame)
        self._position += 1
        turn = self._gate.push(frame)
        if turn == "start":
            yield Speech(began=True, time=_seconds(self._gate.onset))
            first = max(self._gate.onset - _PRE_ROLL, self._taken, 0)
            self._begin(first, self._gate.onset)
        elif self._is_decoding:
            self._decode([frame])
        if turn == "end":
            yield from self._close()
        elif self._is_decoding:
            yield from self._look()
            if self._position - self._onset >= self._limit:
                yield from self._cut()
        if self._position % _PROGRESS == 0:
            yield Progress(_seconds(self._position))

    def _begin(self, first: int, onset: int) -> None:
        """Start an utterance with the audio from frame `first` on."""
        self._decoder.start_utt()
        self._is_decoding = True
        self._first = first
        self._onset = onset
        self._partial = ()
        self._steady = []
        self._decode(list(self._past)[len(self._past) - (self._position - first) :])

    def _decode(self, frames: list[Samples]) -> None:
        # One frame at a time, always: the decoder's running means depend on its blocks.
        for frame in frames:
            self._decoder.process_raw(frame.tobytes(), False, False)
            # A frame takes about 2 ms. Whoever waits for the processor, such as the server with
            # an acknowledgement, then need not wait for the system to take it away.
            os.sched_yield()
        self._taken = self._position

    def _look(self) -> Iterator[Event]:
        """Report a partial when the hypothesis is another than before."""
        if (self._position - self._first) % self._step:
            return
        words = self._words()
        if words and [word.text for word in words] != [word.text for word in self._partial]:
            self._partial = words
            yield Transcript(self._utterance, is_final=False, words=words)

    def _close(self) -> Iterator[Event]:
        """End the utterance because the speech ended."""
        end = Speech(began=False, time=_seconds(self._gate.end))
        if self._settings.end_first:
            yield end
        yield from self._final(self._end())
        if not self._settings.end_first:
            yield end

    def _cut(self) -> Iterator[Event]:
        """End the utterance by force; the speech goes on in the next one.

        A word that is being spoken at the cut is left to the next utterance.
        """
        words = self._end()
        start = self._position
        if len(words) > 1 and _seconds(self._position) - words[-1].end < 2 * FRAME_S:
            last = round(words[-1].start / FRAME_S)
            if self._position - last <= len(self._past):
                words, start = words[:-1], last
        yield from self._final(words)
        self._begin(start, start)

    def _end(self) -> tuple[Word, ...]:
        self._decoder.end_utt()
        self._is_decoding = False
        return self._words(final=True)

    def _final(self, words: tuple[Word, ...]) -> Iterator[Event]:
        # The second pass can come out empty after the first one has been shown. The client is
        # owed the end of an utterance that it has seen, so the first pass stands then.
        words = words or self._partial
        if words:
            yield Transcript(self._utterance, is_final=True, words=words)
            self._utterance += 1

    def _words(self, *, final: bool = False) -> tuple[Word, ...]:
        """The current hypothesis without silence and noises."""
        if self._decoder.hyp() is None:
            return ()
        found = [
            (segment.word.split("(")[0], segment)
            for segment in self._decoder.seg()
            if segment.word[0] not in "<[+"
        ]
        if not final:
            self._count([text for text, _ in found])
        return self._vocabulary.written(
            Word(
                text,
                _seconds(self._first + segment.start_frame),
                _seconds(self._first + segment.end_frame + 1),
                round(min(1.0, max(0.0, segment.prob)), 3) if final else self._stability(index),
            )
            for index, (text, segment) in enumerate(found)
        )

    def _count(self, texts: list[str]) -> None:
        """For each word, count the looks in a row at which it stood in its place."""
        self._steady = [
            (text, old[1] + 1 if old is not None and old[0] == text else 1)
            for text, old in zip(texts, [*self._steady, *[None] * len(texts)], strict=False)
        ]

    def _stability(self, index: int) -> float:
        """Confidence of a word of a partial.

        The first pass has no posterior probabilities; how long a word has stood says how much it
        can be trusted: n / (n + 1) after n looks.
        """
        looks = self._steady[index][1]
        return round(looks / (looks + 1), 3)


class _Intake:
    """From encoded bytes to frames of 160 samples at 16 kHz."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._block = settings.sample_rate // 100
        self._waiting = np.zeros(0, np.float32)
        self._ready = np.zeros(0, np.int16)
        self._resampler = (
            None
            if settings.sample_rate == _RATE
            else soxr.ResampleStream(settings.sample_rate, _RATE, 1, dtype="float32", quality="HQ")
        )

    def feed(self, data: bytes) -> Iterator[Samples]:
        encoding, depth = self._settings.encoding, self._settings.bit_depth
        samples = audio.decode(data, encoding, depth, 1)[:, 0].astype(np.float32)
        self._waiting = np.concatenate([self._waiting, samples])
        whole = len(self._waiting) // self._block * self._block
        for start in range(0, whole, self._block):
            self._convert(self._waiting[start : start + self._block], last=False)
            yield from self._frames()
        self._waiting = self._waiting[whole:]

    def finish(self) -> Iterator[Samples]:
        self._convert(self._waiting, last=True)
        silence = np.zeros(-len(self._ready) % _FRAME, np.int16)
        self._ready = np.concatenate([self._ready, silence])
        yield from self._frames()

    def _convert(self, block: npt.NDArray[np.float32], *, last: bool) -> None:
        if self._resampler is not None:
            block = self._resampler.resample_chunk(block, last=last)
        whole = np.clip(np.rint(block * 2.0**15), -(2**15), 2**15 - 1).astype(np.int16)
        self._ready = np.concatenate([self._ready, whole])

    def _frames(self) -> Iterator[Samples]:
        while len(self._ready) >= _FRAME:
            frame, self._ready = self._ready[:_FRAME], self._ready[_FRAME:]
            yield frame


def _seconds(frame: int) -> float:
    return round(frame * FRAME_S, 3)
