"""What must come out when the answer can be written down: constant lags, chunks, all at the end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.metrics import (
    average_lagging,
    differentiable_average_lagging,
    length_adaptive_average_lagging,
)
from gladia_nb.metrics.base.clocks import sent_s
from tests.support.known_latencies import SAID, ms, of
from tests.support.make_runs import make_run, reference, utterance


@given(st.integers(0, 32000), st.sampled_from([20, 50, 100, 250]))
def test_capture_waits_for_the_chunk(frame, chunk_ms):
    """L_capture - L_send = ceil(w / chunk) * chunk - w, for each sample."""
    run = make_run(duration_s=2.0, chunk_ms=chunk_ms, ack_ms=None)
    size = chunk_ms * 16
    wait = -(-max(frame, 1) // size) * size - frame
    assert sent_s(run, frame / 16000) - frame / 16000 == pytest.approx(wait / 16000, abs=1e-9)


@pytest.mark.parametrize("lag_s", [0.0, 0.05, 0.3, 1.0])
def test_constant_lag_is_found_exactly(lag_s):
    run = make_run(utterance(SAID, partial_s=lag_s, final_s=lag_s + 0.2), reference=reference(SAID))
    for anchor in ("service", "reference"):
        for clock in ("send", "capture"):  # words end on the boundaries of chunks
            found = ms(run, f"word_end -> first_seen @{clock}", anchor)
            assert found == pytest.approx([lag_s * 1000] * 5, abs=1e-6)


def test_finals_fall_like_a_saw():
    run = make_run(utterance(SAID, final_s=0.5))
    assert ms(run, "word_end -> final @send") == pytest.approx([2100, 1700, 1300, 900, 500])
    rows = of(run, "word_end -> final @send")
    assert rows["word"].tolist() == "hello it is very nice".split()
    assert rows["trigger"].tolist() == ["endpoint"] * 5
    assert rows["anchor_s"].tolist() == [0.8, 1.2, 1.6, 2.0, 2.4]
    assert rows["event_s"].tolist() == [2.9] * 5


@given(st.integers(1, 50), st.integers(1, 1000), st.integers(0, 3000))
def test_lagging_of_a_constant_lag(n, each_ms, lag_ms):
    """N words of `each_ms`, the k-th said `lag_ms` after it ended: every lag is the two together.

    The first word is one whole step late because an ideal interpreter begins at once.
    """
    delays = [each_ms * (k + 1) + lag_ms for k in range(n)]
    source_ms = each_ms * n
    for found in (
        average_lagging(delays, source_ms),
        length_adaptive_average_lagging(delays, source_ms, n),
        differentiable_average_lagging(delays, source_ms),
    ):
        assert found == pytest.approx(lag_ms + each_ms)


@given(st.integers(1, 50), st.integers(1, 1000), st.integers(0, 3000))
def test_lagging_of_all_at_the_end(n, each_ms, lag_ms):
    """AL counts the first word alone; DAL does not let the others catch up, and says the same."""
    source_ms = each_ms * n
    delays = [source_ms + lag_ms] * n
    assert average_lagging(delays, source_ms) == pytest.approx(source_ms + lag_ms)
    assert differentiable_average_lagging(delays, source_ms) == pytest.approx(source_ms + lag_ms)
