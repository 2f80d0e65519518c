import asyncio

import pytest

import gladia_nb as gn
from gladia_nb.api.client import GladiaClient
from gladia_nb.api.protocol import MAX_FRAME_BYTES
from gladia_nb.api.transport import Retry
from gladia_nb.sessions.sources import prepare
from tests.support.fake_service import SESSION, TOKEN, FakeService, polite, serve

QUICK = Retry(attempts=3, first_s=0.01)


async def test_a_session_by_hand_against_the_embedded_server(local_server, clip):
    audio = prepare(clip).data
    config = gn.SessionConfig(
        endpointing=0.3, messages_config={"receive_partial_transcripts": True}
    )
    async with GladiaClient(server=local_server) as client:
        made = await client.init(config)
        async with await client.connect(made) as live:
            for number, start in enumerate(range(0, len(audio), 3200)):
                chunk = audio[start : start + 3200]
                await (live.send_base64(chunk) if number % 2 else live.send(chunk))
            await live.stop()
            stamps, kinds, finals = [], set(), []
            async for message in live.messages():
                stamps.append(live.recv_ns)
                kinds.add(message.type)
                if message.type == "transcript" and message.data["is_final"]:
                    finals.append(message.data["utterance"]["text"])
            assert live.closed.code == 1000
        result = await client.get(made.session_id)
        kept = await client.audio(made.session_id)
    assert stamps == sorted(stamps)
    assert {"audio_chunk", "speech_start", "transcript", "post_final_transcript"} <= kinds
    assert finals[0] == " hello it is very nice to see you again"
    assert result["status"] == "done"
    assert kept[:4] == b"RIFF"
    assert kept[44:] == audio
    assert local_server.key not in repr(client) + repr(made)


async def test_a_url_initiated_elsewhere_needs_no_key():
    async with serve(polite) as service:
        async with GladiaClient("the-key-1234", url=service.url) as other:
            made = await other.init({"anything": "as it is"})
        assert service.bodies == [{"anything": "as it is"}]
        async with GladiaClient(url=service.url) as client:
            live = await client.connect(made.url)
            await live.stop()
            assert [m.type async for m in live.messages()] == ["stop_recording", "end_session"]
    assert TOKEN in made.url


async def test_closing_with_1000_leaves_the_result_to_be_asked_for(local_server, clip):
    async with GladiaClient(server=local_server) as client:
        made = await client.init()
        live = await client.connect(made)
        await live.send(prepare(clip).data)
        await live.close(1000)
        while (result := await client.get(made.session_id))["status"] != "done":
            await asyncio.sleep(0.1)
    assert "very nice to see you" in result["result"]["transcription"]["full_transcript"]


@pytest.mark.parametrize(
    ("code", "words"),
    [(1011, "1011 (lost); open the same URL again"), (4403, "already ended"), (4408, "idle")],
)
async def test_other_ends_are_errors_with_their_code(code, words):
    async def script(service: FakeService, socket, number: int) -> None:
        await socket.close(code=code)

    async with serve(script) as service, GladiaClient(url=service.url) as client:
        live = await client.connect(await client.init())
        with pytest.raises(gn.SessionError) as caught:
            [m async for m in live.messages()]
        assert caught.value.code == code
        assert words in str(caught.value)


async def test_frames_that_are_too_long_are_not_sent():
    async with serve(polite) as service, GladiaClient(url=service.url) as client:
        live = await client.connect(await client.init())
        with pytest.raises(ValueError, match="1048576 bytes at most"):
            await live.send(bytes(MAX_FRAME_BYTES + 1))
        with pytest.raises(ValueError, match="1048576 bytes at most"):
            await live.send_base64(bytes(MAX_FRAME_BYTES * 3 // 4))
        await live.close()


async def test_passing_errors_are_repeated_within_a_bound():
    async with serve(polite) as service, GladiaClient(url=service.url, retry=QUICK) as client:
        service.results = [503, 429, "done"]
        assert (await client.get(SESSION))["status"] == "done"
        service.results = [500]
        with pytest.raises(gn.ApiError) as caught:
            await client.get(SESSION)
        assert caught.value.status == 500
        service.results = [401, "done"]
        with pytest.raises(gn.AuthenticationError):
            await client.get(SESSION)


def test_waits_double_follow_the_service_and_are_bounded():
    retry = Retry(attempts=5, first_s=0.3, longest_s=10)
    assert [retry.wait_s(n) for n in (1, 2, 3, 9)] == pytest.approx([0.3, 0.6, 1.2, 10])
    assert retry.wait_s(1, "2.5") == 2.5
    assert retry.wait_s(1, "86400") == 10
    assert retry.wait_s(2, "Wed, 21 Oct 2026 07:28:00 GMT") == pytest.approx(0.6)
    assert retry.wait_s(1, "-3") == 0


async def test_jobs_are_listed_page_after_page_and_deleted(local_server):
    async with GladiaClient(server=local_server) as client:
        made = []
        for number in range(5):
            session = await client.init({"custom_metadata": {"lesson": "pages", "n": number}})
            live = await client.connect(session)
            await live.stop()
            assert [m async for m in live.messages()]
            made.append(session.session_id)
        wanted = {"lesson": "pages"}
        found = [job async for job in client.list(limit=2, custom_metadata=wanted)]
        assert [job["id"] for job in found] == made[::-1], "the newest first"
        assert [
            job["id"] async for job in client.list(custom_metadata=wanted, status="error")
        ] == []
        await client.delete(made[0])
        with pytest.raises(gn.NotFoundError):
            await client.get(made[0])
        left = [job["id"] async for job in client.list(custom_metadata=wanted, status=["done"])]
        assert left == made[:0:-1]
        running = await client.init()
        with pytest.raises(gn.ApiError) as caught:
            await client.delete(running.session_id)
        assert caught.value.status == 403
