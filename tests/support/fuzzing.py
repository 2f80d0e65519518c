"""Tests that are given hostile input: some in every run, many in `make fuzz`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import hypothesis
import pytest

__all__ = ["fuzz_settings", "fuzzed"]

#: Examples in an ordinary run.
_FEW = 200

TestT = TypeVar("TestT", bound=Callable[..., object])


def fuzzed(test: TestT) -> TestT:
    """Mark a test of hypothesis as one that `make fuzz` runs with many more examples.

    It stands above `given`, and the number of examples is that of the profile where it is larger.
    """
    marked: TestT = pytest.mark.fuzz(fuzz_settings()(test))
    return marked


def fuzz_settings(few: int = _FEW, **more: Any) -> hypothesis.settings:
    """Some examples that are the same in every run, or very many that never are.

    What chance finds belongs to whoever looks for it, and not to whoever changes something else.
    """
    asked = hypothesis.settings().max_examples
    if asked > 1000:
        return hypothesis.settings(**more)
    return hypothesis.settings(max_examples=few, derandomize=True, database=None, **more)
