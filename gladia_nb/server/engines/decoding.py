"""The decoding processes, which only the server starts: `... engines.decoding FD KIND MODEL`.

PocketSphinx holds Python's global lock for up to 0.1 s at a time, so that no decoder may live in
the server's own process. One process loads the model once and forks for each stream: a stream
starts within milliseconds, has a decoder that nothing was ever decoded with (the same audio gives
the same text, whatever ran before), shares the model's memory with the others, and is scheduled by
the system. All of them run at a lower priority than the server, whose answers must not wait for
them, and each ends when its socket is closed, so that none outlives the server.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from gladia_nb.server.engines import pipe as wire
from gladia_nb.server.engines.base import Ended, EngineError, Event
from gladia_nb.server.engines.decoding_child import SHERPA, SPHINX

__all__ = ["main"]

#: Makes a decoder of a loaded model, for the settings of a stream.
MakeDecoder = Callable[[Any], Any]

#: Added to the priority value of the decoding processes.
_NICE = 10
#: How long streams may take to end themselves once the server is gone, in seconds.
_GRACE_S = 2.0


def main() -> int:
    """Serve the control socket with the file descriptor given as argument, until it is closed."""
    with contextlib.closing(socket.socket(fileno=int(sys.argv[1]))) as control:
        # A Ctrl-C in the terminal goes to the whole group; the server alone decides.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            make = _LOADERS[sys.argv[2]](sys.argv[3])
        except (ImportError, EngineError) as error:
            problem = _missing(error) if isinstance(error, ImportError) else str(error)
            control.sendall(json.dumps({"problem": problem}).encode() + b"\n")
            return 1
        os.nice(_NICE)
        gc.freeze()
        control.sendall(b'{"ready":true}\n')
        children: set[int] = set()
        while True:
            ready, _, _ = select.select([control], [], [], 1.0)
            if ready:
                data, descriptors, _, _ = socket.recv_fds(control, 1, 1)
                for descriptor in descriptors:
                    children.add(_fork(control, make, descriptor))
                if not data:
                    break
            _reap(children)
    _end(children)
    return 0


def _sphinx(_: str) -> MakeDecoder:
    from gladia_nb.server.engines.sphinx_decoder import SphinxDecoder, load_sphinx

    decoder = load_sphinx()
    return lambda settings: SphinxDecoder(decoder, settings)


def _sherpa(folder: str) -> MakeDecoder:
    from gladia_nb.server.engines.sherpa_decoder import SherpaDecoder, load_sherpa

    model = load_sherpa(folder)
    return lambda _: SherpaDecoder(model)


#: For each kind of decoder what loads its model, and gives what makes a decoder of it.
_LOADERS: Mapping[str, Callable[[str], MakeDecoder]] = {SPHINX: _sphinx, SHERPA: _sherpa}
#: The extra that brings a library.
_EXTRAS = {"pocketsphinx": "local", "sherpa_onnx": "sherpa"}


def _missing(error: ImportError) -> str:
    name = (error.name or "").partition(".")[0]
    if name in _EXTRAS:
        package = name.replace("_", "-")
        return f'The recogniser needs {package}: pip install "gladia-nb[{_EXTRAS[name]}]".'
    return f"The recogniser cannot be loaded ({error})."


def _fork(control: socket.socket, make: MakeDecoder, descriptor: int) -> int:
    child = os.fork()
    if child:
        os.close(descriptor)
        return child
    status = 1
    try:
        control.close()
        with socket.socket(fileno=descriptor) as stream:
            _serve(stream, make)
        status = 0
    finally:
        os._exit(status)


def _reap(children: set[int]) -> None:
    for child in list(children):
        if os.waitpid(child, os.WNOHANG)[0]:
            children.discard(child)


def _end(children: set[int]) -> None:
    deadline = time.monotonic() + _GRACE_S
    while children and time.monotonic() < deadline:
        _reap(children)
        time.sleep(0.01)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _serve(stream: socket.socket, make: MakeDecoder) -> None:
    """One stream, from its settings to its end."""
    from gladia_nb.server.engines.recogniser import Recogniser, StreamSettings

    def report(event: Event) -> None:
        stream.sendall(wire.line_of(event))

    recogniser: Recogniser | None = None
    try:
        while True:
            kind, payload = _receive(stream)
            if kind == wire.SETTINGS:
                settings = StreamSettings(**json.loads(payload))
                recogniser = Recogniser(make(settings), settings)
            elif recogniser is not None and kind == wire.AUDIO:
                for event in recogniser.feed(payload):
                    report(event)
            elif recogniser is not None:
                for event in recogniser.finish():
                    report(event)
                report(Ended())
                return
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the server has no more use for the stream
    except Exception as error:  # noqa: BLE001 - whatever it is, the server has to hear of it
        with contextlib.suppress(OSError):
            report(Ended(f"The recogniser failed: {type(error).__name__}: {error}"))


def _receive(stream: socket.socket) -> tuple[int, bytes]:
    kind, length = wire.HEAD.unpack(_exactly(stream, wire.HEAD.size))
    return kind, _exactly(stream, length)


def _exactly(stream: socket.socket, length: int) -> bytes:
    data = bytearray()
    while len(data) < length:
        piece = stream.recv(min(length - len(data), 1 << 16))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)


if __name__ == "__main__":
    sys.exit(main())
