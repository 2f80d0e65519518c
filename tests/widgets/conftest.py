"""Labs on a scripted server, for the tests of whatever has to do with a Lab."""

import pytest

import gladia_nb as gn
from gladia_nb.server.local import LocalServer
from tests.support.labs import PATIENCE_S, news_of
from tests.support.scripted_helpers import SCRIPT, make_sound


@pytest.fixture(scope="module")
def server():
    with LocalServer(engine="scripted", script=SCRIPT) as made:
        yield made


@pytest.fixture
def sound(tmp_path):
    path = tmp_path / "three seconds.wav"
    make_sound(path)
    return path


@pytest.fixture
def make(server, sound):
    made = []

    def lab(source=sound, **options):
        options = {"config": gn.SessionConfig(endpointing=0.3), "server": server, **options}
        one = gn.Lab(source, **options)
        one.sent = []
        one.send = lambda content, buffers=None: one.sent.append((content, buffers))
        news_of(one)
        made.append(one)
        return one

    yield lab
    for one in made:
        if (under_way := one.under_way) is not None:
            one.stop()
            under_way.wait(PATIENCE_S)
        one.close()
