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


#: What a latency was called then, where it is called otherwise now.
RENAMED_LATENCIES = {
    " last_partial ": " last_partial_message ",
    "last_partial ->": "last_partial_message ->",
    " detected ": " end_of_speech_detected ",
}


def plain(value):
    """As JSON has it; what is missing is None."""
    value = value.item() if hasattr(value, "item") else value
    missing = value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))
    return None if missing else value


@pytest.fixture(scope="module", params=NAMES)
def run(request):
    return gn.load(FOLDER / f"{request.param}.run")


def then(run, table):
    """The columns of a table as they were made then, under today's names."""
    found = json.loads(run.path.with_suffix(".json").read_text())[table]
    return {RENAMED.get(name, name): values for name, values in found.items()}


def now(run, table):
    frame = getattr(run, table) if hasattr(run, table) else getattr(gn, table)(run)
    return {name: [plain(value) for value in frame[name]] for name in frame}


@pytest.mark.parametrize("table", "messages chunks utterances words reference ack_delays".split())
def test_the_same_numbers_as_then(run, table):
    found = now(run, table)
    for name, values in then(run, table).items():
        assert found[name] == values, name


def test_the_same_words_as_then(run):
    before, found = then(run, "word_times"), now(run, "word_times")
    # What no partial showed was not seen then, and is seen in the final now.
    before["first_seen_s"] = [
        final if seen is None else seen
        for seen, final in zip(before["first_seen_s"], before["final_s"], strict=True)
    ]
    for name, values in before.items():
        assert found[name] == values, name


def test_the_same_latencies_as_then(run):
    """Every row of then; rows have come since, of words that no final holds."""
    keys = ["name", "anchor", "channel", "utterance_id", "position", "anchor_s"]
    numbers = ["anchor_clock_s", "event_s", "latency_ms"]
    before, found = (pd.DataFrame(table(run, "latency"), dtype=object) for table in (then, now))
    for old, new in RENAMED_LATENCIES.items():
        before["name"] = [name.replace(old, new) for name in before["name"]]
    both = before.merge(found, on=keys, how="left", suffixes=("_then", "_now"), indicator=True)
    assert len(both) == len(before)
    assert (both["_merge"] == "both").all()
    # As above: seen in the final, where no partial showed it.
    late = both["name"].str.contains("first_seen") & both["event_s_then"].isna()
    for name in numbers:
        kept = both[~late] if name != "anchor_clock_s" else both
        pairs = zip(kept[f"{name}_then"], kept[f"{name}_now"], strict=True)
        assert all(plain(a) == plain(b) for a, b in pairs), name


def test_they_are_complete_or_said_to_be_cut_off(run):
    assert run.outcome == ("incomplete" if run.path.stem == "live" else "finished")
