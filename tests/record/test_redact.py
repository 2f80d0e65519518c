import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.record.redact import MARK, Redactor, redact_url


def test_tokens_leave_urls_and_the_rest_stays():
    text = "connect wss://h/v2/live?a=1&token=abc&b=2 failed"
    assert redact_url(text) == f"connect wss://h/v2/live?a=1&token={MARK}&b=2 failed"
    assert redact_url("no url here") == "no url here"


@given(st.text(min_size=8, max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_a_secret_is_in_no_text_and_in_no_json(secret, before, after):
    redact = Redactor([secret])
    if secret not in MARK:
        assert secret not in redact(before + secret + after).replace(MARK, "\0")
    line = json.dumps({"text": before + secret + after})
    assert json.dumps(secret)[1:-1] not in redact(line).replace(MARK, "\0")


def test_values_of_a_url_become_secrets():
    redact = Redactor()
    redact.add_url("wss://h/v2/live?token=0b9e6a54-2f0e")
    assert redact("it is 0b9e6a54-2f0e") == f"it is {MARK}"


def test_short_words_are_no_secrets():
    assert Redactor(["local"])("a local call") == "a local call"


def test_the_repr_shows_no_secret():
    assert "secret-key" not in repr(Redactor(["secret-key"]))


@pytest.mark.parametrize(
    "text", ["@" + "?" * 8_000_000, "&" * 8_000_000 + "@token=", "a://" * 10**6 + "@"]
)
def test_text_that_is_made_to_take_long_takes_no_longer(text):
    # Looked through again from each of its signs, it would take days.
    assert len(redact_url(text)) <= len(text) + len(MARK)
