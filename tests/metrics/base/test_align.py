"""Equal words, no crossings, nearest in time."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics.base.align import align_edits, align_in_time

WORDS = st.lists(st.sampled_from("abc"), max_size=7)


def times(words):
    return [float(k) for k in range(len(words))]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("", "a b", [-1, -1]),
        ("a b", "", []),
        ("a b", "a b c", [0, 1, -1]),
        ("a x c", "a b c", [0, -1, 2]),
        ("b c", "a b c", [-1, 0, 1]),
        ("the", "the the", [0, -1]),
    ],
)
def test_edits(left, right, expected):
    left, right = left.split(), right.split()
    assert align_edits(left, right) == expected


@given(WORDS, WORDS)
def test_edits_pair_equal_words_in_order(left, right):
    check(left, right, align_edits(left, right))


@given(WORDS, WORDS, st.floats(0, 5))
def test_in_time_is_the_best_of_all_alignments(left, right, within_s):
    found = align_in_time(left, right, times(left), times(right), within_s)
    check(left, right, found)
    pairs = [(i, j) for j, i in enumerate(found) if i >= 0]
    assert all(abs(i - j) <= within_s for i, j in pairs)
    assert (len(pairs), -sum(abs(i - j) for i, j in pairs)) == best(left, right, within_s)


def check(left, right, found):
    assert len(found) == len(right)
    assert all(left[i] == right[j] for j, i in enumerate(found) if i >= 0)
    assert all(a < b for a, b in pairwise([i for i in found if i >= 0]))


def best(left, right, within_s):
    """The same by the textbook's table."""
    table = [[(0, 0.0)] * (len(right) + 1) for _ in range(len(left) + 1)]
    for i, a in enumerate(left, 1):
        for j, b in enumerate(right, 1):
            table[i][j] = max(table[i - 1][j], table[i][j - 1])
            if a == b and abs(i - j) <= within_s:
                count, near = table[i - 1][j - 1]
                table[i][j] = max(table[i][j], (count + 1, near - abs(i - j)))
    return table[-1][-1]


def test_in_time_limits():
    assert align_in_time(["a"], ["a"], [0.0], [2.0], 2.0) == [0]
    assert align_in_time(["a"], ["a"], [0.0], [2.001], 2.0) == [-1]
    assert align_in_time(["a"], ["a"], [math.nan], [0.0], 2.0) == [-1]
    assert align_in_time(["a"], ["a"], [0.0], [math.nan], 2.0) == [-1]
    # A stretch is missing: what is left is found at its own time.
    assert align_in_time(list("abab"), list("ab"), [0, 1, 9, 10], [9, 10], 2.0) == [2, 3]


def test_in_time_takes_the_repetition_that_is_nearer():
    right, right_s = ["said", "the", "the", "cat"], [0.0, 0.5, 0.9, 1.2]
    assert align_in_time(["uh", "the"], right, [0.0, 0.52], right_s, 2.0) == [-1, 1, -1, -1]
    assert align_in_time(["uh", "the"], right, [0.0, 0.88], right_s, 2.0) == [-1, -1, 1, -1]


def test_in_time_is_fast_enough_for_hours():
    source = random.Random(1)
    words = [source.choice("abcdefghij") for _ in range(20_000)]
    at = [0.4 * k for k in range(len(words))]
    assert align_in_time(words, words, at, at, 2.0) == list(range(len(words)))
