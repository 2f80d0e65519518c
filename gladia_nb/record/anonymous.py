"""A record without the speech that it is about: texts become placeholders, all else stays.

What stays: every stamp, every time of the audio, every number of the service, the order, the types
and the fields of all messages, ids, languages, labels (kinds of entities, sentiments, emotions),
which words are the same, how long they are, and the settings. What goes, in the header, in messages
on either way and in the stored result:

* every text and every word, of transcripts, references, translations, entities, summaries, chapters
  and subtitles; names of speakers, of the sound file and of the microphone;
* what a configuration says in words: the vocabulary, the spelling, the context of a translation;
  all of `custom_metadata`, its names and numbers too, and of `post_session_metadata`; the URL of
  callbacks;
* of what a service or this toolkit says in sentences (errors, warnings, reasons), each word that
  also occurs in one of those texts.

A value that is expected to be a label or an id stays only if it looks like one. Everything that is
not known here is taken for speech.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gladia_nb.config.values import LANGUAGES, TRANSLATION_LANGUAGES
from gladia_nb.record.event_kinds import KINDS
from gladia_nb.record.file import Event, Record, dump_line, read_lines
from gladia_nb.record.json_strings import Path, replaced
from gladia_nb.record.placeholders import Placeholders

__all__ = ["MARK", "without_speech"]

#: The field of a header that says that there is no speech in the record.
MARK = "without_speech"

_LANGUAGES = frozenset((*LANGUAGES, *TRANSLATION_LANGUAGES))
_FEELINGS = frozenset(
    "positive negative neutral mixed unknown adoration amusement anger awe confusion contempt "
    "contentment desire disappointment disgust distress ecstatic elation embarrassment fear "
    "interest pain realization relief sadness negative_surprise positive_surprise sympathy "
    "triumph".split()
)
_ID = r"(?=.*[0-9])(G-)?[0-9a-fA-F][0-9a-fA-F_-]*"
_MOMENT = r"\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-]\d\d:?\d\d)?)?"
_NAME = r"[a-z]+(_[a-z]+)*"
#: Fields whose values are no speech, and what such a value looks like.
_KEPT = {
    **dict.fromkeys(("id", "session_id", "utterance_id", "request_id"), re.compile(_ID)),
    **dict.fromkeys(("created_at", "completed_at", "timestamp"), re.compile(_MOMENT)),
    "type": re.compile(_NAME),
    "event": re.compile(r"live\." + _NAME),
    "status": re.compile("queued|processing|done|error"),
    "kind": re.compile("live"),
    "format": re.compile("srt|vtt|ass"),
    "encoding": re.compile("wav/(pcm|alaw|ulaw)"),
    "model": re.compile("solaria[-.0-9a-z]*|base|batch|enhanced"),
    "entity_type": re.compile("[A-Z]+(_[A-Z]+)+|[A-Z]{3,}"),
    "filename": re.compile(_ID + r"\.wav"),
    "region": re.compile("eu-west|us-west"),
    "capture": re.compile("track|worklet"),
}
_LANGUAGE_OF = ("language", "languages", "original_language", "target_language", "target_languages")
#: Fields in which somebody says something in a sentence.
_SENTENCES = ("message", "exception", "code", "reason", "error", "validation_errors")
#: Fields whose objects have names, and numbers, of the user's own.
_OWN = frozenset({"custom_metadata", "post_session_metadata", "spelling_dictionary"})
_FIELD = re.compile(r"[A-Za-z]\w{0,40}", re.ASCII)

#: In place of where callbacks were posted: an address that nobody has (RFC 2606).
_NOWHERE = "https://callbacks.invalid/"

#: Texts of an event that say something in a sentence, or that stay as they are.
_TOLD = frozenset({"text", "error", "reason", "validation_errors"})
_AS_IT_IS = frozenset({"event", "via", "why", "name", "outcome", "url"})
#: Parts of a header that hold nothing of the speech.
_PLAIN = frozenset({"format", "version", "anchor", "versions", "granularity", "options"})

#: What is done with a text that is speech, and with a sentence.
_Change = Callable[[str], str]


def without_speech(record: Record) -> Record:
    """A copy without speech, in no file yet; see the module for what stays.

    The placeholders follow from the record alone: the same record gives the same copy.
    """
    placeholders = Placeholders()

    def collect(text: str) -> str:
        placeholders.collect(text)
        return text

    for _ in _lines(record, _Cleaner(collect, lambda text: text)):
        pass
    cleaner = _Cleaner(placeholders.text, placeholders.sentence)
    found = read_lines(line.encode("ascii") for line in _lines(record, cleaner))
    # What was left out of the file is left out of this one.
    return replace(found, path=None, problems=record.problems)


def _lines(record: Record, cleaner: _Cleaner) -> Iterator[str]:
    yield dump_line(cleaner.header(record.header))
    for event in record.events:
        yield dump_line(cleaner.event(event))


class _Cleaner:
    """Finds what is speech, and has it changed.

    Args:
        speech: changes a text that is speech.
        sentence: changes what somebody says about the session.
    """

    def __init__(self, speech: _Change, sentence: _Change) -> None:
        self._speech = speech
        self._sentence = sentence

    def header(self, header: Event) -> dict[str, Any]:
        """The header of a run; first of all its reference, so that runs of one recording agree."""
        rows = header.get("reference")
        reference = None if rows is None else [self._row(row) for row in rows]
        found = {
            name: value if name in _PLAIN else self._part(name, value)
            for name, value in header.items()
            if name != "reference"
        }
        return {**found, "reference": reference, MARK: True}

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {k: self._speech(v) if isinstance(v, str) else v for k, v in row.items()}

    def _part(self, name: str, value: Any) -> Any:
        if name == "audio" and isinstance(value, Mapping):
            stem, dot, ending = str(value.get("name", "")).rpartition(".")
            named = f"{self._speech(stem)}.{ending}" if dot else self._speech(ending)
            rest = {k: v for k, v in value.items() if not isinstance(v, str)}
            return {**rest, "name": named}
        return json.loads(self.message(json.dumps(value)))

    def event(self, event: Event) -> dict[str, Any]:
        """Any event."""
        kind = event["event"]
        if kind not in KINDS:
            # Of a later version: only its numbers are known not to be speech.
            told: dict[str, Any] = json.loads(self.message(json.dumps(_without_kind(event))))
            told["event"] = kind
            return told
        found = dict(event)
        for name, value in event.items():
            if name == "raw":
                found[name] = self.message(value)
            elif name in _TOLD:
                found[name] = self._told(value)
            elif isinstance(value, str) and name not in _AS_IT_IS:
                found[name] = self._value((name,), value)
        return found

    def _told(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._told(item) for item in value]
        return self._sentence(value) if isinstance(value, str) else value

    def message(self, text: str) -> str:
        """A message, or another text of JSON; of what is none only the signs stay."""
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            return re.sub(r"\w", _blank, text)
        return replaced(text, value=self._value, key=self._key, number=self._number)

    def _value(self, path: Path, text: str) -> str:
        if _OWN.isdisjoint(path) and path:
            name = path[-1]
            if _is_label(name, text):
                return text
            if name in _SENTENCES:
                return self._sentence(text)
            if name == "url":
                return _NOWHERE
        if text[:1] in ("{", "[") and _is_json(text):
            return self.message(text)
        return self._speech(text)

    def _key(self, path: Path, name: str) -> str:
        if _OWN.isdisjoint(path) and _FIELD.fullmatch(name):
            return name
        return self._speech(name)

    def _number(self, path: Path, digits: str) -> str:
        return digits if _OWN.isdisjoint(path) else "0"


def _is_label(name: str, text: str) -> bool:
    """Whether the value of a field is what it is expected to be, and no speech."""
    if name in _LANGUAGE_OF:
        return text in _LANGUAGES
    if name in ("sentiment", "emotion"):
        return text in _FEELINGS
    shape = _KEPT.get(name)
    return shape is not None and shape.fullmatch(text) is not None


def _without_kind(event: Event) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "event"}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _blank(sign: re.Match[str]) -> str:
    return "0" if sign[0].isdigit() else "x"
