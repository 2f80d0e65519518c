"""Scripts: what a scripted engine hears, and how long it takes to say it.

A script is a mapping, or a JSON file with one:

    {
      "utterances": [
        {"channel": 0,
         "words": [
           {"word": "good", "start_s": 0.4, "end_s": 0.7},
           {"word": "morning", "start_s": 0.7, "end_s": 1.2, "revisions": ["mourning"]}
         ],
         "revisions": ["god"],
         "translations": {"fr": "bonjour"},
         "entities": [{"entity_type": "TIME", "text": "morning", "start": 0.7, "end": 1.2}],
         "sentiments": [{"sentiment": "positive", "emotion": "contentment"}]}
      ],
      "delay": {"lognormal": {"median": 0.3, "sigma": 0.4}},
      "partial_every_s": 0.3,
      "seed": 7
    }

`words` can stand in place of `utterances`, each with its `channel`; so the words file of a
recording is a script. `revisions` of an utterance are what its first partials show in place of all
its words, `revisions` of a word what the first partials that have it show in its place. Where
utterances end is decided by the session's endpointing, not by the script.

Delays are in seconds: a number, `{"constant": 0.3}`, `{"uniform": [0.1, 0.5]}`, `{"lognormal":
{"median": 0.3, "sigma": 0.4, "spike_probability": 0.01, "spike_s": 2}}` (a spike is added), or
`{"schedule": [0.1, 0.2]}` (in turn, from the start again after the last). `partial_delay`,
`final_delay` and `speech_delay` are for one kind of message; `delay_s` of a word is for the partial
that brings it. Within a channel nothing overtakes: a message waits for the one before it.

Sessions of one script are alike: `seed` decides what is drawn. Where it is null, each session draws
anew, as two sessions of one service differ in life.

`real_time_factor` is the time it takes to process a second of audio, before any delay: 0 is none,
above 1 the engine falls behind.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gladia_nb.paths import content_of

__all__ = ["Delay", "Notes", "Script", "ScriptWord"]

#: Seconds; enough for a silence of hours.
_LONGEST = 86400.0
#: What a words file of a recording has beside its words.
_OF_RECORDINGS = {"audio", "sample_rate", "channels", "duration_s", "source", "pauses"}


@dataclass(frozen=True, slots=True)
class Delay:
    """A model of delays.

    Attributes:
        kind: `constant`, `uniform`, `lognormal` or `schedule`.
        values: its numbers, in seconds unless they are ratios.
    """

    kind: str = "constant"
    values: tuple[float, ...] = (0.0,)

    @classmethod
    def parse(cls, spec: Any, name: str) -> Delay:
        """A model from plain data.

        Args:
            spec: see the description of this module.
            name: of the field, for errors.

        Raises:
            ValueError: it is none; the sentence says why.

        Example:
            >>> Delay.parse({"uniform": [0.1, 0.5]}, "delay")
            Delay(kind='uniform', values=(0.1, 0.5))
        """
        if not isinstance(spec, Mapping):
            return cls("constant", (_number(spec, name),))
        if len(spec) != 1:
            raise ValueError(f"{name} must have one model, such as {{'constant': 0.3}}")
        [(kind, given)] = spec.items()
        if kind == "constant":
            return cls(kind, (_number(given, name),))
        if kind == "uniform":
            bounds = _numbers(given, name) if isinstance(given, list | tuple) else ()
            if len(bounds) != 2 or bounds[0] > bounds[1]:
                raise ValueError(f"uniform of {name} must be [least, most] (got {given!r})")
            return cls(kind, bounds)
        if kind == "schedule":
            if not isinstance(given, list | tuple) or not given:
                raise ValueError(f"schedule of {name} must be a list of seconds (got {given!r})")
            return cls(kind, _numbers(given, name))
        if kind == "lognormal":
            if not isinstance(given, Mapping):
                raise ValueError(f"lognormal of {name} must be a mapping (got {given!r})")
            fields = {"median": 0.3, "sigma": 0.5, "spike_probability": 0.0, "spike_s": 0.0}
            _known(given, set(fields), f"lognormal of {name}")
            fields |= {key: _number(value, f"{key} of {name}") for key, value in given.items()}
            return cls(kind, tuple(fields.values()))
        raise ValueError(
            f"{name} has no model {kind!r}; there are constant, uniform, lognormal and schedule"
        )

    def draw(self, rng: random.Random, number: int) -> float:
        """The delay of the message of this number, in seconds."""
        values = self.values
        if self.kind == "uniform":
            return rng.uniform(*values)
        if self.kind == "schedule":
            return values[number % len(values)]
        if self.kind == "lognormal":
            median, sigma, probability, spike_s = values
            seconds = median * math.exp(rng.gauss(0, sigma))
            return seconds + (spike_s if rng.random() < probability else 0.0)
        return values[0]


@dataclass(frozen=True, slots=True)
class Notes:
    """What a script says about one of its utterances beside the words.

    Attributes:
        entities: `results` of `named_entity_recognition`; None when there is nothing about it.
        translations: code of a language -> text.
        sentiments: `results` of `sentiment_analysis`.
    """

    entities: tuple[Mapping[str, Any], ...] | None = None
    translations: Mapping[str, str] | None = None
    sentiments: tuple[Mapping[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True)
class ScriptWord:
    """One word.

    Attributes:
        text: as it is spoken.
        start: seconds.
        end: likewise.
        confidence: 0 to 1.
        delay: of the partial that brings it, in seconds; None leaves that to the model.
        revisions: what is shown in its place at first.
        openings: whole texts that the first partials of its utterance show; of a first word.
        notes: about its utterance; of a last word.
    """

    text: str
    start: float
    end: float
    confidence: float = 0.9
    delay: float | None = None
    revisions: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    notes: Notes | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A script, checked.

    Attributes:
        words: channel -> its words, in the order of time.
        delay: of each kind of message: `partial`, `final` and `speech`.
        partial_every_s: partials come at multiples of this, in seconds of audio; None sends one
            after each word.
        real_time_factor: seconds it takes to process a second of audio.
        seed: of everything random; None draws anew for each session.
        language: code of the language.
    """

    words: Mapping[int, tuple[ScriptWord, ...]]
    delay: Mapping[str, Delay]
    partial_every_s: float | None = None
    real_time_factor: float = 0.0
    seed: int | None = 0
    language: str = "en"

    @classmethod
    def load(cls, source: Mapping[str, Any] | str | Path | None) -> Script:
        """A script from a mapping, from a JSON file, or an empty one.

        Raises:
            ValueError: there is no such file, or it is no script; the sentence says why.
        """
        if source is None:
            return cls.from_dict({})
        if isinstance(source, Mapping):
            return cls.from_dict(source)
        try:
            data = json.loads(content_of(Path(source)).decode("utf-8"))
        except OSError as error:
            raise ValueError(
                f"the script {source} cannot be read ({error.strerror or error})"
            ) from None
        except (ValueError, RecursionError) as error:
            raise ValueError(f"the script {source} is not JSON ({error})") from None
        return cls.from_dict(data)

    @classmethod
    def from_dict(cls, data: Any) -> Script:
        """A script from plain data.

        Raises:
            ValueError: a field is unknown or wrong; the sentence begins with its name.
        """
        if not isinstance(data, Mapping):
            raise ValueError(  # noqa: TRY004 - of plain data, all is a value
                f"a script must be a mapping (got {type(data).__name__})"
            )
        kinds = ("partial", "final", "speech")
        _known(
            data,
            {"words", "utterances", "delay", "partial_every_s", "real_time_factor", "seed"}
            | {"language"}
            | {f"{kind}_delay" for kind in kinds}
            | _OF_RECORDINGS,
            "a script",
        )
        common = data.get("delay", 0.0)
        every = data.get("partial_every_s")
        if every is not None and _number(every, "partial_every_s") <= 0:
            raise ValueError(f"partial_every_s must be above 0 (got {every!r})")
        seed = data.get("seed", 0)
        if seed is not None and not isinstance(seed, int):
            raise ValueError(f"seed must be a whole number or null (got {seed!r})")
        return cls(
            words=_all_words(data),
            delay={
                kind: Delay.parse(data.get(f"{kind}_delay", common), f"{kind}_delay")
                for kind in kinds
            },
            partial_every_s=every,
            real_time_factor=_number(data.get("real_time_factor", 0.0), "real_time_factor"),
            seed=seed,
            language=str(data.get("language", "en")),
        )

    @property
    def supplies(self) -> frozenset[str]:
        """Kinds of add-ons that it has something about."""
        found = set()
        for words in self.words.values():
            for notes in (word.notes for word in words if word.notes is not None):
                if notes.translations is not None:
                    found.add("translation")
                if notes.entities is not None:
                    found.add("named_entity_recognition")
                if notes.sentiments is not None:
                    found.add("sentiment_analysis")
        return frozenset(found)


def _all_words(data: Mapping[str, Any]) -> dict[int, tuple[ScriptWord, ...]]:
    by_channel: dict[int, list[ScriptWord]] = {}
    for place, item in _items(data, "words", "a script"):
        by_channel.setdefault(_channel(item, place), []).append(_word(item, place))
    for place, item in _items(data, "utterances", "a script"):
        _known(
            item,
            {"channel", "words", "revisions", "entities", "translations", "sentiments"},
            place,
        )
        words = [_word(*reversed(pair)) for pair in _items(item, "words", place)]
        if not words:
            raise ValueError(f"words of {place} must have at least one word")
        by_channel.setdefault(_channel(item, place), []).extend(_annotated(words, item, place))
    for words in by_channel.values():
        words.sort(key=lambda word: (word.start, word.end))
    return {channel: tuple(words) for channel, words in by_channel.items()}


def _annotated(words: list[ScriptWord], item: Mapping[str, Any], place: str) -> list[ScriptWord]:
    translations = item.get("translations")
    if translations is not None and not (
        isinstance(translations, Mapping)
        and all(isinstance(text, str) for text in translations.values())
    ):
        raise ValueError(f"translations of {place} must be a mapping of languages to texts")
    lists: dict[str, tuple[Mapping[str, Any], ...] | None] = {
        name: tuple(entry for _, entry in _items(item, name, place)) if name in item else None
        for name in ("entities", "sentiments")
    }
    words[0] = replace(words[0], openings=_texts(item, place))
    if translations is not None or any(value is not None for value in lists.values()):
        notes = Notes(lists["entities"], translations, lists["sentiments"])
        words[-1] = replace(words[-1], notes=notes)
    return words


def _word(item: Mapping[str, Any], place: str) -> ScriptWord:
    text = item.get("word")
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"word of {place} must be text (got {text!r})")
    start = _number(item.get("start_s"), f"start_s of {place}")
    end = _number(item.get("end_s"), f"end_s of {place}")
    if end < start:
        raise ValueError(f"end_s of {place} must not be before start_s ({end} < {start})")
    delay = item.get("delay_s")
    return ScriptWord(
        text=text.strip(),
        start=start,
        end=end,
        confidence=_number(item.get("confidence", 0.9), f"confidence of {place}"),
        delay=None if delay is None else _number(delay, f"delay_s of {place}"),
        revisions=_texts(item, place),
    )


def _texts(item: Mapping[str, Any], place: str) -> tuple[str, ...]:
    texts = item.get("revisions", ())
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"revisions of {place} must be a list of texts (got {texts!r})")
    return tuple(texts)


def _items(data: Mapping[str, Any], name: str, place: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The mappings of a list, each with what to call it in an error."""
    items = data.get(name, ())
    if not isinstance(items, list | tuple) or not all(isinstance(item, Mapping) for item in items):
        raise ValueError(f"{name} of {place} must be a list of mappings")
    return [(f"{name}[{index}]", item) for index, item in enumerate(items)]


def _channel(item: Mapping[str, Any], place: str) -> int:
    channel = item.get("channel", 0)
    if not isinstance(channel, int) or not 0 <= channel <= 7:
        raise ValueError(f"channel of {place} must be a whole number from 0 to 7 (got {channel!r})")
    return channel


def _known(data: Mapping[str, Any], names: set[str], place: str) -> None:
    for name in data:
        if name not in names:
            raise ValueError(f"{place} has no {name!r}; there are {', '.join(sorted(names))}")


def _number(value: Any, name: str) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not 0 <= value <= _LONGEST:
        raise ValueError(f"{name} must be a number from 0 to {_LONGEST:g} (got {value!r})")
    return float(value)


def _numbers(values: Iterable[Any], name: str) -> tuple[float, ...]:
    return tuple(_number(value, name) for value in values)
