"""What is advice in Python is none in a page."""

import json

import pytest

from gladia_nb.api.refusal import api_error
from gladia_nb.api.target import resolve_target
from gladia_nb.errors import AuthenticationError
from gladia_nb.lab.setup import form
from gladia_nb.lab.wording import for_page
from gladia_nb.sessions.checkup.services import service


def test_keys_are_typed_in_a_page(monkeypatch):
    monkeypatch.delenv("GLADIA_API_KEY", raising=False)
    with pytest.raises(AuthenticationError) as missing:
        resolve_target(url="https://example.org")
    refused = api_error(401, '{"message": "Unauthorized"}')
    for error in (missing.value, refused):
        text = for_page(str(error))
        assert "pass key" not in text
        assert text.endswith("Type one in Settings, at API key.")


def test_what_a_check_advises_is_done_in_the_settings(local_server, monkeypatch):
    for name in ("GLADIA_API_KEY", "GLADIA_API_URL"):
        monkeypatch.delenv(name, raising=False)
    found = [
        service(key, url)
        for key, url in (
            ("a-wrong-key", local_server.url),
            (None, local_server.url),
            ("a-key", f"{local_server.url}/nothing/here"),
            ("a-key", "mailto:x"),
        )
    ]
    assert [for_page(one.advice) for one in found] == [
        "Copy the key anew from your account. Type one in Settings, at API key.",
        "Type one in Settings, at API key.",
        "Check the URL, in Settings.",
        "Mend URL or key, in Settings.",
    ]


def test_other_sentences_stay():
    assert for_page("There is no file x.wav.") == "There is no file x.wav."


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        (
            "realtime_processing.custom_vocabulary_config is required when custom_vocabulary is on",
            "this is needed while custom vocabulary is on",
        ),
        ("Keep what is sent beside the run, as FLAC; see `docs/sound.md`.",
         "Keep what is sent beside the run, as FLAC."),
        ("x.ctm tells of 2 recordings (a, b); say which: load_reference(path, recording=NAME).",
         "x.ctm tells of 2 recordings (a, b); upload one that tells of this sound alone, or name "
         "the sound like its recording."),
    ],
)  # fmt: skip
def test_names_of_python_are_none_of_a_page(said, instead):
    assert for_page(said) == instead


def test_no_field_of_the_form_speaks_python():
    said = json.dumps([(one["help"], one.get("described")) for one in form()])
    assert "gladia_nb" not in said
    assert "docs/" not in said
    assert "in Python" not in said
