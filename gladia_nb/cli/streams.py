"""Standard output and standard error, whatever the shell made of them."""

from __future__ import annotations

import io
import os
import sys

__all__ = ["discard_output", "ready_streams"]


def ready_streams() -> None:
    """See that both can be written to.

    One that the shell has closed (`2>&-`) goes nowhere: Python would have none, and the next file
    that is opened would get its number. Names of files that are no text leave as the bytes that
    they are.
    """
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))
        elif stream is sys.__stdout__ and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="surrogateescape")


def discard_output() -> None:
    """Let what is still to be written to standard output go nowhere; it cannot be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
