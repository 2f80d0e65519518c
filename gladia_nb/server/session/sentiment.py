"""Sentiment and emotion of sentences, by VADER: a lexicon and rules, without a model or a network.

VADER gives each sentence a *compound* score between -1 and 1, and the shares of it that are
positive and negative. The sentiment is read from them as its authors advise (0.05 either side of 0
is neutral), but a sentence with a good share of both and no clear winner is `mixed`.

VADER knows nothing of emotions. One is chosen from the protocol's list by the first word that
names it (`_NAMED`, of the same sign as the sentence), else by how strong the sentence is:

| compound | emotion |
|---|---|
| from 0.8 | elation |
| from 0.05 | contentment |
| between | neutral, or confusion when mixed |
| to -0.05 | disappointment |
| to -0.8 | distress |
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from gladia_nb.server.engines.base import Word

__all__ = ["classify", "load", "of_sentences", "sentences"]

_CLEAR = 0.05
_STRONG = 0.8
#: From so large a share of both on, and with a compound no further from 0, a sentence is mixed.
_MIXED_SHARE = 0.12
_MIXED_COMPOUND = 0.4

#: Sign of the sentence -> word -> emotion.
_NAMED: dict[int, dict[str, str]] = {
    1: {
        **dict.fromkeys(("love", "adore", "beloved", "sweetheart"), "adoration"),
        **dict.fromkeys(("funny", "laugh", "laughing", "hilarious", "joke"), "amusement"),
        **dict.fromkeys(("amazing", "awesome", "incredible", "magnificent"), "awe"),
        **dict.fromkeys(("wish", "want", "hope", "longing"), "desire"),
        **dict.fromkeys(("ecstatic", "overjoyed"), "ecstatic"),
        **dict.fromkeys(("interesting", "interested", "curious", "fascinating"), "interest"),
        **dict.fromkeys(("relief", "relieved", "finally"), "relief"),
        **dict.fromkeys(("won", "victory", "triumph", "champion"), "triumph"),
        **dict.fromkeys(("surprise", "surprised", "unexpected"), "positive_surprise"),
    },
    -1: {
        **dict.fromkeys(("angry", "furious", "hate", "mad"), "anger"),
        **dict.fromkeys(("stupid", "pathetic", "worthless"), "contempt"),
        **dict.fromkeys(("confused", "confusing", "puzzled"), "confusion"),
        **dict.fromkeys(("disgusting", "disgusted", "gross", "revolting"), "disgust"),
        **dict.fromkeys(("embarrassed", "embarrassing", "ashamed"), "embarrassment"),
        **dict.fromkeys(("afraid", "scared", "fear", "terrified", "worried"), "fear"),
        **dict.fromkeys(("pain", "hurt", "hurts", "sore"), "pain"),
        **dict.fromkeys(("sad", "cry", "crying", "grief", "miss"), "sadness"),
        **dict.fromkeys(("shocked", "shocking", "surprise", "surprised"), "negative_surprise"),
        **dict.fromkeys(("sorry", "condolences"), "sympathy"),
    },
}


@lru_cache(maxsize=1)
def load() -> Any:
    """The analyser; its lexicon takes some tens of milliseconds to read, the first time.

    Raises:
        ImportError: vaderSentiment is not installed.
    """
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def classify(text: str) -> tuple[str, str]:
    """Sentiment and emotion of one sentence.

    Example:
        >>> classify("That is great!")
        ('positive', 'contentment')
        >>> classify("the train leaves at nine")
        ('neutral', 'neutral')
    """
    scores = load().polarity_scores(text)
    compound = scores["compound"]
    if min(scores["pos"], scores["neg"]) >= _MIXED_SHARE and abs(compound) <= _MIXED_COMPOUND:
        return "mixed", "confusion"
    if abs(compound) < _CLEAR:
        return "neutral", "neutral"
    sign = 1 if compound > 0 else -1
    named = _NAMED[sign]
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in named:
            return _SENTIMENT[sign], named[word]
    return _SENTIMENT[sign], _STRENGTH[sign][abs(compound) >= _STRONG]


_SENTIMENT = {1: "positive", -1: "negative"}
_STRENGTH = {1: ("contentment", "elation"), -1: ("disappointment", "distress")}


def sentences(words: Sequence[Word]) -> list[Sequence[Word]]:
    """Words in sentences, which end with a full stop, or a question or exclamation mark."""
    found: list[Sequence[Word]] = []
    first = 0
    for index, word in enumerate(words, 1):
        if word.text[-1:] in ".?!" or index == len(words):
            found.append(words[first:index])
            first = index
    return found


def of_sentences(words: Sequence[Word], channel: int) -> list[dict[str, Any]]:
    """`results` of the message: one for each sentence."""
    results = []
    for part in sentences(words):
        text = " ".join(word.text for word in part)
        sentiment, emotion = classify(text)
        results.append(
            {
                "sentiment": sentiment,
                "emotion": emotion,
                "text": text,
                "start": part[0].start,
                "end": part[-1].end,
                "channel": channel,
            }
        )
    return results
