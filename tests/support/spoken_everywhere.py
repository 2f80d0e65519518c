"""A run with a word of its own in every place where speech, or what is like it, can stand."""

from __future__ import annotations

import itertools
import json
from typing import Any

from gladia_nb.run import Run
from tests.support.make_runs import make_run, message

#: All words that were hidden in the run, in lower case.
SECRETS: list[str] = []
_numbers = itertools.count()


def secret() -> str:
    """A word that is nowhere else."""
    number = next(_numbers)
    word = "qua" + "aeiou"[number % 5] + "aeiou"[number // 5 % 5] + "aeiou"[number // 25] + "zo"
    SECRETS.append(word)
    return word


def _utterance() -> dict[str, Any]:
    first, second = secret(), secret()
    return {
        "text": f" {first.title()} {second}.",
        "start": 0.5,
        "end": 1.0,
        "language": "en",
        "confidence": 0.9,
        "channel": 0,
        "speaker": secret(),
        "words": [
            {"word": f" {word}", "start": 0.5, "end": 1.0, "confidence": 0.9}
            for word in (first, second, secret())
        ],
    }


def _transcription() -> dict[str, Any]:
    subtitles = [{"format": "srt", "subtitles": f"1\n00:00:01,000 --> 00:00:02,000\n{secret()}\n"}]
    return {
        "full_transcript": secret(),
        "languages": ["en"],
        "utterances": [_utterance()],
        "sentences": [{"success": True, "results": [secret()]}],
        "subtitles": subtitles,
    }


def _results() -> dict[str, Any]:
    """Add-ons as a final transcript and a stored result have them."""
    return {
        "transcription": _transcription(),
        "translation": {"results": [{"full_transcript": secret(), "utterances": [_utterance()]}]},
        "summarization": {"results": secret()},
        "named_entity_recognition": {"results": [{"entity_type": "NAME_GIVEN", "text": secret()}]},
        "sentiment_analysis": {"results": json.dumps([{"text": secret(), "emotion": "awe"}])},
        "chapterization": {"results": [{"headline": secret(), "keywords": [secret()]}]},
    }


def _messages() -> list[tuple[float, str]]:
    about = {"utterance_id": "00_00000000", "utterance": _utterance()}
    named = {"entity_type": "NAME_GIVEN", "text": secret(), "start": 0.5, "end": 1.0}
    felt = {"sentiment": "positive", "emotion": "interest", "text": secret()}
    translated = {**about, "target_language": "fr", "translated_utterance": _utterance()}
    refused = {"message": f"The word {SECRETS[0]} is too long."}
    kind = "transcript"
    said = {"id": "00_00000000", "is_final": True, "utterance": _utterance()}
    payload = json.loads(message(0, kind, {"id": "0", "utterance": _utterance()})[1])
    return [
        message(1.0, kind, said),
        message(1.1, "translation", translated, error=None),
        message(1.2, "named_entity_recognition", {**about, "results": [named]}, error=None),
        message(1.3, "sentiment_analysis", {**about, "results": [felt]}, error=None),
        message(1.4, "translation", None, error=refused),
        message(1.5, "post_transcript", _transcription()),
        message(1.6, "post_summarization", {"results": secret()}, error=None),
        message(
            1.7, "post_chapterization", {"results": [{"headline": secret(), "text": secret()}]}
        ),
        message(1.8, "post_final_transcript", {"metadata": {}, **_results()}),
        message(1.9, "novelty", {"thought": secret(), "list": [[secret()]]}, hint=secret()),
        (2.0, json.dumps({"id": "s", "event": "live.transcript", "payload": payload})),
        (2.1, f'{{"type":"transcript","text":"{secret()}'),
    ]


def _config() -> dict[str, Any]:
    entry = {"value": secret(), "intensity": 0.5, "pronunciations": [secret()], "language": "en"}
    return {
        "custom_metadata": {secret(): secret(), "number": 4917, "list": [secret()]},
        "callback": True,
        "callback_config": {"url": f"https://{secret()}.example/{secret()}"},
        "realtime_processing": {
            "custom_vocabulary": True,
            "custom_vocabulary_config": {"vocabulary": [secret(), entry]},
            "custom_spelling": True,
            "custom_spelling_config": {"spelling_dictionary": {secret(): [secret()]}},
            "translation": True,
            "translation_config": {"target_languages": ["fr"], "context": f"About {secret()}."},
        },
        "later_field": {"phrase": secret()},
    }


def spoken_everywhere() -> Run:
    """The run; its words are in `SECRETS`."""
    SECRETS.clear()
    asked = _config()
    word = secret()
    rows = [
        {"word": word, "start_s": 0.5, "end_s": 1.0, "channel": 0, "speaker": secret()},
    ]
    messages = _messages()
    stored = {
        "id": "s",
        "status": "done",
        "file": {"filename": f"{secret()}.wav", "source": secret()},
        "custom_metadata": asked["custom_metadata"],
        "post_session_metadata": {secret(): [secret(), 12]},
        "request_params": asked,
        "result": {**_results(), "messages": [raw for _, raw in messages[:6]]},
    }
    told = [
        {"event": "device", "ns": 1, "sample_rate": 48000, "label": f"Microphone of {secret()}"},
        {"event": "warning", "ns": 2, "text": f"Nobody knows {SECRETS[0]}."},
        {"event": "result", "start_ns": 3, "end_ns": 4, "raw": json.dumps(stored)},
        {
            "event": "error",
            "ns": 5,
            "name": "ApiError",
            "text": f"The service refused {SECRETS[1]}.",
            "validation_errors": [f"vocabulary must be short (got '{SECRETS[1]}')"],
        },
        {
            "event": "close",
            "ns": 6,
            "connection": 1,
            "code": 4400,
            "reason": f"bad word {SECRETS[2]}",
            "outcome": "refused",
        },
    ]
    return make_run(messages, config=asked, reference=rows, extra=told, name=f"{secret()}.flac")
