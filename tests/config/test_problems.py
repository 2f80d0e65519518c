import pytest

from gladia_nb.config import SessionConfig, find_problems
from gladia_nb.errors import ConfigError


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"endpointing": 30}, "endpointing must be between 0.01 and 10 (got 30)"),
        ({"endpointing": 0.009}, "endpointing must be between 0.01 and 10 (got 0.009)"),
        ({"endpointing": "fast"}, "endpointing must be between 0.01 and 10 (got 'fast')"),
        (
            {"maximum_duration_without_endpointing": 4},
            "maximum_duration_without_endpointing must be between 5 and 60 (got 4)",
        ),
        (
            {"sample_rate": 22050},
            "sample_rate must be one of 8000, 16000, 32000, 44100, 48000 (got 22050)",
        ),
        ({"bit_depth": 12}, "bit_depth must be one of 8, 16, 24, 32 (got 12)"),
        ({"channels": 9}, "channels must be between 1 and 8 (got 9)"),
        ({"channels": True}, "channels must be a whole number between 1 and 8 (got True)"),
        (
            {"encoding": "mp3"},
            "encoding must be one of 'wav/pcm', 'wav/alaw', 'wav/ulaw' (got 'mp3')",
        ),
        ({"encoding": "wav/ulaw", "bit_depth": 16}, "bit_depth must be 8 with wav/ulaw (got 16)"),
        (
            {"enpointing": 0.3},
            "enpointing is not a field of the live API; did you mean 'endpointing'?",
        ),
        (
            {"messages_config": {"receive_partials": True}},
            "messages_config.receive_partials is not a field of the live API; "
            "did you mean 'receive_partial_transcripts'?",
        ),
        (
            {"pre_processing": {"speech_threshold": 1.2}},
            "pre_processing.speech_threshold must be between 0 and 1 (got 1.2)",
        ),
        (
            {"language_config": {"languages": ["en-US"]}},
            "language_config.languages must contain only language codes such as 'en' or 'fr', "
            "got 'en-US'; did you mean 'en'?",
        ),
        (
            {"realtime_processing": {"translation": True}},
            "realtime_processing.translation_config is required when translation is on",
        ),
        (
            {"realtime_processing": {"custom_vocabulary_config": {"vocabulary": [{"value": ""}]}}},
            "realtime_processing.custom_vocabulary_config.vocabulary.0.value must not be empty "
            "(got '')",
        ),
        (
            {"realtime_processing": {"custom_vocabulary_config": {"vocabulary": [3]}}},
            "realtime_processing.custom_vocabulary_config.vocabulary.0 must be a string (got 3)",
        ),
        ({"channels": 1.5}, "channels must be a whole number between 1 and 8 (got 1.5)"),
        ({"callback": True}, "callback_config.url is required when callback is on"),
        ({"language_config": "en"}, "language_config must be an object (got 'en')"),
    ],
)
def test_each_mistake_is_one_sentence_with_field_value_and_what_is_allowed(fields, sentence):
    with pytest.raises(ConfigError) as caught:
        SessionConfig(**fields)
    assert str(caught.value) == sentence
    assert [problem.message for problem in find_problems(fields)] == [sentence]


def test_several_mistakes_are_all_named():
    with pytest.raises(ConfigError) as caught:
        SessionConfig(endpointing=99, sample_rate=1)
    assert len(caught.value.problems) == 2


def test_unknown_keys_are_told_apart_for_the_server():
    kinds = {p.path: p.kind for p in find_problems({"new_thing": 1, "channels": 0})}
    assert kinds == {("new_thing",): "unknown", ("channels",): "invalid"}


def test_the_error_has_the_problems_behind_its_sentences():
    with pytest.raises(ConfigError) as caught:
        SessionConfig(channels=0, speed=1)
    assert [(found.kind, found.path) for found in caught.value.found] == [
        ("invalid", ("channels",)),
        ("unknown", ("speed",)),
    ]
