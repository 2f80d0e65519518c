import asyncio
import io
import json
import socket

import aiohttp
import pytest

import gladia_nb as gn
from gladia_nb.api.callbacks import CallbackReceiver
from gladia_nb.clock import MonotonicClock
from gladia_nb.errors import UnreachableError

END = '{"id":"s","event":"live.end_session","payload":{"type":"end_session"}}'


async def test_deliveries_are_stamped_and_handed_over_verbatim():
    clock, got = MonotonicClock(), []
    async with (
        CallbackReceiver(lambda ns, text: got.append((ns, text)), clock) as receiver,
        aiohttp.ClientSession() as http,
    ):
        before = clock.now_ns()
        for text in ("not JSON", "[]", '{"event":5}', END):
            async with http.post(receiver.url, data=text) as reply:
                assert reply.status == 200
        assert await receiver.settle()
        async with http.post(receiver.url + "x", data=END) as reply:
            assert reply.status == 404, "the path is random, and nothing else is taken"
    assert [text for _, text in got] == ["not JSON", "[]", '{"event":5}', END]
    stamps = [ns for ns, _ in got]
    assert before < stamps[0]
    assert stamps == sorted(stamps)


async def test_what_is_taken_in_all_has_a_bound():
    got = []
    async with (
        CallbackReceiver(lambda _, text: got.append(text), MonotonicClock(), most=1000) as receiver,
        aiohttp.ClientSession() as http,
    ):

        async def post(data) -> int:
            async with http.post(receiver.url, data=data) as reply:
                return reply.status

        async def in_pieces(length: int):
            for _ in range(length // 100):
                yield b"x" * 100

        assert await post(b"a" * 600) == 200
        # What was refused takes no room from what follows.
        for _ in range(3):
            assert await post(b"b" * 500) == 413
            assert await post(in_pieces(500)) == 413
        assert await post(b"c" * 400) == 200
        assert await post(b"d") == 413
        assert receiver.refused == 7
    assert [text[0] for text in got] == ["a", "c"]


async def test_by_default_the_bound_is_64_mib_and_16_for_one():
    got = []
    async with (
        CallbackReceiver(lambda _, text: got.append(len(text)), MonotonicClock()) as receiver,
        aiohttp.ClientSession() as http,
    ):
        large = b" " * (15 << 20)
        for size, status in ((17 << 20, 413), *[(15 << 20, 200)] * 4, *[(15 << 20, 413)] * 4):
            async with http.post(receiver.url, data=io.BytesIO(large.ljust(size))) as reply:
                assert reply.status == status
    assert got == [15 << 20] * 4


async def test_waiting_for_the_rest_has_a_bound():
    async with CallbackReceiver(lambda *_: None, MonotonicClock()) as receiver:
        assert not await receiver.settle(quiet_s=0.05)
        assert not await receiver.settle(quiet_s=9, longest_s=0.05)


async def test_a_public_url_and_a_port_that_is_taken():
    clock = MonotonicClock()
    async with CallbackReceiver(
        lambda *_: None, clock, public_url="https://tunnel.example/base/"
    ) as receiver:
        assert receiver.url.startswith("https://tunnel.example/base/")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UnreachableError, match="Choose another port"):
            async with CallbackReceiver(lambda *_: None, clock, port=port):
                await asyncio.sleep(0)


def test_a_session_with_callbacks(local_server, clip):
    run = gn.transcribe(
        clip, server=local_server, progress=False, speed=10, endpointing=0.3, callbacks=True
    )
    assert run.outcome == "finished"
    by_callback = run.messages[run.messages["via"] == "callback"]
    by_socket = run.messages[run.messages["via"] == "websocket"]
    assert set(by_callback["type"]) >= {"start_session", "transcript", "end_session"}
    assert "audio_chunk" not in set(by_callback["type"]), "off by default"
    body = json.loads(by_callback["raw"].iloc[0])
    assert body["event"] == "live.start_session"
    assert body["id"] == run.session_id
    finals = by_socket[by_socket["is_final"].fillna(False)]
    assert by_callback["text"].dropna().to_list() == finals["text"].to_list()
    # What came twice is not counted twice.
    assert run.utterances["n_finals"].to_list() == [1] * len(finals)
    assert len(run.words[run.words["is_final"]]) == finals["n_words"].sum()
    delays = gn.callback_delays(run).set_index("type")["delay_ms"]
    assert delays["transcript"].notna().all()
    assert gn.message_audit(run).iloc[-1][["lost", "doubled", "out_of_order"]].sum() == 0


def test_callbacks_only(local_server, clip):
    off = {
        "receive_partial_transcripts": False,
        "receive_final_transcripts": False,
        "receive_speech_events": False,
    }
    run = gn.transcribe(
        clip,
        server=local_server,
        progress=False,
        speed=10,
        endpointing=0.3,
        callbacks={"host": "127.0.0.1", "port": 0},
        messages_config=off,
        callback_config={"receive_partial_transcripts": True, "receive_speech_events": True},
    )
    assert "hello it is very nice to see you again" in run.text
    assert run.utterances["n_partials"].sum() > 0
    assert gn.word_errors(run).iloc[-1]["wer"] <= 0.25


@pytest.mark.parametrize(
    ("callbacks", "sentence"),
    [
        ({"address": "x"}, "callbacks has host, port, public_url; 'address' is not known"),
        ({"port": "x"}, "port must be a port from 0 to 65535 .got 'x'"),
        ({"host": 5}, "host must be a string"),
    ],
)
def test_wrong_options(clip, callbacks, sentence):
    with pytest.raises(gn.ConfigError, match=sentence):
        gn.start(clip, callbacks=callbacks)


def test_a_port_that_is_taken_fails_the_session_in_words(local_server, clip):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(gn.UnreachableError, match="Choose another port") as caught:
            gn.transcribe(clip, server=local_server, progress=False, callbacks={"port": port})
    assert caught.value.run.outcome == "failed"
