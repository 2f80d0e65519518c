from typing import get_args

import pytest

from gladia_nb.config import BIT_DEPTHS, ENCODINGS, SAMPLE_RATES, SessionConfig
from gladia_nb.config.values import MAX_CHANNELS, MAX_METADATA


@pytest.mark.parametrize(
    ("name", "values"),
    [("sample_rate", SAMPLE_RATES), ("bit_depth", BIT_DEPTHS), ("encoding", ENCODINGS)],
)
def test_the_model_allows_exactly_these(name, values):
    # A type checker wants them spelled out at the field.
    assert get_args(SessionConfig.model_fields[name].annotation) == values


def test_the_limits_are_the_last_that_pass():
    assert SessionConfig.problems_in({"channels": MAX_CHANNELS}) == []
    assert SessionConfig.problems_in({"channels": MAX_CHANNELS + 1})
    # Braces, quotes, colon and space of {"a": "..."} count.
    assert SessionConfig.problems_in({"custom_metadata": {"a": "x" * (MAX_METADATA - 9)}}) == []
    assert SessionConfig.problems_in({"custom_metadata": {"a": "x" * (MAX_METADATA - 8)}})
