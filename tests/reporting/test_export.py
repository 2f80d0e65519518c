import pandas as pd
import pytest

from gladia_nb.errors import RunFileError
from gladia_nb.reporting.export import export_run
from tests.support.make_runs import make_run, rich_run


def test_everything_is_written_and_can_be_read(tmp_path):
    run = rich_run()
    written = export_run(run, tmp_path / "new" / "place", stem="x")
    assert set(written) == {
        "messages",
        "chunks",
        "utterances",
        "words",
        "latency",
        "summary",
        "latency_table",
        "transcript",
        "overview",
        "report",
        "stability",
        "turns",
        "waterfall",
        "health",
    }
    assert len(pd.read_csv(written["messages"])) == len(run.messages)
    assert written["transcript"].read_text().strip() == run.text
    assert written["overview"].read_bytes()[:4] == b"\x89PNG"
    assert "word: final" in written["latency_table"].read_text()


def test_an_empty_run_too(tmp_path):
    written = export_run(make_run(), tmp_path)
    assert all(path.stat().st_size for path in written.values())


def test_a_place_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunFileError, match="Cannot make the directory"):
        export_run(make_run(), tmp_path / "file" / "x")
