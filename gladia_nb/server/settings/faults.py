"""What can go wrong on purpose: the declaration of a fault, and which faults are still to come.

A fault is written as `drop:at_byte=40000,times=2` on a command line, or as a mapping with the same
names and a `kind`. It strikes once unless `times` says otherwise; `times=all` never ends.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Fault", "FaultBoard"]

_WHEN = ("at_byte", "at_s", "at_message")

#: Kind -> the fields it takes beside `times`.
_FIELDS: dict[str, tuple[str, ...]] = {
    "drop": (*_WHEN, "lose_s"),
    "close": (*_WHEN, "code", "lose_s"),
    "stall": (*_WHEN, "wait_s"),
    "delay_acks": (*_WHEN, "wait_s"),
    "duplicate_acks": _WHEN,
    "reorder_acks": _WHEN,
    "withhold_acks": _WHEN,
    "malformed": _WHEN,
    "unknown_type": _WHEN,
    "unknown_fields": (*_WHEN, "type"),
    "null_data": (*_WHEN, "type"),
    "refuse": ("status",),
    "post": ("status", "retry_after_s"),
    "slow_post": ("wait_s",),
}
_WHOLE = ("at_byte", "at_message", "times", "code", "status")
_BOUNDS = {
    "at_byte": (0, 1 << 40),
    "at_s": (0, 86400),
    "at_message": (1, 1 << 40),
    "times": (1, 1 << 40),
    "code": (1000, 4999),
    "status": (400, 599),
    "wait_s": (0, 3600),
    "lose_s": (0, 3600),
    "retry_after_s": (0, 3600),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Bytes of audio, seconds and messages are counted anew on each connection, so that a fault which
    strikes several times leaves room for progress. Without any of the three it strikes at the
    first opportunity.

    Attributes:
        kind: what happens: `drop` (the connection breaks without a close frame), `close` (with
            `code`), `stall` (nothing is read for `wait_s`), `delay_acks` (by `wait_s`),
            `duplicate_acks`, `reorder_acks` (each after the one behind it), `withhold_acks`,
            `malformed` (a frame that is not JSON), `unknown_type`, `unknown_fields` (in the next
            message of `type`), `null_data` (in place of that message's data), `refuse` (a
            handshake, with `status`), `post` (initiation answered with `status`), `slow_post`
            (initiation answered after `wait_s`).
        at_byte: once so many bytes of audio have been received.
        at_s: so many seconds after the connection was opened.
        at_message: once so many messages have been sent.
        times: how often; None means always.
        code: WebSocket close code.
        status: HTTP status.
        wait_s: seconds.
        lose_s: for `drop` and `close`: for so many seconds before it messages are lost.
        retry_after_s: for `post`: the header `Retry-After`, in seconds.
        type: of the message.
    """

    kind: str
    at_byte: int | None = None
    at_s: float | None = None
    at_message: int | None = None
    times: int | None = 1
    code: int = 1011
    status: int = 503
    wait_s: float = 1.0
    lose_s: float = 0.0
    retry_after_s: float | None = None
    type: str = "transcript"

    def __post_init__(self) -> None:
        if self.kind not in _FIELDS:
            raise ValueError(f"there is no fault {self.kind!r}; there are {', '.join(_FIELDS)}")
        for item in dataclasses.fields(self)[1:]:
            value = getattr(self, item.name)
            if value == item.default:
                continue
            if item.name != "times" and item.name not in _FIELDS[self.kind]:
                takes = ", ".join((*_FIELDS[self.kind], "times"))
                raise ValueError(f"the fault {self.kind} has no {item.name}; it takes {takes}")
            _check(self.kind, item.name, value)
        if sum(getattr(self, name) is not None for name in _WHEN) > 1:
            raise ValueError(f"the fault {self.kind} takes one of {', '.join(_WHEN)}, not several")

    @classmethod
    def parse(cls, value: Any) -> Fault:
        """A fault from a mapping, from its compact text, or as it is.

        Raises:
            ValueError: a name is unknown or a value is out of range; the sentence says which.

        Example:
            >>> Fault.parse("close:code=4408,at_s=1.5")
            Fault('close:at_s=1.5,code=4408')
        """
        if isinstance(value, Fault):
            return value
        if isinstance(value, str):
            value = _read(value)
        if not isinstance(value, Mapping):
            raise ValueError(  # noqa: TRY004 - of plain data, all is a value
                f"a fault is a mapping or text like drop:at_byte=40000 (got {value!r})"
            )
        return cls.from_dict(value)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Fault:
        """A fault from plain data; see `parse`."""
        known = [item.name for item in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise ValueError(f"a fault has no {name!r}; there are {', '.join(known)}")
        if not isinstance(values.get("kind"), str):
            raise ValueError(  # noqa: TRY004 - likewise
                f"a fault needs a kind, one of {', '.join(_FIELDS)}"
            )
        clean = dict(values)
        if clean.get("times") == "all":
            clean["times"] = None
        return cls(**clean)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` takes: the kind, and what is not default."""
        found = {"kind": self.kind}
        for item in dataclasses.fields(self)[1:]:
            if (value := getattr(self, item.name)) != item.default:
                found[item.name] = "all" if item.name == "times" and value is None else value
        return found

    def __str__(self) -> str:
        values = [f"{name}={value}" for name, value in self.to_dict().items() if name != "kind"]
        return f"{self.kind}:{','.join(values)}" if values else self.kind

    def __repr__(self) -> str:
        return f"Fault({str(self)!r})"


def _check(kind: str, name: str, value: Any) -> None:
    if name == "type":
        if not isinstance(value, str):
            raise ValueError(f"type of the fault {kind} must be text (got {value!r})")
        return
    if name == "times" and value is None:
        return
    low, high = _BOUNDS[name]
    good = isinstance(value, int if name in _WHOLE else (int, float))
    if not good or isinstance(value, bool) or not low <= value <= high:
        what = "a whole number" if name in _WHOLE else "a number"
        raise ValueError(
            f"{name} of the fault {kind} must be {what} from {low} to {high} (got {value!r})"
        )


def _read(text: str) -> dict[str, Any]:
    kind, _, rest = text.partition(":")
    found: dict[str, Any] = {"kind": kind.strip()}
    for part in filter(None, rest.split(",")):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise ValueError(f"{part!r} in the fault {text!r} must be NAME=VALUE")
        found[name] = _number(value)
    return found


def _number(value: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


class FaultBoard:
    """The faults that are still to come, of one server.

    Args:
        faults: at first.

    Attributes:
        armed: faults with how often each will still strike; None means always.
    """

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self.armed: list[tuple[Fault, int | None]] = [(fault, fault.times) for fault in faults]
        self._listeners: set[Callable[[], None]] = set()

    def add(self, faults: list[Fault]) -> None:
        """More of them, also for connections that are open."""
        self.armed += [(fault, fault.times) for fault in faults]
        for listener in list(self._listeners):
            listener()

    def clear(self) -> None:
        """No more of them."""
        self.armed = []

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when faults are added; returns what ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def take(self, suits: Callable[[Fault], bool]) -> Fault | None:
        """The first fault that suits; it has struck once more with that."""
        for index, (fault, left) in enumerate(self.armed):
            if suits(fault):
                if left is not None:
                    self.armed[index : index + 1] = [(fault, left - 1)] if left > 1 else []
                return fault
        return None

    def describe(self) -> list[dict[str, Any]]:
        """Plain data of what is to come, each with `left`."""
        return [
            {**fault.to_dict(), "left": "all" if left is None else left}
            for fault, left in self.armed
        ]
