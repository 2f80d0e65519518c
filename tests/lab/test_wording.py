"""What is advice in Python is none in a page."""

import pytest

from gladia_nb.api.refusal import api_error
from gladia_nb.api.target import resolve_target
from gladia_nb.errors import AuthenticationError
from gladia_nb.lab.wording import for_page


def test_keys_are_typed_in_a_page(monkeypatch):
    monkeypatch.delenv("GLADIA_API_KEY", raising=False)
    with pytest.raises(AuthenticationError) as missing:
        resolve_target(url="https://example.org")
    refused = api_error(401, '{"message": "Unauthorized"}')
    for error in (missing.value, refused):
        text = for_page(str(error))
        assert "pass key" not in text
        assert text.endswith("Type one in Settings, at API key.")


def test_other_sentences_stay():
    assert for_page("There is no file x.wav.") == "There is no file x.wav."
