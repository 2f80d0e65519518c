import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from gladia_nb.config import PRESETS, MessagesConfig, SessionConfig, find_problems
from gladia_nb.errors import ConfigError
from gladia_nb.lab.form import (
    changed_paths,
    effective,
    fields,
    place_doubts,
    place_problems,
    read_value,
    reset_value,
    set_value,
)
from gladia_nb.lab.recipe import OPTIONS

BY_NAME = {field.name: field for field in fields()}


def leaves(model: type[BaseModel], above: str = "") -> set[str]:
    """Every field by reading the annotations, another way than the form's own."""
    found: set[str] = set()
    for name, info in model.model_fields.items():
        options = [info.annotation, *typing.get_args(info.annotation)]
        inner = [kind for kind in options if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if inner:
            found |= leaves(inner[0], f"{above}{name}.")
        else:
            found.add(f"{above}{name}")
    return found


def test_no_field_of_the_api_is_forgotten():
    assert set(BY_NAME) == leaves(SessionConfig)
    assert len(BY_NAME) == len(fields())


def test_every_field_says_what_it_is():
    for field in fields():
        assert field.label
        assert field.group
        assert field.help or field.path[0] in ("messages_config", "callback_config")
        assert (field.kind == "choice") == bool(field.choices)
    assert BY_NAME["endpointing"].low == 0.01
    assert BY_NAME["maximum_duration_without_endpointing"].high == 60
    assert BY_NAME["realtime_processing.custom_vocabulary_config.default_intensity"].high == 1
    assert "0 to 1" in BY_NAME["pre_processing.speech_threshold"].help
    assert BY_NAME["endpointing"].label == "Endpointing, s"
    assert BY_NAME["realtime_processing.translation_config.model"].label == "Translation: model"
    assert BY_NAME["messages_config.receive_errors"].label == "Errors"


def test_each_kind_of_field_by_an_example():
    kinds = {
        "callback": "flag",
        "sample_rate": "choice",
        "endpointing": "number",
        "channels": "whole",
        "realtime_processing.translation_config.context": "text",
        "language_config.languages": "list",
        "custom_metadata": "json",
        "realtime_processing.custom_vocabulary_config.vocabulary": "json",
    }
    assert {name: BY_NAME[name].kind for name in kinds} == kinds


def test_the_form_has_the_defaults_of_the_configuration():
    body = SessionConfig().measuring().with_defaults()
    for name, value in effective({}).items():
        place = body
        for key in name.split("."):
            place = place.get(key) if isinstance(place, dict) else None
        if place is not None and name not in ("sample_rate", "channels"):
            assert value == place, name


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("endpointing", "0.3", 0.3),
        ("endpointing", "1", 1),
        ("endpointing", "abc", "abc"),
        ("endpointing", "1e400", "1e400"),
        ("endpointing", "nan", "nan"),
        ("channels", "2", 2),
        ("sample_rate", "8000", 8000),
        ("sample_rate", "", ""),
        ("encoding", "wav/alaw", "wav/alaw"),
        ("language_config.languages", "en, fr;de  it", ["en", "fr", "de", "it"]),
        ("custom_metadata", '{"a": 1}', {"a": 1}),
        ("custom_metadata", "{", "{"),
        ("callback", True, True),
        ("model", " solaria-1 ", "solaria-1"),
    ],
)
def test_what_is_typed(name, typed, value):
    found = read_value(BY_NAME[name], typed)
    assert found == value
    assert type(found) is type(value)


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
    st.lists(st.text(max_size=4), max_size=3),
)  # fmt: skip


@given(st.sampled_from(fields()), values)
def test_set_then_reset_leaves_nothing(field, value):
    changed = set_value({}, field.path, value)
    assert reset_value(changed, field.path) == {}
    assert changed_paths(reset_value(changed, field.path)) == []


@given(st.lists(st.tuples(st.sampled_from(fields()), values), max_size=6))
def test_what_is_set_is_what_holds_and_the_original_stays(entries):
    data: dict = {}
    for field, value in entries:
        before = repr(data)
        after = set_value(data, field.path, value)
        assert repr(data) == before
        if value not in (None, "", []):
            assert effective(after)[field.name] == value
        data = after
    # Whatever was typed, it has a sentence or it is right.
    assert bool(place_problems(data)) == bool(find_problems(data))


def test_message_flags_go_together():
    data = set_value({}, ("messages_config", "receive_errors"), False)
    assert data == {
        "messages_config": {
            **dict.fromkeys(MessagesConfig.model_fields, True),
            "receive_errors": False,
        }
    }
    assert changed_paths(data) == ["messages_config.receive_errors"]
    assert SessionConfig.from_dict(data).measuring().messages_config.receive_lifecycle_events
    assert set_value(data, ("messages_config", "receive_errors"), True) == {}


def test_a_preset_that_names_some_flags_has_the_defaults_of_the_api_for_the_others():
    data = dict(PRESETS["captions"])
    assert "messages_config.receive_lifecycle_events" in changed_paths(data)
    config = SessionConfig.from_dict(data).measuring().with_defaults()
    for name, flag in config["messages_config"].items():
        assert effective(data)[f"messages_config.{name}"] is flag


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"endpointing": "abc"}, "endpointing"),
        ({"encoding": "wav/alaw", "bit_depth": 16}, "bit_depth"),
        (
            {"realtime_processing": {"translation": True}},
            "realtime_processing.translation_config.target_languages",
        ),
        ({"callback": True}, "callback_config.url"),
        ({"language_config": {"languages": [""]}}, "language_config.languages"),
        (
            {"realtime_processing": {"custom_vocabulary_config": {"vocabulary": [{"value": 1}]}}},
            "realtime_processing.custom_vocabulary_config.vocabulary",
        ),
    ],
)
def test_a_problem_stands_at_its_field(data, name):
    assert list(place_problems(data)) == [name]


def test_companded_sound_has_8_bit():
    assert effective({"encoding": "wav/ulaw"})["bit_depth"] == 8


def test_a_path_that_is_none():
    with pytest.raises(ConfigError, match="numerals is not a field"):
        reset_value({}, ("numerals",))


def test_kinds_cover_every_annotation():
    assert {field.kind for field in fields()} <= set(
        typing.get_args(typing.get_type_hints(type(fields()[0]))["kind"])
    )


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("mobile", "mobile"),
        (' {"delay": 80} ', {"delay": 80}),
        ("moblie", "moblie"),
        ('{"delay"', '{"delay"'),
        ("[" * 100_000, "[" * 100_000),
        ('{"delay": 1e400}', '{"delay": 1e400}'),
        ('{"delay": NaN}', '{"delay": NaN}'),
        ("", ""),
    ],
)
def test_a_name_or_an_object_of_ones_own(typed, value):
    (network,) = (option for option in OPTIONS if option.kind == "named")
    assert network.name == "network"
    assert read_value(network, typed) == value


def test_what_is_doubted_is_said_at_its_field():
    data = {
        "language_config": {"languages": ["english", "xx", "en"]},
        "realtime_processing": {
            "custom_vocabulary": True,
            "custom_vocabulary_config": {"vocabulary": [{"value": "Gladia", "language": "yy"}]},
        },
    }
    found = place_doubts(data)
    assert list(found) == [
        "language_config.languages",
        "realtime_processing.custom_vocabulary_config.vocabulary",
    ]
    assert "'xx' are no codes known here" in found["language_config.languages"]
    assert found["realtime_processing.custom_vocabulary_config.vocabulary"] == (
        "'yy' is no code known here; the service decides"
    )
    assert place_doubts({"endpointing": 30, **data}) == {}
    assert place_doubts({}) == {}
