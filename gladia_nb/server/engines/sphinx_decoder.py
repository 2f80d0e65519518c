"""The decoder of PocketSphinx with its own English model.

Finals are the decoder's second pass and can differ from the partials before them.
"""

from __future__ import annotations

import os
from typing import Any

import pocketsphinx

from gladia_nb.server.engines.base import Word
from gladia_nb.server.engines.recogniser import StreamSettings
from gladia_nb.server.engines.sound_frames import Samples, seconds_of
from gladia_nb.server.engines.steadiness import Steadiness
from gladia_nb.server.engines.vocabulary import Vocabulary

__all__ = ["SphinxDecoder", "load_sphinx"]

#: Cepstral means of speech at 8 kHz. The decoder adapts to a channel as it listens, but begins with
#: the means of full-band speech, so far off that it loses the first sentences. Measured on the
#: project's recordings, two voices.
_NARROW_BAND_MEANS = "42,30,-25,46,-18,1,15,-26,13,-14,4,14,-10"


def load_sphinx() -> Any:
    """A PocketSphinx decoder with its own English model; takes about 0.4 s and 100 MB."""
    # Measured on the project's recordings: 5000 active states a frame recognise as well as the
    # default of 30000, in two thirds of the time; 3000 recognise worse. More Gaussians a state
    # (topn=8) recognise no better and take a tenth more; without the second pass twice as many
    # words are wrong. The figures are in docs/engines.md.
    return pocketsphinx.Decoder(loglevel="FATAL", maxhmmpf=5000)


class SphinxDecoder:
    """Words of one channel's utterances, by PocketSphinx.

    Args:
        decoder: a decoder that no utterance has been given to.
        settings: of the session.
    """

    def __init__(self, decoder: Any, settings: StreamSettings) -> None:
        if settings.sample_rate == 8000:
            decoder.set_cmn(_NARROW_BAND_MEANS)
        self._decoder = decoder
        self._vocabulary = Vocabulary(decoder, settings.vocabulary)
        self._first = 0
        self._steadiness = Steadiness()

    def begin(self, first: int) -> None:
        """An utterance begins with frame number `first` of the channel."""
        self._decoder.start_utt()
        self._first = first
        self._steadiness = Steadiness()

    def decode(self, frame: Samples) -> None:
        """Take the next frame."""
        # One frame at a time, always: the decoder's running means depend on its blocks.
        self._decoder.process_raw(frame.tobytes(), False, False)
        # A frame takes about 2 ms. Whoever waits for the processor, such as the server with an
        # acknowledgement, then need not wait for the system to take it away.
        os.sched_yield()

    def words(self) -> tuple[Word, ...]:
        """The current hypothesis of the first pass."""
        return self._words(final=False)

    def end(self) -> tuple[Word, ...]:
        """What the second pass has found."""
        self._decoder.end_utt()
        return self._words(final=True)

    def _words(self, *, final: bool) -> tuple[Word, ...]:
        """The hypothesis without silence and noises."""
        if self._decoder.hyp() is None:
            return ()
        found = [
            (segment.word.split("(")[0], segment)
            for segment in self._decoder.seg()
            if segment.word[0] not in "<[+"
        ]
        if not final:  # the first pass has no posterior probabilities
            self._steadiness.look([text for text, _ in found])
        return self._vocabulary.written(
            Word(
                text,
                seconds_of(self._first + segment.start_frame),
                seconds_of(self._first + segment.end_frame + 1),
                round(min(1.0, max(0.0, segment.prob)), 3) if final else self._steadiness.of(index),
            )
            for index, (text, segment) in enumerate(found)
        )
