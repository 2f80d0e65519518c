"""An engine that says what was recorded, word for word, to whoever sends as much audio.

A message is due when the audio that it followed has been received (the stamp of the frame that
covers its position) plus its recorded delay; one that followed the opening or the stop, likewise
after that. The delay was recorded at the client, so that the way of the audio and that of the
message are in it: what both take now, the server says the message earlier, though never before what
it followed. (What followed the opening has been there by one way only, as the opening itself.)
Within a session nothing overtakes. Whoever sends less audio hears what was said until
there, and of what was being said the final cut to the words whose audio has come.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gladia_nb import audio
from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.server.engines.base import Ended, Event, Progress, Recorded, Way
from gladia_nb.server.engines.timetable import Saying, Timetable
from gladia_nb.server.settings.cassette import Cassette, Closing, Said

__all__ = ["Playback", "ReplayEngine", "differences"]

#: Seconds of audio by which a session may be shorter than the recorded one and still be all of it:
#: who cuts sound into chunks may drop the last, incomplete one.
SLACK_S = 0.1
#: What a recording tells itself, and the server must not tell for it.
_TELLS = frozenset(
    "start_session start_recording translation named_entity_recognition sentiment_analysis".split()
)
_ADD_ONS = ("translation", "named_entity_recognition", "sentiment_analysis")
#: Differences that an error names.
_MOST_NAMED = 10
#: Characters of a value in such an error.
_LONGEST_VALUE = 60


class ReplayEngine:
    """Plays cassettes back: sessions in turn get those that were recorded as they are asked for.

    Args:
        cassettes: at least one.
        any_config: play to every session, whatever it asks for.
        timetable: of all sessions.

    Raises:
        ValueError: the configuration of a cassette is none.
    """

    def __init__(
        self,
        cassettes: Sequence[Cassette],
        *,
        any_config: bool = False,
        timetable: Timetable | None = None,
    ) -> None:
        self._cassettes = [(cassette, _asked(cassette)) for cassette in cassettes]
        # Read beforehand: when a message is due, it is late already.
        self._read = [tuple(_events(cassette)) for cassette in cassettes]
        self._any_config = any_config
        self._timetable = timetable or Timetable()
        self._played = [0] * len(cassettes)

    @property
    def supplies(self) -> frozenset[str]:
        """What was recorded is not told anew."""
        return _TELLS

    async def start(self) -> None:
        """Nothing has to be made ready."""

    async def close(self) -> None:
        """Forget what is still to be said."""
        await self._timetable.close()

    def refusals(self, config: SessionConfig) -> list[str]:
        """Where the nearest cassette was asked for something else."""
        if self._any_config:
            return []
        found = [differences(cassette, asked, config) for cassette, asked in self._cassettes]
        nearest = min(found, key=len)
        return nearest[:_MOST_NAMED]

    def for_session(self, config: SessionConfig) -> Playback:
        """The cassette of the next session that asks for this; each has its turn."""
        suit = [
            k
            for k, (cassette, asked) in enumerate(self._cassettes)
            if self._any_config or not differences(cassette, asked, config)
        ]
        chosen = min(suit or [0], key=lambda k: self._played[k])
        self._played[chosen] += 1
        return Playback(self._cassettes[chosen][0], self._read[chosen], self._timetable)

    async def open(
        self, config: SessionConfig, channel: int, report: Callable[[Event], None]
    ) -> _Stream | _Beside:
        """As the cassette whose turn it is does; sessions ask `for_session` first."""
        return await self.for_session(config).open(config, channel, report)


def _asked(cassette: Cassette) -> SessionConfig:
    try:
        return SessionConfig.from_dict(dict(cassette.config))
    except ConfigError as error:
        raise ValueError(f"the cassette {cassette.name} cannot be played: {error}") from None


def differences(cassette: Cassette, asked: SessionConfig, config: SessionConfig) -> list[str]:
    """Where a session asks for something else than was recorded: a sentence for each field.

    Args:
        cassette: for its name, and the fields that are not compared.
        asked: what was asked for then.
        config: what is asked for now.

    Example:
        >>> cassette = Cassette("a.run", {})
        >>> differences(cassette, SessionConfig(), SessionConfig(endpointing=0.3))
        ['endpointing must be 0.05 as in a.run (got 0.3)']
    """
    free = tuple(f"{path}." for path in cassette.free)
    return [
        f"{path} must be {_short(then)} as in {cassette.name} (got {_short(now)})"
        for path, then, now in _unequal(asked.with_defaults(), config.with_defaults())
        if not f"{path}.".startswith(free)
    ]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def _unequal(
    then: Mapping[str, Any], now: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """Each field that differs, and both values of it; a group that only one has is one field."""
    for name in then:
        one, other = then[name], now[name]
        # What a user calls by names of his own is one value.
        if isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
            yield from _unequal(one, other, f"{path}{name}.")
        elif one != other:
            yield f"{path}{name}", one, other


class Playback:
    """One cassette for one session.

    Args:
        cassette: what is played.
        events: its messages.
        timetable: of the server.

    Attributes:
        way: to the client and back, for the session to measure.
    """

    def __init__(
        self, cassette: Cassette, events: Sequence[Recorded], timetable: Timetable
    ) -> None:
        self.way = Way()
        self._cassette = cassette
        self._events = events
        self._timetable = timetable

    @property
    def supplies(self) -> frozenset[str]:
        """What was recorded is not told anew."""
        return _TELLS

    async def start(self) -> None:
        """Nothing has to be made ready."""

    async def close(self) -> None:
        """The timetable belongs to others."""

    def refusals(self, config: SessionConfig) -> list[str]:  # noqa: ARG002 - of the interface
        """It was chosen for what is asked."""
        return []

    async def open(
        self, config: SessionConfig, channel: int, report: Callable[[Event], None]
    ) -> _Stream | _Beside:
        """The first channel plays all of it; the others only count."""
        saying = Saying(report, self._timetable)
        if channel:
            return _Beside(config, saying, self._cassette.left)
        return _Stream(self._cassette, self._events, config, saying, self._timetable, way=self.way)


class _Beside:
    """A channel that says nothing: how much audio has come, and its end."""

    def __init__(self, config: SessionConfig, saying: Saying, left: float) -> None:
        self._saying = saying
        self._rate = config.sample_rate
        self._width = audio.frame_bytes(config.encoding, config.bit_depth, 1)
        self._left = left
        self._samples = 0

    def feed(self, data: bytes, received_ns: int) -> None:  # noqa: ARG002 - of the interface
        """Count whole samples."""
        self._samples += len(data) // self._width
        self._saying.now(Progress(max(0.0, self._samples / self._rate - self._left)))

    def finish(self) -> None:
        """There is no more audio."""
        self._saying.now(Ended())

    def abort(self) -> None:
        """Nothing more is reported."""
        self._saying.stop()


class _Stream(_Beside):
    """Plays a cassette."""

    def __init__(
        self,
        cassette: Cassette,
        events: Sequence[Recorded],
        config: SessionConfig,
        saying: Saying,
        timetable: Timetable,
        *,
        way: Way,
    ) -> None:
        super().__init__(config, saying, cassette.left)
        self._cassette = cassette
        self._events = events
        self._timetable = timetable
        self._way = way
        self._next = 0
        self._is_finishing = False
        self._is_ended = False
        # A turn of the event loop later, so that the session has its streams.
        now_ns = timetable.clock.now_ns()
        timetable.at(now_ns, lambda: self._advance("open", now_ns))

    def feed(self, data: bytes, received_ns: int) -> None:
        """Take whole samples; what followed them is due from now on."""
        super().feed(data, received_ns)
        self._advance("audio", received_ns)

    def finish(self) -> None:
        """There is no more audio: say what followed the stop, or what is left to be said."""
        now_ns = self._timetable.clock.now_ns()
        self._is_finishing = True
        if self._is_ended:
            return
        if self._is_whole and self._cassette.closing is not None:
            self._advance("stop", now_ns)
            return
        for event in self._events[self._next :]:
            if (cut := _cut(event, self._samples / self._rate)) is not None:
                self._schedule(cut, 0.0, now_ns)
        at_ns = max(now_ns, self._saying.last_due_ns)
        self._timetable.at(at_ns, lambda: self._end(Ended()))

    @property
    def _is_whole(self) -> bool:
        """Whether as much audio has come as was recorded."""
        return self._samples / self._rate >= self._cassette.duration - SLACK_S

    def _advance(self, moment: str, at_ns: int) -> None:
        """Schedule what has been waited for."""
        messages = self._cassette.messages
        while self._next < len(messages) and self._is_reached(messages[self._next], moment):
            said = messages[self._next]
            self._schedule(self._events[self._next], self._wait(said), at_ns, said.position)
            self._next += 1
        closing = self._cassette.closing
        if self._next < len(messages) or closing is None or self._is_ended:
            return
        if self._is_reached(closing, moment):
            self._is_ended = True
            due_ns = max(self._saying.last_due_ns, at_ns + round(self._wait(closing) * 1e9))
            end = Ended(code=closing.code, result=self._cassette.result)
            self._timetable.at(due_ns, lambda: self._saying.now(end))

    def _is_reached(self, said: Said | Closing, moment: str) -> bool:
        if said.after == "open":
            return True
        if said.after == "stop":
            return moment == "stop"
        if moment == "stop":
            # All of the audio is there but for what was too little to count.
            return True
        return self._samples >= math.ceil(said.position * self._rate - 1e-6)

    def _wait(self, said: Said | Closing) -> float:
        """Seconds from what it followed, so that it comes to the client when it came then."""
        return said.delay if said.after == "open" else max(0.0, said.delay - self._way.ns / 1e9)

    def _schedule(self, event: Recorded, delay: float, at_ns: int, position: float = 0.0) -> None:
        self._saying.later(event, at_ns, delay=delay, position=position, received_ns=at_ns)

    def _end(self, event: Ended) -> None:
        self._is_ended = True
        self._saying.now(event)


def _events(cassette: Cassette) -> Iterator[Recorded]:
    """The messages of a cassette, read as far as a session has to know them."""
    has_callbacks = any(said.via == "callback" for said in cassette.messages)
    for said in cassette.messages:
        via = said.via if has_callbacks else "both"
        message = _read(said)
        kind, data, error = (message.get(name) for name in ("type", "data", "error"))
        kind = kind if isinstance(kind, str) else ""
        data = data if isinstance(data, dict) else None
        is_final = kind == "transcript" and data is not None and data.get("is_final") is True
        # There are many partials, and nobody asks for them again.
        kept = data if (is_final and _is_whole(data)) or kind in _ADD_ONS else None
        told = error if isinstance(error, dict) else None
        yield Recorded(said.text, via, cassette.session_id, kind, is_final, kept, told)


def _read(said: Said) -> dict[str, Any]:
    try:
        message = json.loads(said.text)
        if said.via == "callback":
            message = message["payload"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _is_whole(data: dict[str, Any] | None) -> bool:
    """Whether a transcript has all that the result of a session is made of."""
    said = data.get("utterance") if data is not None else None
    if not isinstance(said, dict):
        return False
    needed: dict[str, Any] = {"text": str, "start": int | float, "language": str, "channel": int}
    return all(isinstance(said.get(name), kind) for name, kind in needed.items())


def _cut(event: Recorded, position: float) -> Recorded | None:
    """A final with the words that end by a position in seconds; None for all else, and for none."""
    if event.via == "callback" or not event.is_final or event.data is None:
        return None
    message = json.loads(event.text)
    said = message["data"]["utterance"]
    with contextlib.suppress(KeyError, TypeError):
        words = [word for word in said["words"] if word["end"] <= position + 1e-6]
        if words:
            text = "".join(word["word"] for word in words)
            said |= {"words": words, "text": text, "end": words[-1]["end"]}
            told = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
            return dataclasses.replace(event, text=told, data=message["data"])
    return None
