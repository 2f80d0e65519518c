"""Run files that somebody spoiled, and everything that is made of a run."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from matplotlib.figure import Figure

from gladia_nb import metrics
from gladia_nb.errors import GladiaNbError
from gladia_nb.lab.live_state import LiveState
from gladia_nb.lab.shelf import list_runs, side_by_side
from gladia_nb.plots import plot_overview
from gladia_nb.reporting import report
from gladia_nb.run import Run
from tests.support.make_runs import message

FOLDER = Path(__file__).resolve().parents[1] / "data" / "before_the_move"

#: Whatever is measured of one run alone.
MEASURES = (
    "ack_delays audio_audit audit_note cadence callback_delays corrections coverage cursor_lag "
    "ending error_delay health latency latency_table liveliest match_rate matched_words "
    "message_audit pacing pings screen stability stability_summary startup stream summary "
    "translation_latency verdict vitals warm_up waterfall wer_at word_alignment word_errors "
    "word_states word_times"
).split()
FRAMES = "messages chunks utterances words reference".split()

#: Values that stand where something else belongs; each has broken something once.
ODD = (
    *(None, True, 0, -1, 1, 10**18, 2**63, 10**400, -(2**62), 1.5, -0.0, 1e18, 1e308, 5e-324),
    *(math.nan, math.inf, "", "x", "\ud800", "\x00", "5", "9" * 5000, "<script>alert(1)</script>"),
    *([], [1], [[]], {}, {"a": 1}, {"event": "end"}, [None], [[0, 1], [1, 2]]),
)


class Spoiled(bytes):
    """A file, shown by what was changed in it."""

    whole: bytes = b""

    @classmethod
    def of(cls, data: bytes, lines: list[str]) -> Spoiled:
        self = cls(data)
        self.whole = "\n".join(lines).encode()
        return self

    def __repr__(self) -> str:
        there = set(self.whole.split(b"\n"))
        changed = [line for line in self.split(b"\n") if line not in there]
        return f"Spoiled({[line[:300] + line[-300:] for line in changed[:5]]})"


def nested(depth: int) -> list[Any]:
    """Lists in lists."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def lines_of(name: str) -> list[str]:
    """The whole lines of a stored run; one was cut off in the middle of its last."""
    *lines, _ = (FOLDER / f"{name}.run").read_text().split("\n")
    return lines


def small_run() -> list[str]:
    """A run of few lines that has something of everything: header, words, translation, result."""
    lines = lines_of("resumed")
    said = {"id": "00_00000000", "channel": 0, "start": 0.2, "end": 0.9, "words": []}
    data = {
        "utterance_id": "00_00000000",
        "target_language": "fr",
        "utterance": {**said, "text": "one two"},
        "translated_utterance": {**said, "text": "un deux", "language": "fr"},
    }
    stamp = next(json.loads(li)["recv_ns"] for li in reversed(lines) if '"message"' in li[:20])
    raw = message(0, "translation", data)[1]
    told = {"event": "message", "recv_ns": stamp, "connection": 1, "via": "websocket", "raw": raw}
    return [*lines[:-1], json.dumps(told), lines[-1]]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each value in nested objects and lists."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    return found + [way for key, item in inner for way in places(item, (*path, key))]


def spoiled(value: Any, path: tuple[Any, ...], odd: Any) -> None:
    """Put something odd to a place; `...` takes away what is there."""
    for key in path[:-1]:
        value = value[key]
    if odd is ... and isinstance(value, dict):
        del value[path[-1]]
    else:
        value[path[-1]] = None if odd is ... else odd


def odd_values() -> st.SearchStrategy[Any]:
    """What may stand anywhere in a file."""
    return (
        st.sampled_from([*ODD, ..., nested(50), nested(3000)])
        | st.integers()
        | st.integers(0, 2**61)
        | st.floats(-200_000, 200_000)
        | st.floats()
        | st.text(max_size=5)
    )


@st.composite
def spoiled_fields(draw: st.DrawFn, whole: list[str]) -> Spoiled:
    """Some values of some lines replaced, lines doubled, dropped and moved."""
    lines = list(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["value", "value", "value", "double", "drop", "move"]))
        if how == "value" and lines[at] in whole:
            event = json.loads(lines[at])
            spoiled(event, draw(st.sampled_from(places(event))), draw(odd_values()))
            lines[at] = as_line(event)
        elif at and how == "double":
            lines.insert(draw(st.integers(1, len(lines))), lines[at])
        elif at and how == "drop":
            del lines[at]
        elif at:
            lines.insert(draw(st.integers(1, len(lines) - 1)), lines.pop(at))
    return Spoiled.of("".join(f"{line}\n" for line in lines).encode(), whole)


@st.composite
def spoiled_bytes(draw: st.DrawFn, lines: list[str]) -> Spoiled:
    """Some bits flipped, some bytes put in or taken away."""
    data = bytearray("".join(f"{line}\n" for line in lines).encode())
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data) - 1))
        how = draw(st.sampled_from(["flip", "flip", "flip", "insert", "cut"]))
        if how == "flip":
            data[at] ^= 1 << draw(st.integers(0, 7))
        elif how == "insert":
            data[at:at] = draw(st.binary(min_size=1, max_size=8))
        else:
            del data[at : at + draw(st.integers(1, 50))]
    return Spoiled.of(bytes(data), lines)


@st.composite
def spoiled_messages(draw: st.DrawFn, lines: list[str]) -> Spoiled:
    """Messages of the service in which something stands that the service never sends."""
    events = [json.loads(line) for line in lines]
    said = [event for event in events if event.get("event") in ("message", "result")]
    for event in draw(st.lists(st.sampled_from(said), min_size=1, max_size=6)):
        try:
            body = json.loads(event["raw"])
            # Of a result, messages are texts in a text; one that was spoiled already may be all.
            spoiled(body, draw(st.sampled_from(places(body))), draw(odd_values()))
            event["raw"] = as_line(body)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            event["raw"] = draw(st.text(max_size=20))
    return Spoiled.of("".join(f"{as_line(event)}\n" for event in events).encode(), lines)


def as_line(value: Any) -> str:
    """JSON of anything; what is nested too deeply for that by hand."""
    try:
        return json.dumps(value)
    except RecursionError:
        return "[" * 100_000


def exercise(run: Run, folder: Path, *, measures: bool = True, figures: bool = False) -> None:
    """Make what can be made of a run; nothing but our own errors may come.

    Args:
        run: the run.
        folder: with its file, and for its page.
        measures: whether to make everything; else frames, what is shown first, and the live view.
        figures: whether to draw, which takes longest.
    """
    for name in FRAMES:
        getattr(run, name)
    facts = (run.text, run.name, run.duration_s, run.warnings, run.error, run.config, run.damage)
    assert all(fact is not ... for fact in facts)
    repr(run).encode()
    state = LiveState.of_header(run.record.header)
    for event in run.record.events:
        state.feed(event)
    state.snapshot()
    list_runs(folder)
    if not measures:
        return
    for name in MEASURES:
        try:
            getattr(metrics, name)(run)
        except GladiaNbError as error:
            assert "reference" in str(error), name
    run._repr_html_().encode()
    report(run, folder / "page.html", figures=figures)
    side_by_side([run])
    if figures:
        plot_overview(run, Figure()).canvas.draw()
