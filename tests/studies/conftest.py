import pytest

from gladia_nb.server import LocalServer
from tests.support.scripted_helpers import SCRIPT, WORDS
from tests.support.studies import Tone


@pytest.fixture(scope="package")
def scripted():
    """A server that hears the same words in every sound, 50 ms after they were spoken."""
    with LocalServer(engine="scripted", script={**SCRIPT, "delay": 0.05}) as server:
        yield server


@pytest.fixture(scope="package")
def slower():
    """The same, half a second later: more than a busy machine takes."""
    with LocalServer(engine="scripted", script={**SCRIPT, "delay": 0.55}) as server:
        yield server


@pytest.fixture
def sounds():
    """Three items of 3 s with their words."""
    return [Tone(name, name * 64, 3.0, 1, WORDS) for name in "abc"]
