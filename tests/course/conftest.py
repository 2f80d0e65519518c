"""Runs of the worlds of lessons, as fast as a machine takes them: what is judged is not time."""

import pytest
from matplotlib import pyplot as plt

from gladia_nb.course.worlds import World, make_world
from gladia_nb.run import Run
from gladia_nb.sessions.runner import transcribe

SEED = 7


def _run(lesson: int, faults=None, **options) -> tuple[World, Run]:
    world = make_world(lesson, SEED)
    more = {} if faults is None else {"faults": world.facts[faults]}
    with world.server(**more) as server:
        run = transcribe(
            world.audio,
            server=server,
            reference=world.words,
            progress=False,
            **{"endpointing": 0.3, "speed": 10, **options},
        )
    return world, run


@pytest.fixture(scope="package")
def first():
    return _run(1)


@pytest.fixture(scope="package")
def third():
    return _run(3)


@pytest.fixture(scope="package")
def sixth():
    return _run(6, faults="losing", speed=5)


@pytest.fixture(scope="package")
def ninth():
    return _run(9, callbacks=True)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")
