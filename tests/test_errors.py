import inspect
import traceback

import pytest

from gladia_nb import errors

CLASSES = [name for name in errors.__all__ if inspect.isclass(getattr(errors, name))]


def test_every_error_is_in_the_tree_and_can_be_raised_by_name():
    classes = [
        cls
        for _, cls in inspect.getmembers(errors, inspect.isclass)
        if issubclass(cls, Exception) and cls.__module__ == errors.__name__
    ]
    assert sorted(cls.__name__ for cls in classes) == sorted(CLASSES)
    assert {cls.__name__: cls for cls in classes} == errors.BY_NAME
    assert all(issubclass(cls, errors.GladiaNbError) for cls in classes)


def test_the_docstring_names_every_error():
    for name in CLASSES:
        assert f"`{name}`" in errors.__doc__


def test_config_error_is_a_value_error_and_keeps_its_problems():
    error = errors.ConfigError("a; b", ["a", "b"])
    assert isinstance(error, ValueError)
    assert error.problems == ["a", "b"]
    assert errors.ConfigError("one").problems == ["one"]


@pytest.mark.parametrize("kind", [errors.AuthenticationError, errors.NotFoundError])
def test_api_errors_carry_what_the_service_said(kind):
    error = kind("no", status=401, request_id="G-1", validation_errors=["x must y"])
    assert (error.status, error.request_id, error.validation_errors) == (401, "G-1", ["x must y"])
    assert error.run is None


@pytest.mark.parametrize("make", sorted(errors.BY_NAME.values(), key=lambda kind: kind.__name__))
def test_what_a_service_says_steers_no_terminal(make):
    fields = {"status": 400} if issubclass(make, errors.ApiError) else {}
    error = make("It said: \x1b[2J\x9bm\r\nand more", **fields)
    assert str(error) == "It said: \\x1b[2J\\x9bm\\r\nand more"
    assert "\x1b" not in "".join(traceback.format_exception(error))
    assert error.args == ("It said: \x1b[2J\x9bm\r\nand more",), "kept as it is"
