"""A worker for the tests of what it does."""

import pytest

from tests.support.worker_by_hand import Hand


@pytest.fixture
def hand():
    hand = Hand()
    assert hand.read()[1]["event"] == "ready"
    yield hand
    hand.process.kill()
    hand.process.wait()
    for pipe in (hand.process.stdin, hand.process.stdout, hand.process.stderr):
        pipe.close()
