"""Audio that is captured while it is sent: fed piece by piece, with the moment of its capture.

A `LiveAudio` is a source of `gladia_nb.start`. Whoever captures feeds it: a microphone of the
browser, one of this machine, a program. Pieces go to the worker at once, which cuts them into
chunks and sends them. All that was fed is kept and can be saved, sample for sample.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt
import soxr

from gladia_nb.audio import (
    Audio,
    audio_from_array,
    encode,
    mix,
    wav_file,
)
from gladia_nb.config import MAX_CHANNELS, SessionConfig
from gladia_nb.drafts import replacing
from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.paths import expanded
from gladia_nb.record.event_kinds import AnyEvent
from gladia_nb.record.sound import Wire
from gladia_nb.sessions.sources import Prepared, nearest_rate
from gladia_nb.sound_file import Samples
from gladia_nb.worker.commands import AnyCommand, End, Feed, Note, Pause
from gladia_nb.worker.live_chunks import is_hole

__all__ = ["LiveAudio"]

_NOTHING = "Nothing has been recorded: no samples of {name} came."


class _Handle(Protocol):
    """Whoever takes the audio; a `Live`."""

    @property
    def done(self) -> bool: ...

    def command(self, command: AnyCommand, audio: bytes = b"") -> None: ...

    def before_stop(self, callback: Callable[[], None]) -> None: ...


class _Sound(Protocol):
    """Who keeps what is sent in a file."""

    def so_far(self, name: str) -> Audio | None: ...


class LiveAudio:
    """Audio that comes while it is spoken; `with` closes it.

    Every method can be called from any thread. What is fed before a session is started waits for
    it. All of it is kept for `take` and `save`: in the file beside the run of its session; without
    one (or with `audio=False`) in memory, at 16 kHz and 16 bit 115 MB an hour.

    Args:
        sample_rate: hertz, of what is fed.
        channels: of what is fed.
        name: where it comes from, for people and for the name of the run.
        stall_s: after so many seconds without audio the record says that there is none.

    Raises:
        AudioError: the rate or the number of channels cannot be.

    Example:
        >>> with LiveAudio(16000) as live:
        ...     live.feed(np.zeros(1600, np.int16))
        ...     live.feed(np.full(800, 8192, np.int16))
        >>> live.take().samples.shape, live.duration_s
        ((2400, 1), 0.15)
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        channels: int = 1,
        *,
        name: str = "live audio",
        stall_s: float = 2.0,
    ) -> None:
        if not isinstance(sample_rate, int) or isinstance(sample_rate, bool) or sample_rate < 1:
            raise AudioError(
                f"The sample rate is a positive whole number of hertz, not {sample_rate!r}."
            )
        if not isinstance(channels, int) or not 1 <= channels <= MAX_CHANNELS:
            raise AudioError(f"Live audio has from 1 to {MAX_CHANNELS} channels, not {channels!r}.")
        self.sample_rate = sample_rate
        self.channels = channels
        self.name = name
        self.stall_s = stall_s
        self._lock = threading.RLock()
        self._pieces: list[Samples] = []
        self._waiting: list[Callable[[], None]] = []
        self._frames = 0
        self._clipped = 0
        self._closed = False
        self._seq: int | None = None
        self._handle: _Handle | None = None
        self._wire: _Wire | None = None
        self._sound: _Sound | None = None

    # -- feeding --

    def feed(
        self, samples: npt.ArrayLike, *, captured_ns: int | None = None, seq: int | None = None
    ) -> None:
        """The next piece of audio.

        Args:
            samples: shape `(frames,)` or `(frames, channels)`; floating point with full scale 1,
                or integers with the full scale of their type.
            captured_ns: when its last sample was captured, `time.perf_counter_ns()`; by default
                now. Where a piece began 20 ms or more after the one before it, audio is missing,
                which the record says; without this moment, or with numbers, 250 ms or more.
            seq: its number, where the pieces are numbered; one that never comes is a gap.

        Raises:
            AudioError: the samples are none, or the audio has been closed, or its session is over.
        """
        now_ns = time.perf_counter_ns() if captured_ns is None else captured_ns
        piece = audio_from_array(samples, self.sample_rate, name="The piece of live audio").samples
        if piece.shape[1] != self.channels:
            raise AudioError(
                f"The piece has {piece.shape[1]} channels and this live audio has {self.channels}; "
                "the shape is (frames, channels)."
            )
        with self._lock:
            self._refuse_when_over()
            self._frames += len(piece)
            self._clipped += int(np.count_nonzero(np.abs(piece) > 1))
            if self._wire is None:
                self._pieces.append(piece)
            dated = captured_ns is not None
            self._do(partial(self._send_piece, piece, now_ns, seq, dated))

    def pause(self) -> None:
        """Nothing is captured until more is fed; the record says that this was meant."""
        with self._lock:
            self._refuse_when_over()
            self._do(partial(self._send_pause, time.perf_counter_ns()))

    def note(self, event: AnyEvent) -> None:
        """Put an event into the record of the session, such as a `ClockEvent`.

        It is not recorded when there is no session, or when that is over.
        """
        with self._lock:
            self._do(partial(self._command, Note(event)))

    def close(self) -> None:
        """No more will come: the session sends what is left and ends properly. Repeatable."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._do(self._send_end)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _refuse_when_over(self) -> None:
        if self._closed:
            raise AudioError("This live audio has been closed; make another one to go on.")
        if self._handle is not None and self._handle.done:
            raise AudioError(
                "The session that this audio went to is over; its result() tells how it ended."
            )

    # -- what there is --

    @property
    def closed(self) -> bool:
        """Whether no more can be fed."""
        return self._closed or (self._handle is not None and self._handle.done)

    @property
    def duration_s(self) -> float:
        """Seconds that have been fed."""
        return self._frames / self.sample_rate

    def take(self) -> Audio:
        """Everything that was fed, as it went over the wire, or as 16-bit PCM without a session.

        A session that is aborted or fails may not have sent all of it.

        Raises:
            AudioError: nothing has been fed, or the file beside the run cannot be read.
        """
        if self._sound is not None:
            found = self._sound.so_far(self.name)
            if found is None:
                raise AudioError(_NOTHING.format(name=self.name))
            return found
        data, form = self._encoded()
        return Audio(form.decode(data), form.sample_rate, self.name)

    def save(self, path: str | Path) -> Path:
        """Write `take` as a WAV file, in the encoding of the wire.

        Raises:
            AudioError: nothing has been fed, or the file cannot be written.
        """
        if self._sound is None:
            data, form = self._encoded()
        else:
            assert self._wire is not None  # noqa: S101 - it has a session
            form = self._wire.form
            data = encode(self.take().samples, form.encoding, form.bit_depth)
        path = expanded(path, AudioError)
        layout = (form.encoding, form.bit_depth, form.channels, form.sample_rate)
        try:
            with replacing(path) as new:
                new.write_bytes(wav_file(data, *layout))
        except OSError as error:
            raise AudioError(
                f"Cannot write {path}: {error.strerror or error}. Choose another place."
            ) from None
        return path

    def _encoded(self) -> tuple[bytes, Wire]:
        """What is in memory."""
        with self._lock:
            wire = self._wire
            if wire is not None:
                data, form = bytes(wire.data), wire.form
            else:
                form = Wire("wav/pcm", 16, self.channels, self.sample_rate)
                data = b"".join(encode(piece, "wav/pcm", 16) for piece in self._pieces)
        if not data:
            raise AudioError(_NOTHING.format(name=self.name))
        return data, form

    def __repr__(self) -> str:
        state = "closed" if self.closed else "open"
        return (
            f"LiveAudio({self.sample_rate} Hz, {self.channels} channels, "
            f"{self.duration_s:.1f} s, {state})"
        )

    # -- for `gladia_nb.start` --

    def prepare(self, config: SessionConfig) -> Prepared:
        """What will be sent; rate and channels follow this audio where the configuration is open.

        Raises:
            AudioError: it has a session already.
            ConfigError: it does not fit the configuration.
        """
        if self._wire is not None:
            raise AudioError("This live audio has a session already; make another one.")
        given = config.model_fields_set
        rate = config.sample_rate if "sample_rate" in given else nearest_rate(self.sample_rate)
        channels = config.channels if "channels" in given else self.channels
        if channels not in (1, self.channels) and self.channels != 1:
            raise ConfigError(
                f"This live audio has {self.channels} channels and {channels} are asked for; "
                f"ask for {self.channels} (keep) or 1 (mix)."
            )
        return Prepared(
            config=config.replace(sample_rate=rate, channels=channels),
            data=b"",
            name=self.name,
            source_rate=self.sample_rate,
            source_channels=self.channels,
            clipped=0,
            is_live=True,
        )

    def connect(self, handle: _Handle, config: SessionConfig) -> None:
        """Send what has been fed, and from now on what is fed, to a session."""
        with self._lock:
            self._handle = handle
            form = Wire(config.encoding, config.bit_depth, config.channels, config.sample_rate)
            # Only a session that keeps its sound has it.
            self._sound = getattr(handle, "sound", None)
            kept = self._sound is None
            self._wire = _Wire(form, self.sample_rate, self.channels, kept=kept)
            self._pieces.clear()
            waiting, self._waiting = self._waiting, []
            for step in waiting:
                step()
        handle.before_stop(self._stopped)

    def _stopped(self) -> None:
        """The session is stopped by its handle: what was fed is sent, nothing is fed any more."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._send_rest()

    def _do(self, step: Callable[[], None]) -> None:
        if self._wire is None:
            self._waiting.append(step)
        else:
            step()

    def _command(self, command: AnyCommand, audio: bytes = b"") -> None:
        if self._handle is not None:
            self._handle.command(command, audio)

    def _send_piece(self, piece: Samples, captured_ns: int, seq: int | None, dated: bool) -> None:
        assert self._wire is not None  # noqa: S101 - steps are done when there is one
        lost = seq is not None and self._seq is not None and seq > self._seq + 1
        if lost or self._wire.is_behind(piece, captured_ns, certain=dated and seq is None):
            # What the resampler still holds is from before the hole.
            self._send_rest()
        self._seq = seq
        data, at_ns = self._wire.put(piece, captured_ns)
        self._command(Feed(at_ns, seq, dated), data)

    def _send_rest(self) -> None:
        assert self._wire is not None  # noqa: S101 - as above
        if rest := self._wire.finish():
            data, at_ns = rest
            self._command(Feed(at_ns, None), data)

    def _send_pause(self, captured_ns: int) -> None:
        self._send_rest()
        self._command(Pause(captured_ns))

    def _send_end(self) -> None:
        self._send_rest()
        self._command(End(self._clipped))


class _Wire:
    """Turns pieces into the bytes of the wire, and keeps those where nobody else does.

    A resampler gives out less than it was given: what it gives is dated by its own position.
    """

    def __init__(self, form: Wire, rate: int, channels: int, *, kept: bool) -> None:
        self.form = form
        self.data = bytearray()
        self._kept = kept
        self._rate = rate
        self._channels = channels
        self._stream: soxr.ResampleStream | None = None
        self._in = 0
        self._out = 0
        self._captured_ns = 0

    def put(self, piece: Samples, captured_ns: int) -> tuple[bytes, int]:
        """Bytes, and when the last sample of them was captured."""
        if self.form.sample_rate == self._rate:
            return self._keep(piece), captured_ns
        if self._stream is None:
            self._in = self._out = 0
            self._stream = soxr.ResampleStream(
                self._rate, self.form.sample_rate, self._channels, "float32", "VHQ"
            )
        self._in += len(piece)
        self._captured_ns = captured_ns
        return self._resampled(piece, last=False)

    def is_behind(self, piece: Samples, captured_ns: int, *, certain: bool) -> bool:
        """Whether a resampler holds audio from before a hole."""
        if self._stream is None:
            return False
        began_ns = captured_ns - len(piece) * 1_000_000_000 // self._rate
        return is_hole(self._captured_ns, began_ns, certain=certain)

    def finish(self) -> tuple[bytes, int] | None:
        """What the resampler still holds; the next piece begins a new stream."""
        if self._stream is None:
            return None
        found = self._resampled(np.zeros((0, self._channels), np.float32), last=True)
        self._stream = None
        return found

    def _resampled(self, piece: Samples, *, last: bool) -> tuple[bytes, int]:
        assert self._stream is not None  # noqa: S101 - made by put
        samples = self._stream.resample_chunk(np.ascontiguousarray(piece, np.float32), last=last)
        self._out += len(samples)
        behind = self._in - Fraction(self._out * self._rate, self.form.sample_rate)
        return self._keep(samples), self._captured_ns - int(behind * 1_000_000_000 / self._rate)

    def _keep(self, samples: Samples) -> bytes:
        form = self.form
        mixed = mix(Audio(samples, form.sample_rate), form.channels).samples
        data = encode(mixed, form.encoding, form.bit_depth) if len(mixed) else b""
        if self._kept:
            self.data += data
        return data
