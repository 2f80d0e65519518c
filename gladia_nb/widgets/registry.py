"""The Labs of this kernel: one live thing at most, and ways to stop it from outside."""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from pathlib import Path
from typing import Any, Protocol

from gladia_nb.errors import ConfigError

__all__ = ["all_labs", "being_written", "check_alone", "current_cell", "others", "register"]

#: How long something that was told to stop is waited for before another thing begins.
_STOPPING_S = 10.0


class UnderWay(Protocol):
    """A session, a study or a check that is running."""

    def wait(self, timeout_s: float | None = None) -> bool: ...


class _Lab(Protocol):
    cell: str

    @property
    def under_way(self) -> UnderWay | None: ...

    @property
    def is_stopping(self) -> bool: ...

    @property
    def is_live(self) -> bool: ...

    def stop(self) -> None: ...

    def close(self) -> None: ...


_labs: weakref.WeakSet[Any] = weakref.WeakSet()
_lock = threading.Lock()


def register(lab: _Lab) -> list[Any]:
    """A new Lab: stop what others have live, and close those that the same cell made before.

    Returns:
        The Labs that had something live: it ends by itself, a little later.
    """
    with _lock:
        before = list(_labs)
        _labs.add(lab)
    live = [other for other in before if other.is_live]
    for other in before:
        # Stopped properly: the service sends the rest, and the record has its end.
        other.stop()
        if lab.cell and other.cell == lab.cell:
            other.close()
    _stop_on_idle_interrupt()
    return live


def all_labs() -> list[Any]:
    """The Labs of this kernel."""
    with _lock:
        return list(_labs)


def being_written() -> list[Path]:
    """Files of the runs that Labs of this kernel are making."""
    found = (getattr(lab.under_way, "path", None) for lab in all_labs())
    return [path for path in found if path is not None]


def others(lab: _Lab) -> list[Any]:
    """The other Labs of this kernel that have something live."""
    with _lock:
        return [other for other in _labs if other is not lab and other.is_live]


def check_alone(lab: _Lab) -> None:
    """See that no other Lab of this kernel sends anything; one that is about to end is awaited.

    Raises:
        ConfigError: one does.
    """
    for other in others(lab):
        # One that was stopped already, as by running its cell again, is about to end.
        under_way = other.under_way
        if under_way is None or (other.is_stopping and under_way.wait(_STOPPING_S)):
            continue
        raise ConfigError("Another Lab of this kernel has a session; stop that first.")


def _ipython() -> Any:
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def current_cell() -> str:
    """The id of the notebook cell that is being executed, or "" where there is none."""
    shell = _ipython()
    with contextlib.suppress(AttributeError, KeyError, TypeError):
        return str(shell.get_parent()["metadata"]["cellId"])
    return ""


def _stop_on_idle_interrupt() -> None:
    """Let the interrupt of an idle kernel stop what is live.

    While a cell runs an interrupt belongs to the cell. Between cells ipykernel ignores it; the
    handler that it puts back after each cell is kept in `saved_sigint_handler`.
    """
    kernel: Any = getattr(_ipython(), "kernel", None)
    if hasattr(kernel, "saved_sigint_handler"):
        kernel.saved_sigint_handler = _interrupted


def _interrupted(_number: int, _frame: Any) -> None:
    # Not here: this interrupts whatever runs, and it may hold a lock.
    threading.Thread(target=_stop_all, name="gladia_nb interrupt", daemon=True).start()


def _stop_all() -> None:
    with _lock:
        labs = list(_labs)
    for lab in labs:
        lab.stop()
