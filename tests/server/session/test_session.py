"""Live sessions over a real socket: acknowledgements, messages, flags, stop, reconnection."""

from __future__ import annotations

import asyncio
import base64
import io
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import numpy as np
import pytest
import soundfile

from gladia_nb import audio
from gladia_nb.server import LocalServer
from tests.support.server_helpers import ALL, Client, client_of, read, speech, stop

SPEECH = {"endpointing": 0.3, "messages_config": ALL}


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer() as server:
        yield server


@pytest.fixture
async def client(server: LocalServer) -> AsyncIterator[Client]:
    async with client_of(server) as client:
        yield client


async def until_done(client: Client, talk: Any) -> dict[str, Any]:
    for _ in range(200):
        body = await client.get(talk)
        if body["status"] in ("done", "error"):
            return body
        await asyncio.sleep(0.05)
    raise AssertionError("the session never ended")


async def test_a_whole_session(client: Client) -> None:
    talk = await client.talk(speech(), **SPEECH)
    assert talk.close_code == 1000
    assert talk.texts() == [" hello it is very nice to see you again", " how are you doing today"]
    assert talk.kinds[0] == "start_recording"
    assert [kind for kind in talk.kinds if not kind.startswith(("tr", "sp", "au"))][1:] == [
        "stop_recording",
        "end_recording",
        "post_transcript",
        "post_final_transcript",
        "end_session",
    ]
    for message in talk.messages:
        assert message["session_id"] == talk.id
        assert message["created_at"].endswith("Z")
        assert len(message["created_at"]) == 24
    stopped = talk.of("stop_recording")[0]
    assert stopped["acknowledged"] is True
    assert stopped["error"] is None
    assert stopped["data"]["recording_duration"] == 5.1
    assert 0 < stopped["data"]["recording_left_to_process"] <= 5.1
    assert talk.of("end_recording")[0]["data"] == {"recording_duration": 5.1}
    post = talk.of("post_transcript")[0]["data"]
    assert set(post) == {"full_transcript", "languages", "utterances"}
    final = talk.of("post_final_transcript")[0]["data"]
    assert final["transcription"] == post
    assert final["metadata"]["audio_duration"] == 5, "whole seconds"
    body = await client.get(talk)
    assert len(body["result"]["messages"]) == len(talk.messages)


async def test_utterances(client: Client) -> None:
    talk = await client.talk(speech(), **SPEECH)
    order = [kind for kind in talk.kinds if kind in ("speech_start", "transcript", "speech_end")]
    assert order[0] == "speech_start"
    assert order[-2:] == ["speech_end", "transcript"]
    assert talk.of("speech_start")[0]["data"] == {
        "time": pytest.approx(0.5, abs=0.06),
        "channel": 0,
    }
    assert talk.of("speech_end")[0]["data"]["time"] == pytest.approx(3.02, abs=0.1)
    transcripts = [message["data"] for message in talk.of("transcript")]
    assert {data["id"] for data in transcripts} == {"00_00000000", "00_00000001"}
    partials = [data for data in transcripts if not data["is_final"]]
    assert len(partials) > 10
    for previous, data in itertools.pairwise(partials):
        assert previous["utterance"]["text"] != data["utterance"]["text"]
    for data in transcripts:
        found = data["utterance"]
        assert found["text"] == "".join(word["word"] for word in found["words"])
        assert found["text"].startswith(" ")
        assert (found["language"], found["channel"]) == ("en", 0)
        assert 0 <= found["confidence"] <= 1
        assert found["start"] == found["words"][0]["start"]
        assert found["end"] == found["words"][-1]["end"]
        for word in found["words"]:
            assert word["word"].startswith(" ")
            assert word["start"] < word["end"]
            assert 0 <= word["confidence"] <= 1
    hello = next(data for data in transcripts if data["is_final"])["utterance"]["words"][0]
    assert hello["start"] == pytest.approx(0.5, abs=0.1)
    assert hello["end"] == pytest.approx(0.997, abs=0.1)


async def test_the_default_flags(client: Client) -> None:
    talk = await client.talk(speech(3.2))
    assert set(talk.kinds) == {
        *("audio_chunk", "stop_recording", "speech_start", "speech_end", "transcript"),
        *("post_transcript", "post_final_transcript"),
    }
    assert talk.texts(final=False) == []


@pytest.mark.parametrize(
    ("flag", "kinds"),
    [
        ("receive_final_transcripts", {"transcript"}),
        ("receive_partial_transcripts", {"transcript"}),
        ("receive_speech_events", {"speech_start", "speech_end"}),
        ("receive_post_processing_events", {"post_transcript", "post_final_transcript"}),
        ("receive_acknowledgments", {"audio_chunk", "stop_recording"}),
        ("receive_lifecycle_events", {"start_recording", "end_recording", "end_session"}),
    ],
)
async def test_each_flag_by_itself(client: Client, flag: str, kinds: set[str]) -> None:
    config = {**dict.fromkeys(ALL, False), flag: True}
    talk = await client.talk(speech(1.2), endpointing=0.05, messages_config=config)
    assert set(talk.kinds) == kinds
    assert talk.close_code == 1000


async def test_acknowledgements_of_odd_chunks(client: Client) -> None:
    config = {"channels": 2, "sample_rate": 48000, "bit_depth": 24}
    data = speech(0.5, rate=48000, channels=2, depth=24)
    sizes = [1, 2, 3, 5, 6, 7, 1000, 4801]
    talk = await client.init(**config)
    async with client.connect(talk) as ws:
        position, bounds = 0, []
        while position < len(data):
            size = sizes[len(bounds) % len(sizes)]
            await ws.send_bytes(data[position : position + size])
            bounds.append([position, min(position + size, len(data))])
            position += size
        await stop(ws)
        await read(ws, talk)
    acks = [message["data"] for message in talk.of("audio_chunk")]
    assert [ack["byte_range"] for ack in acks] == bounds
    for ack in acks:
        for byte, seconds in zip(ack["byte_range"], ack["time_range"], strict=True):
            assert seconds == pytest.approx(byte / 6 / 48000, abs=1e-6)
    assert (await client.file(talk))[44:] == data


async def test_audio_as_json_and_signs_of_life(client: Client) -> None:
    data = speech(1.2)
    talk = await client.init()
    async with client.connect(talk) as ws:
        for chunk in (data[:20000], b"", data[20000:]):
            encoded = base64.b64encode(chunk).decode()
            await ws.send_json({"type": "audio_chunk", "data": {"chunk": encoded}})
        await ws.send_bytes(b"")
        await ws.send_json({"type": "audio_chunk", "data": {"chunk": "no base64!"}})
        await ws.send_json({"type": "audio_chunk"})
        for nonsense in (
            "",
            "hello",
            "[]",
            "7",
            "null",
            '{"type": 3}',
            '{"type":"ping"}',
            "[" * 99999,
        ):
            await ws.send_str(nonsense)
        await stop(ws)
        await read(ws, talk)
    acks = talk.of("audio_chunk")
    assert [ack["acknowledged"] for ack in acks] == [True] * 4 + [False] * 2
    end = len(data)
    spans = [[0, 20000], [20000, 20000], [20000, end], [end, end]]
    assert [ack["data"]["byte_range"] for ack in acks[:4]] == spans
    assert acks[4]["data"] is None
    assert "base64" in acks[4]["error"]["message"]
    assert talk.texts() == [" hello"]


async def test_a_wav_header_is_no_audio(client: Client) -> None:
    data = speech(1.2)
    file = audio.wav_file(data, "wav/pcm", 16, 1, 16000)
    talk = await client.talk(file, chunk=30)
    acks = [message["data"] for message in talk.of("audio_chunk")]
    assert acks[-1]["byte_range"][1] == len(file)
    assert acks[-1]["time_range"][1] == pytest.approx(1.2)
    assert await client.file(talk) == file
    assert talk.texts() == [" hello"]


async def test_frames_of_one_mebibyte_and_more(client: Client) -> None:
    talk = await client.init()
    async with client.connect(talk) as ws:
        await ws.send_bytes(bytes(1 << 20))
        await read(ws, talk, until="audio_chunk")
        await ws.send_bytes(bytes((1 << 20) + 1))
        await read(ws, talk)
    assert talk.close_code == 1009
    async with client.connect(talk) as ws:
        await stop(ws)
        await read(ws, talk)
    assert talk.close_code == 1000
    assert [ack["data"]["byte_range"] for ack in talk.of("audio_chunk")] == [[0, 1 << 20]]


async def test_reconnection_continues_where_it_was(client: Client) -> None:
    data = speech()
    talk = await client.init(**SPEECH)
    position = 0
    for part in (32001, 99999, len(data)):  # bytes that are sent before each connection is lost
        async with client.connect(talk) as ws:
            while position < part:
                await ws.send_bytes(data[position : min(position + 3201, part)])
                position = min(position + 3201, part)
                await read(ws, talk, until="audio_chunk")
            if part == len(data):
                await stop(ws)
                await read(ws, talk)
            else:
                ws._response.connection.transport.abort()  # type: ignore[union-attr]
    acks = [message["data"]["byte_range"] for message in talk.of("audio_chunk")]
    assert [start for start, _ in acks] == [0, *(end for _, end in acks[:-1])]
    assert acks[-1][1] == len(data)
    assert (await client.file(talk))[44:] == data
    stored = (await client.get(talk))["result"]["transcription"]["full_transcript"]
    assert stored == "hello it is very nice to see you again how are you doing today"


async def test_a_second_connection_replaces_the_first(client: Client) -> None:
    talk = await client.init(**SPEECH)
    async with client.connect(talk) as first:
        await first.send_bytes(bytes(3200))
        await read(first, talk, until="audio_chunk")
        async with client.connect(talk) as second:
            await read(first, talk)
            assert talk.close_code == 1001
            await second.send_bytes(bytes(3200))
            await stop(second)
            await read(second, talk)
    assert talk.close_code == 1000
    assert talk.of("audio_chunk")[-1]["data"]["byte_range"] == [3200, 6400]


async def test_stop_twice_and_audio_after_the_stop(client: Client) -> None:
    talk = await client.init(**SPEECH)
    async with client.connect(talk) as ws:
        await ws.send_bytes(speech(3.2))
        await stop(ws)
        await stop(ws)
        await ws.send_bytes(bytes(3200))
        await read(ws, talk)
    first, second = talk.of("stop_recording")
    assert first["acknowledged"] is True
    assert second["acknowledged"] is False
    assert second["data"] is None
    assert second["error"]["status_code"] == 409
    assert [ack["acknowledged"] for ack in talk.of("audio_chunk")] == [True, False]
    assert talk.close_code == 1000


async def test_an_ended_session_is_closed_with_4403(client: Client) -> None:
    talk = await client.talk(bytes(3200))
    async with client.connect(talk) as ws:
        await read(ws, talk)
    assert talk.close_code == 4403


async def test_closing_with_1000_is_a_stop(client: Client) -> None:
    talk = await client.init(endpointing=0.3)
    async with client.connect(talk) as ws:
        await ws.send_bytes(speech(3.2))
        await ws.close(code=1000)
    body = await until_done(client, talk)
    assert body["status"] == "done"
    expected = "hello it is very nice to see you again"
    assert body["result"]["transcription"]["full_transcript"] == expected


async def test_silence_has_no_transcript(client: Client) -> None:
    noise = np.random.default_rng(0).normal(0, 3e-4, (32000, 1))
    click = np.zeros((320, 1))
    click[100:110] = 0.9
    data = audio.encode(np.concatenate([noise, click, noise]), "wav/pcm", 16)
    talk = await client.talk(data, **SPEECH)
    assert not talk.of("transcript")
    assert not talk.of("speech_start")
    assert talk.of("post_final_transcript")[0]["data"]["transcription"]["utterances"] == []


async def test_nothing_at_all_was_sent(client: Client) -> None:
    talk = await client.talk(b"", **SPEECH)
    assert talk.close_code == 1000
    body = await client.get(talk)
    assert (body["status"], body["file"]) == ("done", None)


async def test_speech_without_a_pause_is_cut(client: Client) -> None:
    once = speech(8.2, start=38.3)
    talk = await client.talk(
        once, endpointing=2, maximum_duration_without_endpointing=5, messages_config=ALL
    )
    finals = [message["data"] for message in talk.of("transcript") if message["data"]["is_final"]]
    assert [data["id"] for data in finals] == ["00_00000000", "00_00000001"]
    assert len(talk.of("speech_start")) == len(talk.of("speech_end")) == 1
    assert finals[0]["utterance"]["end"] <= talk.of("speech_start")[0]["data"]["time"] + 5.01
    assert finals[1]["utterance"]["start"] >= finals[0]["utterance"]["end"] - 0.02
    text = "".join(talk.texts())
    assert text.startswith(" but i have to ask my wife first that is all right tell her that")


async def test_each_channel_has_its_own_utterances(client: Client) -> None:
    left = audio.decode(speech(3.2), "wav/pcm", 16, 1)
    right = np.concatenate(
        [np.zeros((8000, 1)), audio.decode(speech(2.7, start=3.1), "wav/pcm", 16, 1)]
    )
    both = audio.encode(np.hstack([left, right]), "wav/pcm", 16)
    talk = await client.talk(both, channels=2, **SPEECH)
    found = {}
    for message in talk.of("transcript"):
        data = message["data"]
        assert data["id"].startswith(f"{data['utterance']['channel']:02d}_")
        if data["is_final"]:
            found[data["id"]] = data["utterance"]["text"]
    assert found["00_00000000"] == " hello it is very nice to see you again"
    assert found["01_00000000"].startswith(" how are you doing")
    metadata = talk.of("post_final_transcript")[0]["data"]["metadata"]
    assert metadata["number_of_distinct_channels"] == 2
    assert metadata["billing_time"] == pytest.approx(2 * metadata["audio_duration"])


@pytest.mark.parametrize(
    ("encoding", "depth", "rate"),
    [
        ("wav/pcm", 8, 16000),
        ("wav/pcm", 24, 44100),
        ("wav/pcm", 32, 48000),
        ("wav/pcm", 16, 32000),
        ("wav/pcm", 16, 8000),
        ("wav/alaw", 8, 16000),
        ("wav/ulaw", 8, 8000),
    ],
)
async def test_every_encoding(client: Client, encoding: str, depth: int, rate: int) -> None:
    data = speech(3.2, rate=rate, encoding=encoding, depth=depth)
    talk = await client.talk(
        data, encoding=encoding, bit_depth=depth, sample_rate=rate, endpointing=0.3
    )
    words = "".join(talk.texts()).split()
    assert {"very", "nice", "again"} <= set(words)
    with soundfile.SoundFile(io.BytesIO(await client.file(talk))) as file:
        assert (file.samplerate, file.channels) == (rate, 1)
        assert file.frames / rate == pytest.approx(3.2, abs=0.001)


async def test_eight_channels(client: Client) -> None:
    data = speech(1.2, rate=8000, channels=8)
    talk = await client.talk(data, channels=8, sample_rate=8000, **SPEECH)
    assert {m["data"]["channel"] for m in talk.of("speech_start")} == set(range(8))


async def test_pings_are_answered(client: Client) -> None:
    talk = await client.init()
    async with client.http.ws_connect(talk.url, compress=15, autoping=False) as ws:
        await ws.ping(b"there?")
        answer = await ws.receive(timeout=5)
        assert answer.type is aiohttp.WSMsgType.PONG
        assert answer.data == b"there?"
        await stop(ws)
        await read(ws, talk)
    assert talk.close_code == 1000


async def test_options() -> None:
    options = {
        "inclusive_acks": True,
        "hyphen_ids": True,
        "speech_end_first": False,
        "start_session_on_socket": True,
        "replay_missed": True,
        "clock_offset_s": 86400.0,
        "idle_timeout_s": 1.0,
    }
    with LocalServer(**options) as server:
        async with client_of(server) as client:
            talk = await client.talk(speech(3.2), **SPEECH)
            assert talk.kinds[:2] == ["start_session", "start_recording"]
            assert talk.of("audio_chunk")[0]["data"]["byte_range"] == [0, 3199]
            assert talk.of("transcript")[0]["data"]["id"] == "00-00000000"
            order = [kind for kind in talk.kinds if kind in ("transcript", "speech_end")]
            assert order[-2:] == ["transcript", "speech_end"]

            talk = await client.init(**SPEECH)
            async with client.connect(talk) as ws:
                await ws.send_bytes(speech(3.2))
                await read(ws, talk, until="audio_chunk")
                ws._response.connection.transport.abort()  # type: ignore[union-attr]
            await asyncio.sleep(0.5)
            async with client.connect(talk) as ws:
                await stop(ws)
                await read(ws, talk)
            assert talk.texts() == [" hello it is very nice to see you again"]
            stored = (await client.get(talk))["result"]["messages"]
            assert len(stored) == len(talk.messages)

            talk = await client.init()
            async with client.connect(talk) as ws:
                await ws.send_bytes(bytes(3200))
                await read(ws, talk)
            assert talk.close_code == 4408
            assert (await until_done(client, talk))["status"] == "done"


async def test_a_session_has_an_end() -> None:
    with LocalServer(session_limit_s=0.5, session_limit_code=4500) as server:
        async with client_of(server) as client:
            talk = await client.init(**SPEECH)
            async with client.connect(talk) as ws:
                await ws.send_bytes(speech(1.2))
                await read(ws, talk)
            assert talk.close_code == 4500
            assert talk.texts() == [" hello"]
            assert talk.kinds[-1] == "end_session"
