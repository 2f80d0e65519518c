"""Processes that this package starts: with a clean path, and without the API key.

A program that is started with `-m` looks for modules in the current folder first, so that a
`secrets.py` beside a notebook would be taken for Python's own. And a process that does not need the
key does not inherit it: what is not there cannot be shown.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

__all__ = [
    "KEY_VARIABLE",
    "SERVER_CONTROL_VARIABLE",
    "SERVER_KEYS_VARIABLE",
    "child_command",
    "child_environment",
    "disown_child",
    "end_child",
    "first_line",
    "wait_or_kill",
]

#: The API key of the user.
KEY_VARIABLE = "GLADIA_API_KEY"
#: Keys that an embedded server accepts, separated by commas. Arguments of a process can be read by
#: every user of a machine, its environment cannot.
SERVER_KEYS_VARIABLE = "GLADIA_NB_SERVER_KEYS"
#: The token for the controls of an embedded server.
SERVER_CONTROL_VARIABLE = "GLADIA_NB_SERVER_CONTROL"
_SECRETS = (KEY_VARIABLE, SERVER_KEYS_VARIABLE, SERVER_CONTROL_VARIABLE)

_HOME = str(Path(__file__).resolve().parents[1])


def child_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this package as a program, as `python -m` would.

    The folder of this very package comes last in the path, and the current folder not at all.

    Example:
        >>> child_command("gladia_nb.server", "--port", "0")[-2:]
        ['--port', '0']
    """
    code = (
        f"import runpy, sys; sys.path.append({_HOME!r}); "
        f"runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
    )
    return [sys.executable, "-P", "-c", code, *arguments]


def child_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without keys and without relative folders in `PYTHONPATH`.

    Args:
        more: what the child is to have beside it.

    Example:
        >>> "GLADIA_API_KEY" in child_environment()
        False
    """
    kept = {
        name: value for name, value in os.environ.items() if name not in (*_SECRETS, "PYTHONPATH")
    }
    folders = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if absolute := [folder for folder in folders if Path(folder).is_absolute()]:
        kept["PYTHONPATH"] = os.pathsep.join(absolute)
    return {**kept, "PYTHONSAFEPATH": "1", **(more or {})}


def first_line(process: subprocess.Popen[bytes], patience_s: float) -> bytes | None:
    """The first line that a child prints, with which it says that it is ready.

    Args:
        process: the child; its standard output is a pipe without a buffer, or not yet read.
        patience_s: how long to wait for it.

    Returns:
        The line; nothing (`b""`) when the child ended before it; None when it took too long.
    """
    assert process.stdout is not None  # noqa: S101 - a pipe
    deadline = time.monotonic() + patience_s
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                return None
            piece = os.read(process.stdout.fileno(), 4096)
            if not piece:
                return b""
            line += piece
    return line


def end_child(process: subprocess.Popen[bytes], patience_s: float) -> None:
    """End a child that ends when its standard input does, or kill it.

    Args:
        process: the child. Its input may have been closed.
        patience_s: how long it may take.
    """
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    wait_or_kill(process, patience_s)
    if process.stdout is not None:
        process.stdout.close()


def wait_or_kill(process: subprocess.Popen[bytes], patience_s: float) -> None:
    """Wait for the end of a child that has been told, and kill it when that takes too long."""
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def disown_child(process: subprocess.Popen[bytes]) -> None:
    """In a child of a fork: let go of a process that is the parent's, and shall end with it."""
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    # It is no child of this process: there is nothing to wait for, and nothing to warn of.
    process.returncode = process.returncode or 0
