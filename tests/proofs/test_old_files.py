"""Run files written before the rooms of the house were built, and what was read from them then.

`tests/data/before_the_move` has a recognised session, one that was resumed and received callbacks
too, and live audio with gaps that was cut off. Beside each lie the frames and latencies that the
code of that time made of it, as plain numbers.
"""

import json
import math
from pathlib import Path

import pandas as pd
import pytest

import gladia_nb as gn

FOLDER = Path(__file__).resolve().parents[1] / "data" / "before_the_move"
NAMES = ("recognised", "resumed", "live")
#: What a column was called then, where it is called otherwise now.
RENAMED = {"id": "utterance_id"}


def plain(value):
    """As JSON has it; what is missing is None."""
    value = value.item() if hasattr(value, "item") else value
    missing = value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
    return None if missing else value


@pytest.fixture(scope="module", params=NAMES)
def run(request):
    return gn.load(FOLDER / f"{request.param}.run")


@pytest.mark.parametrize(
    "table",
    "messages chunks utterances words reference latency word_times ack_delays".split(),
)
def test_the_same_numbers_as_then(run, table):
    expected = json.loads(run.path.with_suffix(".json").read_text())[table]
    frame = getattr(run, table) if hasattr(run, table) else getattr(gn, table)(run)
    for name, values in expected.items():
        assert [plain(value) for value in frame[RENAMED.get(name, name)]] == values, name


def test_they_are_complete_or_said_to_be_cut_off(run):
    assert run.outcome == ("incomplete" if run.path.stem == "live" else "finished")
