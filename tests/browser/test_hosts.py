"""The hosts themselves: that a cell runs in each, and that nothing is asked for outside."""

import pytest


@pytest.mark.parametrize("name", ["lab", "notebook"])
def test_a_cell_runs(name, request, page, requests):
    host = request.getfixturevalue(name)
    book = host.open(page, ["import gladia_nb\nprint('version', gladia_nb.__version__)"])
    book.run()
    page.wait_for_selector(".jp-OutputArea-output:has-text('version 0.')")
    book.save()
    assert "version 0." in book.path.read_text()
    assert requests.urls
    assert requests.outside == []


def test_voila_shows_outputs(voila, page):
    book = voila.open(page, ["import gladia_nb\nprint('version', gladia_nb.__version__)"])
    page.wait_for_selector(".jp-OutputArea-output:has-text('version 0.')")
    assert "print(" not in book.outputs
