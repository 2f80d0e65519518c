"""Tests that are given hostile input: some in every run, many in `make fuzz`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import hypothesis
import pytest

__all__ = ["fuzzed"]

#: Examples in an ordinary run.
_FEW = 200

TestT = TypeVar("TestT", bound=Callable[..., object])


def fuzzed(test: TestT) -> TestT:
    """Mark a test of hypothesis as one that `make fuzz` runs with many more examples.

    It stands above `given`, and the number of examples is that of the profile where it is larger.
    """
    examples = max(_FEW, hypothesis.settings().max_examples)
    marked: TestT = pytest.mark.fuzz(hypothesis.settings(max_examples=examples)(test))
    return marked
