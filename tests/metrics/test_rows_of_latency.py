"""The rows as arrays are those that `latency` shows, however long its table is."""

import numpy as np
import pandas as pd
import pytest

from gladia_nb.metrics import latencies, latency
from gladia_nb.metrics.base.choice import chosen
from gladia_nb.metrics.rows_of_latency import BLOCK_NAMES, latency_rows
from gladia_nb.run import Run
from tests.support.make_runs import rich_run


@pytest.mark.parametrize("run", [rich_run(), rich_run(with_reference=False)])
def test_the_table_shows_the_blocks_one_behind_the_other(run):
    found, table = latency_rows(run, chosen(run, "basic")), latency(run)
    assert sum(len(block.rows) for block in found.blocks) == len(table)
    begin = 0
    for block in found.blocks:
        rows = table.iloc[begin : begin + len(block.rows)]
        begin += len(block.rows)
        for name in BLOCK_NAMES:
            assert (rows[name] == block.names[name]).all()
        for name in ("anchor_s", "anchor_clock_s", "event_s", "latency_ms", "behind_audio"):
            values = getattr(block, name)
            np.testing.assert_array_equal(rows[name].to_numpy(), values)
        assert rows["channel"].tolist() == found.owners.channel[block.rows].tolist()
        assert rows["position"].fillna(-1).tolist() == found.owners.position[block.rows].tolist()
    assert found.session_id == run.session_id
    assert table["run"].dropna().unique().tolist() == [run.session_id] * (
        run.session_id is not None
    )
    assert set(table["normaliser"]) == {found.normaliser}


def test_a_run_without_a_first_sample_has_no_rows():
    run = rich_run()
    events = [event for event in run.record.events if event["event"] != "audio_start"]
    bare = Run(type(run.record)(run.record.header, tuple(events)))
    assert latency_rows(bare, chosen(bare, "basic")).blocks == ()
    assert len(latency(bare)) == 0
    assert list(latency(bare).columns) == list(latency(run).columns)


def test_an_anchor_has_its_own_rows():
    run = rich_run()
    choice = chosen(run, "basic")
    anchors = {block.names["anchor"] for block in latency_rows(run, choice, "service").blocks}
    assert anchors == {"service"}
    assert latency_rows(run, choice) is latency_rows(run, choice)


def test_a_long_table_is_the_same_as_a_short_one(monkeypatch):
    """Equal stretches of a long one are kept once."""
    short = latency(rich_run())
    monkeypatch.setattr(latencies, "_MANY", 1)
    monkeypatch.setattr(latencies, "_STRETCH", 7)
    pd.testing.assert_frame_equal(latency(rich_run()), short)
