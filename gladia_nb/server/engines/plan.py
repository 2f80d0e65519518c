"""What a scripted engine will say of a channel, and after how much audio: pure arithmetic.

The plan follows from the script and the session's configuration alone. Its positions are seconds of
audio; when they are reached is the stream's business (`scripted`).
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gladia_nb.server.engines.base import AddOn, Speech, Transcript, Word
from gladia_nb.server.settings.script import Notes, Script, ScriptWord

__all__ = ["Planned", "Planner"]


@dataclass(frozen=True, slots=True)
class Planned:
    """One event to come.

    Attributes:
        position: seconds of audio after which it is known.
        delay: seconds from then until it is reported.
        event: what is reported.
    """

    position: float
    delay: float
    event: Speech | Transcript | AddOn


@dataclass(frozen=True, slots=True)
class _Segment:
    """The words of one final."""

    words: tuple[ScriptWord, ...]
    position: float
    begins: bool
    ends_at: float | None


class Planner:
    """Plans one channel of a session.

    Args:
        script: what is spoken.
        channel: of it.
        endpointing: seconds of silence that close an utterance.
        longest: seconds after which an utterance is cut by force.
        end_first: whether the end of speech is reported before its final.
        languages: to translate to.
    """

    def __init__(
        self,
        script: Script,
        channel: int,
        *,
        endpointing: float,
        longest: float,
        end_first: bool = True,
        languages: tuple[str, ...] = (),
    ) -> None:
        self._script = script
        self._channel = channel
        self._endpointing = endpointing
        self._longest = longest
        self._end_first = end_first
        self._languages = languages
        seed = None if script.seed is None else f"{script.seed}/{channel}"
        self._rng = random.Random(seed)  # noqa: S311 - to be repeatable
        self._drawn = {"partial": 0, "final": 0, "speech": 0}
        self._segments = list(self._cut(script.words.get(channel, ())))

    def events(self) -> list[Planned]:
        """Everything that would be said if the audio never ended, in the order of position."""
        found: list[Planned] = []
        for number, segment in enumerate(self._segments):
            found += self._segment(number, segment)
        return found

    def rest(self, position: float) -> list[Planned]:
        """What is said of an utterance that the stop at `position` has cut short."""
        reached = position + 1e-9
        for number, segment in enumerate(self._segments):
            closed = segment.position <= reached
            if closed and (segment.ends_at is None or segment.ends_at <= reached):
                continue
            if segment.begins and segment.words[0].start > reached:
                return []
            words = tuple(word for word in segment.words if word.end <= reached)
            finals: list[Planned] = []
            if words and not closed:
                finals = self._finals(number, dataclasses.replace(segment, words=words), position)
            end = Speech(began=False, time=words[-1].end if words else round(position, 6))
            ends = [self._planned("speech", position, end)]
            return [*ends, *finals] if self._end_first else [*finals, *ends]
        return []

    # -- utterances -----------------------------------------------------------------------------

    def _cut(self, words: tuple[ScriptWord, ...]) -> Iterator[_Segment]:
        """Utterances by silence, and by force where there is none for too long."""
        current: list[ScriptWord] = []
        begins = True
        for index, word in enumerate(words):
            current.append(word)
            following = words[index + 1] if index + 1 < len(words) else None
            silent_at = word.end + self._endpointing
            forced_at = max(current[0].start + self._longest, word.end)
            if following is None or following.start >= silent_at:
                # A cut by force that comes before enough silence leaves only the end of speech.
                yield _Segment(tuple(current), min(silent_at, forced_at), begins, silent_at)
                current, begins = [], True
            elif following.end > forced_at:
                yield _Segment(tuple(current), forced_at, begins, None)
                current, begins = [], False

    def _segment(self, number: int, segment: _Segment) -> Iterator[Planned]:
        first = segment.words[0]
        if segment.begins:
            start = Speech(began=True, time=first.start)
            yield self._planned("speech", first.start, start)
        yield from self._partials(number, segment)
        finals = self._finals(number, segment, segment.position)
        if segment.ends_at is None:
            yield from finals
            return
        end = Speech(began=False, time=segment.words[-1].end)
        planned = self._planned("speech", segment.ends_at, end)
        if self._end_first and segment.ends_at == segment.position:
            yield planned
            yield from finals
        else:
            yield from finals
            yield planned

    # -- transcripts ----------------------------------------------------------------------------

    def _partials(self, number: int, segment: _Segment) -> Iterator[Planned]:
        before: tuple[str, ...] = ()
        shown = dict.fromkeys(range(len(segment.words)), 0)
        openings = list(segment.words[0].openings)
        for position in self._looks(segment):
            known = [word for word in segment.words if word.end <= position + 1e-9]
            if not known:
                continue
            words = []
            for index, word in enumerate(known):
                text = (*word.revisions, word.text)[min(shown[index], len(word.revisions))]
                shown[index] += 1
                words.append(Word(text, word.start, word.end, word.confidence))
            if openings:
                words = _spread(openings.pop(0).split(), words) or words
            texts = tuple(word.text for word in words)
            if texts != before:
                before = texts
                event = Transcript(number, False, tuple(words), self._script.language)
                yield self._planned("partial", position, event, known[-1].delay)

    def _looks(self, segment: _Segment) -> Iterator[float]:
        """Positions at which a partial may come."""
        every = self._script.partial_every_s
        if every is None:
            for word in segment.words:
                if word.end < segment.position:
                    yield word.end
            return
        tick = int(segment.words[0].start / every) + 1
        while (position := round(tick * every, 9)) < segment.position:
            yield position
            tick += 1

    def _finals(self, number: int, segment: _Segment, position: float) -> list[Planned]:
        words = tuple(Word(w.text, w.start, w.end, w.confidence) for w in segment.words)
        final = Transcript(number, True, words, self._script.language)
        found = [self._planned("final", position, final)]
        notes = [word.notes for word in segment.words if word.notes is not None]
        for note in notes:
            for event in self._add_ons(number, note, words):
                found.append(dataclasses.replace(found[0], event=event))
        return found

    def _add_ons(self, number: int, notes: Notes, words: tuple[Word, ...]) -> Iterator[AddOn]:
        start, end = words[0].start, words[-1].end
        for language in self._languages if notes.translations is not None else ():
            text = (notes.translations or {}).get(language)
            if text is None:
                problem = f"The script has no translation to {language}."
                yield AddOn(number, "translation", None, problem)
                continue
            translated: dict[str, Any] = {
                "text": f" {text.strip()}",
                "start": start,
                "end": end,
                "language": language,
                "confidence": 0.9,
                "channel": self._channel,
                "words": [
                    {"word": f" {w.text}", "start": w.start, "end": w.end, "confidence": 0.9}
                    for w in _spread(text.split(), [Word("", start, end, 0.9)])
                ],
            }
            data = {
                "original_language": self._script.language,
                "target_language": language,
                "translated_utterance": translated,
            }
            yield AddOn(number, "translation", data)
        if notes.entities is not None:
            results = [dict(item) for item in notes.entities]
            yield AddOn(number, "named_entity_recognition", {"results": results})
        if notes.sentiments is not None:
            base = {
                "text": " ".join(word.text for word in words),
                "emotion": "neutral",
                "start": start,
                "end": end,
                "channel": self._channel,
            }
            found = [{**base, **item} for item in notes.sentiments]
            yield AddOn(number, "sentiment_analysis", {"results": found})

    def _planned(
        self,
        kind: str,
        position: float,
        event: Speech | Transcript,
        delay: float | None = None,
    ) -> Planned:
        drawn = self._script.delay[kind].draw(self._rng, self._drawn[kind])
        self._drawn[kind] += 1
        return Planned(position, drawn if delay is None else delay, event)


def _spread(texts: list[str], words: list[Word]) -> list[Word]:
    """Other texts at the times of words: one each, and the last word's time for what is left."""
    count = min(len(texts), len(words))
    found = [
        dataclasses.replace(word, text=text)
        for text, word in zip(texts[: count - 1], words, strict=False)
    ]
    rest = texts[count - 1 :] if count else []
    if rest:
        last = words[count - 1]
        step = (last.end - last.start) / len(rest)
        for index, text in enumerate(rest):
            start = round(last.start + index * step, 6)
            end = round(last.start + (index + 1) * step, 6)
            found.append(Word(text, start, end, last.confidence))
    return found
