"""Processes that this package starts: with a clean path, and without the API key.

A program that is started with `-m` looks for modules in the current folder first, so that a
`secrets.py` beside a notebook would be taken for Python's own. And a process that does not need the
key does not inherit it: what is not there cannot be shown.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = [
    "KEY_VARIABLE",
    "SERVER_CONTROL_VARIABLE",
    "SERVER_KEYS_VARIABLE",
    "child_command",
    "child_environment",
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
