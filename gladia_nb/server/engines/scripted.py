"""An engine that says what a script says, at the moments that follow from it, and knows when.

An event is due when the audio that it waits for has been received (the stamp of the frame that
covers its position) plus its delay. That moment is kept on the monotonic clock, goes with the event
into the server's trace, and is the truth that measurements are judged by.
"""

from __future__ import annotations

from collections.abc import Callable

from gladia_nb import audio
from gladia_nb.config import SessionConfig
from gladia_nb.server.engines.base import Ended, Event, Progress
from gladia_nb.server.engines.plan import Planned, Planner
from gladia_nb.server.engines.timetable import Saying, Timetable
from gladia_nb.server.settings.script import Script

__all__ = ["ScriptedEngine"]


class ScriptedEngine:
    """Says what a script says.

    Args:
        script: what is spoken, and how long it takes to say it.
        timetable: shared by all scripted engines of a server.
        end_first: whether the end of speech is reported before its final.
    """

    def __init__(
        self, script: Script, timetable: Timetable | None = None, *, end_first: bool = True
    ) -> None:
        self._script = script
        self._timetable = timetable or Timetable()
        self._end_first = end_first
        self._channels: dict[int, int] = {}

    @property
    def supplies(self) -> frozenset[str]:
        """Kinds of add-ons that the script has something about."""
        return self._script.supplies

    async def start(self) -> None:
        """Nothing has to be made ready."""

    async def close(self) -> None:
        """Forget what is still to be said."""
        await self._timetable.close()

    def refusals(self, config: SessionConfig) -> list[str]:  # noqa: ARG002 - of the interface
        """Nothing is refused: a script can be in any language."""
        return []

    async def open(
        self, config: SessionConfig, channel: int, report: Callable[[Event], None]
    ) -> _Stream:
        """The stream of one channel."""
        translation = config.realtime_processing.translation_config
        planner = Planner(
            self._script,
            channel,
            endpointing=config.endpointing,
            longest=config.maximum_duration_without_endpointing,
            end_first=self._end_first,
            languages=tuple(translation.target_languages) if translation is not None else (),
        )
        saying = Saying(report, self._timetable)
        return _Stream(
            planner, config, saying, self._timetable, factor=self._script.real_time_factor
        )


class _Stream:
    """One channel: it counts samples, and schedules what they bring."""

    def __init__(
        self,
        planner: Planner,
        config: SessionConfig,
        saying: Saying,
        timetable: Timetable,
        *,
        factor: float,
    ) -> None:
        self._planner = planner
        self._saying = saying
        self._timetable = timetable
        self._factor = factor
        self._rate = config.sample_rate
        self._width = audio.frame_bytes(config.encoding, config.bit_depth, 1)
        self._plan = planner.events()
        self._next = 0
        self._samples = 0
        self._ready_ns = 0

    def feed(self, data: bytes, received_ns: int) -> None:
        """Take whole samples; what they bring is due from now on."""
        first = self._samples
        self._samples += len(data) // self._width
        begin_ns = max(self._ready_ns, received_ns)
        self._ready_ns = begin_ns + self._takes(self._samples - first)
        while self._next < len(self._plan):
            planned = self._plan[self._next]
            sample = _sample(planned.position, self._rate)
            if sample > self._samples:
                break
            self._next += 1
            self._schedule(planned, begin_ns + self._takes(sample - first), received_ns)
        position = Progress(self._samples / self._rate)
        if self._factor:
            self._timetable.at(self._ready_ns, lambda: self._saying.now(position))
        else:
            self._saying.now(position)

    def finish(self) -> None:
        """There is no more audio: what is left is final."""
        now_ns = self._timetable.clock.now_ns()
        ready_ns = max(now_ns, self._ready_ns)
        for planned in self._planner.rest(self._samples / self._rate):
            self._schedule(planned, ready_ns, now_ns)
        # A turn of the event loop later, so that the session has finished its own part.
        last_ns = max(ready_ns, self._saying.last_due_ns)
        self._timetable.at(last_ns, lambda: self._saying.now(Ended()))

    def abort(self) -> None:
        """Nothing more is reported."""
        self._saying.stop()

    def _takes(self, samples: int) -> int:
        """Nanoseconds it takes to process so many samples."""
        return int(samples * self._factor * 1e9 / self._rate)

    def _schedule(self, planned: Planned, ready_ns: int, received_ns: int) -> None:
        self._saying.later(
            planned.event,
            ready_ns,
            delay=planned.delay,
            position=planned.position,
            received_ns=received_ns,
        )


def _sample(position: float, rate: int) -> int:
    """How many samples must be there so that the position is covered."""
    return -int(-(position * rate - 1e-6) // 1)
