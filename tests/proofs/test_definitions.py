"""Each definition says what the code does: its worked example is made and computed."""

import math

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
