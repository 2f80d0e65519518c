"""A lesson is executed up to its first check; its solution, which has the same cells, whole.

What comes behind the first check is what students do. That it needs none of their answers is seen
in `tests/course/test_books.py`, without running it a second time.
"""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    checked: set[Path] = set()
    kept, left_out = [], []
    for item in items:
        (left_out if item.path in checked else kept).append(item)
        cell = getattr(item, "cell", None)
        if item.path.parent == HERE and cell is not None and "me.check(" in cell.source:
            checked.add(item.path)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
