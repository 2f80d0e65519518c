"""From positions to moments, at every boundary; the acknowledgement's clock."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.metrics import latency, summary
from gladia_nb.metrics.base.clocks import acknowledged_s, captured_s, sent_s
from tests.support.make_runs import make_run, message, transcript, utterance, words

RATE = 16000


@settings(max_examples=60)
@given(st.integers(0, 20), st.sampled_from([-1, 0, 1]), st.sampled_from([20, 50, 100, 250]))
def test_boundaries_of_chunks_and_one_sample_beside(chunk, beside, chunk_ms):
    """e(w) = ceil(w / chunk) * chunk, also where w is a whole number of chunks."""
    run = make_run(duration_s=6.0, chunk_ms=chunk_ms, ack_ms=20.0, send_ms=0.0)
    size = chunk_ms * RATE // 1000
    frame = max(chunk * size + beside, 0)
    position = frame / RATE
    end_s = max(math.ceil(frame / size), 1) * size / RATE
    assert sent_s(run, position) == pytest.approx(end_s, abs=1e-9)
    assert acknowledged_s(run, position) == pytest.approx(end_s + 0.02, abs=1e-9)
    assert captured_s(run, position) == position


@settings(max_examples=30)
@given(st.floats(0, 1), st.sampled_from([20, 50, 100, 250]))
def test_a_constant_lag_on_all_clocks(lag_s, chunk_ms):
    """Counted from the sending every word takes the same; capture adds the wait for the chunk."""
    said = [(f"w{k}", 0.4137 * k + 0.1, 0.4137 * k + 0.3331) for k in range(6)]
    chunk_s = chunk_ms / 1000
    ends = [math.ceil(round(end / chunk_s, 9)) * chunk_s for _, _, end in said]
    arrivals = [transcript(e + lag_s, said[: k + 1]) for k, e in enumerate(ends)]
    arrivals.append(transcript(ends[-1] + lag_s + 0.5, said, final=True))
    run = make_run(arrivals, chunk_ms=chunk_ms, send_ms=0.0, ack_ms=30.0)
    rows = latency(run, anchor="service")
    rows = rows[rows["milestone"] == "first_seen"]
    by_clock = {clock: group["latency_ms"].to_numpy() for clock, group in rows.groupby("clock")}
    waits = np.array(ends) - np.array([end for _, _, end in said])
    assert by_clock["send"] == pytest.approx(np.full(6, lag_s * 1e3), abs=1e-5)
    assert by_clock["capture"] == pytest.approx(lag_s * 1e3 + waits * 1e3, abs=1e-5)
    assert by_clock["ack"] == pytest.approx(np.full(6, lag_s * 1e3 - 30), abs=1e-5)


def test_everything_at_the_end_falls_by_the_distance_of_words():
    """Offline emission at X + L: the mean is L + d (N - 1) / 2."""
    said = words(" ".join(f"w{k}" for k in range(10)), 0.0, each_s=0.3, gap_s=0.1)
    end = said[-1][2]
    run = make_run([transcript(end + 0.3, said), transcript(end + 0.4, said, final=True)])
    rows = latency(run).query("name == 'word_end -> first_seen @capture'")
    assert rows["latency_ms"].mean() == pytest.approx(300 + 400 * 9 / 2)


SAID = words("one two three", 0.5)


def test_without_acknowledgements_the_clock_is_unknown():
    run = make_run(utterance(SAID), ack_ms=None)
    rows = latency(run).query("clock == 'ack'")
    assert rows["anchor_s"].notna().all()
    assert rows["anchor_clock_s"].isna().all()
    assert rows["latency_ms"].isna().all()
    table = summary(run)
    acked = table[table["name"].str.endswith("@ack")]
    assert (acked["n"] == 0).all()
    assert (acked["unplaced"] > 0).all()
    assert acked["note"].str.startswith("No sample has a place").all()
    assert np.isnan(acknowledged_s(run, 0.5))


def test_an_acknowledgement_that_is_missing_leaves_out_its_chunks_only():
    ack = {"byte_range": [0, 32000], "time_range": [0.0, 1.0]}
    refused = {"byte_range": [32000, 64000], "time_range": [1.0, 2.0]}
    arrivals = [
        message(1.05, "audio_chunk", ack, acknowledged=True),
        message(2.05, "audio_chunk", refused, acknowledged=False),
        transcript(2.5, SAID, final=True),
    ]
    run = make_run(arrivals, ack_ms=None)
    assert acknowledged_s(run, [0.8, 1.0]).tolist() == pytest.approx([1.05, 1.05])
    rows = latency(run, anchor="service").query("name == 'word_end -> final @ack'")
    assert rows["latency_ms"].tolist() == pytest.approx([1450, math.nan, math.nan], nan_ok=True)
    row = summary(rows).iloc[0]
    assert (row["n"], row["unplaced"]) == (1, 2)
