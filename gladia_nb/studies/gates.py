"""Gates: limits that runs must keep, each answered by pass, fail or undecided.

A limit is a line of text, as people say it:

```toml
gates = [
  '"word_end -> final @send" p90 < 900',           # a quantile, milliseconds
  '"speech_end -> final @send" (endpoint) p50 < 600',
  'never "word_end -> final @send" < 0.02',        # share of samples that never came
  'WER < 0.15',                                    # also: normalised erasure
  'errors < 0.05',                                 # share of sessions that failed
  'difference "word_end -> final @send" < 50',     # to the baseline, milliseconds
  'difference WER < 0.02',
  'verdict degraded',                              # the least that every run must be
]
```

A gate passes when the whole 95 % interval lies within the limit, fails when all of it lies outside,
and is undecided in between: it then says how many more utterances or sessions it would take.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import pandas as pd

from gladia_nb.errors import ConfigError
from gladia_nb.paths import content_of
from gladia_nb.record.schema import Schema, to_frame
from gladia_nb.studies.differences import RATIOS
from gladia_nb.studies.evidence import Evidence, Found

__all__ = ["GATES", "Gate", "check_gates", "read_gates"]

Answer = Literal["pass", "fail", "undecided"]

#: One row a gate.
GATES: Schema = MappingProxyType(
    {
        "gate": "str",  # as it was written
        "answer": "str",  # pass, fail, undecided
        "value": "float64",  # NaN where it cannot be said
        "low": "float64",  # 95 % interval
        "high": "float64",
        "limit": "float64",
        "unit": "str",  # ms, or 1 for shares and ratios; missing for verdicts
        "n": "int64",  # samples, or sessions
        "reason": "str",
    }
)

_RATIOS = "|".join(RATIOS)
#: How far apart interval and limit may be, as a ratio, to tell how many more units it takes.
_FARTHEST = 1000
_NAME = r'"(?P<name>[^"]+)"(?: \((?P<trigger>\w+)\))?'
_LIMIT = r"(?P<sign><|<=|>|>=) ?(?P<limit>[0-9.]+)"
#: Each form of a gate, and how it is written.
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("quantile", re.compile(rf"{_NAME} p(?P<percent>[0-9.]+) {_LIMIT}")),
    ("never", re.compile(rf"never {_NAME} {_LIMIT}")),
    ("ratio", re.compile(rf"(?P<name>{_RATIOS}|errors) {_LIMIT}")),
    ("difference", re.compile(rf"difference {_NAME} {_LIMIT}")),
    ("difference", re.compile(rf"difference (?P<name>{_RATIOS}) {_LIMIT}")),
    ("verdict", re.compile(r"verdict (?P<name>valid|degraded)")),
)
_EXAMPLE = '"word_end -> final @send" p90 < 900'


@dataclass(frozen=True, slots=True)
class Gate:
    """A limit.

    Attributes:
        text: as it was written.
        kind: `quantile`, `never`, `ratio`, `difference` or `verdict`.
        name: of the measure, or the least verdict.
        trigger: of finals of utterances; None for all that the measure has.
        prob: of a quantile.
        limit: that must be kept; NaN for verdicts.
        below: whether what is measured has to lie below it.
    """

    text: str
    kind: str
    name: str
    trigger: str | None = None
    prob: float = math.nan
    limit: float = math.nan
    below: bool = True

    @classmethod
    def read(cls, text: str) -> Gate:
        """A gate from its line; see the module.

        Raises:
            ConfigError: it is none.

        Example:
            >>> gate = Gate.read('"word_end -> final @send" p90 < 900')
            >>> gate.kind, gate.prob, gate.limit
            ('quantile', 0.9, 900.0)
        """
        line = " ".join(text.split())
        for kind, form in _FORMS:
            if match := form.fullmatch(line):
                return _gate(line, kind, match.groupdict())
        raise ConfigError(f"{text!r} is no gate; it looks like {_EXAMPLE}, or WER < 0.15.")


def _gate(line: str, kind: str, parts: dict[str, str | None]) -> Gate:
    def number(name: str, most: float) -> float:
        value = parts.get(name)
        if value is None:
            return math.nan
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not 0 <= found <= most:
            raise ConfigError(f"{line!r} is no gate: {value} is not from 0 to {most:g}.")
        return found

    return Gate(
        line,
        kind,
        str(parts["name"]),
        parts.get("trigger"),
        number("percent", 100) / 100,
        number("limit", 1e9),
        below=not str(parts.get("sign") or "<").startswith(">"),
    )


def read_gates(path: str | Path) -> tuple[Gate, ...]:
    """The gates of a TOML file: a list `gates` of lines.

    Raises:
        ConfigError: it cannot be read, is not TOML, or a line is no gate.
    """
    path = Path(path).expanduser()
    try:
        content = tomllib.loads(content_of(path).decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror or error}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from None
    lines = content.get("gates")
    if not isinstance(lines, list) or not lines or not all(isinstance(x, str) for x in lines):
        raise ConfigError(f"{path} needs a list of lines: gates = ['{_EXAMPLE}'].")
    if unknown := sorted(set(content) - {"gates"}):
        raise ConfigError(f"{path} has only gates; {', '.join(unknown)} is not known.")
    return tuple(Gate.read(line) for line in lines)


def check_gates(gates: Sequence[Gate], evidence: Evidence) -> pd.DataFrame:
    """Answer every gate.

    Args:
        gates: the limits.
        evidence: what is known of the runs, and of those of a baseline.

    Returns:
        Columns in `GATES`, in the order given.

    Raises:
        ConfigError: a gate needs a baseline and there is none, or names a measure that is unknown.
    """
    rows = [_checked(gate, evidence) for gate in gates]
    return to_frame({name: [row[name] for row in rows] for name in GATES}, GATES)


def _checked(gate: Gate, evidence: Evidence) -> dict[str, Any]:
    if gate.kind == "verdict":
        return _verdict(gate, evidence)
    find: dict[str, Callable[[], Found]] = {
        "quantile": lambda: evidence.quantile(gate.name, gate.trigger, gate.prob),
        "never": lambda: evidence.never(gate.name, gate.trigger),
        "ratio": lambda: evidence.ratio(gate.name),
        "difference": lambda: evidence.difference(gate.name, gate.trigger),
    }
    found = find[gate.kind]()
    decided = _decide(gate, found)
    return {
        "gate": gate.text,
        "answer": decided.answer,
        "value": found.value,
        "low": found.low,
        "high": found.high,
        "limit": gate.limit,
        "unit": found.unit,
        "n": found.n,
        "reason": decided.reason,
    }


class _Decision(NamedTuple):
    answer: Answer
    reason: str


def _decide(gate: Gate, found: Found) -> _Decision:
    if math.isnan(found.low) or math.isnan(found.high):
        return _Decision("undecided", found.note or "Too little is known to say.")
    inside = found.high < gate.limit if gate.below else found.low > gate.limit
    outside = found.low >= gate.limit if gate.below else found.high <= gate.limit
    said = f"{_said(found, found.value)} ({_said(found, found.low)} to {_said(found, found.high)})"
    if inside:
        return _Decision("pass", said)
    if outside:
        return _Decision("fail", said)
    return _Decision("undecided", f"{said}; {_more(gate, found)}.")


def _said(found: Found, value: float) -> str:
    if math.isinf(value):
        return "beyond all samples" if value > 0 else "no bound"
    return f"{value:.0f} ms" if found.unit == "ms" else f"{value:.3f}"


def _more(gate: Gate, found: Found) -> str:
    """How many more units it would take, if what they say stays as it is.

    An interval shrinks with the square root of their number.
    """
    distance = abs(gate.limit - found.value)
    near = found.high if (found.value < gate.limit) else found.low
    reach = abs(near - found.value)
    known = math.isfinite(reach) and math.isfinite(distance)
    if not known or not distance or reach > _FARTHEST * distance:
        return f"it needs more {_plural(found.units)}"
    wanted = math.ceil(found.rests_on * (reach / distance) ** 2)
    more = max(wanted - found.rests_on, 1)
    # More than two digits such an estimate is not worth.
    more = more if more < 100 else round(more, 2 - len(str(more)))
    return f"it needs about {more} more {_plural(found.units) if more > 1 else found.units}"


def _plural(units: str) -> str:
    """More than one of something.

    Example:
        >>> _plural("session"), _plural("pair of runs")
        ('sessions', 'pairs of runs')
    """
    first, *rest = units.split(" ", 1)
    return " ".join([f"{first}s", *rest])


def _verdict(gate: Gate, evidence: Evidence) -> dict[str, Any]:
    allowed = ("valid",) if gate.name == "valid" else ("valid", "degraded")
    wrong = [(name, found) for name, found in evidence.verdicts() if found.status not in allowed]
    total = len(evidence.verdicts())
    reason = f"{total} of {total} runs are {' or '.join(allowed)}."
    if wrong:
        name, found = wrong[0]
        reason = f"{len(wrong)} of {total} runs are not: {name} is {found.status}. " + (
            found.reasons[0] if found.reasons else ""
        )
    return {
        "gate": gate.text,
        "answer": "fail" if wrong else "pass",
        "value": len(wrong) / total if total else math.nan,
        "low": math.nan,
        "high": math.nan,
        "limit": math.nan,
        "unit": None,
        "n": total,
        "reason": reason.strip(),
    }
