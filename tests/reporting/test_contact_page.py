"""The page of a first contact: checks and differences, everything foreign escaped."""

from __future__ import annotations

import pytest

import gladia_nb as gn
from gladia_nb.reporting.contact_page import Check, write_contact_page
from tests.support.make_runs import make_run, message

CHECKS = [Check("It opens", "at once", "at once"), Check("It <b>closes</b>", "1000", "4408")]


def test_the_page(tmp_path):
    run = make_run([message(1.0, "<script>", {"a": 1})])
    differences = gn.compare_traffic(run, make_run())
    page = write_contact_page(tmp_path / "c.html", checks=CHECKS, differences=differences, run=run)
    text = page.read_text()
    assert "1 of 2 checks are as expected" in text
    assert "as expected</td><td>at once" in text
    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    assert "<b>" not in text
    assert "http" not in text


def test_without_differences_and_in_no_place(tmp_path):
    run = make_run()
    none = gn.compare_traffic(run, run)
    page = write_contact_page(tmp_path / "c.html", checks=CHECKS[:1], differences=none, run=run)
    assert "None: the embedded server says it as the service does." in page.read_text()
    with pytest.raises(gn.RunFileError, match="Name another place"):
        write_contact_page(tmp_path / "no" / "c.html", checks=[], differences=none, run=run)
    assert CHECKS[0].is_as_expected
    assert not CHECKS[1].is_as_expected
