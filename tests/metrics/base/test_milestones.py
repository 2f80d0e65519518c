"""Pairing all partials at once gives what an alignment of each would give."""

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gladia_nb.metrics.base.align import align_edits, align_in_time
from gladia_nb.metrics.base.milestones import SEEN_WITHIN_S, milestones_of
from gladia_nb.metrics.base.text import normaliser
from tests.support.make_runs import make_run, transcript

#: Starts in tenths of a second; few words, so that many are equal and near.
TEXTS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 25)), max_size=7)


def spoken(text, shift=0.0):
    return [(word, at / 10 + shift, at / 10 + 0.1) for word, at in sorted(text, key=lambda w: w[1])]


def paired(partials, final):
    """For each word of the final the partials that show it, by an alignment of each."""
    found = [set() for _ in final]
    for number, partial in enumerate(partials):
        left_s, right_s = [w[1] for w in partial], [w[1] for w in final]
        left, right = [w[0] for w in partial], [w[0] for w in final]
        if any(math.isnan(at) for at in [*left_s, *right_s]):
            pairs = align_edits(left, right)
        else:
            pairs = align_in_time(left, right, left_s, right_s, SEEN_WITHIN_S)
        for word, source in enumerate(pairs):
            if source >= 0:
                found[word].add(number)
    return found


def check(partials, final):
    at = [1.0 + number for number in range(len(partials))]
    arrivals = [transcript(recv_s, said) for recv_s, said in zip(at, partials, strict=True)]
    run = make_run([*arrivals, transcript(99.0, final, final=True)], t0_ns=0, ack_ms=None)
    found = milestones_of(run.record, normaliser("basic"))
    assert len(found.word) == len(final)
    for word, seen in enumerate(paired(partials, final)):
        first = min(seen, default=None)
        assert found.first_seen[word] == (-1 if first is None else at[first] * 1e9)
        since = len(partials)
        while since - 1 in seen:
            since -= 1
        stable_s = at[since] if since < len(partials) else 99.0
        assert found.stable[word] == stable_s * 1e9
    shown = [
        (int(key) // len(final), int(key) % len(final)) if final else None for key in found.seen
    ]
    wanted = {(n, word) for word, seen in enumerate(paired(partials, final)) for n in seen}
    assert set(shown) == wanted


@settings(max_examples=150)
@given(st.lists(TEXTS, max_size=4), TEXTS)
@example([[("a", 1), ("a", 3)]], [("a", 3), ("a", 5)])
@example([[("a", 4)]], [("a", 0), ("a", 4)])
def test_any_texts(partials, final):
    check([spoken(text, 0.003) for text in partials], spoken(final))


@settings(max_examples=80)
@given(TEXTS, st.data())
def test_partials_that_grow_and_are_wrong_now_and_then(text, data):
    final = spoken(text)
    partials = []
    for n in range(len(final) + 1):
        partial = [(w, at + data.draw(st.sampled_from([0, 0.02])), end) for w, at, end in final[:n]]
        if partial and data.draw(st.booleans()):
            k = data.draw(st.integers(0, n - 1))
            partial[k] = (data.draw(st.sampled_from("xa")), *partial[k][1:])
        partials.append(partial)
    check(partials, final)


@settings(max_examples=50)
@given(st.lists(TEXTS, max_size=3), TEXTS, st.sampled_from(["partials", "final"]))
def test_without_times_by_order(partials, final, which):
    lost = [[(w, math.nan, math.nan) for w, _, _ in spoken(text)] for text in partials]
    if which == "partials":
        check(lost, spoken(final))
    else:
        check(
            [spoken(text) for text in partials],
            [(w, math.nan, math.nan) for w, _, _ in spoken(final)],
        )


def test_shifted_words():
    # Each partial lacks the first word, so that none is plain.
    said = [(f"w{chr(97 + k)}", k / 2, k / 2 + 0.3) for k in range(26)]
    check([said[1 : n + 2] for n in range(24)] * 2, said)
