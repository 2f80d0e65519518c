"""A secret is stars wherever it is shown, and itself only where it is asked for."""

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from gladia_nb.keys import STARS, Hidden, Secret

KEY = "a-key-that-nobody-may-see"


@pytest.mark.parametrize("make", [Secret, Hidden])
def test_nothing_that_shows_values_shows_it(make):
    secret = make(KEY)
    holders = [secret, [secret], {"key": secret}, (secret,), CIMultiDict({"k": Hidden(KEY)})]
    shown = "".join(map(repr, holders)) + f"{secret!r}" + ascii(secret)
    assert KEY not in shown
    assert STARS in shown


def test_only_reveal_reveals():
    secret = Secret(f"  {KEY}\n")
    assert KEY not in str(secret) + f"{secret}" + format(secret, "") + f"{secret}"
    assert secret.reveal() == KEY
    assert str(secret.reveal()) == KEY
    assert json.dumps({"key": secret.reveal()}) == json.dumps({"key": KEY})
    assert KEY not in repr(secret.reveal())


@pytest.mark.parametrize("make", [Secret, Hidden])
def test_it_is_not_pickled(make):
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="a secret is not written"):
            pickle.dumps([make(KEY)], protocol)


@given(st.text(min_size=1), st.text(min_size=1))
def test_it_is_equal_to_the_same_secret_and_to_nothing_else(one, other):
    first, second = Secret(one), Secret(other)
    assert (first == second) == (one.strip() == other.strip())
    assert first == Secret(one)
    assert len({first, Secret(one)}) == 1
    assert first != one
    assert copy.copy(first) == copy.deepcopy(first) == first


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("a\r\nx-other: b", "a line end"),
        (b"bytes", "is empty"),
        (7, "is empty"),
    ],
)
def test_what_cannot_be_a_key_is_told_without_showing_it(value, sentence):
    fault = Secret(value).fault()
    assert sentence in fault
    assert "x-other" not in fault
    assert Secret(KEY).fault() is None


def test_what_may_be_one_already():
    secret = Secret(KEY)
    assert Secret.of(secret) is secret
    assert Secret.of(KEY) == secret
    assert Secret.of(None) is Secret.of("") is None
    assert Hidden.of(None) is None
    assert Hidden.of(KEY) == KEY
