"""Source, session, scripted engine and metrics under one virtual clock: the truth, to 1 µs."""

import math

import numpy as np
import pytest

from gladia_nb.metrics import latency
from gladia_nb.worker.chunks import ChunkSource
from tests.support.virtual_time import RATE, virtual_run

MICROSECOND_NS = 1_000
MICROSECOND_MS = 1e-3

WORDS = [
    {"word": word, "start_s": round(0.213 + 0.31 * k, 3), "end_s": round(0.47 + 0.31 * k, 3)}
    for k, word in enumerate("the cat sat on the mat and the dog ran".split())
]
REFERENCE = [{**word, "channel": 0} for word in WORDS]
ENDPOINTING_S = 0.3


def made(chunk_ms: float, delay_s: float, **options):
    script = {"words": WORDS, "delay": delay_s}
    return virtual_run(
        script, chunk_ms=chunk_ms, reference=REFERENCE, endpointing=ENDPOINTING_S, **options
    )


def named(rows, name, anchor):
    found = rows[(rows["name"] == name) & (rows["anchor"] == anchor)]
    assert len(found)
    return found


def wait_ms(end_s: float, chunk_ms: float) -> float:
    """From the end of a word to the end of the chunk that holds it."""
    size = round(chunk_ms / 1000 * RATE)
    frame = round(end_s * RATE)
    return (-(-frame // size) * size - frame) / RATE * 1e3


@pytest.mark.parametrize("chunk_ms", [20, 50, 100, 250])
@pytest.mark.parametrize("delay_ms", [0, 50, 300, 1000])
def test_every_latency_is_the_injected_delay(chunk_ms, delay_ms):
    run, truth = made(chunk_ms, delay_ms / 1e3)
    assert run.outcome == "finished"
    assert run.verdict.status != "invalid"
    # Stamps: what the engine said it would do is what was recorded.
    heard = run.messages[run.messages["type"].isin(["transcript", "speech_start", "speech_end"])]
    due = np.array([ns for ns, _, _ in truth])
    assert len(heard) == len(due) == len(WORDS) + 3
    assert np.abs(np.sort(heard["recv_ns"].to_numpy()) - np.sort(due)).max() <= MICROSECOND_NS
    # Words: the delay on the send clock; the wait for the chunk on top of it on the other.
    rows = latency(run)
    for anchor in ("reference", "service"):
        sent = named(rows, "word_end -> first_seen @send", anchor)
        assert len(sent) == len(WORDS)
        assert np.abs(sent["latency_ms"] - delay_ms).max() <= MICROSECOND_MS
        spoken = named(rows, "word_end -> first_seen @capture", anchor)
        waits = [wait_ms(word["end_s"], chunk_ms) for word in WORDS]
        assert np.abs(spoken["latency_ms"] - delay_ms - waits).max() <= MICROSECOND_MS
    # The utterance: its final comes when the silence of the endpointing has been sent.
    end_s = WORDS[-1]["end_s"]
    final = named(rows, "speech_end -> final @capture", "reference")
    expected = 1e3 * ENDPOINTING_S + wait_ms(end_s + ENDPOINTING_S, chunk_ms) + delay_ms
    assert final["latency_ms"].item() == pytest.approx(expected, abs=MICROSECOND_MS)


def test_a_network_adds_just_its_delay():
    up_ns, down_ns = 7_000_000, 11_000_000
    run, truth = made(100, 0.3, up_ns=up_ns, down_ns=down_ns)
    stamps = run.messages.loc[run.messages["type"] == "transcript", "recv_ns"].to_numpy()
    due = np.array([ns for ns, _, event in truth if hasattr(event, "words")])
    assert np.abs(np.sort(stamps) - np.sort(due) - down_ns).max() <= MICROSECOND_NS
    sent = named(latency(run), "word_end -> first_seen @send", "reference")
    assert np.abs(sent["latency_ms"] - 318.0).max() <= MICROSECOND_MS
    assert np.abs(run.chunks["ack_ms"] - 18.0).max() <= MICROSECOND_MS


def test_a_service_that_falls_behind_is_measured_as_it_is():
    run, truth = virtual_run(
        {"words": WORDS, "delay": 0.05, "real_time_factor": 1.5}, reference=REFERENCE
    )
    sent = named(latency(run), "word_end -> first_seen @send", "reference")
    due = {}
    for ns, _, event in truth:
        for word in getattr(event, "words", ()):
            due.setdefault(word.end, ns)
    t0 = run.record.t0_ns
    expected = [
        (due[word["end_s"]] - t0) / 1e6 - math.ceil(round(word["end_s"] * 10, 9)) * 100
        for word in WORDS
    ]
    assert np.abs(sent["latency_ms"].to_numpy() - expected).max() <= MICROSECOND_MS
    assert np.diff(expected).mean() > 100  # 0.5 s behind for each second


def test_a_schedule_that_sends_at_the_start_of_a_chunk_is_found():
    class Early(ChunkSource):
        """Gives each chunk away when its first sample is spoken."""

        def due_ns(self, frame: int) -> int:
            return super().due_ns(frame) - 100_000_000

    run, _ = made(100, 0.3, source=Early)
    sent = named(latency(run), "word_end -> first_seen @capture", "reference")
    honest, _ = made(100, 0.3)
    truth = named(latency(honest), "word_end -> first_seen @capture", "reference")
    bias = (sent["latency_ms"].to_numpy() - truth["latency_ms"].to_numpy()).mean()
    assert bias == pytest.approx(-100.0, abs=MICROSECOND_MS)
    assert run.verdict.status == "invalid"
