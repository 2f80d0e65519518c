"""Sentiment and emotion of sentences."""

from __future__ import annotations

import pytest

from gladia_nb.server.engines.base import Word
from gladia_nb.server.session.sentiment import classify, of_sentences, sentences

#: The protocol's.
EMOTIONS = frozenset(
    (
        "adoration amusement anger awe confusion contempt contentment desire disappointment "
        "disgust distress ecstatic elation embarrassment fear interest pain realization relief "
        "sadness negative_surprise positive_surprise sympathy triumph neutral"
    ).split()
)


def spoken(text: str) -> list[Word]:
    return [Word(word, index / 2, index / 2 + 0.4, 0.9) for index, word in enumerate(text.split())]


@pytest.mark.parametrize(
    ("text", "sentiment", "emotion"),
    [
        ("That is great!", "positive", "contentment"),
        ("hello it is very nice to see you again", "positive", "contentment"),
        ("this is wonderful and brilliant and perfect and i am so happy", "positive", "elation"),
        ("i love you", "positive", "adoration"),
        ("what a funny joke", "positive", "amusement"),
        ("the train leaves at nine", "neutral", "neutral"),
        ("", "neutral", "neutral"),
        ("the food was cold and rather bad", "negative", "disappointment"),
        ("a horrible murder and a terrible tragedy and death", "negative", "distress"),
        ("i am terrified of him", "negative", "fear"),
        ("i hate this", "negative", "anger"),
        ("the food was good but the service was not good", "mixed", "confusion"),
        ("not bad at all", "positive", "contentment"),
    ],
)
def test_sentences(text: str, sentiment: str, emotion: str) -> None:
    assert classify(text) == (sentiment, emotion)


def test_every_emotion_is_the_protocols() -> None:
    from gladia_nb.server.session import sentiment

    named = {emotion for table in sentiment._NAMED.values() for emotion in table.values()}
    assert named | set(sentiment._STRENGTH[1]) | set(sentiment._STRENGTH[-1]) <= EMOTIONS


def test_each_sentence_is_judged_by_itself() -> None:
    words = spoken("That is great! But i hate mondays. And so")
    assert [" ".join(w.text for w in part) for part in sentences(words)] == [
        "That is great!",
        "But i hate mondays.",
        "And so",
    ]
    first, second, third = of_sentences(words, 1)
    assert first == {
        "sentiment": "positive",
        "emotion": "contentment",
        "text": "That is great!",
        "start": 0.0,
        "end": 1.4,
        "channel": 1,
    }
    assert (second["sentiment"], second["start"], second["end"]) == ("negative", 1.5, 3.4)
    assert third["sentiment"] == "neutral"
