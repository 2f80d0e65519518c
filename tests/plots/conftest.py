"""A run that might be real, and no figure left open."""

from collections.abc import Iterator

import pytest
from matplotlib import pyplot as plt

from gladia_nb.run import Run
from tests.support.make_runs import rich_run


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def rich() -> Run:
    return rich_run()
