"""Starts the process that holds a model; light, so that a server can do it before all else."""

from __future__ import annotations

import socket
import subprocess
from dataclasses import dataclass

from gladia_nb.child import child_command, child_environment, wait_or_kill

__all__ = ["SHERPA", "SPHINX", "DecodingChild", "launch_decoding"]

#: The kinds of decoders: PocketSphinx's own, and those of models for sherpa-onnx.
SPHINX, SHERPA = "sphinx", "sherpa"
_STOP_S = 5.0


@dataclass(frozen=True, slots=True)
class DecodingChild:
    """The process that loads a model, or has loaded it; see `decoding`.

    Attributes:
        kind: of its decoder.
        model: what the decoder is made from.
        process: the process; its standard error is a pipe.
        control: our end of the socket over which it says that it is ready, and takes streams.
    """

    kind: str
    model: str
    process: subprocess.Popen[bytes]
    control: socket.socket

    @property
    def is_running(self) -> bool:
        """Whether it is alive."""
        return self.process.poll() is None

    def end(self) -> None:
        """End it and its streams, and wait until they are gone; what it said can still be read."""
        self.control.close()
        wait_or_kill(self.process, _STOP_S)

    def close(self) -> None:
        """Kill it where it is still alive, and let go of it; can be repeated."""
        self.control.close()
        self.process.kill()
        self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()


def launch_decoding(kind: str, model: str = "") -> DecodingChild:
    """Start a process that loads a model; returns at once.

    Args:
        kind: of decoder, `SPHINX` or `SHERPA`.
        model: what the decoder is made from, in that kind's own words.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    # Numerical libraries start a thread for each core, which would not survive a fork.
    alone = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    number = str(theirs.fileno())
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - this package, run by its own interpreter
            child_command("gladia_nb.server.engines.decoding", number, kind, model),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=child_environment(alone),
        )
    return DecodingChild(kind, model, process, ours)
