"""A session that a browser would hold: this test holds its WebSocket instead."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import numpy as np
import pytest

import gladia_nb as gn
from gladia_nb.record.event_kinds import (
    AudioStartEvent,
    ChunkEvent,
    ConnectEvent,
    MessageEvent,
    WarningEvent,
)
from gladia_nb.record.file import load_record
from gladia_nb.sessions.browser import start_direct
from gladia_nb.worker.commands import Failure


async def hold(live, samples):
    """What the page does, in short: stream, stop, listen, and tell."""
    data, stamp = samples.astype("<i2").tobytes(), time.perf_counter_ns
    async with aiohttp.ClientSession() as http, http.ws_connect(live.ticket(20)) as socket:
        live.record([ConnectEvent(connection=1, error=None, start_ns=1, end_ns=2)])
        live.record([AudioStartEvent(stamp())])
        for seq, at in enumerate(range(0, len(data), 3200)):
            part = data[at : at + 3200]
            begun = stamp()
            await socket.send_bytes(part)
            chunk = {"seq": seq, "start_frame": at // 2, "resend": False, "connection": 1}
            chunk |= {"end_frame": (at + len(part)) // 2, "start_byte": at, "due_ns": begun}
            chunk |= {"end_byte": at + len(part), "send_start_ns": begun, "send_end_ns": stamp()}
            live.record([ChunkEvent(**chunk)])
        await socket.send_str('{"type":"stop_recording"}')
        async for message in socket:
            event = {"recv_ns": stamp(), "via": "websocket", "connection": 1, "raw": message.data}
            live.record([MessageEvent(**event)])


async def test_the_record_is_that_of_any_session(local_server, clip):
    live = start_direct(server=local_server, endpointing=0.3, sample_rate=16000)
    seen = []
    live.subscribe(seen.append)
    await hold(live, np.rint(gn.read_audio(clip).samples[:, 0] * 32768))
    live.finish()
    run = await live
    assert run.outcome == live.state == "finished"
    assert "very nice to see you again" in run.text
    assert run.duration_s == live.duration_s == 5.0
    assert gn.latency_table(run).shape[0] > 0
    assert run.record.of("result")
    assert [dict(event) for event in run.record.events] == seen
    assert run.record.header["options"]["stopwatch"] == "browser"
    assert local_server.key not in run.path.read_text()
    with pytest.raises(gn.SessionError, match="ended before it began"):
        live.ticket(0)


def test_the_token_is_told_to_nobody_else(local_server):
    live = start_direct(server=local_server)
    seen = []
    live.subscribe(seen.append)
    token = live.ticket(20).split("token=")[1]
    live.note(WarningEvent(1, f"at ws://x/?token={token} and {token}"))
    live.finish("failed", Failure("SessionError", f"lost {token}", 4400))
    with pytest.raises(gn.SessionError, match=r"lost \[redacted\]") as caught:
        live.result(20)
    assert caught.value.code == 4400
    assert token not in live.path.read_text()
    assert token not in str(seen)
    assert token not in repr(live)


@pytest.mark.parametrize("how", ["stop", "abort"])
def test_before_a_page_has_told_anything(local_server, how):
    live = start_direct(server=local_server)
    stopped = []
    live.before_stop(lambda: stopped.append(True))
    live.ticket(20)
    getattr(live, how)()
    assert live.result(20).outcome == "aborted"
    assert stopped == [True] * (how == "stop")


def test_a_wrong_key(local_server):
    live = start_direct(url=local_server.url, key="wrong-wrong-wrong")
    with pytest.raises(gn.AuthenticationError, match="refused the API key"):
        live.result(20)
    with pytest.raises(gn.SessionError, match="ended before it began"):
        live.ticket(20)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"bit_depth": 24}, "A browser sends 16-bit PCM"),
        ({"encoding": "wav/ulaw"}, "A browser sends 16-bit PCM"),
        ({"region": "mars"}, "region must be"),
    ],
)
def test_bad_options(options, sentence, tmp_path):
    with pytest.raises(gn.ConfigError, match=sentence):
        start_direct(path=tmp_path / "a.run", **options)
    assert not (tmp_path / "a.run").exists()


KERNEL = """
import sys, time, gladia_nb as gn
from gladia_nb.record.event_kinds import AudioStartEvent
live = gn.start_direct(url=sys.argv[1], key=sys.argv[2])
live.ticket(20)
live.record([AudioStartEvent(5)])
while not any(e["event"] == "audio_start" for e in __import__("json").loads(
        "[" + ",".join(live.path.read_text().splitlines()[1:]) + "]")):
    time.sleep(0.02)
print(live.path, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs signals")
def test_a_killed_kernel_leaves_a_record_with_an_end(local_server):
    kernel = subprocess.Popen(
        [sys.executable, "-c", KERNEL, local_server.url, local_server.key],
        stdout=subprocess.PIPE,
        text=True,
    )
    path = Path(kernel.stdout.readline().strip())
    os.kill(kernel.pid, signal.SIGKILL)
    kernel.wait()
    kernel.stdout.close()
    deadline = time.monotonic() + 20
    while not load_record(path).complete and time.monotonic() < deadline:
        time.sleep(0.05)
    record = load_record(path)
    assert record.outcome == "aborted"
    assert record.t0_ns == 5
    assert "notebook went away" in record.of("warning")[0]["text"]
