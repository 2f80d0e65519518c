"""What is typed in the Lab's panel of a study, and the study that it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gladia_nb as gn
from gladia_nb.errors import ConfigError
from gladia_nb.lab.study_draft import SAMPLES, StudyDraft, study_settings
from gladia_nb.studies.many_runs import Study
from tests.support.scripted_helpers import WORDS, make_sound


def typed(**values):
    draft = StudyDraft("studies/one")
    for name, value in values.items():
        draft.set(name, value)
    return draft


def test_to_begin_with_it_can_be_planned():
    draft = typed()
    assert draft.problems() == {}
    assert draft.names() == ["endpointing=0.05", "endpointing=0.3", "endpointing=0.8"]
    (item,) = draft.items()
    assert (item.name, item.granularity) == ("conversation", "word")
    assert len(SAMPLES) == 3


def test_the_same_study_as_one_from_python(tmp_path):
    draft = typed(
        folder=str(tmp_path / "s"),
        values_1="0.05, 0.3",
        setting_2="chunk_ms",
        values_2=" 50 ,100,",
        baseline="endpointing=0.3, chunk_ms=50",
        repeats="2",
        plan="4",
        budget="1.5",
        price="0.6",
    )
    ours = Study(items=draft.items(), **draft.arguments({"bit_depth": 16}))
    theirs = Study(
        tmp_path / "s",
        [gn.sample("conversation")],
        gn.grid(endpointing=[0.05, 0.3], chunk_ms=[50, 100]),
        baseline="endpointing=0.3, chunk_ms=50",
        repeats=2,
        null=True,
        plan=4,
        budget_hours=1.5,
        price_per_hour=0.6,
        config=gn.SessionConfig(bit_depth=16),
    )
    assert ours.design.describe() == theirs.design.describe()
    assert str(ours.plan()) == str(theirs.plan())


def test_fields_of_groups_keep_what_else_their_group_holds():
    draft = typed(
        setting_1="language_config.languages",
        values_1="en, en fr",
        setting_2="realtime_processing.translation_config.model",
        values_2="base",
    )
    config = {
        "language_config": {"code_switching": True},
        "realtime_processing": {
            "translation": True,
            "translation_config": {"target_languages": ["de"]},
        },
    }
    before = json.dumps(config)
    first, second = draft.arguments(config)["arms"].values()
    assert first["language_config"] == {"code_switching": True, "languages": ["en"]}
    assert second["language_config"]["languages"] == ["en", "fr"]
    assert second["realtime_processing"] == {
        "translation": True,
        "translation_config": {"target_languages": ["de"], "model": "base"},
    }
    assert json.dumps(config) == before


@pytest.mark.parametrize(
    ("values", "at", "sentence"),
    [
        ({"values_1": "0.05, 30"}, "values_1", "between 0.01 and 10 (got 30)"),
        ({"values_1": "soon, 99"}, "values_1", "(got 'soon'); endpointing must"),
        ({"values_1": " , "}, "values_1", "Name the values"),
        ({"setting_1": "speed", "values_1": "0"}, "values_1", "speed must be between"),
        ({"setting_1": "json_audio", "values_1": "on, maybe"}, "values_1", "got 'maybe'"),
        ({"setting_1": "tempo"}, "values_1", "tempo is not a setting"),
        ({"setting_1": ""}, "values_1", "Choose a setting"),
        ({"setting_2": "endpointing", "values_2": "1"}, "values_2", "chosen already"),
        ({"setting_2": "chunk_ms"}, "values_2", "Name the values"),
        ({"folder": " "}, "folder", "Name a folder"),
        ({"sample:conversation": False}, "corpus", "Choose a recording"),
        ({"folder": "a\0"}, "folder", "zero byte"),
        ({"corpus": "a\0"}, "corpus", "zero byte"),
        ({"repeats": "0"}, "repeats", "from 1 on (got 0)"),
        ({"repeats": "two"}, "repeats", "from 1 on (got 'two')"),
        ({"repeats": "100000"}, "repeats", "at most 1000"),
        ({"plan": "gold"}, "plan", "or a number of sessions"),
        ({"plan": "1.5"}, "plan", "got 1.5"),
        ({"budget": "none"}, "budget", "hours above 0 (got 'none')"),
        ({"price": "-1"}, "price", "from 0 on (got -1.0)"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(values, at, sentence):
    draft = typed(**values)
    problems = draft.problems()
    assert list(problems) == [at]
    assert sentence in problems[at]
    assert draft.names() == []
    with pytest.raises(ConfigError) as error:
        draft.arguments({})
    assert sentence in str(error.value)


@given(
    name=st.sampled_from(["values_1", "repeats", "plan", "budget", "price", "corpus", "folder"]),
    text=st.text(max_size=20),
)
def test_whatever_is_typed_there_is_a_sentence_or_a_study(name, text):
    draft = typed(**{name: text})
    for sentence in draft.problems().values():
        assert sentence
    if not draft.problems():
        assert draft.arguments({})["arms"]


def test_a_baseline_that_is_no_arm_any_more_is_none():
    draft = typed(baseline="endpointing=0.8", values_1="0.05, 0.3")
    assert draft.arguments({})["baseline"] is None


def test_recordings_of_ones_own_stand_beside_the_samples(tmp_path):
    make_sound(tmp_path / "one.wav")
    (tmp_path / "one.words.json").write_text(json.dumps(WORDS))
    draft = typed(corpus=str(tmp_path))
    assert [item.name for item in draft.items()] == ["conversation", "one"]
    with pytest.raises(ConfigError, match="There is no file or folder"):
        typed(corpus=str(tmp_path / "none")).items()


@pytest.mark.parametrize(("name", "value"), [("tempo", "1"), ("null", "yes"), ("repeats", 3)])
def test_what_is_no_field_or_no_value_of_it_is_refused(name, value):
    with pytest.raises(ConfigError, match=name):
        typed(**{name: value})


def test_an_arm_differs_in_no_place_and_no_message():
    names = {field.name for field in study_settings()}
    assert {"endpointing", "chunk_ms", "language_config.languages"} <= names
    assert not names & {"target", "url", "region", "callback_config.url", "custom_metadata"}
    assert not [name for name in names if name.startswith("messages_config")]
