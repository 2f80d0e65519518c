"""Where there is speech in the audio, by its energy: an anchor that no service had a hand in.

An offline voice activity detector: it may look ahead, so that it needs no time to decide, and it
gives the same answer for the same samples always. It tells sound from silence, not speech from
music: for recordings of speech with a floor of noise, not for anything else.
"""

from __future__ import annotations

import math
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.audio import Audio, read_audio
from gladia_nb.errors import ConfigError
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema

__all__ = ["SPEECH", "speech_of", "speech_spans"]

Floats = npt.NDArray[np.float64]

#: One row a span of speech.
SPEECH: Schema = MappingProxyType(
    {
        "channel": "int64",
        "start_frame": "int64",  # its first sample
        "end_frame": "int64",  # exclusive
        "start_s": "float64",  # the same in seconds
        "end_s": "float64",
    }
)

#: Length of the window whose energy is looked at, and of its steps, seconds.
_WINDOW_S, _STEP_S = 0.02, 0.005
#: Part of a second around which the floor of noise is taken, and which part of it is the floor.
_FLOOR_S, _FLOOR_SHARE = 3.0, 0.1
#: The least power of full scale that is sound at all: -60 dB.
_SILENCE = 1e-6


def speech_spans(
    audio: Audio,
    *,
    on_db: float = 9.0,
    off_db: float = 6.0,
    min_speech_s: float = 0.06,
    min_silence_s: float = 0.2,
) -> pd.DataFrame:
    """Spans of speech in each channel, to the sample.

    The power of windows of 20 ms is compared with a floor that follows the noise: the lowest tenth
    of the 3 s around, or -60 dB of full scale where that is higher. Speech begins with the first
    window that is `on_db` above the floor and goes on as long as windows are `off_db` above it
    (hysteresis). Pauses shorter than `min_silence_s` are inside of speech; then spans shorter than
    `min_speech_s` are dropped. A span begins and ends at the first and the last sample of it whose
    own power is `off_db` above the floor. Lengths are counted in whole samples, so that nothing
    drifts.

    Where more than nine tenths of 3 s are speech the floor rises into it: a talk without any pause
    needs a lower `on_db`.

    Args:
        audio: the sound.
        on_db: decibels above the floor that begin speech.
        off_db: decibels above the floor that keep it up; at most `on_db`.
        min_speech_s: shortest span, seconds.
        min_silence_s: shortest pause, seconds.

    Returns:
        Columns in `SPEECH`, by channel and time.

    Raises:
        ConfigError: thresholds or lengths that contradict each other.

    Example:
        >>> tone = np.sign(np.sin(np.arange(16000)))
        >>> sound = np.concatenate([np.zeros(8000), tone, np.zeros(8000)])
        >>> speech_spans(Audio(sound[:, np.newaxis], 16000))[["start_frame", "end_frame"]].values
        array([[ 8001, 24000]])
    """
    if not 0 < off_db <= on_db < math.inf:
        raise ConfigError(
            f"speech_spans needs 0 < off_db <= on_db (got off_db={off_db}, on_db={on_db})."
        )
    if not (0 <= min_speech_s < math.inf and 0 <= min_silence_s < math.inf):
        raise ConfigError("min_speech_s and min_silence_s of speech_spans are seconds, 0 or more.")
    rate = audio.sample_rate
    blocks = []
    for channel in range(audio.channels):
        found = _spans(
            audio.samples[:, channel],
            step=max(1, round(_STEP_S * rate)),
            on=10 ** (on_db / 10),
            off=10 ** (off_db / 10),
            min_speech=round(min_speech_s * rate),
            min_silence=round(min_silence_s * rate),
        )
        blocks += [(channel, start, end) for start, end in found]
    table = np.array(blocks, dtype="int64").reshape(-1, 3)
    return pd.DataFrame(
        {
            "channel": table[:, 0],
            "start_frame": table[:, 1],
            "end_frame": table[:, 2],
            "start_s": table[:, 1] / rate,
            "end_s": table[:, 2] / rate,
        }
    )


def speech_of(run: RunData, audio: Audio | str | Path | pd.DataFrame | None = None) -> pd.DataFrame:
    """Spans of speech in what a run sent.

    Args:
        run: the run.
        audio: the sound, the path of a sound file, or spans from `speech_spans`; by default what
            was kept beside the run.

    Raises:
        ConfigError: it is not the audio of the run: another length, rate, or number of channels; or
            the spans are none; or none was kept.
        AudioError: the sound file cannot be read.
    """
    if audio is None:
        kept = run.audio
        if kept is None:
            raise ConfigError(
                "No sound was kept with this run: give the sound that was sent as audio=..., its "
                "path, or spans from speech_spans."
            )
        # What was sent, to the sample: there is nothing to compare.
        return speech_spans(kept)
    header = run.record.header
    rate = int(header["config"]["sample_rate"])
    channels = int(header["config"].get("channels", 1))
    if isinstance(audio, pd.DataFrame):
        missing = [name for name in ("channel", "start_s", "end_s") if name not in audio]
        if missing:
            raise ConfigError(
                f"Spans of speech need the columns channel, start_s and end_s; {missing[0]} is "
                "missing. speech_spans makes them."
            )
        if len(audio) and int(audio["channel"].max()) >= channels:
            raise ConfigError(
                f"The spans of speech have a channel {int(audio['channel'].max())}, and the run "
                f"has {channels} (counted from 0); make them of the audio of this run."
            )
        if len(audio) and audio["end_s"].max() > run.duration_s + _ROUNDING_S:
            raise ConfigError(
                f"The spans of speech end at {audio['end_s'].max():.2f} s, and the audio of the "
                f"run at {run.duration_s:.2f} s; make them of the audio of this run."
            )
        return audio
    sound = audio if isinstance(audio, Audio) else read_audio(audio)
    if sound.sample_rate != rate:
        raise ConfigError(
            f"{sound.name} has {sound.sample_rate} Hz, and the run sent {rate} Hz; "
            "give what was sent, for instance by gladia_nb.audio.resample."
        )
    if sound.channels != channels:
        raise ConfigError(
            f"{sound.name} has {sound.channels} channels, and the run sent {channels}; "
            "give what was sent, for instance by gladia_nb.audio.mix."
        )
    # What was added as a tail of silence need not be in the file.
    planned = header["audio"].get("frames")
    tail = round(float(header["options"].get("tail_s", 0.0) or 0.0) * rate)
    if planned is not None and not planned - tail <= len(sound.samples) <= planned:
        raise ConfigError(
            f"{sound.name} is {sound.duration_s:.2f} s long, and the audio of the run "
            f"{planned / rate:.2f} s; give what was sent."
        )
    return speech_spans(sound)


#: Times in seconds may be rounded to a hundredth.
_ROUNDING_S = 0.01


def _spans(
    samples: npt.NDArray[np.floating[npt.NBitBase]],
    *,
    step: int,
    on: float,
    off: float,
    min_speech: int,
    min_silence: int,
) -> list[tuple[int, int]]:
    """Spans of one channel, as pairs of samples; the end is exclusive."""
    steps = -(-len(samples) // step)
    energy = np.zeros(steps)
    for begin in range(0, steps, 1 << 14):
        part = samples[begin * step : (begin + (1 << 14)) * step].astype("float64") ** 2
        energy[begin : begin + -(-len(part) // step)] = np.add.reduceat(
            part, np.arange(0, len(part), step)
        )
    wide = max(1, round(_WINDOW_S / _STEP_S))
    # Steps around each, those behind the ends without sound.
    power = np.convolve(energy, np.ones(wide), mode="same") / (wide * step)
    floor = np.maximum(_floor(power), _SILENCE)
    loud, strong = power > off * floor, power > on * floor
    found: list[tuple[int, int]] = []
    for begin, end in _runs(loud):
        if not strong[begin:end].any():
            continue
        # What a window reaches beyond its step, and no farther: noise has loud samples, too.
        first = max(begin - wide // 2, 0) * step
        last = min((end + wide // 2) * step, len(samples))
        least = off * float(floor[begin:end].min())
        over = np.flatnonzero(samples[first:last].astype("float64") ** 2 > least)
        if len(over):
            found.append((first + int(over[0]), first + int(over[-1]) + 1))
    merged: list[tuple[int, int]] = []
    for start, end in found:
        if merged and start - merged[-1][1] < min_silence:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [(start, end) for start, end in merged if end - start >= min_speech]


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype("int8"), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _floor(power: Floats) -> Floats:
    """The lowest tenth of the windows around each; at the ends, of the first or last 3 s."""
    width = min(2 * round(_FLOOR_S / _STEP_S / 2) + 1, len(power))
    rolling = pd.Series(power).rolling(width, center=True)
    floor = rolling.quantile(_FLOOR_SHARE, interpolation="lower").ffill().bfill()
    return floor.to_numpy(dtype="float64")
