from pathlib import Path

import pytest
from matplotlib.figure import Figure

import gladia_nb as gn
from gladia_nb.lab.live_state import LiveState
from gladia_nb.lab.shelf import side_by_side
from gladia_nb.reporting.tables import facts
from gladia_nb.run import load
from tests.support.make_runs import make_run, rich_run, transcript, words


def test_foreign_text_is_escaped_in_html():
    evil = [("<script>alert(1)</script>", 0.5, 0.9)]
    run = make_run([transcript(1.0, evil, final=True)], name="<b>x</b>.flac")
    page = run._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<b>x</b>" not in page


@pytest.mark.parametrize(
    "run", [make_run(), make_run([transcript(1.0, words("open"))]), rich_run()]
)
def test_the_html_of_any_run(run):
    page = run._repr_html_()
    assert page.startswith("<div>")
    assert run.outcome in page


def test_warnings_and_errors_are_shown():
    run = make_run(
        extra=[
            {"event": "warning", "ns": 1, "text": "odd thing"},
            {"event": "error", "ns": 2, "name": "SessionError", "text": "bad thing"},
        ]
    )
    assert run.warnings == ["odd thing"]
    assert run.error == "bad thing"
    assert "odd thing" in run._repr_html_()
    assert "bad thing" in run._repr_html_()


def test_save_and_load(tmp_path):
    run = rich_run()
    again = load(run.save(tmp_path / "a.run"))
    assert again.record.events == run.record.events
    assert again.path == tmp_path / "a.run"
    assert again.words.equals(run.words)
    assert gn.load is load


def test_partials_are_counted_in_one_way_everywhere():
    """The run of the old files was told every message twice: by WebSocket and by callback."""
    path = Path(__file__).parent / "data" / "before_the_move" / "resumed.run"
    run = load(path)
    assert (run.messages["via"] == "callback").any()
    state = LiveState.of_header(run.record.header)
    for event in run.record.events:
        state.feed(event)
    n = run.n_partials
    assert n == int(run.utterances["n_partials"].sum()) > 0
    assert state.snapshot().partials == n
    assert f"{n} partials" in run._repr_html_()
    assert facts([run], ["run"]).split("partials")[1].startswith(f'</th><td class="n">{n}</td>')
    assert side_by_side([run]).set_index("what").loc["partials", "run_1"] == str(n)
    ax = gn.plot_timeline(run, Figure().add_subplot())
    ticks = next(line for line in ax.get_lines() if line.get_label() == "partial")
    assert len(ticks.get_xdata()) == n


def test_without_speech(tmp_path):
    run = rich_run()
    shared = run.without_speech()
    assert isinstance(shared, gn.Run)
    assert shared.path is None
    assert shared.text != run.text
    assert [len(line) for line in shared.text.splitlines()] == [
        len(line) for line in run.text.splitlines()
    ]
    path = run.save(tmp_path / "a.run")
    assert gn.anonymise(path).text == gn.anonymise(run).text == shared.text
    assert shared.outcome in shared._repr_html_()
