"""Lesson 2, The protocol by hand: a configuration, acknowledgements, base64, and what is secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gladia_nb.course.judging import Mistake, Ruling, judge_number
from gladia_nb.course.task import Task
from gladia_nb.course.worlds import RATE, World

__all__ = ["TASKS", "TITLE"]

TITLE = "The protocol by hand"

_PARTIALS = "receive_partial_transcripts"
_FORMAT = {"encoding": "wav/pcm", "bit_depth": 16, "sample_rate": RATE, "channels": 1}


def _config(value: Any, _: World) -> Ruling:
    if not isinstance(value, Mapping):
        return Ruling(False, "A configuration is a dict, in curly brackets.")
    for name, right in _FORMAT.items():
        if value.get(name) != right:
            return Ruling(
                False,
                f"{name} has to be {right!r}, for that is what we send. The service believes what "
                "it is told: with a wrong rate it hears somebody who speaks too fast or too slow.",
            )
    if _PARTIALS in value:
        return Ruling(
            False,
            f"{_PARTIALS} stands at the top level, where the service does not look for it. It "
            "belongs into 'messages_config'.",
        )
    messages = value.get("messages_config")
    if messages is None:
        return Ruling(
            False,
            "Nothing asks for partials yet, and without being asked the service sends finals only. "
            "What is missing is a 'messages_config'.",
        )
    if not isinstance(messages, Mapping):
        return Ruling(False, "messages_config is a dict of its own, in curly brackets.")
    if messages.get(_PARTIALS) is not True:
        near = [name for name in messages if "partial" in str(name)]
        named = f" (there is {near[0]!r})" if near and near[0] != _PARTIALS else ""
        return Ruling(False, f"messages_config needs {_PARTIALS!r}: True{named}.")
    return Ruling(True, "Partials will come. Run the session now, from “Connect” on.")


def _acknowledged(value: Any, world: World, messages: Sequence[Mapping[str, Any]]) -> Ruling:
    acks = [m for m in messages if m.get("type") == "audio_chunk"]
    if not acks:
        return Ruling(False, "No acknowledgement is among these messages; send the audio first.")
    end = max(m["data"]["byte_range"][1] for m in acks)
    return judge_number(
        value,
        end,
        unit="bytes",
        near=0.5,
        why=f"The service has all {len(world.pcm)} of them.",
        mistakes=[
            Mistake(len(acks), "That is how many acknowledgements came, not how many bytes."),
            Mistake(
                acks[-1]["data"]["byte_range"][0],
                "That is where the last acknowledged chunk *begins*. The second number of "
                "byte_range is where it ends.",
            ),
            Mistake(
                acks[0]["data"]["byte_range"][1],
                "That is the first acknowledgement; the last one tells how far the service is.",
            ),
            Mistake(
                sum(m["data"]["byte_range"][1] for m in acks),
                "Do not add them up: each one counts from the beginning of the session.",
            ),
        ],
    )


def _as_json(value: Any, _: World) -> Ruling:
    if not callable(value):
        return Ruling(False, "Hand in the function itself, without brackets: as_json.")
    chunk = bytes(range(256)) * 2
    try:
        text = value(chunk)
    except TypeError as error:
        if "JSON serializable" in str(error):
            return Ruling(
                False,
                "JSON has no bytes. base64.b64encode gives bytes; make text of them with "
                ".decode().",
            )
        return Ruling(False, f"Your function raised TypeError: {str(error)[:150]}.")
    if text is None or text is ...:
        return Ruling(False, "Your function gives nothing back: return the text.")
    if isinstance(text, Mapping):
        return Ruling(False, "That is a dict. What goes over the wire is text: json.dumps.")
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return Ruling(False, "What your function returns is not JSON.")
    if not isinstance(found, dict) or found.get("type") != "audio_chunk":
        return Ruling(False, "The message needs 'type': 'audio_chunk'.")
    data = found.get("data")
    if not isinstance(data, dict):
        return Ruling(False, "The audio stands in data.chunk: {'data': {'chunk': ...}}.")
    if "chunk" not in data:
        return Ruling(False, f"data has {', '.join(data) or 'nothing'}; it needs 'chunk'.")
    right = base64.b64encode(chunk).decode()
    if data["chunk"] == right:
        return Ruling(True, "The same bytes as text, a third longer.")
    if data["chunk"] == base64.urlsafe_b64encode(chunk).decode():
        return Ruling(False, "That is the alphabet for URLs (- and _); take base64.b64encode.")
    if str(data["chunk"]).startswith("b'"):
        return Ruling(False, "str(bytes) gives text that begins with b'; use .decode().")
    return Ruling(False, "data.chunk is not the base64 of the chunk.")


def _browser(value: Any, _: World) -> Ruling:
    options = {"key", "url", "configuration", "session id"}
    if isinstance(value, str) or not isinstance(value, Iterable):
        return Ruling(False, "Hand in a set, such as {'key', 'url'}.")
    said = {str(item).strip().lower() for item in value}
    if not said <= options:
        unknown = ", ".join(sorted(said - options))
        return Ruling(False, f"There is no {unknown}; choose from {', '.join(sorted(options))}.")
    if "key" in said:
        return Ruling(
            False,
            "Not the key! Whoever opens the page can read it, and can then start sessions on your "
            "account, read and delete all that were recorded.",
        )
    if "url" not in said:
        return Ruling(
            False,
            "Without the URL the page cannot connect. The token in it opens this one session and "
            "nothing else: that is what it is made for.",
        )
    if said != options - {"key"}:
        return Ruling(
            False,
            "Nothing is wrong with what you chose, and one thing more is harmless: without the key "
            "it opens nothing.",
        )
    return Ruling(
        True, "All but the key. The page gets a ticket for one session, not the house key."
    )


def _range(value: Any, world: World) -> Ruling:
    sizes = world.facts["sizes"]
    start, end = sum(sizes[:2]), sum(sizes)
    try:
        said = tuple(int(item) for item in value)
    except (TypeError, ValueError):
        return Ruling(False, "Hand in two numbers, such as [0, 3200].")
    if said == (start, end):
        return Ruling(True, "From the first byte of the chunk to the byte behind its last one.")
    if said == (start, end - 1):
        return Ruling(False, "The second number is the byte *behind* the last one, as in a slice.")
    if said == (0, sizes[2]):
        return Ruling(
            False, "Bytes are counted from the beginning of the session, not of the chunk."
        )
    if said == (start, sizes[2]):
        return Ruling(False, "The second number is where the chunk ends, not how long it is.")
    return Ruling(False, "Add up what was sent before, and then the chunk itself.")


TASKS = (
    Task(
        "2a",
        "a configuration that asks for partials",
        _config,
        (
            "What the service sends is chosen in 'messages_config'.",
            "'messages_config': {'receive_partial_transcripts': True}",
        ),
    ),
    Task(
        "2b",
        "how many bytes the service has acknowledged",
        _acknowledged,
        (
            "Print one acknowledgement and look at data.byte_range.",
            "The last acknowledgement: acks[-1]['data']['byte_range']",
        ),
        ("messages",),
    ),
    Task(
        "2c",
        "audio as base64 in JSON",
        _as_json,
        (
            "The message is {'type': 'audio_chunk', 'data': {'chunk': ...}}, as text.",
            "base64.b64encode(chunk).decode() is the chunk as text; json.dumps makes the message.",
        ),
    ),
    Task(
        "2d",
        "what may go to the browser",
        _browser,
        ("Who opens the page can read everything that it gets.", "Only one of the four is secret."),
    ),
    Task(
        "2e",
        "the byte_range of the third chunk, before it is sent",
        _range,
        ("How many bytes were sent before it?", "[sizes[0] + sizes[1], ...]"),
        harder=True,
    ),
)
