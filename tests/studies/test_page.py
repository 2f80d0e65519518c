import dataclasses

import pytest

from gladia_nb.errors import RunFileError
from gladia_nb.run import Run
from gladia_nb.studies.many_runs import Study
from tests.support.studies import Tone, fill, run_of

ARMS = {"fast <b>": {"endpointing": 0.05}, "slow": {"endpointing": 0.8}}


@pytest.fixture
def study(tmp_path):
    sounds = [Tone(f"call & {name}", name * 64) for name in "abc"]
    found = Study(tmp_path / "s", sounds, ARMS, null=True)

    def make(cell):
        late = 0.05 if cell.arm == "slow" else 0.0
        run = run_of(lambda n: 0.2 + late + 0.001 * n, sentences=2)
        if cell.arm == "slow" and cell.item == 2:
            at = run.record.events[-1]["ns"]
            error = {"event": "error", "name": "SessionError", "text": "Lost <i>.", "ns": at}
            end = {**run.record.events[-1], "outcome": "failed"}
            kept = [e for e in run.record.events if e["event"] not in ("end", "result")]
            events = (*kept, error, end)
            run = Run(dataclasses.replace(run.record, events=events, derived={}, _by_kind={}))
        return run

    fill(found._store, found.design, make)
    return found


def test_the_page_says_all_of_it_and_fetches_nothing(study, tmp_path):
    page = study.report(tmp_path / "page.html").read_text()
    for part in (
        "1 repeat of 3 recordings in 3 arms; all arms of a block at once.",
        "fast &lt;b&gt;",
        "endpointing: 0.8",
        "baseline with itself",
        "call &amp; c",
        "Lost &lt;i&gt;.",
        "Too few blocks to tell how sessions vary: run 1 more.",
    ):
        assert part in page, part
    assert "<b>" not in page
    assert "<i>" not in page
    assert "http" not in page.replace("http-equiv", "")
    links = [part.split('"')[0] for part in page.split('<a href="s/')[1:]]
    assert len(links) == 9
    assert all((tmp_path / "s" / link).is_file() for link in links)
    assert page.count("<img") >= 4


def test_a_page_that_cannot_be_written_leaves_the_old_one(study, tmp_path, monkeypatch):
    from gladia_nb.studies import page

    old = study.report(tmp_path / "page.html").read_text()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(page.Path, "write_text", full)
        with pytest.raises(RunFileError, match=r"No space left on device\. Name another place"):
            study.report(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == old
    with pytest.raises(RunFileError, match="Cannot write"):
        study.report(tmp_path / "nowhere" / "page.html")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["page.html", "s"]


def test_a_study_that_has_not_begun_has_a_page_too(tmp_path):
    study = Study(tmp_path / "t", [Tone("a", "a" * 64)], ARMS)
    page = study.report(tmp_path / "page.html").read_text()
    assert "No arm has a block in common with the baseline yet." in page
    assert "2 cells, 0 of them done" in page
