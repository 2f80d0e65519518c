"""The add-ons of one session: their messages after each final, and their results at the end.

Sentiment and summary are the server's own (`sentiment`, `summary`). What an engine supplies itself
is passed on. What nobody here can do is answered, in words, by the error that the protocol has for
it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from gladia_nb.config import SessionConfig
from gladia_nb.server.engines.base import AddOn, Word
from gladia_nb.server.session import sentiment, summary
from gladia_nb.server.session.messages import Messages, failure

__all__ = ["AddOns"]

_KINDS = ("translation", "named_entity_recognition", "sentiment_analysis")
_REASONS = {
    "translation": "The embedded recogniser cannot translate.",
    "named_entity_recognition": "The embedded recogniser cannot find named entities.",
}
_NO_VADER = 'The embedded server needs vaderSentiment: pip install "gladia-nb[local]".'

#: Type of a message, and the message.
Said = tuple[str, str]


class AddOns:
    """Makes the messages and results of the add-ons that a session asks for.

    Args:
        config: of the session.
        messages: of the session.
        supplied: kinds that the engine reports itself.
    """

    def __init__(self, config: SessionConfig, messages: Messages, supplied: frozenset[str]) -> None:
        asked = config.realtime_processing
        self._kinds = [kind for kind in _KINDS if getattr(asked, kind)]
        self._languages = list(
            asked.translation_config.target_languages if asked.translation_config else ()
        )
        self._summary_type: str | None = None
        if config.post_processing.summarization:
            wanted = config.post_processing.summarization_config
            self._summary_type = wanted.type if wanted is not None else "general"
        self._messages = messages
        self._supplied = supplied
        self._found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in self._kinds}
        self._errors: dict[str, dict[str, Any]] = {}
        self._took = dict.fromkeys((*_KINDS, "summarization"), 0.0)
        self._summary = ""

    def after_final(
        self, utterance_id: str, utterance: dict[str, Any], words: Sequence[Word]
    ) -> list[Said]:
        """The messages that follow a final, but for those that the engine supplies."""
        said: list[Said] = []
        for kind in self._kinds:
            if kind in self._supplied:
                continue
            if kind == "sentiment_analysis":
                said.append(self._sentiment(utterance_id, utterance, words))
            else:
                count = len(self._languages) if kind == "translation" else 1
                said += [self._failed(kind, failure(_REASONS[kind]))] * count
        return said

    def from_engine(self, event: AddOn, utterance_id: str, utterance: dict[str, Any]) -> list[Said]:
        """The message of what the engine has found out, if the session asks for it."""
        if event.kind not in self._kinds:
            return []
        if event.data is None:
            error = {"status_code": 500, "exception": "EngineError", "message": event.problem or ""}
            return [self._failed(event.kind, error)]
        return [self._done(event.kind, utterance_id, utterance, event.data)]

    def heard(self, kind: str, data: dict[str, Any] | None, error: dict[str, Any] | None) -> None:
        """Note a message of an add-on that has been said as it was recorded."""
        if kind in self._kinds and data is not None and isinstance(data.get("utterance"), dict):
            self._found[kind].append(data)
        elif kind in self._kinds and error is not None:
            self._errors[kind] = error

    def _sentiment(
        self, utterance_id: str, utterance: dict[str, Any], words: Sequence[Word]
    ) -> Said:
        kind = "sentiment_analysis"
        began = time.perf_counter()
        try:
            found = sentiment.of_sentences(words, utterance["channel"])
        except ImportError:
            return self._failed(kind, failure(_NO_VADER))
        self._took[kind] += time.perf_counter() - began
        return self._done(kind, utterance_id, utterance, {"results": found})

    def _done(
        self, kind: str, utterance_id: str, utterance: dict[str, Any], data: dict[str, Any]
    ) -> Said:
        named = self._messages.utterance_of(kind, utterance_id)
        whole = {"utterance_id": named, "utterance": utterance, **data}
        self._found[kind].append(whole)
        return kind, self._messages.add_on(kind, whole)

    def _failed(self, kind: str, error: dict[str, Any]) -> Said:
        self._errors[kind] = error
        return kind, self._messages.add_on(kind, None, error)

    def summarise(self, transcription: dict[str, Any]) -> list[Said]:
        """The message with the summary, if the session asks for one."""
        if self._summary_type is None:
            return []
        began = time.perf_counter()
        texts = [item["text"] for item in transcription["utterances"]]
        self._summary = summary.summarise(texts, self._summary_type)
        self._took["summarization"] = time.perf_counter() - began
        kind = "post_summarization"
        return [(kind, self._messages.add_on(kind, {"results": self._summary}))]

    def results(self) -> dict[str, Any]:
        """Each add-on asked for, as in the final transcript and in `result`."""
        found: dict[str, Any] = {}
        for kind in self._kinds:
            if kind in self._errors and not self._found[kind]:
                # The API's own client needs text there, even then.
                nothing = "" if kind == "sentiment_analysis" else None
                found[kind] = self._result(kind, nothing, self._errors[kind])
            else:
                found[kind] = self._result(kind, self._results_of(kind))
        if self._summary_type is not None:
            found["summarization"] = self._result("summarization", self._summary)
        return found

    def _result(
        self, kind: str, results: Any, error: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        return {
            "success": error is None,
            "is_empty": not results or results == "[]",
            "exec_time": round(self._took[kind], 6),
            "error": error,
            "results": results,
        }

    def _results_of(self, kind: str) -> Any:
        found = sorted(self._found[kind], key=lambda data: float(data["utterance"]["start"]))
        if kind == "translation":
            return [
                _translation(language, [d for d in found if d.get("target_language") == language])
                for language in self._languages
                if found
            ]
        each = [result for data in found for result in data.get("results", ())]
        # The API has a list of entities, but the sentiments as text.
        return json.dumps(each, ensure_ascii=False) if kind == "sentiment_analysis" else each


def _translation(language: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    utterances = [data["translated_utterance"] for data in found]
    return {
        "error": None,
        "full_transcript": " ".join(item["text"].strip() for item in utterances),
        "languages": [language],
        "utterances": utterances,
    }
