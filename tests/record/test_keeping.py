"""What is made of a record once stays with it."""

from collections import Counter

import pandas as pd

import gladia_nb as gn
from gladia_nb.metrics import audit, checks, latencies
from gladia_nb.record.keeping import kept, kept_frame
from gladia_nb.reporting.export import export_run
from tests.support.make_runs import make_run, rich_run


def test_a_value_is_made_once():
    record, made = make_run().record, []
    for _ in range(3):
        assert kept(record, "answer", lambda: made.append(1) or 42) == 42
    assert made == [1]
    assert kept(make_run().record, "answer", lambda: 5) == 5, "each record has its own"


def test_whoever_changes_a_frame_changes_only_their_own():
    record = make_run().record
    mine = kept_frame(record, "table", lambda: pd.DataFrame({"x": [1, 2]}))
    mine.loc[0, "x"] = 9
    mine["y"] = 0
    theirs = kept_frame(record, "table", pd.DataFrame)
    assert theirs.to_dict("list") == {"x": [1, 2]}


def test_public_tables_that_are_kept_can_be_changed():
    run = rich_run()
    for table in (gn.latency, gn.word_times, gn.health, gn.message_audit):
        before = table(run)
        changed = table(run)
        changed[changed.columns[0]] = "changed"
        pd.testing.assert_frame_equal(table(run), before)


def test_the_dear_tables_are_made_once_for_an_export(tmp_path, monkeypatch):
    calls = Counter()

    def counted(module, name):
        made = getattr(module, name)

        def call(*arguments):
            calls[name] += 1
            return made(*arguments)

        monkeypatch.setattr(module, name, call)

    counted(latencies, "_latency")
    counted(audit, "_message_audit")
    counted(checks, "_health")
    run = rich_run()
    export_run(run, tmp_path)
    run._repr_html_()
    assert calls == {"_latency": 1, "_message_audit": 1, "_health": 1}
