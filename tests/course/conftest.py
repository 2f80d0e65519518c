"""Runs of the worlds of lessons.

Where latencies are judged time is virtual: by chance two numbers that a check has to tell apart
would be the same. The others are real, as fast as a machine takes them.
"""

import pytest

from gladia_nb.course.worlds import World, make_world
from gladia_nb.run import Run
from gladia_nb.sessions.runner import transcribe
from tests.support.virtual_time import virtual_run

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


def _virtual(lesson: int) -> tuple[World, Run]:
    world = make_world(lesson, SEED)
    run, _ = virtual_run(
        dict(world.script),
        duration_s=world.audio.duration_s,
        reference=world.words,
        endpointing=0.3,
    )
    return world, run


@pytest.fixture(scope="package")
def first():
    return _virtual(1)


@pytest.fixture(scope="package")
def third():
    return _virtual(3)


@pytest.fixture(scope="package")
def sixth():
    return _run(6, faults="losing", speed=5)


@pytest.fixture(scope="package")
def ninth():
    return _run(9, callbacks=True)
