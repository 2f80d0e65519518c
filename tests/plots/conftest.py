"""A run that might be real."""

import pytest

from gladia_nb.run import Run
from tests.support.make_runs import rich_run


@pytest.fixture(scope="module")
def rich() -> Run:
    return rich_run()
