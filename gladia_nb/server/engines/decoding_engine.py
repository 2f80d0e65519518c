"""The server's end of the decoding processes: what engines share that recognise in them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
import socket
import subprocess
from collections import deque
from collections.abc import Callable

from gladia_nb.config import SessionConfig
from gladia_nb.server.engines import pipe as wire
from gladia_nb.server.engines.base import Ended, EngineError, Event
from gladia_nb.server.engines.decoding_child import DecodingChild, launch_decoding
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["DecodingEngine", "DecodingStream"]

_log = logging.getLogger(__name__)

#: Characters of a line of a decoding process that are looked at.
_LONGEST_LINE = 500
#: Lines that are kept of what it said.
_LINES = 20
#: Where in its own source a library says that it is, before what it has to say.
_PLACE = re.compile(r"^\S+?:\w+:\d+ ")


class DecodingEngine:
    """Recognises each channel in a process of its own; see `decoding`.

    Args:
        options: of the server.
        kind: of decoder, as `decoding_child` names them.
        model: what the decoder is made from, in that kind's own words.
        ready_s: how long loading may take, in seconds.
        child: that process, where it has been started already; the engine ends it.
    """

    def __init__(
        self,
        options: ServerOptions,
        kind: str,
        model: str = "",
        *,
        ready_s: float = 30.0,
        child: DecodingChild | None = None,
    ) -> None:
        self._options = options
        self._kind = kind
        self._model = model
        self._ready_s = ready_s
        self._child = child
        self._starting = asyncio.Lock()
        self._streams: set[DecodingStream] = set()
        self._listening: asyncio.Task[None] | None = None
        self._said: deque[str] = deque(maxlen=_LINES)

    async def start(self) -> None:
        """Start the process that holds the model, and wait until it has loaded it."""
        if self._child is None:
            self._child = launch_decoding(self._kind, self._model)
        self._said.clear()
        self._listening = asyncio.create_task(self._listen(self._child.process))
        try:
            async with asyncio.timeout(self._ready_s):
                loop = asyncio.get_running_loop()
                answer = await loop.sock_recv(self._child.control, 1 << 16)
        except TimeoutError:
            await self.close()
            raise EngineError(
                f"The recogniser's process did not start within {self._ready_s:.0f} s."
            ) from None
        report = json.loads(answer) if answer else {"problem": await self._last_words()}
        if "problem" in report:
            await self.close()
            raise EngineError(report["problem"])

    async def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Pass on what the processes complain of; libraries print without measure."""
        stderr = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stderr), process.stderr
        )
        try:
            while line := await stderr.readline():
                text = line.decode(errors="replace").strip()[:_LONGEST_LINE]
                if text:
                    self._said.append(text)
                    _log.warning("a decoding process says: %s", text)
        except ValueError:  # a line without end
            _log.warning("a decoding process prints what are no lines; it is not listened to")
        finally:
            transport.close()

    async def _last_words(self) -> str:
        """One sentence about a process that ended instead of loading its model."""
        assert self._child is not None  # noqa: S101 - its socket was closed
        status = await asyncio.to_thread(self._child.process.wait)
        if self._listening is not None:
            await self._listening
        said = _PLACE.sub("", self._said[-1]).rstrip(".") if self._said else ""
        return self.no_start(said or f"its process ended with status {status}")

    def no_start(self, reason: str) -> str:
        """The sentence about a model that cannot be loaded, for `reason`."""
        return f"The recogniser's process did not start: {reason}."

    async def close(self) -> None:
        """End all streams and processes; returns when they are gone."""
        for stream in list(self._streams):
            stream.abort()
        child, self._child = self._child, None
        listening, self._listening = self._listening, None
        if child is not None:
            await asyncio.to_thread(child.end)
        if listening is not None:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
        if child is not None:
            child.close()

    @property
    def supplies(self) -> frozenset[str]:
        """None: it hears words, and knows nothing about them."""
        return frozenset()

    async def open(
        self,
        config: SessionConfig,
        channel: int,  # noqa: ARG002 - all channels are alike to it
        report: Callable[[Event], None],
    ) -> DecodingStream:
        """A new process for one channel."""
        async with self._starting:
            if self._child is None or not self._child.is_running:
                _log.warning("the process that holds the model is gone; starting another")
                await self.close()
                await self.start()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            try:
                assert self._child is not None  # noqa: S101 - started above
                socket.send_fds(self._child.control, [b"+"], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise EngineError(f"The recogniser takes no more streams ({error}).") from None
        stream = DecodingStream(report, self._streams.discard)
        self._streams.add(stream)
        await asyncio.get_running_loop().create_unix_connection(lambda: stream, sock=ours)
        stream.send(wire.SETTINGS, json.dumps(self.settings(config)).encode())
        return stream

    def settings(self, config: SessionConfig) -> dict[str, object]:
        """What the process of a channel must know of its session: the fields of its settings."""
        return {
            "encoding": config.encoding,
            "bit_depth": config.bit_depth,
            "sample_rate": config.sample_rate,
            "endpointing": config.endpointing,
            "max_utterance_s": config.maximum_duration_without_endpointing,
            "speech_threshold": config.pre_processing.speech_threshold,
            "partial_step_s": self._options.partial_step_s,
            "end_first": self._options.speech_end_first,
        }


class DecodingStream(asyncio.Protocol):
    """One channel; what it sends waits in memory while its process is busy.

    Args:
        report: is given each event.
        forget: is given the stream at its end.
    """

    def __init__(
        self, report: Callable[[Event], None], forget: Callable[[DecodingStream], None]
    ) -> None:
        self._report: Callable[[Event], None] | None = report
        self._forget = forget
        self._transport: asyncio.Transport | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The stream can send."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream socket
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take lines of the process, in any pieces."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._pass(wire.read_line(line))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - of the protocol
        """The process is gone."""
        self._pass(Ended("The recogniser's process died."))

    def _pass(self, event: Event) -> None:
        report = self._report
        if report is None:
            return
        if isinstance(event, Ended):
            self.abort()
        report(event)

    def send(self, kind: int, payload: bytes = b"") -> None:
        """Send a frame to the process, if it is still there."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(wire.frame(kind, payload))

    def feed(self, data: bytes, received_ns: int) -> None:  # noqa: ARG002 - keeps no clock
        """Take whole samples of the channel."""
        self.send(wire.AUDIO, data)

    def finish(self) -> None:
        """There is no more audio."""
        self.send(wire.FINISH)

    def abort(self) -> None:
        """End the stream's process; nothing more is reported."""
        self._report = None
        self._forget(self)
        if self._transport is not None:
            self._transport.abort()
