"""The decoder of sherpa-onnx with a streaming model of one's own: a transducer, or one of CTC.

It runs on one thread, since the model is loaded once and its process forks for each stream: threads
would not survive that. The audio of an utterance goes to a stream of its own, and its end is
decided by the voice activity detection of all recognisers and not by the model's silences, so that
`endpointing` means the same whatever the model. At the end the model gets silence until it has
heard everything, since it takes audio in pieces of its own length.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sherpa_onnx

from gladia_nb.server.engines.base import EngineError, Word
from gladia_nb.server.engines.sherpa_model import find_model
from gladia_nb.server.engines.sound_frames import FRAME_S, RATE, Samples, level_db, seconds_of
from gladia_nb.server.engines.speech_gate import DEPTH_DB, FLOOR_DB
from gladia_nb.server.engines.spoken_tokens import place
from gladia_nb.server.engines.steadiness import Steadiness

__all__ = ["LoadedModel", "SherpaDecoder", "load_sherpa"]

#: No streaming model takes longer pieces than this, in frames.
_LONGEST_PIECE = 1000
#: Silence behind an utterance beside one piece, in frames: models emit late.
_LATE = 30
_SILENCE = np.zeros(round(RATE * FRAME_S), np.float32)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in memory.

    Attributes:
        recogniser: of sherpa-onnx.
        piece: frames that the model takes before it says anything.
    """

    recogniser: Any
    piece: int


def load_sherpa(folder: str) -> LoadedModel:
    """Load the model of a folder, and let it hear a moment of silence.

    Raises:
        EngineError: there is none, or it cannot be used. A model that is broken in some other way
            ends the process with sherpa-onnx's own words on the standard error.
    """
    found = find_model(Path(folder))
    make = getattr(sherpa_onnx.OnlineRecognizer, f"from_{found.kind}")
    try:
        recogniser = make(**found.files, num_threads=1)
        return LoadedModel(recogniser, _piece(recogniser))
    except Exception as error:  # noqa: BLE001 - whatever it is, a person has to hear of it
        reason = " ".join(str(error).split())[:300].rstrip(".")
        raise EngineError(f"sherpa-onnx cannot use the model in {folder}: {reason}.") from None


def _piece(recogniser: Any) -> int:
    """How many frames of silence it takes until the model is ready; a broken one fails here."""
    stream = recogniser.create_stream()
    for frame in range(1, _LONGEST_PIECE + 1):
        stream.accept_waveform(RATE, _SILENCE)
        if recogniser.is_ready(stream):
            recogniser.decode_stream(stream)
            recogniser.get_result_all(stream)
            return frame
    raise ValueError("it wants more than 10 s of audio at once, so that it is none for streaming")


class SherpaDecoder:
    """Words of one channel's utterances, by sherpa-onnx.

    Args:
        model: in memory.
    """

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._stream: Any = None
        self._first = 0
        self._levels: list[float] = []
        self._steadiness = Steadiness()

    def begin(self, first: int) -> None:
        """An utterance begins with frame number `first` of the channel."""
        self._stream = self._model.recogniser.create_stream()
        self._first = first
        self._levels = []
        self._steadiness = Steadiness()

    def decode(self, frame: Samples) -> None:
        """Take the next frame."""
        self._levels.append(level_db(frame))
        self._hear(frame.astype(np.float32) / 2**15)

    def _hear(self, samples: Any) -> None:
        self._stream.accept_waveform(RATE, samples)
        while self._model.recogniser.is_ready(self._stream):
            self._model.recogniser.decode_stream(self._stream)
            os.sched_yield()  # whoever waits for the processor goes first

    def words(self) -> tuple[Word, ...]:
        """What the model has understood so far."""
        result = self._model.recogniser.get_result_all(self._stream)
        logs = result.ys_probs if len(result.ys_probs) == len(result.tokens) else []
        placed = place(result.tokens, result.timestamps, logs, self._loud())
        self._steadiness.look([word.text for word in placed])
        return tuple(
            Word(
                word.text,
                seconds_of(self._first + word.start),
                seconds_of(self._first + word.end),
                self._steadiness.of(index)
                if word.probability is None
                else round(word.probability, 3),
            )
            for index, word in enumerate(placed)
        )

    def end(self) -> tuple[Word, ...]:
        """What the model has understood once it has heard everything."""
        loud = self._loud()
        silence = loud[::-1].index(True) if True in loud else len(loud)
        for _ in range(self._model.piece + _LATE - silence):
            self._hear(_SILENCE)
        self._stream.input_finished()
        self._hear(_SILENCE[:0])
        return self.words()

    def _loud(self) -> list[bool]:
        """For each frame whether it is sound: by level, as the ends of speech are dated."""
        threshold = max(max(self._levels, default=FLOOR_DB) - DEPTH_DB, FLOOR_DB)
        return [level > threshold for level in self._levels]
