import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.course.judging import Mistake, as_number, judge_choice, judge_number


@pytest.mark.parametrize(
    "value", [640, 640.0, np.float64(640), np.int32(640), np.array([640]), pd.Series([640], [3])]
)
def test_whatever_holds_one_number_is_one(value):
    assert as_number(value) == 640


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("640 ms", "without quotes"),
        (True, "True or False"),
        ([1, 2, 3], "These are 3 values"),
        ([], "These are 0 values"),
        (pd.Series([1.0, 2.0]), "These are 2 values"),
        (math.nan, "This is NaN"),
        (None, "This is NaN"),
        (pd.Series([1.0]).median, "call it"),
        ({"a": 1}, "of type dict"),
        ({1, 2}, "of type set"),
        (object(), "of type object"),
    ],
)
def test_what_is_no_number_is_told_why(value, said):
    assert said in as_number(value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.64, "a thousand times too small"),
        (640_000, "a thousand times too large"),
        (64_000, "a hundred times too large"),
        (0.5, "looks like seconds"),
        (-640, "right but for its sign"),
        (700, "That is the mean."),
        (650, "too large"),
        (600, "too small"),
        (6000, "far too large"),
    ],
)
def test_a_wrong_number_is_told_how(value, said):
    mean = Mistake(700, "That is the mean.")
    ruling = judge_number(value, 640, unit="ms", near=1, mistakes=[mean])
    assert not ruling.right
    assert said in ruling.text
    # The right one is never told.
    assert "640" not in re.findall(r"\d+", ruling.text)


def test_a_mistake_that_leads_to_the_right_number_is_none():
    assert judge_number(640, 640.2, near=1, mistakes=[Mistake(640.2, "No.")]).right


@given(st.floats(allow_nan=True, allow_infinity=True), st.floats(-1e6, 1e6))
def test_every_number_gets_a_ruling(value, right):
    ruling = judge_number(value, right, near=1, mistakes=[Mistake(math.nan, "never")])
    assert ruling.text
    assert ruling.right == (abs(value - right) <= 1)


@pytest.mark.parametrize("value", [" Send", "send", "SEND "])
def test_a_word_is_the_same_in_any_letters(value):
    assert judge_choice(value, "send", ["send", "ack"], {}).right


@pytest.mark.parametrize("value", [None, 3, "else", ["send"]])
def test_what_is_no_choice_gets_the_list(value):
    assert "'send', 'ack'" in judge_choice(value, "send", ["send", "ack"], {}).text


def test_another_choice_is_told_why():
    assert judge_choice("ack", "send", ["send", "ack"], {"ack": "No, since."}).text == "No, since."
    assert judge_choice("ack", "send", ["send", "ack"], {}).text
