import pytest

from gladia_nb.config import LANGUAGES, TRANSLATION_LANGUAGES, SessionConfig, find_problems


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


@pytest.mark.parametrize("code", ["wo", "EN", "english", ""])
def test_only_known_languages_are_expected(code):
    (problem,) = find_problems({"language_config": {"languages": ["en", code]}})
    assert f"got {code!r}" in problem.message
    assert problem.path == ("language_config", "languages")


def test_translation_knows_one_language_more():
    assert set(TRANSLATION_LANGUAGES) - set(LANGUAGES) == {"wo"}
    realtime = {"translation": True, "translation_config": {"target_languages": ["wo"]}}
    assert not find_problems({"realtime_processing": realtime})


def test_lists_become_tuples_that_nobody_changes():
    config = SessionConfig(
        realtime_processing={"custom_vocabulary_config": {"vocabulary": ["a", {"value": "b"}]}}
    )
    words = config.realtime_processing.custom_vocabulary_config.vocabulary
    assert isinstance(words, tuple)
    assert (words[0], words[1].value) == ("a", "b")
