"""Bodies of requests: which are a configuration, and what is wrong with the others."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.server.http.body import configuration, json_of
from gladia_nb.server.http.refusal import RefusalError


def problems(data: Any) -> list[str]:
    with pytest.raises(RefusalError) as caught:
        configuration(data)
    assert caught.value.status == 400
    assert caught.value.problems is not None
    return caught.value.problems


@pytest.mark.parametrize(
    "data",
    [
        {"callback": True},
        {"callback": True, "callback_config": {}},
        {"realtime_processing": {"translation": True}},
        {"realtime_processing": {"custom_vocabulary": True, "custom_spelling": True}},
        {"realtime_processing": {"translation": True, "translation_config": None}},
        {"post_processing": {"summarization": True}},
    ],
)
def test_a_switch_may_be_on_without_its_settings(data: dict[str, Any]) -> None:
    assert configuration(data).to_dict().keys() == data.keys()


@pytest.mark.parametrize("code", ["xx", "EN", "", "wo"])
def test_languages_are_those_of_the_schema(code: str) -> None:
    words = ["a", {"value": "b", "language": "en"}, {"value": "c", "language": code}]
    vocabulary = {"custom_vocabulary_config": {"vocabulary": words}}
    [problem] = problems({"realtime_processing": vocabulary})
    path = "realtime_processing.custom_vocabulary_config.vocabulary.2.language"
    assert problem.startswith(f"{path} must ")
    assert f"got {code!r}" in problem
    [problem] = problems({"language_config": {"languages": ["en", code]}})
    assert problem.startswith("language_config.languages must ")
    if code != "wo":  # which only translations know
        wanted = {"translation_config": {"target_languages": [code]}}
        [problem] = problems({"realtime_processing": wanted})
        assert problem.startswith("realtime_processing.translation_config.target_languages must ")


def test_numbers_are_those_of_json() -> None:
    config = configuration({"channels": 1.0, "sample_rate": 8000.0})
    assert (config.channels, config.sample_rate) == (1, 8000)


def test_null_is_not_given_but_in_objects_of_the_client_s_own() -> None:
    assert configuration({"endpointing": None, "custom_metadata": {"a": None}}).to_dict() == {
        "custom_metadata": {"a": None}
    }
    spelling = {"custom_spelling_config": {"spelling_dictionary": {"Gladia": None}}}
    [problem] = problems({"realtime_processing": spelling})
    assert problem.endswith("spelling_dictionary.Gladia must be a list (got None)")


def test_what_nobody_knows_is_ignored_and_what_is_wrong_is_named() -> None:
    vocabulary = [{"value": "a", "weight": 3}, "b"]
    realtime = {"custom_vocabulary_config": {"vocabulary": vocabulary}, "x": {"y": 1}}
    config = configuration({"numerals": True, "realtime_processing": realtime})
    wanted = config.realtime_processing.custom_vocabulary_config
    assert wanted is not None
    assert len(wanted.vocabulary) == 2
    assert problems({"numerals": True, "channels": 9}) == [
        "channels must be between 1 and 8 (got 9)"
    ]
    assert problems([]) == ["body must be an object"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = ("channels", "realtime_processing", "callback_config", "custom_metadata", "language_config")


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), JSON, max_size=4))
def test_any_object_is_taken_or_refused_in_words(data: dict[str, Any]) -> None:
    try:
        configuration(data)
    except RefusalError as refusal:
        assert refusal.problems
        assert all(refusal.problems)


async def test_an_empty_body_is_an_empty_object() -> None:
    assert await json_of(Body(b" \n")) == {}
    assert await json_of(Body(b'{"a":[1]}')) == {"a": [1]}
    for data in (b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(RefusalError):
            await json_of(Body(data))


def Body(data: bytes) -> Any:
    request = make_mocked_request("POST", "/")
    request._read_bytes = data
    return request


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"language_config": {"languages": ["en", "xx"]}}, "language_config.languages"),
        (
            {"realtime_processing": {"translation_config": {"target_languages": ["xx"]}}},
            "realtime_processing.translation_config.target_languages",
        ),
        (
            {
                "realtime_processing": {
                    "custom_vocabulary_config": {"vocabulary": [{"value": "a", "language": "xx"}]}
                }
            },
            "realtime_processing.custom_vocabulary_config.vocabulary.0.language",
        ),
    ],
)
def test_languages_that_there_are_not_are_refused(data: dict[str, Any], path: str) -> None:
    with pytest.raises(RefusalError) as refused:
        configuration(data)
    assert refused.value.problems == [
        f"{path} must be a language code such as 'en' or 'fr' (got 'xx')"
    ]
