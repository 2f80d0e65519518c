"""The lines of a run file, believed one by one.

A file may come from anywhere: a disk that lost a bit, another program, a mail. Each line is read as
the event that it says it is, with the types and ranges of `gladia_nb.record.event_kinds`; what does
not fit is left out with a sentence. An event of an unknown kind, of a later version, stays.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping
from typing import Any, NamedTuple, NoReturn, cast

import msgspec

from gladia_nb.record.event_kinds import KINDS
from gladia_nb.record.header import converted, said
from gladia_nb.record.limits import LONGEST_S

__all__ = ["Problem", "UnbelievableError", "check_event", "decoded_line", "middle_ns", "near"]

#: Spans and differences, not moments.
_SPANS = frozenset({"window_ns", "clock_ns", "wall_ns", "wall_width_ns", "offset_ns"})
_SPANS |= {"uncertainty_ns"}
#: The fields of each kind that are moments on the clock of the run.
STAMPS: Mapping[str, tuple[str, ...]] = {
    name: tuple(
        field
        for field in kind.__struct_fields__
        if (field == "ns" or field.endswith("_ns")) and field not in _SPANS
    )
    for name, kind in KINDS.items()
}
_LONGEST_NS = int(LONGEST_S * 1e9)
_decode = msgspec.json.Decoder().decode


class Problem(NamedTuple):
    """Something of a run file that was left out.

    Attributes:
        line: its number in the file, from 1.
        text: what is wrong with it.
    """

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


class UnbelievableError(ValueError):
    """A line that is left out; `str` says why, as a part of a sentence."""


def decoded_line(line: bytes) -> dict[str, Any]:
    r"""The object of a line.

    Raises:
        UnbelievableError: it is no object in JSON, is nested too deeply, or holds no number.

    Example:
        >>> decoded_line(b'{"event": "mood"}\n')
        {'event': 'mood'}
    """
    try:
        value = _decode(line)
    except RecursionError:
        raise UnbelievableError("it is nested too deeply") from None
    except ValueError:
        # Lone surrogates, from frames that are not UTF-8, are read by this one alone.
        value = _slowly(line)
    if not isinstance(value, dict):
        raise UnbelievableError("it is not an object of JSON")
    return cast("dict[str, Any]", value)


def _slowly(line: bytes) -> Any:
    try:
        return json.loads(line.decode(), parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise UnbelievableError("it is nested too deeply") from None
    except ValueError:
        raise UnbelievableError("it is not JSON") from None


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(text)
    return value


def check_event(event: Mapping[str, Any], most_frames: int = 2**48) -> None:
    """See that an event is one.

    Args:
        event: what a line holds.
        most_frames: sample frames of the longest session.

    Raises:
        UnbelievableError: it has no kind, or a field is missing, of another type or out of range.

    Example:
        >>> check_event({"event": "ping", "send_ns": 1, "recv_ns": None})
    """
    name = event.get("event")
    if not isinstance(name, str):
        raise UnbelievableError("it does not say what kind of event it is")
    kind = KINDS.get(name)
    if kind is None:
        _check_unknown(event)
        return
    try:
        converted(event, kind)
    except msgspec.ValidationError as error:
        raise UnbelievableError(f"{name}, {said(error)}") from None
    for field, value in event.items():
        # Durations of older files, which no kind of event has any more.
        if field.endswith("_ms") and field not in kind.__struct_fields__:
            _check_number(field, value)
    if name == "chunk":
        if event["end_frame"] < event["start_frame"] or event["end_byte"] < event["start_byte"]:
            raise UnbelievableError("chunk, it ends before it begins")
        if event["end_frame"] > most_frames:
            raise UnbelievableError("chunk, it is of audio beyond two days")


def _check_number(field: str, value: object) -> None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e15
    if not good:
        raise UnbelievableError(f"{field} is no duration")


def _check_unknown(event: Mapping[str, Any]) -> None:
    for name, value in event.items():
        if name == "ns" or name.endswith("_ns"):
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not (value is None or (whole and abs(value) <= 2**62)):
                raise UnbelievableError(f"{name} is no stamp")


def middle_ns(events: list[dict[str, Any]]) -> int | None:
    """A moment of the run, by most of some of its events; None when they have no stamps."""
    found = [event[name] for event in events for name in STAMPS.get(event["event"], ())[:1]]
    return statistics.median_low(found) if found else None


def near(event: Mapping[str, Any], at_ns: int) -> bool:
    """Whether all moments of an event can be of the same session as `at_ns`.

    Example:
        >>> near({"event": "audio_start", "t0_ns": 10**18}, 5_000_000_000)
        False
    """
    for name in STAMPS.get(event["event"], ()):
        value = event.get(name)
        if value is not None and abs(value - at_ns) > _LONGEST_NS:
            return False
    return True
