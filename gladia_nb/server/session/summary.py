"""Summaries that quote: the sentences that say most about the whole, as they were spoken.

The method is Luhn's, of 1958. Words that carry meaning are counted over the whole transcript; a
sentence is worth the mean count of such words in it, and a fifth more when it is the first or the
last. What a recogniser leaves without punctuation counts as one sentence for each utterance.
Sentences of fewer than three words that carry meaning are taken only when there are no others.

| type | result |
|---|---|
| `general` | a fifth of the sentences, 2 to 6 of them, in their order, each with a full stop |
| `bullet_points` | the same, each on a line of its own that begins with a dash |
| `concise` | the one best sentence |
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

__all__ = ["summarise"]

_SHARE = 5
_FEWEST, _MOST = 2, 6
_EDGE = 1.2
_MIN_WORDS = 3

_EMPTY = frozenset(
    (
        "a about after again all also am an and any are as at be because been before being but by "
        "can could did do does doing don't down for from get go going got had has have he her here "
        "him his how i i'd i'll i'm i've if in into is it it's its just know like me more my no "
        "not now of off oh on one only or our out over really right she should so some than that "
        "that's the their them then there these they this those to too uh um under up us very was "
        "we well were what when where which who why will with would yeah yes you you're your"
    ).split()
)


def summarise(texts: Sequence[str], kind: str = "general") -> str:
    """A summary of utterances, in their order.

    Args:
        texts: what was said, an utterance each.
        kind: `general`, `bullet_points` or `concise`.

    Example:
        >>> summarise(["The boat sails at nine. Oh well.", "The boat is a ferry."], "concise")
        'The boat sails at nine.'
    """
    sentences = [part.strip() for text in texts for part in _parts(text) if part.strip()]
    bags = [_meaning(sentence) for sentence in sentences]
    counts = Counter(word for bag in bags for word in bag)
    rich = [index for index, bag in enumerate(bags) if len(bag) >= _MIN_WORDS]
    known = rich or list(range(len(sentences)))

    def worth(index: int) -> float:
        bag = bags[index]
        value = sum(counts[word] for word in bag) / len(bag) if bag else 0.0
        return value * (_EDGE if index in (0, len(sentences) - 1) else 1.0)

    wanted = 1 if kind == "concise" else min(max(len(sentences) // _SHARE, _FEWEST), _MOST)
    best = sorted(sorted(known, key=worth, reverse=True)[:wanted])
    if kind == "bullet_points":
        return "\n".join(f"- {sentences[index]}" for index in best)
    return " ".join(
        sentences[index] + ("" if len(best) == 1 or sentences[index][-1] in ".?!" else ".")
        for index in best
    )


def _parts(text: str) -> list[str]:
    return re.split(r"(?<=[.?!])\s+", text)


def _meaning(sentence: str) -> list[str]:
    return [word for word in re.findall(r"[\w']+", sentence.lower()) if word not in _EMPTY]
