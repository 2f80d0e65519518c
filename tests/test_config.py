import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.config import PRESETS, MessagesConfig, SessionConfig, find_problems
from gladia_nb.errors import ConfigError

#: Section by section what the API's reference gives as defaults.
DEFAULTS = {
    "encoding": "wav/pcm",
    "bit_depth": 16,
    "sample_rate": 16000,
    "channels": 1,
    "custom_metadata": None,
    "model": "solaria-1",
    "endpointing": 0.05,
    "maximum_duration_without_endpointing": 5,
    "language_config": {"languages": [], "code_switching": False},
    "pre_processing": {"audio_enhancer": False, "speech_threshold": 0.6},
    "realtime_processing": {
        "custom_vocabulary": False,
        "custom_vocabulary_config": None,
        "custom_spelling": False,
        "custom_spelling_config": None,
        "translation": False,
        "translation_config": None,
        "named_entity_recognition": False,
        "sentiment_analysis": False,
    },
    "post_processing": {
        "summarization": False,
        "summarization_config": None,
        "chapterization": False,
    },
    "messages_config": {
        "receive_partial_transcripts": False,
        "receive_final_transcripts": True,
        "receive_speech_events": True,
        "receive_pre_processing_events": True,
        "receive_realtime_processing_events": True,
        "receive_post_processing_events": True,
        "receive_acknowledgments": True,
        "receive_errors": True,
        "receive_lifecycle_events": False,
    },
    "callback": False,
    "callback_config": None,
}


def test_the_defaults_are_the_api_s():
    assert SessionConfig().with_defaults() == DEFAULTS


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


def test_metadata_is_bounded_and_must_be_json():
    SessionConfig(custom_metadata={"a": "x" * 1985})
    with pytest.raises(ConfigError, match="at most 2000 characters as JSON"):
        SessionConfig(custom_metadata={"a": "x" * 2000})


def test_unknown_keys_are_told_apart_for_the_server():
    kinds = {p.path: p.kind for p in find_problems({"new_thing": 1, "channels": 0})}
    assert kinds == {("new_thing",): "unknown", ("channels",): "invalid"}


@pytest.mark.parametrize("data", [None, 3, "x", [1]])
def test_data_that_is_no_object(data):
    assert find_problems(data)
    with pytest.raises(ConfigError, match="JSON object"):
        SessionConfig.from_dict(data)


@pytest.mark.parametrize("encoding", ["wav/alaw", "wav/ulaw"])
def test_companded_audio_gets_its_depth(encoding):
    assert SessionConfig(encoding=encoding).to_body()["bit_depth"] == 8


def test_the_body_names_the_audio_and_what_was_set_only():
    assert SessionConfig(endpointing=0.3).to_body() == {
        "endpointing": 0.3,
        "encoding": "wav/pcm",
        "bit_depth": 16,
        "sample_rate": 16000,
        "channels": 1,
    }


def test_measuring_asks_for_everything_unless_told_otherwise():
    everything = SessionConfig().measuring().messages_config
    assert all(getattr(everything, name) for name in MessagesConfig.model_fields)
    chosen = SessionConfig(messages_config={"receive_final_transcripts": True})
    assert chosen.measuring() is chosen


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid_and_can_be_changed(name):
    config = SessionConfig.preset(name, endpointing=0.5)
    assert config.endpointing == 0.5
    assert (
        config.replace(messages_config={"receive_errors": False}).to_body()["messages_config"][
            "receive_errors"
        ]
        is False
    )


def test_an_unknown_preset_is_named():
    with pytest.raises(ConfigError, match="no preset 'podcast'; there are voice_agent, meeting"):
        SessionConfig.preset("podcast")


def test_a_configuration_cannot_be_changed_in_place():
    with pytest.raises(Exception, match="frozen"):
        SessionConfig().endpointing = 1


CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "endpointing": st.floats(0.01, 10),
        "channels": st.integers(1, 8),
        "sample_rate": st.sampled_from([8000, 16000, 32000, 44100, 48000]),
        "language_config": st.fixed_dictionaries(
            {"languages": st.lists(st.sampled_from(["en", "fr", "haw"]))}
        ),
        "custom_metadata": st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
        "realtime_processing": st.just(
            {
                "custom_vocabulary": True,
                "custom_vocabulary_config": {"vocabulary": ["a", {"value": "b", "intensity": 0.5}]},
            }
        ),
        "messages_config": st.fixed_dictionaries(
            {}, optional=dict.fromkeys(MessagesConfig.model_fields, st.booleans())
        ),
    },
)


@given(CONFIGS)
def test_a_configuration_survives_json(data):
    config = SessionConfig.from_dict(data)
    again = SessionConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert again.to_body() == config.to_body()


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_any_value_anywhere_is_a_config_error_or_fine(value):
    for name in SessionConfig.model_fields:
        try:
            SessionConfig(**{name: value})
        except ConfigError as error:
            assert error.problems
