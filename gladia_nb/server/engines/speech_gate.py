"""When someone speaks: voice activity by 10 ms frames, and silence measured from its true start.

The detector is WebRTC's, as PocketSphinx ships it. It holds on for a while after the voice has
stopped (0.12 s, measured), which bridges the closures inside words, but would make every measured
pause too short. The end of speech is therefore dated by level: the last frame that the detector
calls speech and that is not far below the loudest of its utterance. The detector must have let go
before an utterance ends, so that no endpoint comes earlier than its hold, however short the
silence that was asked for.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Literal

import pocketsphinx

from gladia_nb.server.engines.sound_frames import FRAME_S, Samples, level_db

__all__ = ["DEPTH_DB", "FLOOR_DB", "SpeechGate"]

#: Speech begins when so many of the last `_WINDOW` frames are speech: a click does not open an
#: utterance.
_WINDOW = 12
_NEEDED = 8
#: A frame so far (dB) below the loudest of its utterance is silence, whatever the detector holds.
DEPTH_DB = 35.0
#: Below this level (dB of full scale) there is no speech.
FLOOR_DB = -65.0
#: Frames over which the loudest is looked for while nobody speaks.
_MEMORY = 30


class SpeechGate:
    """Follows one channel frame by frame, and says when speech begins and ends.

    Args:
        threshold: strictness of the detector, 0 to 1 (`pre_processing.speech_threshold`); its
            four modes share the range.
        endpointing: seconds of silence that end speech.

    Attributes:
        is_open: whether speech has begun and not ended.
        onset: frame at which the speech that is open, or was last, began.
        end: frame after the last one that was speech.
        position: frames seen.
    """

    def __init__(self, threshold: float, endpointing: float) -> None:
        self._vad = pocketsphinx.Vad(
            mode=min(3, int(threshold * 4)), sample_rate=16000, frame_length=FRAME_S
        )
        self._patience = max(1, round(endpointing / FRAME_S))
        self._recent: deque[bool] = deque(maxlen=_WINDOW)
        self._levels: deque[float] = deque(maxlen=_MEMORY)
        self._loudest = -math.inf
        self.is_open = False
        self.onset = 0
        self.end = 0
        self.position = 0

    def push(self, frame: Samples) -> Literal["start", "end"] | None:
        """Take the next frame of 160 samples at 16 kHz.

        Returns:
            `start` or `end` when speech began (at `onset`) or ended (at `end`), else None.
        """
        heard = bool(self._vad.is_speech(frame.tobytes()))
        level = level_db(frame)
        self._levels.append(level)
        self._loudest = max(self._loudest, level) if self.is_open else max(self._levels)
        loud = heard and level > max(self._loudest - DEPTH_DB, FLOOR_DB)
        self.position += 1
        if self.is_open:
            return self._while_open(heard, loud)
        self._recent.append(loud)
        if sum(self._recent) < _NEEDED:
            return None
        self.is_open = True
        self.onset = self.position - len(self._recent) + self._recent.index(True)
        self.end = self.position
        return "start"

    def _while_open(self, heard: bool, loud: bool) -> Literal["end"] | None:
        if loud:
            self.end = self.position
        if heard or self.position - self.end < self._patience:
            return None
        self.close()
        return "end"

    def close(self) -> None:
        """Speech is over, for instance because the recording is."""
        self.is_open = False
        self._recent.clear()
        self._levels.clear()
