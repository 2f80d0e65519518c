"""The table of events: each kind once, and no event is made anywhere else."""

import ast
from pathlib import Path
from typing import get_args

import msgspec
import pytest

import gladia_nb
from gladia_nb.record import event_kinds
from gladia_nb.record.event_kinds import KINDS, AnyEvent, RecordEvent
from gladia_nb.record.events import make_event

PACKAGE = Path(gladia_nb.__file__).parent


def leaves(kind):
    below = kind.__subclasses__()
    return [leaf for one in below for leaf in leaves(one)] if below else [kind]


def test_every_struct_is_a_kind_of_its_own():
    assert set(KINDS.values()) == set(get_args(AnyEvent)) == set(leaves(RecordEvent))
    assert len(KINDS) == 22
    for name, kind in KINDS.items():
        assert kind.__struct_config__.tag == name
        assert kind.__name__ == "".join(part.title() for part in name.split("_")) + "Event"
        assert kind.__name__ in event_kinds.__all__


def test_events_cannot_be_changed():
    event = event_kinds.RetryEvent(1, 2, 3.0)
    with pytest.raises(AttributeError):
        event.attempt = 5
    assert msgspec.structs.replace(event, attempt=5).attempt == 5


def made_by_hand(tree):
    """Displays and calls of `dict` that give something a field `event`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            # What parts of a widget say to each other has a kind; an event can be a part of it.
            if "event" in keys and "kind" not in keys:
                yield node.lineno
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "dict":
            yield from (node.lineno for keyword in node.keywords if keyword.arg == "event")


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ('{"event": "stop"}', [1]),
        ('{"ns": 1, "event": kind}', [1]),
        ("dict(event='stop')", [1]),
        ('{"kind": "heard", "event": event}', []),
        ("f(event=event)", []),
        ('"""{"event": "stop"}"""', []),
    ],
)
def test_what_counts_as_made_by_hand(code, found):
    assert list(made_by_hand(ast.parse(code))) == found


def test_no_event_is_written_down_anywhere_else():
    # The server's callbacks and its trace have events of their own, which no record holds; the
    # course shows what callbacks look like.
    apart = {PACKAGE / "server", PACKAGE / "course"}
    others = [path for path in PACKAGE.rglob("*.py") if not apart & set(path.parents)]
    assert len(others) > 100
    by_hand = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in others
        for line in made_by_hand(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert by_hand == []


def test_another_clock_may_count_from_another_century():
    # A page counts from 1970, in nanoseconds.
    told = {"event": "clock", "ns": 5, "name": "page", "offset_ns": 1.795e18, "uncertainty_ns": 2e5}
    assert make_event({**told, "n": 8}).offset_ns == 1.795e18
    with pytest.raises(msgspec.ValidationError):
        make_event({**told, "n": 8, "offset_ns": 1e19})
