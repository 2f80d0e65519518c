import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.config import MessagesConfig, SessionConfig, find_problems
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


def test_metadata_is_bounded_and_must_be_json():
    SessionConfig(custom_metadata={"a": "x" * 1985})
    with pytest.raises(ConfigError, match="at most 2000 characters as JSON"):
        SessionConfig(custom_metadata={"a": "x" * 2000})


@pytest.mark.parametrize("data", [None, 3, "x", [1]])
def test_data_that_is_no_object(data):
    assert find_problems(data)
    with pytest.raises(ConfigError, match="JSON object"):
        SessionConfig.from_dict(data)


@pytest.mark.parametrize("encoding", ["wav/alaw", "wav/ulaw"])
def test_companded_audio_gets_its_depth(encoding):
    assert SessionConfig(encoding=encoding).to_body()["bit_depth"] == 8


def test_a_whole_number_may_have_a_point():
    """As in JSON, which has one kind of number."""
    body = SessionConfig(channels=2.0, sample_rate=8000.0, bit_depth=24.0).to_body()
    assert [(type(v), v) for v in (body["channels"], body["sample_rate"], body["bit_depth"])] == [
        (int, 2),
        (int, 8000),
        (int, 24),
    ]


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


def test_a_configuration_can_be_pickled_and_copied():
    config = SessionConfig(endpointing=0.3, language_config={"languages": ["en"]})
    for again in (pickle.loads(pickle.dumps(config)), copy.deepcopy(config)):
        assert again == config
        assert again.to_body() == config.to_body()


def test_metadata_that_is_nested_too_deeply_is_refused_in_words():
    deep: dict = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(ConfigError, match="custom_metadata"):
        SessionConfig(custom_metadata=deep)
