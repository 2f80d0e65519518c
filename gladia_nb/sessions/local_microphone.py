"""A microphone of the machine that runs the kernel, for hosts whose browser gives none.

Needs the extra `mic-local` (sounddevice) and PortAudio. On a hub the kernel's machine is not the
one before which somebody sits; `gladia_nb.Microphone` is for that.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

import numpy as np

from gladia_nb.audio import Audio
from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.sessions.live_audio import LiveAudio

__all__ = ["LocalMicrophone", "record_audio", "sounddevice_module"]

_NO_MODULE = (
    "There is no sounddevice; install it with pip install 'gladia-nb[mic-local]', or record in the "
    "browser with gladia_nb.Microphone."
)
_NO_PORTAUDIO = (
    "There is no PortAudio, which sounddevice needs; install it (Debian: apt-get install "
    "libportaudio2), or record in the browser with gladia_nb.Microphone."
)
#: How far the device's own account of the capture may be from ours before it is not believed.
_PLAUSIBLE_NS = 5_000_000_000
#: Calls of which the fastest is looked for; clocks drift apart over longer times.
_RECENT = 64

Piece = tuple[bytes, int, bool]


def sounddevice_module() -> Any:
    """The module, loaded when it is first needed.

    Raises:
        AudioError: there is no sounddevice, or no PortAudio.
    """
    try:
        import sounddevice
    except ImportError:
        raise AudioError(_NO_MODULE) from None
    except OSError:
        raise AudioError(_NO_PORTAUDIO) from None
    return sounddevice


class _Dater:
    """Dates of the device's clock on ours.

    The device tells its time when it calls, and the call waits for the interpreter, which a busy
    kernel holds for tens of milliseconds: the fastest of the recent calls tells best how the two
    clocks lie to each other.
    """

    def __init__(self) -> None:
        self._apart: deque[int] = deque(maxlen=_RECENT)

    def date(self, device_ns: int, called_ns: int, now_ns: int) -> int:
        """When that was, nanoseconds of our clock.

        Args:
            device_ns: the moment, on the device's clock.
            called_ns: when the device called, on its clock.
            now_ns: when the call came, on ours.
        """
        if not 0 <= called_ns - device_ns < _PLAUSIBLE_NS:
            # Some systems leave the times out.
            return now_ns
        apart = now_ns - called_ns
        if self._apart and abs(apart - min(self._apart)) > _PLAUSIBLE_NS:
            # One of the clocks stood still, as in a computer that slept.
            self._apart.clear()
        self._apart.append(apart)
        return device_ns + min(self._apart)


class LocalMicrophone:
    """Captures into a `LiveAudio` for as long as it is open; `with`.

    Its `audio` can be given to `gladia_nb.start` at once: what has been captured before waits.

    Args:
        sample_rate: hertz.
        channels: 1 or more.
        chunk_ms: milliseconds of audio in each piece.
        device: number or part of the name of a device, as sounddevice lists them; None for the
            system's choice.

    Attributes:
        audio: where the samples go.

    Raises:
        AudioError: there is no sounddevice, no PortAudio, or no such device.

    Example:
        with gn.LocalMicrophone() as mic:
            live = gn.start(mic.audio)
            input("Speak, then press Enter.")
        run = live.result()
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        channels: int = 1,
        *,
        chunk_ms: float = 100,
        device: int | str | None = None,
    ) -> None:
        self._sounddevice = sounddevice_module()
        self.audio = LiveAudio(sample_rate, channels, name="microphone")
        self._chunk_ms = chunk_ms
        self._device = device
        self._queue: SimpleQueue[Piece | None] = SimpleQueue()
        self._stream: Any = None
        self._thread: threading.Thread | None = None
        self._seq = 0
        self._dater = _Dater()

    def __enter__(self) -> Self:
        rate, channels = self.audio.sample_rate, self.audio.channels
        try:
            self._stream = self._sounddevice.RawInputStream(
                samplerate=rate,
                channels=channels,
                dtype="int16",
                blocksize=round(self._chunk_ms * rate / 1000),
                device=self._device,
                callback=self._captured,
            )
            self._thread = threading.Thread(
                target=self._feed, name="gladia_nb local microphone", daemon=True
            )
            self._thread.start()
            self._stream.start()
        except (self._sounddevice.PortAudioError, ValueError) as error:
            self.close()
            raise AudioError(
                f"The microphone of this machine cannot be opened ({error}). Look at "
                "sounddevice.query_devices(), and name one with device=..."
            ) from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the device; what was captured is fed, and the audio ends. Repeatable."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.stop()
            stream.close()
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()
        self.audio.close()

    def _captured(self, data: Any, frames: int, times: Any, status: Any) -> None:
        """On PortAudio's own thread: only hand over."""
        now_ns = time.perf_counter_ns()
        length_ns = frames * 1_000_000_000 // self.audio.sample_rate
        begun_ns = round(times.inputBufferAdcTime * 1e9)
        captured_ns = self._dater.date(begun_ns + length_ns, round(times.currentTime * 1e9), now_ns)
        self._queue.put((bytes(data), captured_ns, bool(status.input_overflow)))

    def _feed(self) -> None:
        while (piece := self._queue.get()) is not None:
            data, captured_ns, overflow = piece
            # A number that is left out is a gap in the record.
            self._seq += 2 if overflow else 1
            samples = np.frombuffer(data, "<i2").reshape(-1, self.audio.channels)
            if not self.audio.closed and len(samples):
                self.audio.feed(samples, captured_ns=captured_ns, seq=self._seq)


def record_audio(
    seconds: float,
    *,
    sample_rate: int = 16000,
    channels: int = 1,
    device: int | str | None = None,
    wait: Callable[[float], object] = time.sleep,
) -> Audio:
    """Record from the microphone of this machine and return what was heard.

    Args:
        seconds: how long, above 0 and up to an hour.
        sample_rate: hertz.
        channels: 1 or more.
        device: as for `LocalMicrophone`.
        wait: how to wait between two looks at what has come.

    Raises:
        AudioError: there is no sounddevice, no PortAudio, no such device, or it delivers nothing.
        ConfigError: such a time cannot be.

    Example:
        audio = gn.record_audio(5)
        run = gn.transcribe(audio)
    """
    if not isinstance(seconds, (int, float)) or not 0 < seconds <= 3600:
        raise ConfigError(f"seconds must be above 0 and at most 3600 (got {seconds!r}).")
    with LocalMicrophone(sample_rate, channels, device=device) as mic:
        begun_ns = time.perf_counter_ns()
        while mic.audio.duration_s < seconds:
            wait(0.02)
            if time.perf_counter_ns() - begun_ns > (seconds + 5) * 1e9:
                raise AudioError(
                    f"The microphone delivered {mic.audio.duration_s:.1f} of {seconds:g} s. "
                    "Look whether it is muted, or choose another one with device=..."
                )
    take = mic.audio.take()
    return Audio(take.samples[: round(seconds * sample_rate)], sample_rate, "microphone")
