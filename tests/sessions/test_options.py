import inspect
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.sessions.browser import start_direct
from gladia_nb.sessions.options import DEFAULTS, SendOptions, describe_options, warn_of_doubts
from gladia_nb.sessions.runner import start
from gladia_nb.sessions.sources import prepare

NAMES = set(SendOptions.model_fields)


@pytest.mark.parametrize(
    ("function", "taken"),
    [
        (start, NAMES),
        (start_direct, {"path", "audio", "chunk_ms", "region"}),
        (prepare, {"tail_s"}),
    ],
)
def test_signatures_have_the_defaults_of_the_options(function, taken):
    parameters = inspect.signature(function).parameters
    assert set(parameters) & NAMES == taken
    for name in taken:
        assert parameters[name].default == getattr(DEFAULTS, name)


@pytest.mark.parametrize("function", [start, start_direct])
def test_the_help_of_a_function_says_what_each_option_does(function):
    text = " ".join(inspect.getdoc(function).split())
    assert "{options}" not in text
    for name in set(inspect.signature(function).parameters) & NAMES:
        said = " ".join(SendOptions.model_fields[name].description.split())
        assert f"{name}: {said[:1].lower()}{said[1:]}" in text
    assert max(len(line) for line in function.__doc__.splitlines()) <= 100


def test_a_function_without_docstring_stays_without():
    def silent(chunk_ms=1):
        return chunk_ms

    assert describe_options(silent).__doc__ is None


def test_what_every_header_has_said_since_the_first():
    assert DEFAULTS.header() == {
        "chunk_ms": 100,
        "speed": 1,
        "region": None,
        "json_audio": False,
        "tail_s": 0,
        "callbacks": False,
    }


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"chunk_ms": 0}, "chunk_ms must be between 1 and 10000 (got 0)"),
        ({"chunk_ms": True}, "chunk_ms must be between 1 and 10000 (got True)"),
        ({"speed": "fast"}, "speed must be between 0.1 and 100 (got 'fast')"),
        ({"speed": float("nan")}, "speed must be between 0.1 and 100 (got nan)"),
        ({"tail_s": -1}, "tail_s must be between 0 and 3600 (got -1)"),
        ({"json_audio": "yes"}, "json_audio must be true or false (got 'yes')"),
        ({"region": "mars"}, "region must be 'eu-west' or 'us-west' (got 'mars')"),
        ({"path": 5}, "path must be a path (got 5)"),
        (
            {"callbacks": 5},
            "callbacks must be true, false, or an object with host, port, public_url (got 5)",
        ),
        ({"callbacks": {"a": 1}}, "callbacks has host, port, public_url; 'a' is not known"),
        (
            {"callbacks": {"port": 70_000}},
            "callbacks port must be a port from 0 to 65535 (got 70000)",
        ),
        (
            {"tail": 1},
            "tail is not an option of sending; did you mean 'tail_s'?",
        ),
    ],
)
def test_each_mistake_is_one_sentence(options, sentence):
    with pytest.raises(ConfigError) as caught:
        SendOptions(**options)
    assert str(caught.value) == sentence


@given(st.integers(1, 10_000) | st.floats(1, 10_000), st.floats(0.1, 100), st.integers(0, 3600))
def test_numbers_stay_what_they_were(chunk_ms, speed, tail_s):
    options = SendOptions(chunk_ms=chunk_ms, speed=speed, tail_s=tail_s)
    for name, value in (("chunk_ms", chunk_ms), ("speed", speed), ("tail_s", tail_s)):
        found = options.header()[name]
        assert (found, type(found)) == (value, type(value))


def test_paths_and_callbacks_are_put_in_order():
    assert SendOptions(path="a.run").path == Path("a.run")
    place = {"host": "0.0.0.0", "port": 0}
    assert SendOptions(callbacks=place).listen() == place
    assert SendOptions(callbacks=place).header()["callbacks"] is True
    assert SendOptions(callbacks=True).listen() == {}
    assert SendOptions(callbacks=False).listen() is None


def test_what_is_doubted_is_warned_of_at_the_line_that_asked():
    def start(config):
        return warn_of_doubts(config)

    with pytest.warns(UserWarning, match="'yue' is not among") as caught:
        found = start(SessionConfig(language_config={"languages": ["yue"]}))
    assert len(found) == 1
    assert caught[0].filename == __file__
    assert start(SessionConfig(language_config={"languages": ["en"]})) == []
