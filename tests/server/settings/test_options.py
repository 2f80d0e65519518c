"""The options of the server: every one from plain data, and no other."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import ServerError
from gladia_nb.server import LocalServer
from gladia_nb.server.settings.cassette import Cassette
from gladia_nb.server.settings.faults import Fault
from gladia_nb.server.settings.options import ServerOptions


def test_wrong_options() -> None:
    for options, sentence in (
        ({"webhook_url": "x"}, "webhook_url must begin with http"),
        ({"webhook_url": 3}, "webhook_url must be str or null"),
        ({"callback_attempts": 0}, "must be at least 1"),
        ({"callback_timeout_s": 0}, "callback_timeout_s must be above 0"),
        ({"max_sessions": 0}, "must be at least 1"),
        ({"max_sessions": True}, "max_sessions must be int or null"),
    ):
        with pytest.raises(ServerError, match=sentence):
            LocalServer(**options).start()


FIELDS = {item.name: item for item in dataclasses.fields(ServerOptions)}
#: A value of each option that is not its default.
OTHERS = {
    "host": "0.0.0.0",
    "port": 8080,
    "host_names": ["hub.example"],
    "allow_origins": ["https://hub.example", "*"],
    "keys": ["a", "b"],
    "control_token": "c",
    "inclusive_acks": True,
    "acknowledge_empty": False,
    "hyphen_ids": True,
    "short_utterance_ids": False,
    "speech_end_first": False,
    "start_session_on_socket": True,
    "replay_missed": True,
    "idle_timeout_s": 1.5,
    "idle_code": 1001,
    "silence_timeout_s": 60.0,
    "silence_code": 4000,
    "session_limit_s": 60.0,
    "session_limit_code": 4000,
    "ended_code": 1000,
    "unknown_token_status": 401,
    "max_sessions": 2,
    "keep_sessions": 5,
    "callback_attempts": 1,
    "callback_backoff_s": 0.0,
    "callback_timeout_s": 1.0,
    "webhook_url": "https://example.org/hook",
    "partial_step_s": 0.5,
    "finish_timeout_s": 1.0,
    "keep_audio_bytes": 0,
    "engine": "scripted",
    "model": "models/tones",
    "model_languages": ["fr", "en"],
    "script": {"words": []},
    "replay": [{"name": "a.run", "config": {}, "messages": []}],
    "any_config": True,
    "faults": ["drop:at_byte=40000"],
    "trace": True,
    "clock_offset_s": -3.5,
}


def test_all_options_are_here() -> None:
    assert OTHERS.keys() == FIELDS.keys()


@pytest.mark.parametrize("name", FIELDS)
def test_each_option_from_plain_data(name: str) -> None:
    plain = json.loads(json.dumps(OTHERS[name]))
    found = getattr(ServerOptions.from_dict({name: plain}), name)
    assert found != FIELDS[name].default
    if name == "faults":
        assert found == (Fault("drop", at_byte=40000),)
    elif name == "replay":
        assert found == (Cassette("a.run", {}),)
    else:
        assert found == (tuple(plain) if isinstance(found, tuple) else plain)
    assert ServerOptions.from_dict({name: FIELDS[name].default}) == ServerOptions()


@pytest.mark.parametrize("name", FIELDS)
def test_a_value_of_another_type_is_named(name: str) -> None:
    """A mapping of numbers is of no option's type."""
    with pytest.raises(ValueError, match=r"\w"):
        ServerOptions.from_dict({name: {"1": 1}})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"speed": 2}, "speed is not a server option; there are host, port"),
        ({"port": -1}, "port must be between 0 and 65535"),
        ({"port": True}, "port must be int"),
        ({"host": None}, "host must be str"),
        ({"keys": "abc"}, "keys must be a list of texts or null"),
        ({"keys": 5}, "keys must be a list of texts or null"),
        ({"keys": [5]}, "keys must be a list of texts or null"),
        ({"host_names": "hub"}, "host_names must be a list of texts$"),
        ({"allow_origins": [5]}, "allow_origins must be a list of texts$"),
        ({"allow_origins": ["hub.example"]}, "allow_origins must be origins such as https://hub"),
        ({"allow_origins": ["https://hub.example/"]}, "allow_origins must be origins such as"),
        ({"control_token": 5}, "control_token must be str or null"),
        ({"silence_timeout_s": 0}, "silence_timeout_s must be above 0"),
        ({"silence_timeout_s": float("nan")}, "silence_timeout_s must be above 0"),
        ({"silence_timeout_s": True}, "silence_timeout_s must be float or null"),
        ({"keep_sessions": 0}, "keep_sessions must be at least 1"),
        ({"script": 5}, "script must be a mapping or the path of a file"),
        ({"script": {"word": []}}, "a script has no 'word'"),
        ({"engine": ""}, "engine must be the name of one, such as 'recogniser'"),
        ({"model": 5}, "model must be str or null"),
        ({"model_languages": "fr"}, "model_languages must be a list of texts$"),
        ({"hyphen_ids": 1}, "hyphen_ids must be bool"),
        ({"idle_timeout_s": "1"}, "idle_timeout_s must be float"),
        ({"idle_timeout_s": 0}, "idle_timeout_s must be above 0"),
        ({"idle_timeout_s": float("nan")}, "idle_timeout_s must be above 0"),
        ({"session_limit_s": -1}, "session_limit_s must be above 0"),
        ({"partial_step_s": 0}, "partial_step_s must be above 0"),
        ({"finish_timeout_s": 0}, "finish_timeout_s must be above 0"),
        ({"callback_backoff_s": -1}, "callback_timeout_s must be above 0, and callback_backoff_s"),
        ({"webhook_url": "ftp://x"}, "webhook_url must begin with http:// or https://"),
        ({"faults": "explode"}, "there is no fault 'explode'"),
    ],
)
def test_what_is_wrong_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ServerOptions.from_dict(values)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 70000) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "other"]), PLAIN, max_size=2))
def test_plain_data_is_taken_or_refused_in_words(values: dict[str, Any]) -> None:
    try:
        options = ServerOptions.from_dict(values)
    except ValueError as error:
        assert str(error)
        return
    for name, item in FIELDS.items():
        value = getattr(options, name)
        if value is None:
            assert "None" in str(item.type), name
        elif isinstance(item.default, bool | int | float | str):
            assert type(value) is type(item.default), name


def test_a_whole_number_is_a_time_too() -> None:
    assert ServerOptions.from_dict({"idle_timeout_s": 3}).idle_timeout_s == 3.0
    assert ServerOptions.from_dict({"silence_timeout_s": 60}).silence_timeout_s == 60.0
    with pytest.raises(ValueError, match="must be float"):
        ServerOptions.from_dict({"idle_timeout_s": True})


def test_secrets_are_not_shown() -> None:
    options = ServerOptions(
        keys=("hidden-1",),
        webhook_url="https://x.org/?token=hidden-2",
        control_token="hidden-3",
    )
    assert "hidden" not in repr(options)
