"""The address of the Lab, once the server that shows it is there."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.parse import quote

__all__ = ["address_of", "tell_address"]

#: Seconds that a server may take to say where it is.
_READY_S = 60.0
_LOOK_S = 0.25


def address_of(server: Mapping[str, Any], notebook: Path) -> str:
    """Where a server of Jupyter shows a notebook of its folder.

    Args:
        server: what the server has written about itself.
        notebook: in the folder that it shows.

    Example:
        >>> server = {"url": "http://localhost:8888/", "token": "abc"}
        >>> address_of(server, Path("/home/me/my lab.ipynb"))
        'http://localhost:8888/lab/tree/my%20lab.ipynb?token=abc'
    """
    token = server.get("token")
    query = f"?token={quote(str(token))}" if token else ""
    return f"{str(server['url']).rstrip('/')}/lab/tree/{quote(notebook.name)}{query}"


def tell_address(process: Popen[bytes], notebook: Path) -> None:
    """Print the address as soon as the server is there; nothing when it never is."""
    from jupyter_server.serverapp import list_running_servers

    deadline = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < deadline:
        if (found := _of_process(list_running_servers(), process.pid)) is not None:
            told = f"\nThe Lab is at\n\n    {address_of(found, notebook)}\n\n"
            sys.stderr.write(told)
            sys.stderr.flush()
            return
        time.sleep(_LOOK_S)


def _of_process(servers: Iterable[Mapping[str, Any]], pid: int) -> Mapping[str, Any] | None:
    return next((server for server in servers if server.get("pid") == pid), None)
