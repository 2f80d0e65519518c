"""Tokens of finals and of the reference, with Chinese as the hard case."""

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.metrics import (
    latency,
    stability,
    updates,
    wer_at,
    word_alignment,
    word_errors,
    word_times,
)
from gladia_nb.metrics.base.choice import chosen
from gladia_nb.metrics.base.matching import matched, spoken_in
from tests.support.make_runs import make_run, reference, transcript

TEXT = "今天天气很好"


def cut_at(bounds, text=TEXT):
    """Words of a text of characters of 0.2 s each, cut anywhere."""
    ends = [0, *sorted({b for b in bounds if 0 < b < len(text)}), len(text)]
    return [(text[a:b], 0.5 + 0.2 * a, 0.5 + 0.2 * b) for a, b in pairwise(ends)]


def chinese(recv_s, said, *, final=False):
    """A transcript without blanks between its words."""
    raw = transcript(recv_s, said, final=final)[1]
    found = json.loads(raw)
    found["data"]["utterance"] |= {"text": "".join(word for word, _, _ in said), "language": "zh"}
    return recv_s, json.dumps(found)


CUTS = st.lists(st.integers(1, 5), max_size=5)


@settings(max_examples=30)
@given(st.lists(CUTS, min_size=3, max_size=3), CUTS)
def test_correct_chinese_is_correct_however_it_is_cut(cuts, spoken):
    arrivals = [
        chinese(0.7 + 0.4 * (k + 1), cut_at(bounds, TEXT[: 2 * (k + 1)]))
        for k, bounds in enumerate(cuts)
    ]
    final = chinese(2.5, cut_at(cuts[0], TEXT + "。"), final=True)
    run = make_run([*arrivals, final], reference=reference(cut_at(spoken)))
    errors = word_errors(run).iloc[-1]
    assert (errors["reference_words"], errors["wer"], errors["cer"]) == (6, 0, 0)
    assert wer_at(run, [math.inf])["wer"].tolist() == [0]
    found = stability(run).query("text == 'normalised'").iloc[0]
    assert (found["words"], found["partial_erasure"], found["final_erasure"]) == (6, 0, 0)
    assert word_times(run)["reference"].notna().all()
    rows = latency(run, anchor="reference").query("unit == 'word' and clock == 'capture'")
    assert rows["latency_ms"].notna().all()
    assert len(rows) == 4 * len(run.reference)
    assert set(word_alignment(run)["op"]) == {"equal"}
    changed = updates(run, "00_00000000")["change"]
    assert set(changed) <= {"new", "kept"}


def test_a_wrong_character_is_one_of_six():
    wrong = [(word.replace("气", "汽"), a, b) for word, a, b in cut_at([2, 4])]
    run = make_run([chinese(2.5, wrong, final=True)], reference=reference(cut_at([])))
    errors = word_errors(run).iloc[-1]
    assert errors["wer"] == errors["cer"] == pytest.approx(1 / 6)


def test_tokens_share_the_time_of_their_word():
    run = make_run([chinese(2.5, cut_at([2, 4]), final=True)], reference=reference(cut_at([3])))
    spoken = spoken_in(run, chosen(run, "basic"))
    assert spoken.token == list(TEXT)
    assert spoken.row.tolist() == [0, 0, 0, 1, 1, 1]
    assert spoken.end_s.tolist() == pytest.approx([0.7, 0.9, 1.1, 1.3, 1.5, 1.7])
    found = matched(run, chosen(run, "basic"))
    assert found.equal.tolist() == found.place.tolist() == list(range(6))
    assert matched(run, chosen(run, "basic")) is found
