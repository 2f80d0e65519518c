import pytest

from gladia_nb.config import LANGUAGES, TRANSLATION_LANGUAGES, SessionConfig, find_problems
from gladia_nb.config.groups import unknown_languages


def test_callback_flags_have_defaults_of_their_own():
    config = SessionConfig(callback=True, callback_config={"url": "http://localhost:1/x"})
    flags = config.with_defaults()["callback_config"]
    assert flags["receive_lifecycle_events"] is True
    assert [name for name, on in flags.items() if on is False] == [
        "receive_partial_transcripts",
        "receive_speech_events",
        "receive_acknowledgments",
        "receive_errors",
    ]


@pytest.mark.parametrize("code", ["wo", "EN", "english", "yue", "en-US"])
def test_a_language_that_is_not_known_here_is_doubted_and_sent(code):
    data = {"language_config": {"languages": ["en", code]}}
    assert find_problems(data) == []
    config = SessionConfig(**data)
    assert config.to_body()["language_config"] == {"languages": ["en", code]}
    (doubt,) = config.doubts()
    assert doubt.startswith(repr(code))
    assert "is not among the language codes that are known here" in doubt
    assert doubt.endswith("the service decides.")


@pytest.mark.parametrize("code", ["", " "])
def test_what_is_no_code_at_all_is_refused(code):
    (problem,) = find_problems({"language_config": {"languages": ["en", code]}})
    assert f"got {code!r}" in problem.message
    assert problem.path == ("language_config", "languages")


def test_what_is_near_is_named():
    (doubt,) = unknown_languages(("EN-us",), LANGUAGES)
    assert "(did you mean 'en'?)" in doubt


def test_translation_knows_one_language_more():
    assert set(TRANSLATION_LANGUAGES) - set(LANGUAGES) == {"wo"}
    realtime = {"translation": True, "translation_config": {"target_languages": ["wo"]}}
    assert SessionConfig(realtime_processing=realtime).doubts() == []
    realtime["translation_config"]["target_languages"].append("xx")
    assert len(SessionConfig(realtime_processing=realtime).doubts()) == 1


def test_lists_become_tuples_that_nobody_changes():
    config = SessionConfig(
        realtime_processing={"custom_vocabulary_config": {"vocabulary": ["a", {"value": "b"}]}}
    )
    words = config.realtime_processing.custom_vocabulary_config.vocabulary
    assert isinstance(words, tuple)
    assert (words[0], words[1].value) == ("a", "b")
