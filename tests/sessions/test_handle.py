import asyncio
import gc
import json
import threading
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

from gladia_nb.errors import RunFileError, SessionError, WorkerError
from gladia_nb.record.file import FORMAT, VERSION, dump_line, load_record
from gladia_nb.sessions.handle import Live
from gladia_nb.worker.commands import Abort, Feed, Stop
from tests.support.stored_events import stored_chunk

HEADER = {"format": FORMAT, "version": VERSION, "config": {"sample_rate": 16000}}


class Process:
    def __init__(self):
        self.commands = []

    def send(self, session, command, audio=b""):
        self.commands.append((session, command, audio))

    def obituary(self):
        return "killed by signal 9"


def make(path: Path, **options):
    path.write_text(dump_line(HEADER))
    process = Process()
    layout = {"sample_rate": 16000, "channels": 1, **options}
    return Live(process, 7, path, **layout), process


def feed(live, *events):
    """As the worker does: the file is never behind what is told."""
    with live.path.open("a") as file:
        for event in events:
            file.write(dump_line(event))
            file.flush()
            live._feed(dump_line(event).encode())


def chunk(end_frame):
    return stored_chunk(0, end_frame=end_frame)


def end(outcome):
    return {"event": "end", "ns": 9, "outcome": outcome, "anchor": []}


def test_what_it_knows_of_its_progress(tmp_path):
    live, _ = make(tmp_path / "a.run", duration_s=2.0)
    assert (live.state, live.sent_s, live.duration_s, live.is_live) == ("running", 0, 2.0, False)
    feed(live, chunk(16000), chunk(8000))
    assert live.sent_s == 1.0
    assert repr(live) == f"Live(running, 1.0 of 2.0 s sent, {tmp_path / 'a.run'})"
    feed(live, end("finished"))
    assert (live.state, live.done) == ("finished", True)
    assert live.result(0).outcome == "finished"


def test_live_audio_is_as_long_as_what_was_sent(tmp_path):
    live, _ = make(tmp_path / "a.run")
    feed(live, chunk(4000))
    assert (live.is_live, live.duration_s) == (True, 0.25)
    assert "0.2 s sent" in repr(live)


def test_commands_and_what_comes_before_a_stop(tmp_path):
    live, process = make(tmp_path / "a.run")
    live.before_stop(lambda: live.command(Feed(1, None), b"last"))
    live.stop()
    live.stop()
    live.abort()
    assert process.commands == [
        (7, Feed(1, None), b"last"),
        (7, Stop(), b""),
        (7, Stop(), b""),
        (7, Abort(), b""),
    ]


def test_warnings_that_were_known_before_come_into_the_run(tmp_path):
    live, process = make(tmp_path / "a.run")
    live.note_warnings(["Odd."])
    ((_, command, _),) = process.commands
    assert command.event.text == "Odd."


def test_a_process_that_died(tmp_path):
    live, _ = make(tmp_path / "a.run")
    feed(live, chunk(4000))
    live._orphaned()
    assert live.state == "incomplete"
    with pytest.raises(WorkerError, match=r"died \(killed by signal 9\)") as caught:
        live.result(1)
    assert len(caught.value.run.record.events) == 1


def test_an_error_is_raised_as_what_it_was(tmp_path):
    live, _ = make(tmp_path / "a.run")
    error = {
        "event": "error",
        "name": "SessionError",
        "text": "It was lost.",
        "code": 4429,
        "ns": 8,
    }
    feed(live, error, end("failed"))
    with pytest.raises(SessionError, match="It was lost") as caught:
        live.result(1)
    assert caught.value.code == 4429
    late = []
    live.subscribe(late.append)
    assert json.dumps(late[0]) == json.dumps(error)


def test_who_awaits_gets_the_run(tmp_path):
    live, _ = make(tmp_path / "a.run")

    async def wait():
        asyncio.get_running_loop().call_soon(lambda: told_by_another_thread(live, end("finished")))
        return await live, await live

    first, second = asyncio.run(wait())
    assert first.outcome == second.outcome == "finished"


def test_a_cancelled_await_holds_no_loop(tmp_path):
    """The loop closes, although the session has not ended and never will."""
    live, _ = make(tmp_path / "a.run")

    async def give_up():
        task = asyncio.ensure_future(live)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(give_up())
    assert live._when_done == []
    assert not live.done


# -- subscribers --


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_a_subscriber_cannot_end_the_thread_that_tells(tmp_path, error):
    live, _ = make(tmp_path / "a.run")
    seen = []

    def leaves(event):
        raise error

    live.subscribe(leaves)
    live.subscribe(seen.append)
    told_by_another_thread(live, *told(1, 2))
    assert len(seen) == 2


def told(*numbers):
    return [{"event": "warning", "ns": number, "text": "é" * number} for number in numbers]


def told_by_another_thread(live, *events):
    """As the thread that reads does it; it must not hang."""
    thread = threading.Thread(target=feed, args=(live, *events), daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "the thread that reads for all sessions hangs"


@pytest.mark.parametrize("what", ["stop", "abort", "subscribe", "unsubscribe", "events", "state"])
def test_a_subscriber_may_call_anything_that_does_not_wait(tmp_path, what):
    live, process = make(tmp_path / "a.run")
    seen, more, leave = [], [], []
    live.before_stop(lambda: more.append("before"))
    calls = {
        "stop": live.stop,
        "abort": live.abort,
        "subscribe": lambda: live.subscribe(more.append),
        "unsubscribe": lambda: [end() for end in leave],
        "events": lambda: more.append(next(live.events())),
        "state": lambda: more.append((live.state, live.done, repr(live))),
    }

    def post(event):
        seen.append(event)
        if len(seen) == 2:
            calls[what]()

    leave.append(live.subscribe(post))
    told_by_another_thread(live, *told(1, 2, 3))
    assert seen == told(1, 2, 3)[: 2 if what == "unsubscribe" else 3]
    expected = {"subscribe": told(1, 2, 3), "events": told(1), "stop": ["before"]}
    assert more == expected.get(what, more)
    assert [c for _, c, _ in process.commands] == {"stop": [Stop()], "abort": [Abort()]}.get(
        what, []
    )


def test_a_subscriber_cannot_wait_for_what_it_holds_up(tmp_path, caplog):
    live, _ = make(tmp_path / "a.run")
    live.subscribe(lambda event: live.result())
    told_by_another_thread(live, *told(1), end("finished"))
    assert live.result(0).outcome == "finished"
    assert caplog.text.count("RuntimeError: A subscriber of a live session cannot wait") == 2


def test_what_is_done_before_a_stop_may_call_the_handle(tmp_path, caplog):
    live, process = make(tmp_path / "a.run")

    def again():
        live.before_stop(lambda: None)
        live.subscribe(lambda event: None)
        live.stop()
        raise RuntimeError("mine")

    live.before_stop(again)
    thread = threading.Thread(target=live.stop, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()
    assert [command for _, command, _ in process.commands] == [Stop(), Stop()]
    assert "before the stop of a session failed" in caplog.text


def held(thing):
    """Number of objects that something holds, directly or through others."""
    seen, todo = {}, [thing]
    while todo:
        one = todo.pop()
        if id(one) not in seen and not isinstance(one, type | ModuleType | FunctionType):
            seen[id(one)] = one
            todo += gc.get_referents(one)
    return len(seen)


def test_late_subscribers_read_the_file_and_nothing_is_kept(tmp_path):
    live, _ = make(tmp_path / "a.run")
    live.subscribe(lambda event: None)
    feed(live, *told(1, 2), chunk(1))
    before = held(live)
    feed(live, *told(*range(3, 600)), chunk(2))
    assert held(live) - before < 10, "something stays of each event"
    seen = []
    leave = live.subscribe(seen.append)
    assert [event["ns"] for event in seen if event["event"] == "warning"] == list(range(1, 600))
    leave()
    assert held(live) - before < 10, "something stays of each event"


def test_a_line_that_is_being_written_is_not_read_yet(tmp_path):
    live, _ = make(tmp_path / "a.run")
    feed(live, *told(1, 2))
    line = dump_line(told(3)[0])
    with live.path.open("a") as file:
        file.write(line[:20])
        file.flush()
        early = []
        live.subscribe(early.append)
        assert early == told(1, 2)
        file.write(line[20:])
        file.flush()
        live._feed(line.encode())
    late = []
    live.subscribe(late.append)
    assert early == late == told(1, 2, 3)


@pytest.mark.parametrize("how", ["deleted", "damaged", "short"])
def test_a_file_that_is_not_what_it_was(tmp_path, caplog, how):
    live, _ = make(tmp_path / "a.run")
    feed(live, *told(1, 2, 3))
    if how == "deleted":
        live.path.unlink()
    else:
        lines = live.path.read_bytes().splitlines(keepends=True)
        lines[2:] = [b"oops\n", *lines[3:]] if how == "damaged" else []
        live.path.write_bytes(b"".join(lines))
    seen, following = [], live.events()
    live.subscribe(seen.append)
    assert "What came before in a live session cannot be read any more" in caplog.text
    for event in told(4, 5):
        live._feed(dump_line(event).encode())
    kept = [] if how == "deleted" else told(1)
    assert seen == kept + told(4, 5)
    live._feed(dump_line({"event": "end", "ns": 6, "outcome": "finished", "anchor": []}).encode())
    assert [event["ns"] for event in following][: len(kept)] == [1][: len(kept)]


def test_what_the_disk_did_not_take_is_in_the_run_all_the_same(tmp_path):
    live, _ = make(tmp_path / "a.run")
    early = []
    live.subscribe(early.append)
    feed(live, *told(1, 2), chunk(4000))
    full = {"event": "warning", "ns": 5, "text": "The disk is full.", "unwritten": True}
    with live.path.open("a") as file:
        file.write(dump_line(told(6)[0])[:9])
    late = []
    for event in (full, *told(6, 7)):
        live._feed(dump_line(event).encode())
    live.subscribe(late.append)
    live._feed(dump_line(end("finished")).encode())
    whole = [*told(1, 2), chunk(4000), full, *told(6, 7), end("finished")]
    assert early == late == whole
    run = live.result(1)
    assert run.record.events == tuple(whole)
    assert (run.complete, run.path, run.record.cut_off) == (True, None, False)
    assert "The disk is full." in run.warnings
    again = load_record(run.save(tmp_path / "elsewhere.run"))
    assert again.events == whole


def test_an_error_that_is_in_no_file_is_raised_too(tmp_path):
    live, _ = make(tmp_path / "a.run")
    error = {"event": "error", "name": "RunFileError", "text": "It has gone.", "ns": 1}
    for event in (error, {"event": "end", "ns": 2, "outcome": "failed", "anchor": []}):
        live._feed(dump_line(event).encode())
    with pytest.raises(RunFileError, match="It has gone") as caught:
        live.result(1)
    assert caught.value.run.outcome == "incomplete"
    assert live.state == "failed"
