"""Runs of any utterances, heard with any mistakes."""

from __future__ import annotations

from hypothesis import strategies as st

from gladia_nb.run import Run
from tests.support.make_runs import Arrival, Word, make_run, reference, transcript, words


@st.composite
def conversations(draw: st.DrawFn) -> Run:
    """Some utterances of few words, heard with mistakes, and their reference."""
    spoken: list[Word] = []
    arrivals: list[Arrival] = []
    for number in range(draw(st.integers(1, 4))):
        text = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=5))
        said = words(" ".join(text), 0.5 + 4 * number)
        spoken += said if draw(st.booleans()) or not spoken else []
        at = said[0][1]
        for final in (False, False, draw(st.booleans())):
            at += draw(st.sampled_from([0.1, 0.5, 1.5]))
            heard = [
                (draw(st.sampled_from([word, word, "x"])), begin, end)
                for word, begin, end in said
                if draw(st.booleans())
            ]
            span = (said[0][1], said[-1][2])
            arrivals.append(transcript(at, heard, f"{number}", final=final, span=span))
    return make_run(arrivals, duration_s=1.0, ack_ms=None, reference=reference(spoken))
