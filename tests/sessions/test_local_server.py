"""The embedded server plays recorded runs back, over a real socket, to our own client."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import gladia_nb as gn
from gladia_nb.record.cassette import cassette_of
from tests.support.recorded_sessions import (
    CONFIG,
    RATE,
    SILENCE,
    plain,
    record_session,
    said,
    session,
)
from tests.support.scripted_helpers import trace_of


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> gn.Run:
    return record_session(tmp_path_factory.mktemp("recorded") / "interview.run")


@pytest.fixture(scope="module")
def server(recorded: gn.Run) -> Iterator[gn.LocalServer]:
    with gn.LocalServer(replay=recorded.path) as server:
        yield server


def test_the_recording_has_all_that_there_is(recorded):
    assert recorded.outcome == "finished"
    assert len(recorded.record.of("connect")) == 2
    assert set(recorded.messages["type"]) >= {
        *("start_recording", "end_recording", "end_session", "speech_start", "speech_end"),
        *("transcript", "translation", "named_entity_recognition", "sentiment_analysis"),
        *("post_transcript", "post_final_transcript", "post_summarization"),
    }
    assert len(said(recorded, "callback")) > 5


def test_every_message_and_callback_in_order(recorded, server):
    run = session(server, callbacks=True)
    assert run.outcome == "finished"
    assert said(run) == said(recorded)
    assert said(run, "callback") == said(recorded, "callback")
    assert run.session_id != recorded.session_id
    assert set(run.messages["session_id"].dropna()) == {run.session_id}
    latencies = [gn.latency(one)[["name", "anchor", "position"]] for one in (recorded, run)]
    assert latencies[0].equals(latencies[1])
    # Acknowledged is what was sent, and the stored result is of this session.
    audit = gn.audio_audit(run).iloc[0]
    assert audit["acknowledged_bytes"] == audit["spoken_bytes"]
    assert gn.message_audit(run).iloc[-1][["lost", "doubled", "not_stored"]].tolist() == [0, 0, 0]


def test_other_chunks_and_base64(recorded, server):
    run = session(server, callbacks=True, chunk_ms=37, json_audio=True)
    assert said(run) == said(recorded)
    acks = run.messages[run.messages["type"] == "audio_chunk"]
    assert len(acks) == len(run.chunks)


def test_a_drop_and_a_resume(recorded):
    faults = ["drop:at_byte=60000", "close:code=4500,at_byte=40000"]
    with gn.LocalServer(replay=recorded.path, faults=faults, replay_missed=True) as server:
        run = session(server, callbacks=True)
    assert len(run.record.of("connect")) == 3
    assert said(run) == said(recorded)
    audit = gn.audio_audit(run).iloc[0]
    assert audit["acknowledged_bytes"] == audit["spoken_bytes"]


def test_over_a_network_words_come_when_they_came_over_another(tmp_path):
    words = [
        {"word": f"w{k}", "start_s": 0.2 * k, "end_s": round(0.2 * k + 0.15, 2)} for k in range(5)
    ]
    options = {"source": (SILENCE[: 2 * RATE, 0], RATE), "channels": 1, "reference": words}
    options |= {"realtime_processing": {}, "post_processing": {}, "speed": 1}
    with gn.LocalServer(engine="scripted", script={"words": words, "delay": 0.3}) as server:
        before = session(server, tmp_path / "far.run", **options, network={"delay_ms": 60})
    with gn.LocalServer(replay=before.path, trace=True) as server:
        after = session(server, **options, network={"delay_ms": 50})
        told = trace_of(server, after.session_id)["sent"]
    assert said(after) == said(before)
    recorded = cassette_of(before.record, "far.run")["messages"]
    dated = [message for message in told if "due_ns" in message]
    assert len(dated) == len(recorded)
    # How much earlier than recorded the server says each: the way there and back, at least 100 ms.
    earlier_s = [
        row[2] - (message["due_ns"] - message["received_ns"]) / 1e9
        for row, message in zip(recorded, dated, strict=True)
        if row[0] == "audio"
    ]
    assert len(earlier_s) > 5
    assert statistics.median(earlier_s) >= 0.1
    assert min(message["due_ns"] - message["received_ns"] for message in dated) >= 0


def test_an_early_stop_ends_as_the_protocol_has_it(recorded, server):
    seconds = 1.9
    source = SILENCE[: round(seconds * RATE)], RATE
    run = session(server, callbacks=True, source=source, reference=None)
    assert run.outcome == "finished"
    before, after = said(recorded), said(run)
    shared = [text for text in after[:-5] if text in before]
    assert len(shared) > 8
    assert shared == before[: len(shared)], "what was said until there, in order"
    kinds = run.messages.loc[run.messages["via"] == "websocket", "type"].tolist()
    ends = ["end_recording", "post_transcript", "post_summarization", "post_final_transcript"]
    assert kinds[-5:] == [*ends, "end_session"]
    # Of what was being said, the words whose audio has come.
    finals = run.utterances.set_index(["channel", "utterance_id"])["text"]
    assert finals[0, "00_00000000"] == " good morning all"
    assert finals[0, "00_00000001"] == " how"
    assert (1, "01_00000000") not in finals or finals[1, "01_00000000"].strip() == "very"
    assert run.utterances["is_final"].all()
    assert said(run, "callback")[-1].startswith('{"id":"ID","event":"live.end_session"')
    assert gn.message_audit(run).iloc[-1][["lost", "doubled", "not_stored"]].tolist() == [0, 0, 0]


def test_a_session_that_is_longer_than_the_recording(recorded, server):
    run = session(server, callbacks=True, tail_s=0.5)
    assert said(run) == said(recorded)


def test_what_differs_is_named(server):
    with pytest.raises(gn.ApiError) as caught:
        session(server, callbacks=True, endpointing=0.8, channels=1)
    assert caught.value.status == 400
    assert caught.value.validation_errors == [
        "channels must be 2 as in interview.run (got 1)",
        "endpointing must be 0.3 as in interview.run (got 0.8)",
    ]
    metadata = {"of": "my own"}
    assert session(server, callbacks=True, custom_metadata=metadata).outcome == "finished"


def test_any_config(recorded):
    flags = {"receive_partial_transcripts": False, "receive_lifecycle_events": False}
    with gn.LocalServer(replay=recorded, any_config=True) as server:
        run = session(
            server,
            source=(np.zeros(3 * 8000), 8000),
            sample_rate=8000,
            channels=1,
            endpointing=1,
            reference=None,
            messages_config=CONFIG["messages_config"] | flags,
        )
    kinds = Counter(run.messages["type"])
    assert not {"start_recording", "end_session"} & set(kinds)
    assert run.n_partials == 0
    assert kinds["transcript"] == 3


def test_without_speech_it_plays_too(recorded):
    shared = recorded.without_speech()
    with gn.LocalServer(replay=shared) as server:
        run = session(server, callbacks=True)
    assert said(run) == said(shared)
    assert len(said(run)) == len(said(recorded))
    spoken = set(recorded.words["word"]) | set(recorded.reference["word"])
    assert not spoken & set(run.words["word"])
    assert "bonjour" not in "".join(run.messages["raw"])


def test_several_recordings_each_to_those_who_ask_for_it(recorded, tmp_path):
    words = {"words": [{"word": "mono", "start_s": 0.1, "end_s": 0.3}]}
    sound = {"source": (SILENCE[: RATE // 2, 0], RATE), "channels": 1, "reference": None}
    with gn.LocalServer(engine="scripted", script=words) as scripted:
        mono = session(scripted, tmp_path / "mono.run", **sound)
    with gn.LocalServer(replay=[recorded.path, mono.path, mono]) as server:
        for _ in range(2):
            assert said(session(server, **sound)) == said(mono)
        assert said(session(server, callbacks=True)) == said(recorded)


async def test_the_stored_result_is_the_recorded_one(recorded, server):
    run = session(server, callbacks=True)
    async with gn.GladiaClient(server=server) as client:
        stored = await client.get(run.session_id)
        kept = await client.audio(run.session_id)
    async with gn.GladiaClient(server=server) as client:
        jobs = [job["id"] async for job in client.list()]
    assert run.session_id in jobs
    assert (stored["id"], stored["status"]) == (run.session_id, "done")
    assert stored["request_id"] == f"G-{run.session_id[:8]}"
    assert recorded.session_id not in str(stored)
    assert stored["result"]["translation"]["results"][0]["full_transcript"] == "bonjour"
    sent = [event["raw"] for event in run.record.of("message") if event["via"] == "websocket"]
    assert plain(stored["result"]["messages"], run.session_id) == plain(sent, run.session_id)
    assert kept[44:] == SILENCE.astype("int16").tobytes()


def test_what_cannot_be_played(tmp_path, recorded):
    with pytest.raises(gn.RunFileError, match="Cannot read"):
        gn.LocalServer(replay=tmp_path / "none.run")
    (tmp_path / "no.run").write_text("no run\n")
    with pytest.raises(gn.RunFileError, match="is not a run"):
        gn.LocalServer(replay=[tmp_path / "no.run"])
    with pytest.raises(gn.ServerError, match="leave one out"):
        gn.LocalServer(replay=recorded, engine="scripted").start()
    lines = Path(recorded.path).read_text().splitlines(keepends=True)
    (tmp_path / "odd.run").write_text(lines[0].replace('"endpointing":0.3', '"endpointing":99'))
    with pytest.raises(gn.ServerError, match=r"odd\.run cannot be played: endpointing must be"):
        gn.LocalServer(replay=tmp_path / "odd.run").start()


def test_a_run_that_was_cut_off_plays_as_far_as_it_goes(recorded, tmp_path):
    lines = Path(recorded.path).read_text().splitlines(keepends=True)
    (tmp_path / "cut.run").write_text("".join(lines[: len(lines) // 2]))
    with gn.LocalServer(replay=tmp_path / "cut.run") as server:
        run = session(server, callbacks=True)
    assert run.outcome == "finished"
    texts = said(run)
    assert texts[:8] == said(recorded)[:8]
    assert '"type":"end_session"' in texts[-1]
