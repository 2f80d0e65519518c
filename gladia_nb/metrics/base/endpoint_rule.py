"""Where utterances would end: by silence, by force, by the stop; pure arithmetic on audio times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["Cut", "Stretch", "cuts_of"]


class Stretch(NamedTuple):
    """The speech of one recorded utterance.

    Attributes:
        start_s: audio time at which it began.
        end_s: audio time at which it ended.
        pause_s: silence behind it, until speech goes on or the audio ends.
        words: start and end of each of its words, at least one, in order.
    """

    start_s: float
    end_s: float
    pause_s: float
    words: tuple[tuple[float, float], ...]


class Cut(NamedTuple):
    """The end of an utterance.

    Attributes:
        trigger: `endpoint`, `max_duration` or `stop`; None when nobody knows.
        at_s: audio time at which it is decided.
        start_s: audio time at which the utterance began.
        end_s: end of the speech in front of the cut.
        next_s: where speech goes on behind it; NaN where it does not.
        stretch: number of the stretch that it ends, or lies in.
        first: number of the stretch in which the utterance began.
    """

    trigger: str | None
    at_s: float
    start_s: float
    end_s: float
    next_s: float
    stretch: int
    first: int


def cuts_of(
    stretches: Sequence[Stretch], *, endpointing_s: float, longest_s: float, until_s: float
) -> Iterator[Cut]:
    """The cuts that an endpointing makes in the speech of one channel.

    An utterance ends when a silence has lasted `endpointing_s`, or by force `longest_s` after its
    beginning: before the first word that would end later, never within one. What is open when the
    audio ends is ended by the stop. A silence within a stretch is too short for any cut.

    Args:
        stretches: of one channel, in order.
        endpointing_s: silence that ends an utterance.
        longest_s: length at which an utterance is ended by force.
        until_s: length of the audio.

    Example:
        >>> said = [Stretch(0.5, 1.0, 0.25, ((0.5, 1.0),)), Stretch(1.25, 2.0, 1.0, ((1.25, 2.0),))]
        >>> [
        ...     [cut.at_s for cut in cuts_of(said, endpointing_s=e, longest_s=5, until_s=3)]
        ...     for e in (0.125, 0.25, 0.5)
        ... ]
        [[1.125, 2.125], [1.25, 2.25], [2.5]]
    """
    start_s, first = None, 0
    for number, stretch in enumerate(stretches):
        following = stretches[number + 1] if number + 1 < len(stretches) else None
        if start_s is None:
            start_s, first = stretch.start_s, number
        for k, (_, end_s) in enumerate(stretch.words[:-1]):
            forced_s = max(start_s + longest_s, end_s)
            next_s, next_end_s = stretch.words[k + 1]
            if next_end_s > forced_s:
                yield Cut("max_duration", forced_s, start_s, end_s, next_s, number, first)
                start_s, first = next_s, number
        end_s = stretch.end_s
        next_s = float("nan") if following is None else following.start_s
        forced_s = max(start_s + longest_s, end_s)
        trigger, at_s = "endpoint", end_s + endpointing_s
        if stretch.pause_s < endpointing_s:
            if following is not None and following.words[0][1] <= forced_s:
                continue
            trigger, at_s = "stop", until_s
        if forced_s < at_s or (trigger == "stop" and following is not None):
            trigger, at_s = "max_duration", forced_s
        yield Cut(trigger, at_s, start_s, end_s, next_s, number, first)
        start_s = None
