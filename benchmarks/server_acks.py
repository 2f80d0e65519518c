"""How fast the embedded server acknowledges audio while all its recognisers are busy.

    python benchmarks/server_acks.py [--sessions 4] [--seconds 40] [--speed 1] [--sherpa EFFORT]

With `--sherpa` it is a model of sherpa-onnx that recognises, made here: it hears tones as words,
and multiplies so many matrices for each 80 ms of audio that it keeps its processor busy as a real
model does. What recognition took of the processors is printed too.

Streams a recording in real time in some sessions at once, from a process that does nothing else,
and prints the distribution of the time from before a chunk is written to when its acknowledgement
has been read: it includes the client's own waiting for a processor.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gladia_nb import audio
from gladia_nb.server import LocalServer
from tests.support.tone_model import tones, write_ctc

RECORDING = Path(__file__).parent.parent / "data" / "conversation.flac"
CHUNK_S = 0.1


async def stream(base: str, key: str, data: bytes, rate: int, speed: float, offset: float) -> dict:
    """One session; returns its round trips and how far recognition was behind at the stop."""
    config = {
        "sample_rate": rate,
        "endpointing": 0.3,
        "messages_config": {"receive_partial_transcripts": True},
    }
    trips: list[float] = []
    finals: list[float] = []
    left = 0.0
    async with aiohttp.ClientSession(headers={"x-gladia-key": key}) as http:
        async with http.post(f"{base}/v2/live", json=config) as response:
            url = (await response.json())["url"]
        async with http.ws_connect(url, compress=0, max_msg_size=0) as ws:
            sent: dict[int, float] = {}
            begin = time.perf_counter() + offset

            async def read() -> None:
                nonlocal left
                async for message in ws:
                    now = time.perf_counter()
                    body = json.loads(message.data)
                    if body["type"] == "audio_chunk":
                        trips.append(now - sent[body["data"]["byte_range"][1]])
                    elif body["type"] == "stop_recording":
                        left = body["data"]["recording_left_to_process"]
                    elif body["type"] == "transcript" and body["data"]["is_final"]:
                        end = body["data"]["utterance"]["end"]
                        finals.append(now - begin - end / speed)

            reader = asyncio.create_task(read())
            size = int(rate * CHUNK_S) * 2
            for number, start in enumerate(range(0, len(data), size)):
                due = begin + (number + 1) * CHUNK_S / speed
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                end = min(start + size, len(data))
                sent[end] = time.perf_counter()
                await ws.send_bytes(data[start:end])
            await ws.send_str('{"type":"stop_recording"}')
            await reader
    return {"trips": trips, "left": left, "finals": finals}


async def measure(base: str, key: str, options: argparse.Namespace) -> list[dict]:
    """All sessions at once, spread over the length of a chunk."""
    sound = audio.read_audio(RECORDING)
    if options.sherpa is not None:
        names = ("do", "re", "mi", "fa", "so")
        count = int(options.seconds / 0.4) - 2
        spoken = [(names[k % 5], 0.5 + 0.4 * k, 0.8 + 0.4 * k) for k in range(count) if k % 10 < 8]
        sound = tones(spoken, options.seconds)
    samples = sound.samples[: int(options.seconds * sound.sample_rate)]
    data = audio.encode(samples, "wav/pcm", 16)
    return await asyncio.gather(
        *(
            stream(
                base, key, data, sound.sample_rate, options.speed, CHUNK_S * k / options.sessions
            )
            for k in range(options.sessions)
        )
    )


def show(name: str, seconds: list[float]) -> None:
    p50, p90, p99, last = np.quantile(np.array(seconds) * 1e3, [0.5, 0.9, 0.99, 1])
    print(
        f"{name}: p50 {p50:.2f}  p90 {p90:.2f}  p99 {p99:.2f}  max {last:.2f} ms, n {len(seconds)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sessions", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--speed", type=float, default=1.0)
    parser.add_argument("--sherpa", type=int, metavar="EFFORT", help="matrices for each 80 ms")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = {}
        if options.sherpa is not None:
            model = write_ctc(Path(folder) / "tones", effort=options.sherpa)
            engine = {"engine": "sherpa", "model": model}
        before = os.times()
        begin = time.perf_counter()
        with LocalServer(**engine) as server:
            found = asyncio.run(measure(server.url, server.key, options))
        took = time.perf_counter() - begin
        after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    print(
        f"{options.sessions} sessions of {options.seconds:g} s at speed {options.speed:g}, "
        f"{os.cpu_count()} processors"
    )
    print(f"processors of the server and its recognisers: {used / took:.2f} of {os.cpu_count()}")
    show("acknowledgement", [trip for one in found for trip in one["trips"]])
    show("end of an utterance to its final", [late for one in found for late in one["finals"]])
    print(f"left to recognise at the stop: {[round(one['left'], 2) for one in found]} s")


if __name__ == "__main__":
    main()
