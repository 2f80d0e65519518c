"""Extra lesson 9, Callbacks and webhooks: results that come to you."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gladia_nb.course.judging import Mistake, Ruling, judge_number
from gladia_nb.course.task import Task
from gladia_nb.course.worlds import World
from gladia_nb.metrics import callback_delays
from gladia_nb.run import Run

__all__ = ["TASKS", "TITLE"]

TITLE = "Callbacks and webhooks"

_MESSAGE = {"session_id": "4f1c", "type": "speech_start", "data": {"time": 0.42, "channel": 0}}
_CALLBACK = {"id": "4f1c", "event": "live.speech_start", "payload": _MESSAGE}
_WEBHOOK = {"event": "live.end_session", "payload": {"id": "4f1c"}}


def _unwrap(value: Any, _: World) -> Ruling:
    if not callable(value):
        return Ruling(False, "Hand in the function itself, without brackets: unwrap.")
    found = value(json.loads(json.dumps(_CALLBACK)))
    if found == _CALLBACK:
        return Ruling(False, "That is the envelope as it came. What is inside?")
    if found == _CALLBACK["event"]:
        return Ruling(False, "That is the name on the envelope; return the message.")
    if isinstance(found, str):
        return Ruling(False, "That is text; the message is a dict already.")
    if found != _MESSAGE:
        return Ruling(False, "Return what stands under 'payload'.")
    if value(json.loads(json.dumps(_WEBHOOK))) is not None:
        return Ruling(
            False,
            "Right for callbacks. A webhook has an envelope too, but no message: only the id of "
            "the session. Return None for it. It has no 'id' of its own beside 'event'.",
        )
    return Ruling(True, "The message of a callback; nothing for a webhook, which only rings.")


def _delay(value: Any, _: World, run: Run) -> Ruling:
    delays = callback_delays(run)["delay_ms"]
    return judge_number(
        value,
        delays.median(),
        unit="ms",
        near=0.2,
        why="On this machine. Over the internet it is a request of its own for each message.",
        mistakes=[
            Mistake(delays.mean(), "That is the mean; the median is asked for."),
            Mistake(delays.max(), "That is the slowest; the median is asked for."),
        ],
    )


def _once(value: Any, _: World, bodies: Sequence[dict[str, Any]]) -> Ruling:
    if not callable(value):
        return Ruling(False, "Hand in the function itself, without brackets: once.")
    given = [json.loads(json.dumps(body)) for body in bodies]
    right: list[dict[str, Any]] = []
    for body in given:
        if body not in right:
            right.append(body)
    found = list(value([json.loads(json.dumps(body)) for body in given]))
    if found == right:
        return Ruling(True, "A receiver has to be able to get everything twice.")
    if found == given:
        return Ruling(False, "Nothing was taken out; some came twice.")
    if len(found) == 1:
        return Ruling(
            False, "One is left: the `id` is that of the *session*, and all have the same one."
        )
    if len(found) == len({body["event"] for body in given}):
        return Ruling(False, "One of each kind is left: many different messages share an `event`.")
    if sorted(map(str, found)) == sorted(map(str, right)):
        return Ruling(False, "The right ones in another order: keep that in which they came.")
    return Ruling(False, f"{len(right)} different ones came; you keep {len(found)}.")


TASKS = (
    Task(
        "9a",
        "the message in its envelope",
        _unwrap,
        (
            "A callback is {'id': ..., 'event': ..., 'payload': the message}.",
            "A webhook has no 'id' at the top: body['payload'] if 'id' in body else None.",
        ),
    ),
    Task(
        "9b",
        "how much later a callback comes than the same message over the WebSocket",
        _delay,
        ("gn.callback_delays(run) has a row a callback.", "The median of delay_ms."),
        ("run",),
    ),
    Task(
        "9c",
        "each message once",
        _once,
        (
            "What is the same in two deliveries of one message, and different in two messages?",
            "The whole body. A list can be asked: if body not in kept.",
        ),
        ("bodies",),
        harder=True,
    ),
)
