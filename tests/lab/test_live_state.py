import json
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.lab.live_state import MAX_POINTS, LiveState, Series
from gladia_nb.lab.snapshot import MAX_LINES, MAX_NOTES
from gladia_nb.sessions.runner import transcribe

MS = 1_000_000


def chunk(seq: int, late_ms: float = 0.0, *, resend: bool = False) -> dict:
    due = (seq + 1) * 100 * MS
    start = due + round(late_ms * MS)
    return {
        "event": "chunk",
        "seq": seq,
        "end_frame": (seq + 1) * 1600,
        "due_ns": due,
        "send_start_ns": start,
        "send_end_ns": start,
        "resend": resend,
    }


def message(recv_ms: float, **body: object) -> dict:
    return {
        "event": "message",
        "recv_ns": round(recv_ms * MS),
        "via": "websocket",
        "raw": json.dumps(body),
    }


def transcript(
    recv_ms: float, text: str, end: float, *, final: bool, ident: str = "u", channel: int = 0
) -> dict:
    utterance = {"text": f" {text}", "start": 0.0, "end": end, "channel": channel, "words": []}
    data = {"id": ident, "is_final": final, "utterance": utterance}
    return message(recv_ms, type="transcript", data=data)


def fed(*events: dict, duration_s: float | None = 5.0) -> LiveState:
    state = LiveState(16000, 2, duration_s=duration_s)
    for event in ({"event": "connect"}, {"event": "audio_start", "t0_ns": 0}, *events):
        state.feed(event)
    return state


@given(st.integers(0, 5000), st.sampled_from([4, 10, MAX_POINTS]))
def test_a_series_is_bounded_ordered_and_keeps_both_ends(count, limit):
    series = Series(limit)
    for k in range(count):
        series.add(k, -k)
    points = series.points
    assert len(points) <= limit
    assert list(points) == sorted(points)
    if count:
        assert points[0] == (0, 0)
        assert points[-1] == (count - 1, 1 - count)


def test_phases():
    state = LiveState(16000, 2)
    seen = [state.snapshot().phase]
    for event in (
        {"event": "retry", "attempt": 1},
        {"event": "connect", "error": None},
        {"event": "retry", "attempt": 1},
        {"event": "connect", "error": "refused"},
        {"event": "connect"},
        {"event": "stop"},
        {"event": "end", "outcome": "finished"},
    ):
        state.feed(event)
        seen.append(state.snapshot().phase)
    assert seen == [
        "connecting", "connecting", "streaming", "reconnecting", "reconnecting", "streaming",
        "finishing", "finished",
    ]  # fmt: skip
    assert state.snapshot().connections == 2


def test_words_that_changed_are_marked_at_their_place():
    state = fed(chunk(0), transcript(200, "good mourning", 0.1, final=False))
    assert state.snapshot().open[0].words == (("good", True), ("mourning", True))
    state.feed(transcript(300, "good morning all", 0.1, final=False))
    assert state.snapshot().open[0].words == (("good", False), ("morning", True), ("all", True))
    state.feed(transcript(400, "good", 0.1, final=False, ident="another"))
    assert state.snapshot().open[0].words == (("good", True),)
    state.feed(transcript(500, "good morning", 0.1, final=True, ident="another"))
    snapshot = state.snapshot()
    assert snapshot.open == ()
    assert [line.text for line in snapshot.lines] == ["good morning"]


def test_a_latency_counts_from_when_the_chunk_of_the_last_word_was_sent():
    events = [chunk(k) for k in range(10)]
    state = fed(
        *events,
        transcript(700, "one", 0.31, final=False),
        transcript(1300, "one", 0.30, final=True),
    )
    snapshot = state.snapshot()
    # 0.31 s lies in the fourth chunk, sent at 400 ms; 0.30 s is the end of the third.
    assert snapshot.partial_ms == pytest.approx(300)
    assert snapshot.final_ms == pytest.approx(1000)
    assert snapshot.series["partial"] == ((0.7, 0.31),)
    assert snapshot.unplaced == 0
    state.feed(transcript(1400, "beyond", 9.0, final=False))
    assert state.snapshot().unplaced == 1


def test_channels_have_partials_of_their_own():
    state = fed(
        chunk(0),
        transcript(150, "left", 0.1, final=False, channel=0, ident="a"),
        transcript(160, "right", 0.1, final=False, channel=1, ident="b"),
        transcript(170, "left", 0.1, final=True, channel=0, ident="a"),
    )
    assert [(entry.channel, entry.words[0][0]) for entry in state.snapshot().open] == [(1, "right")]


def test_acknowledgements_and_resent_chunks():
    ack = message(150, type="audio_chunk", acknowledged=True, data={"byte_range": [0, 3200]})
    snapshot = fed(chunk(0), chunk(1), ack, chunk(1, resend=True)).snapshot()
    assert snapshot.acknowledged_s == pytest.approx(0.1)
    assert snapshot.sent_s == pytest.approx(0.2)
    assert snapshot.chunks == 3
    assert len(snapshot.series["sent"]) == 2


@pytest.mark.parametrize("odd", [10**400, -(10**400), 1e308, 10**18, float("inf"), True, "5", None])
def test_numbers_that_cannot_be_are_no_moments(odd):
    utterance = {"text": "hi", "start": odd, "end": odd, "channel": 0, "words": []}
    said = {"id": "u", "is_final": True, "utterance": utterance}
    ack = {"byte_range": [0, odd]}
    state = fed(
        chunk(0),
        message(150, type="audio_chunk", acknowledged=True, data=ack),
        message(160, type="transcript", data=said),
    )
    snapshot = state.snapshot()
    assert snapshot.acknowledged_s < 1
    assert [line.text for line in snapshot.lines] == ["hi"]


@pytest.mark.parametrize(
    ("late", "lag", "level"),
    [(0.2, 1, "good"), (8, 1, "watch"), (80, 1, "poor"), (0.2, 30, "watch"), (0.2, 300, "poor")],
)
def test_health_in_words(late, lag, level):
    vitals = {"event": "vitals", "loop_lag_ms": lag}
    health = fed(chunk(0, late), vitals).snapshot().health
    assert health.level == level
    assert health.text.endswith(".")


def test_notes():
    state = fed({"event": "warning", "text": "Odd."})
    assert state.snapshot().note == "Odd."
    state.feed(message(10, type="error", error={"message": "Too long"}))
    assert state.snapshot().note == "The service says: Too long"
    state.feed(message(20, type="translation", error={"message": "no"}))
    state.feed({"event": "retry", "attempt": 1})
    state.feed({"event": "connect", "error": None})
    notes = state.snapshot().notes
    assert [(note.number, note.kind) for note in notes] == [
        (0, "warning"),
        (1, "service"),
        (2, "service"),
        (3, "connection"),
        (4, "connection"),
    ]
    assert notes[2].text == "The service says (translation): no"
    assert state.snapshot().note == notes[-1].text


def test_notes_are_bounded_and_keep_their_numbers():
    state = fed(*({"event": "warning", "text": str(k)} for k in range(120)))
    notes = state.snapshot().notes
    assert [note.number for note in notes] == list(range(120 - MAX_NOTES, 120))
    assert all(note.text == str(note.number) for note in notes)


def test_half_an_hour_stays_bounded():
    state = fed(duration_s=None)
    sizes = []
    for k in range(18_000):
        state.feed(chunk(k))
        state.feed(transcript(100 * k + 150, f"word {k}", k / 10, final=k % 20 == 19))
        if k in (6_000, 12_000, 17_999):
            sizes.append(len(json.dumps(state.snapshot().to_dict())))
    snapshot = state.snapshot()
    assert len(snapshot.lines) == MAX_LINES
    assert all(len(points) <= MAX_POINTS for points in snapshot.series.values())
    assert max(sizes) < 2 * min(sizes)
    assert snapshot.duration_s is None


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none()))
def test_whatever_the_service_sends_it_does_not_raise(data):
    state = fed(chunk(0))
    for kind in ("transcript", "audio_chunk", "error", "speech_start"):
        state.feed(message(1, type=kind, data=data, acknowledged=True))
        state.feed(message(1, type=kind, data={"utterance": data, "is_final": True}))
    assert state.snapshot().messages == 8


def test_it_agrees_with_the_frames_of_a_real_run(local_server, clip):
    run = transcribe(clip, server=local_server, speed=5, progress=False)
    state = LiveState.of_header(run.record.header)
    for event in run.record.events:
        state.feed(event)
    snapshot = state.snapshot()
    utterances = run.utterances
    assert snapshot.phase == run.outcome
    assert snapshot.messages == len(run.messages)
    assert snapshot.finals == utterances["n_finals"].sum()
    assert snapshot.partials == utterances["n_partials"].sum()
    assert [line.text for line in snapshot.lines] == list(utterances["text"].str.strip())
    assert snapshot.sent_s == pytest.approx(run.duration_s)
    assert snapshot.acknowledged_s == pytest.approx(run.duration_s)
    t0 = run.record.t0_ns
    chunks = run.chunks
    expected = []
    for row in utterances.to_dict("records"):
        sent = chunks[chunks["end_frame"] >= round(row["end_s"] * 16000)]["send_start_ns"].iloc[0]
        expected.append((row["final_ns"] - sent) / 1e6)
    assert snapshot.final_ms == pytest.approx(statistics.median(expected))
    assert t0 is not None


def test_what_has_ended_does_nothing_just_now():
    late = chunk(0, 500)
    assert "has just left 500.0 ms late" in fed(late).snapshot().health.text
    ended = fed(late, {"event": "end", "outcome": "finished"}).snapshot().health
    assert ended.text == "Of the last chunks one left 500.0 ms late."
