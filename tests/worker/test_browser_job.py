"""What the worker does for a session in a browser, where time decides."""

import asyncio
import json

from gladia_nb.record.event_kinds import AudioStartEvent
from gladia_nb.record.file import dump_line, load_record
from gladia_nb.worker import browser_job as remote
from gladia_nb.worker.browser_job import RemoteJob
from gladia_nb.worker.commands import Direct, Events, Finish, Stop
from tests.support.fake_service import polite, serve

HEADER = {"format": "gladia_nb.run", "version": 1, "config": {}}


def job_for(service, path):
    path.write_text(dump_line(HEADER))
    told = []
    command = Direct(path=str(path), base_url=service.url, key="k" * 12, region=None, body={})
    return RemoteJob(command, told.append), told


async def test_a_page_that_is_silent_after_the_stop_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "_SILENT_S", 0.1)
    async with serve(polite) as service:
        job, _ = job_for(service, tmp_path / "a.run")
        job.command(Events([AudioStartEvent(1)]), b"")
        job.command(Stop(), b"")
        job.command(Stop(), b"")
        await job.run()
    record = load_record(tmp_path / "a.run")
    assert record.outcome == "failed"
    assert "told nothing for 0.1 s after the stop" in record.of("error")[0]["text"]


async def test_the_first_end_counts(tmp_path):
    async with serve(polite) as service:
        job, told = job_for(service, tmp_path / "a.run")
        job.command(Finish("aborted"), b"")
        job.command(Finish("finished"), b"")
        await job.run()
    assert load_record(tmp_path / "a.run").outcome == "aborted"
    assert [json.loads(line)["event"] for line in told] == ["end"]
    assert service.bodies == []


async def test_a_stop_after_the_page_has_begun_is_a_stop(tmp_path):
    async with serve(polite) as service:
        job, told = job_for(service, tmp_path / "a.run")
        job.command(Events([AudioStartEvent(1)]), b"")
        job.command(Stop(), b"")
        job.command(Finish("finished"), b"")
        service.results = ["done"]
        job._over.clear()
        running = asyncio.create_task(job.run())
        while not told or b"ticket" not in b"".join(told):
            await asyncio.sleep(0.01)
        job._over.set()
        await running
    record = load_record(tmp_path / "a.run")
    assert record.outcome == "stopped"
    assert record.of("result")
    assert "ticket" not in (tmp_path / "a.run").read_text()
