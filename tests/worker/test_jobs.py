"""What every session of the worker shares: its file, its secrets and its end."""

import asyncio
import io
import signal
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import SessionError
from gladia_nb.record.event_kinds import WarningEvent
from gladia_nb.record.events import end_event
from gladia_nb.record.file import load_record
from gladia_nb.worker.commands import Direct, End, Feed, Pause
from gladia_nb.worker.jobs import Job, Writer, unfit, unwritable
from tests.support.job_records import Told, new_record
from tests.support.worker_by_hand import start

FULL = pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="needs /dev/full, a disk that is full"
)
KEY = "a-key-that-nobody-may-see"


# -- the writer --


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20))
def test_every_line_is_in_the_file_before_it_is_handed_on(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("writer") / "lines"
    behind, told = [], []

    def then(line):
        told.append(line)
        behind.append(not path.read_bytes().startswith(b"".join(told)))

    writer = Writer(path.open("wb"), then)
    for line in lines:
        writer.write(line)
    writer.close()
    assert told == lines
    assert not any(behind)
    assert path.read_bytes() == b"".join(lines)


class Broken(io.BytesIO):
    """A file that takes so many bytes, and then fails as it is told to."""

    def __init__(self, good, error):
        super().__init__()
        self.left = good
        self.error = error
        self.kept = b""

    def write(self, data):
        if not self.left:
            raise self.error
        taken = super().write(data[: self.left])
        self.left -= taken
        return taken

    def close(self):
        self.kept = self.getvalue()
        super().close()


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=9), st.integers(0, 60))
def test_a_file_that_fails_is_said_once_and_before_what_it_does_not_hold(lines, good):
    told, error = [], OSError(5, "Input/output error")
    file = Broken(good, error)
    writer = Writer(file, told.append, told.append)
    for line in lines:
        writer.write(line)
    writer.close()
    assert file.closed
    assert file.kept == b"".join(lines)[:good]
    if good >= sum(map(len, lines)):
        assert told == lines
        return
    place = told.index(error)
    assert told[:place] + told[place + 1 :] == lines
    assert len(b"".join(told[:place])) <= good < len(b"".join(lines[: place + 1]))


@FULL
def test_a_full_disk_is_an_error_of_the_file():
    told, errors = [], []
    file = Path("/dev/full").open("ab", buffering=0)  # noqa: SIM115 - its writer closes it
    writer = Writer(file, told.append, errors.append)
    writer.write(b"a")
    writer.write(b"b")
    writer.close()
    assert told == [b"a", b"b"]
    assert [error.strerror for error in errors] == ["No space left on device"]


def test_a_close_waits_no_longer_than_it_is_told():
    go_on, told = threading.Event(), []
    file = io.BytesIO()

    def stuck(line):
        go_on.wait(60)
        told.append(line)

    writer = Writer(file, stuck)
    writer.write(b"a")
    writer.close(0.01)
    assert (told, file.closed) == ([], False)
    go_on.set()
    writer._thread.join(60)
    assert (told, file.closed) == ([b"a"], True)


# -- the job --


class Work(Job):
    """A job that does what a test says."""

    def __init__(self, command, tell, work):
        super().__init__(command, tell)
        self.work = work

    async def _carry_out(self, stack):
        await self.work(self, stack)

    def command(self, command, audio):
        raise unfit(command)

    def part(self):
        pass

    abort = part

    def fail(self, error):
        raise error


def job_of(path, work):
    told = Told()
    command = Direct(path=path, base_url="http://x.test", key=KEY, region=None, body={})
    return Work(command, told, work), told


def warning(text):
    return WarningEvent(1, text)


async def test_an_error_ends_in_the_record_and_what_was_told_is_there(tmp_path):
    async def work(job, stack):
        stack.callback(job._emit, warning("put away"))
        job._emit(warning("begun"))
        raise SessionError("It broke.", code=4408)

    job, told = job_of(new_record(tmp_path / "a.run"), work)
    job._emit(warning("before it ran"))
    await job.run()
    record = load_record(tmp_path / "a.run")
    assert [dict(event) for event in record.events] == told.events
    texts = [event["text"] for event in record.of("warning")]
    assert texts == ["before it ran", "begun", "put away"]
    (error,) = record.of("error")
    assert (error["name"], error["text"], error["code"]) == ("SessionError", "It broke.", 4408)
    assert told.kinds[-2:] == ["error", "end"]
    assert record.outcome == "failed"


async def test_a_mistake_is_not_hidden_and_the_record_is_closed_all_the_same(tmp_path):
    async def work(job, stack):
        job._emit(warning("begun"))
        raise ZeroDivisionError

    job, told = job_of(new_record(tmp_path / "a.run"), work)
    await job.run()
    assert job._writer._file.closed
    assert told.kinds == ["warning", "error", "end"]
    record = load_record(tmp_path / "a.run")
    assert record.outcome == "failed"
    assert "An internal error ended the session: ZeroDivisionError" in record.of("error")[0]["text"]


async def test_what_is_cancelled_from_outside_has_an_end_too(tmp_path):
    async def work(job, stack):
        await asyncio.sleep(60)

    job, told = job_of(new_record(tmp_path / "a.run"), work)
    task = asyncio.create_task(job.run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told.kinds == ["end"]
    assert load_record(tmp_path / "a.run").outcome == "aborted"


async def test_after_the_end_comes_no_other(tmp_path):
    async def work(job, stack):
        job._emit(end_event(job._clock, "finished"))
        raise SessionError("too late")

    job, told = job_of(new_record(tmp_path / "a.run"), work)
    await job.run()
    assert told.kinds == ["end"]


async def test_secrets_are_neither_written_nor_told(tmp_path):
    token = "7a0c7c0e-64a5-49c5"

    async def work(job, stack):
        job._redact.add_url(f"wss://x.test/v2/live?token={token}")
        job._emit(warning(f"{KEY} was refused at wss://x.test/v2/live?token={token}"))
        job._emit(warning(f"the token is {token}"))

    job, told = job_of(new_record(tmp_path / "a.run"), work)
    await job.run()
    assert [event["text"] for event in told.events] == [
        "[redacted] was refused at wss://x.test/v2/live?token=[redacted]",
        "the token is [redacted]",
    ]
    written = (tmp_path / "a.run").read_text()
    assert KEY not in written
    assert token not in written
    assert KEY not in repr(vars(job))


def test_what_a_file_takes_in_pieces_is_written_whole():
    """As a disk that fills up, and a signal in the midst of a long line."""

    class Slow(io.BytesIO):
        def write(self, data):
            return super().write(bytes(data[:3]))

        def close(self):
            pass

    file, told = Slow(), []
    writer = Writer(file, told.append)
    writer.write(b"a long line\n")
    writer.close()
    assert file.getvalue() == told[0] == b"a long line\n"


def test_the_sentence_of_a_full_disk_names_the_disk(tmp_path):
    text = unwritable(tmp_path / "a.run", OSError(28, "No space left on device"))
    assert text.startswith("The disk at /")
    assert str(tmp_path / "a.run") in text
    assert "run.save(path)" in text


@FULL
async def test_a_file_that_fails_is_told_and_the_work_goes_on():
    async def work(job, stack):
        job._emit(warning("lost"))
        await told.until("warning")
        job._emit(warning("still told"))

    job, told = job_of("/dev/full", work)
    await job.run()
    texts = [event["text"] for event in told.events]
    # It comes before the first event that is in no file.
    assert texts == [texts[0], "lost", "still told"]
    assert "did not take the rest of /dev/full (No space left on device)" in texts[0]
    assert [event.get("unwritten") for event in told.events] == [True, None, None]


async def test_without_its_file_there_is_no_job(tmp_path):
    with pytest.raises(FileNotFoundError):
        job_of(str(tmp_path / "gone" / "a.run"), None)


@pytest.mark.parametrize(
    ("command", "name"), [(Pause(1), "pause"), (End(0), "end"), (Feed(1, None), "feed")]
)
def test_a_command_that_does_not_fit_is_named(command, name):
    assert str(unfit(command)) == (
        f"The process for sessions refused a command: {name!r} does not fit here."
    )


# -- as a process --


def test_what_it_tells_is_what_is_in_the_file(hand, local_server, tmp_path):
    hand.send(bytes(32000), **start(tmp_path / "a.run", local_server))
    told = hand.until("end")
    assert {number for number, _ in told} == {1}
    record = load_record(tmp_path / "a.run")
    assert [dict(event) for event in record.events] == [event for _, event in told]
    assert record.outcome == "finished"


def test_the_file_is_never_behind_what_it_tells(hand, local_server, tmp_path):
    hand.send(bytes(64000), **start(tmp_path / "a.run", local_server, speed=2))
    for _ in range(10):
        told = hand.read()[1]
    hand.process.send_signal(signal.SIGKILL)
    hand.process.wait()
    assert told in [dict(event) for event in load_record(tmp_path / "a.run").events]


@FULL
def test_a_full_disk_ends_no_session(hand, local_server, tmp_path):
    command = start(tmp_path / "a.run", local_server) | {"path": "/dev/full"}
    hand.send(bytes(3200), **command)
    told = [event for _, event in hand.until("end")]
    assert told[-1]["outcome"] == "finished"
    (warning,) = [event for event in told if event["event"] == "warning"]
    assert "(No space left on device): the run goes on in memory" in warning["text"]
    assert warning["unwritten"] is True


async def test_a_flood_that_nobody_can_write_ends_the_session(tmp_path, monkeypatch):
    go_on, failed = threading.Event(), []

    async def work(job, stack):
        job._writer._then = lambda _: go_on.wait(60)
        job.fail = failed.append
        for _ in range(9):
            job._emit(warning("x" * 1000))

    monkeypatch.setattr("gladia_nb.worker.jobs.MAX_WAITING_BYTES", 5000)
    job, _ = job_of(new_record(tmp_path / "a.run"), work)
    task = asyncio.create_task(job.run())
    while not failed:
        await asyncio.sleep(0.01)
    go_on.set()
    await task
    (error,) = failed
    assert "More came from the service than could be written" in str(error)
    assert job._writer.waiting == 0
