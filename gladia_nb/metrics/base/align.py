"""Which word of one sequence is which word of another.

Only equal words are ever paired, and pairs never cross. Where times are known they count: comparing
by position would take shifted words for new ones, and an alignment that is blind to time finds a
word in what was said at another moment ("is it you" in "it is for you to say").
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Sequence

from rapidfuzz.distance import Levenshtein

__all__ = ["align_edits", "align_in_time"]

#: `(number of pairs, minus the sum of their distances in seconds, the last pair)`.
_Chain = tuple[int, float, int]


def align_edits(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[int]:
    """For each word of `right` the position of the same word in `left`, or -1.

    Words that stay in a shortest edit script (Levenshtein 1966) are the same. For words whose times
    are not known; among equal words beside each other it cannot tell which is meant.

    Args:
        left: words, for instance of a partial.
        right: words, for instance of the final.

    Example:
        >>> align_edits(["it", "was"], ["yes", "it", "is"])
        [-1, 0, -1]
    """
    found = [-1] * len(right)
    for edit in Levenshtein.opcodes(left, right):
        if edit.tag == "equal":
            found[edit.dest_start : edit.dest_end] = range(edit.src_start, edit.src_end)
    return found


def align_in_time(
    left: Sequence[Hashable],
    right: Sequence[Hashable],
    left_s: Sequence[float],
    right_s: Sequence[float],
    within_s: float,
) -> list[int]:
    """For each word of `right` the position of the same word in `left` at that time, or -1.

    Of all ways to pair equal words at most `within_s` apart, without crossings, the one with most
    pairs, and of those the one with the smallest sum of distances. An alignment of the whole
    sequences that is constrained only afterwards would lose words wherever a stretch is missing.
    Time grows as n log n.

    Args:
        left: words, for instance of the reference, in order.
        right: words, for instance of all finals, in order.
        left_s: a time of each word of `left`, seconds; what has none (NaN) is not paired.
        right_s: the same for `right`.
        within_s: greatest distance of a pair, seconds; inclusive.

    Example:
        >>> align_in_time(["a", "b", "a", "b"], ["a", "b"], [0, 1, 9, 10], [9.1, 10.2], 2.0)
        [2, 3]
    """
    places = _places(left, left_s)
    nowhere: tuple[list[float], list[int]] = ([], [])
    # Highest chain that ends before each position of `left`: a Fenwick tree of running maxima.
    tree: list[_Chain] = [(0, 0.0, -1)] * (len(left) + 1)
    pairs: list[tuple[int, int, int]] = []
    for at, word in enumerate(right):
        times, positions = places.get(word, nowhere)
        begin = bisect_left(times, right_s[at] - within_s)
        end = bisect_right(times, right_s[at] + within_s)
        if math.isnan(right_s[at]):
            continue
        # From the last to the first, so that a word of `right` never follows itself.
        for position in sorted(positions[begin:end], reverse=True):
            count, nearness, before = _best(tree, position)
            nearness -= abs(left_s[position] - right_s[at])
            pairs.append((position, at, before))
            _raise(tree, position + 1, (count + 1, nearness, len(pairs) - 1))
    found = [-1] * len(right)
    pair = _best(tree, len(left))[2]
    while pair >= 0:
        position, at, pair = pairs[pair]
        found[at] = position
    return found


def _places(
    words: Sequence[Hashable], times_s: Sequence[float]
) -> dict[Hashable, tuple[list[float], list[int]]]:
    """Where each word occurs: its times, rising, and the positions that go with them."""
    places: dict[Hashable, tuple[list[float], list[int]]] = {}
    known = [at for at in range(len(words)) if not math.isnan(times_s[at])]
    for at in sorted(known, key=lambda at: times_s[at]):
        times, positions = places.setdefault(words[at], ([], []))
        times.append(times_s[at])
        positions.append(at)
    return places


def _best(tree: list[_Chain], count: int) -> _Chain:
    """Highest chain within the first `count` positions."""
    best = tree[0]
    while count > 0:
        best = max(best, tree[count])
        count &= count - 1
    return best


def _raise(tree: list[_Chain], at: int, chain: _Chain) -> None:
    while at < len(tree):
        tree[at] = max(tree[at], chain)
        at += at & -at
