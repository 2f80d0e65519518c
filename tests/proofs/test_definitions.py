"""Each definition says what the code does: its worked example is made and computed."""

import math
import runpy
from pathlib import Path

import pandas as pd
import pytest

import gladia_nb as gn
from gladia_nb.metrics.definitions import DEFINITIONS
from tests.support.make_runs import made_from


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_the_worked_example_is_what_the_code_computes(definition):
    run = made_from(definition.script)
    found = eval(definition.found_in, {"gn": gn, "run": run})
    value = found.iloc[-1] if isinstance(found, pd.Series) else found
    if isinstance(definition.value, str):
        assert value == definition.value
    else:
        assert math.isclose(value, definition.value, abs_tol=1e-6)


def test_the_page_in_the_docs_is_of_this_version():
    docs = Path(__file__).resolve().parents[2] / "docs"
    page = runpy.run_path(str(docs / "glossary.py"))["page"]()
    assert (docs / "glossary.md").read_text(encoding="utf-8") == page, "python docs/glossary.py"


def test_docstrings_name_what_the_glossary_defines():
    """Each milestone is explained at `latency`, each wait of a turn at `turns`."""
    for definition in DEFINITIONS:
        if " -> " in definition.name:
            since, milestone = definition.name.split(" -> ")
            assert f"`{milestone}`" in gn.latency.__doc__ or definition.name in gn.latency.__doc__
            assert since.removesuffix("_end") in gn.latency.__doc__
        elif definition.name.startswith("turns: "):
            assert f"`{definition.name.removeprefix('turns: ')}`" in gn.turns.__doc__
