"""The engine that recognises English with PocketSphinx: the server's end of its processes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Callable

from gladia_nb.child import child_command, child_environment
from gladia_nb.config import SessionConfig
from gladia_nb.server.engines import pipe as wire
from gladia_nb.server.engines.base import Ended, EngineError, Event
from gladia_nb.server.engines.vocabulary import entries_of, problems_of
from gladia_nb.server.settings.options import ServerOptions

__all__ = ["SphinxEngine"]

_log = logging.getLogger(__name__)

_READY_S = 30.0
_STOP_S = 5.0


class SphinxEngine:
    """Recognises each channel in a process of its own; see `decoding`.

    Args:
        options: of the server.
    """

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._starting = asyncio.Lock()
        self._streams: set[_Stream] = set()

    async def start(self) -> None:
        """Start the process that holds the model, and wait until it has loaded it."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        # Numerical libraries start a thread for each core, which would not survive a fork.
        alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                *child_command("gladia_nb.server.engines.decoding", str(theirs.fileno())),
                pass_fds=[theirs.fileno()],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                env=child_environment(alone),
            )
        self._control = ours
        try:
            async with asyncio.timeout(_READY_S):
                answer = await asyncio.get_running_loop().sock_recv(ours, 1 << 16)
        except TimeoutError:
            answer = b""
        report = json.loads(answer or b'{"problem":"The recogniser\'s process did not start."}')
        if "problem" in report:
            await self.close()
            raise EngineError(report["problem"])

    async def close(self) -> None:
        """End all streams and processes; returns when they are gone."""
        for stream in list(self._streams):
            stream.abort()
        if self._control is not None:
            self._control.close()
            self._control = None
        process, self._process = self._process, None
        if process is None:
            return
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    @property
    def supplies(self) -> frozenset[str]:
        """None: it hears words, and knows nothing about them."""
        return frozenset()

    def refusals(self, config: SessionConfig) -> list[str]:
        """The model knows English only, and words need letters that it can read."""
        foreign = [code for code in config.language_config.languages if code != "en"]
        if not foreign:
            return problems_of(config)
        sentence = (
            "language_config.languages must be ['en'] or empty: this server's own recogniser "
            f"knows English only (got {list(config.language_config.languages)})"
        )
        return [sentence, *problems_of(config)]

    async def open(
        self,
        config: SessionConfig,
        channel: int,  # noqa: ARG002 - all channels are alike to it
        report: Callable[[Event], None],
    ) -> _Stream:
        """A new process for one channel."""
        async with self._starting:
            if self._process is None or self._process.returncode is not None:
                _log.warning("the process that holds the model is gone; starting another")
                await self.close()
                await self.start()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            try:
                assert self._control is not None  # noqa: S101 - started above
                socket.send_fds(self._control, [b"+"], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise EngineError(f"The recogniser takes no more streams ({error}).") from None
        stream = _Stream(report, self._streams.discard)
        self._streams.add(stream)
        await asyncio.get_running_loop().create_unix_connection(lambda: stream, sock=ours)
        stream.send(wire.SETTINGS, json.dumps(self._settings(config)).encode())
        return stream

    def _settings(self, config: SessionConfig) -> dict[str, object]:
        return {
            "encoding": config.encoding,
            "bit_depth": config.bit_depth,
            "sample_rate": config.sample_rate,
            "endpointing": config.endpointing,
            "max_utterance_s": config.maximum_duration_without_endpointing,
            "speech_threshold": config.pre_processing.speech_threshold,
            "partial_step_s": self._options.partial_step_s,
            "end_first": self._options.speech_end_first,
            "vocabulary": entries_of(config),
        }


class _Stream(asyncio.Protocol):
    """One channel; what it sends waits in memory while its process is busy."""

    def __init__(self, report: Callable[[Event], None], forget: Callable[[_Stream], None]) -> None:
        self._report: Callable[[Event], None] | None = report
        self._forget = forget
        self._transport: asyncio.Transport | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream socket
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._pass(wire.read_line(line))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - of the protocol
        self._pass(Ended("The recogniser's process died."))

    def _pass(self, event: Event) -> None:
        report = self._report
        if report is None:
            return
        if isinstance(event, Ended):
            self.abort()
        report(event)

    def send(self, kind: int, payload: bytes = b"") -> None:
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
