"""How far a word of a partial can be trusted, where the recogniser has no probabilities."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["Steadiness"]


class Steadiness:
    """Counts, for each word of an utterance, the looks in a row at which it stood in its place.

    Example:
        >>> steadiness = Steadiness()
        >>> steadiness.look(["hello"])
        >>> steadiness.look(["hello", "word"])
        >>> steadiness.of(0), steadiness.of(1)
        (0.667, 0.5)
    """

    def __init__(self) -> None:
        self._steady: list[tuple[str, int]] = []

    def look(self, texts: Sequence[str]) -> None:
        """Take the words of a hypothesis."""
        self._steady = [
            (text, old[1] + 1 if old is not None and old[0] == text else 1)
            for text, old in zip(texts, [*self._steady, *[None] * len(texts)], strict=False)
        ]

    def of(self, index: int) -> float:
        """Confidence of a word of the latest look: n / (n + 1) after n looks."""
        looks = self._steady[index][1]
        return round(looks / (looks + 1), 3)
