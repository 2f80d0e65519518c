"""What all recognisers share: one channel, from encoded bytes to events.

Voice activity says when an utterance begins and ends, a decoder what was said in it. All works by
stream time alone: audio is taken in frames of 10 ms, and partial hypotheses are looked at every so
many of them, so that the same audio gives the same events however it arrives.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from gladia_nb.server.engines.base import Event, Progress, Speech, Transcript, Word
from gladia_nb.server.engines.sound_frames import FRAME_S, Samples, SoundFrames, seconds_of
from gladia_nb.server.engines.speech_gate import SpeechGate
from gladia_nb.server.engines.vocabulary import Entry

__all__ = ["Decoder", "Recogniser", "StreamSettings"]

#: Audio before the detected onset that the decoder gets too, so that soft first sounds are not
#: lost; in frames.
_PRE_ROLL = 25
#: How often to report the position, in frames.
_PROGRESS = 20
#: A forced cut gives a word that began so late back to the next utterance; in seconds.
_CARRY_S = 0.8


class Decoder(Protocol):
    """Turns the frames of one utterance after the other into words.

    Times of words are seconds from the start of the channel's audio.
    """

    def begin(self, first: int) -> None:
        """An utterance begins with frame number `first` of the channel."""
        ...

    def decode(self, frame: Samples) -> None:
        """Take the next frame."""
        ...

    def words(self) -> tuple[Word, ...]:
        """What has been understood so far; asked for at each look for a partial."""
        ...

    def end(self) -> tuple[Word, ...]:
        """The utterance is over: what has been understood for good."""
        ...


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
        language: code of the language that transcripts are said to be in.
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
    language: str = "en"


class Recogniser:
    """One channel, from encoded bytes to events.

    Args:
        decoder: that no utterance has been given to.
        settings: of the session.
    """

    def __init__(self, decoder: Decoder, settings: StreamSettings) -> None:
        self._decoder = decoder
        self._settings = settings
        self._gate = SpeechGate(settings.speech_threshold, settings.endpointing)
        self._step = max(1, round(settings.partial_step_s / FRAME_S))
        self._limit = round(settings.max_utterance_s / FRAME_S)
        self._intake = SoundFrames(settings.encoding, settings.bit_depth, settings.sample_rate)
        #: The latest frames; a new utterance begins with those that no utterance has had.
        self._past: deque[Samples] = deque(maxlen=max(_PRE_ROLL + 12, round(_CARRY_S / FRAME_S)))
        self._position = 0
        self._first = 0
        self._onset = 0
        self._taken = 0
        self._is_decoding = False
        self._utterance = 0
        self._partial: tuple[Word, ...] = ()

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
            yield Speech(began=True, time=seconds_of(self._gate.onset))
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
            yield Progress(seconds_of(self._position))

    def _begin(self, first: int, onset: int) -> None:
        """Start an utterance with the audio from frame `first` on."""
        self._decoder.begin(first)
        self._is_decoding = True
        self._first = first
        self._onset = onset
        self._partial = ()
        self._decode(list(self._past)[len(self._past) - (self._position - first) :])

    def _decode(self, frames: list[Samples]) -> None:
        for frame in frames:
            self._decoder.decode(frame)
        self._taken = self._position

    def _look(self) -> Iterator[Event]:
        """Report a partial when the hypothesis is another than before."""
        if (self._position - self._first) % self._step:
            return
        words = self._decoder.words()
        if words and [word.text for word in words] != [word.text for word in self._partial]:
            self._partial = words
            yield self._transcript(words, is_final=False)

    def _close(self) -> Iterator[Event]:
        """End the utterance because the speech ended."""
        end = Speech(began=False, time=seconds_of(self._gate.end))
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
        if len(words) > 1 and seconds_of(self._position) - words[-1].end < 2 * FRAME_S:
            last = round(words[-1].start / FRAME_S)
            if self._position - last <= len(self._past):
                words, start = words[:-1], last
        yield from self._final(words)
        self._begin(start, start)

    def _end(self) -> tuple[Word, ...]:
        self._is_decoding = False
        return self._decoder.end()

    def _final(self, words: tuple[Word, ...]) -> Iterator[Event]:
        # What a decoder has at the end can be nothing after words have been shown. The client is
        # owed the end of an utterance that it has seen, so the partial stands then.
        words = words or self._partial
        if words:
            yield self._transcript(words, is_final=True)
            self._utterance += 1

    def _transcript(self, words: tuple[Word, ...], *, is_final: bool) -> Transcript:
        return Transcript(
            self._utterance, is_final=is_final, words=words, language=self._settings.language
        )
