"""Latencies whose truth is known: exact in closed form, and lawful at random."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.metrics import (
    CLOCKS,
    LATENCY,
    MATCH_RATE,
    WORD_TIMES,
    latency,
    latency_part,
    match_rate,
    run_anchor,
    word_times,
)
from gladia_nb.metrics.base.clocks import captured_s, first_sent, sent_s
from tests.support.known_latencies import SAID, ms, of
from tests.support.make_runs import make_run, reference, rich_run, transcript, utterance, words

# -- clocks --


def test_chunk_that_holds_a_position():
    run = make_run(duration_s=1.05, late_ms=float)
    sample = 1 / 16000
    due = {0.1: 0.1, 0.2: 0.201, 1.0: 1.009, 1.05: 1.06}
    for position, sent in due.items():
        assert sent_s(run, position) == pytest.approx(sent, abs=1e-9)
    assert sent_s(run, 0.0) == pytest.approx(0.1)
    assert sent_s(run, 0.1 - sample) == pytest.approx(0.1)
    assert sent_s(run, 0.1 + sample) == pytest.approx(0.201)
    assert sent_s(run, 3 * 0.1) == pytest.approx(0.302)  # 0.30000000000000004
    assert math.isnan(sent_s(run, 1.05 + sample))
    assert math.isnan(sent_s(run, -sample))
    assert math.isnan(sent_s(run, math.nan))
    assert captured_s(run, [0.25]).tolist() == [0.25]


def test_a_chunk_counts_when_it_was_sent_first():
    lost = make_run(duration_s=0.3).record.of("chunk")[1]
    later = {k: v + 900_000_000 for k, v in lost.items() if k.startswith("send_")}
    again = {**lost, **later, "resend": True, "connection": 2}
    run = make_run(duration_s=0.3, extra=[again])
    assert len(run.chunks) == 4
    assert first_sent(run)["seq"].tolist() == [0, 1, 2]
    assert sent_s(run, 0.15) == pytest.approx(0.2)
    only_again = make_run(duration_s=0.3, sent_s=0.1, extra=[again])
    assert sent_s(only_again, 0.15) == pytest.approx(1.1)


def test_speed_divides_the_capture_clock():
    said = words("one two", 1.0)
    run = make_run([transcript(1.0, said, final=True)], speed=2.0)
    assert ms(run, "word_end -> final @capture") == pytest.approx([350.0, 150.0])
    assert ms(run, "word_end -> final @send") == pytest.approx([350.0, 150.0])


# -- words --


def test_late_sending_drops_out_of_the_send_clock_only():
    run = make_run(utterance(SAID, partial_s=0.3), late_ms=lambda seq: 40.0)
    assert ms(run, "word_end -> first_seen @send") == pytest.approx([260.0] * 5)
    assert ms(run, "word_end -> first_seen @capture") == pytest.approx([300.0] * 5)


def test_negative_latency_is_kept():
    run = make_run(utterance(SAID, partial_s=-0.25))
    assert ms(run, "word_end -> first_seen @send") == pytest.approx([-250.0] * 5)


def test_case_and_punctuation_do_not_matter():
    shown = [("Hello,", 0.5, 0.8), ("IT\u2019S", 0.9, 1.2)]
    final = [("hello", 0.5, 0.8), ("it's", 0.9, 1.2), ("-", 1.2, 1.2), ("Fine.", 1.3, 1.6)]
    run = make_run([transcript(1.3, shown), transcript(2.0, final, final=True)])
    rows = of(run, "word_end -> first_seen @capture")
    assert rows["word"].tolist() == ["hello", "it's", "Fine."]
    assert rows["position"].tolist() == [0, 1, 3]
    assert rows["latency_ms"].tolist() == pytest.approx([500, 100, 400])


def test_a_word_of_no_partial_is_seen_in_the_final():
    partials = [transcript(1.0, SAID[:1]), transcript(1.4, [SAID[0], ("if", 0.9, 1.2)])]
    run = make_run([*partials, transcript(2.9, SAID, final=True)])
    rows = of(run, "word_end -> first_seen @send")
    assert rows["event_s"].tolist() == pytest.approx([1.0, 2.9, 2.9, 2.9, 2.9])
    assert rows["latency_ms"].notna().all()


def test_first_sight_counts_though_the_word_vanished():
    said = words("a b", 0.5)
    shown = [transcript(1.3, said), transcript(1.5, said[:1]), transcript(1.7, said)]
    run = make_run([*shown, transcript(2.0, said, final=True)])
    assert word_times(run)["first_seen_s"].tolist() == pytest.approx([1.3, 1.3])


def test_repeated_words_are_told_apart():
    said = words("the the cat the", 0.5)
    run = make_run(utterance(said, partial_s=0.2), reference=reference(said))
    assert word_times(run)["reference"].tolist() == [0, 1, 2, 3]
    assert ms(run, "word_end -> first_seen @send") == pytest.approx([200.0] * 4)


def test_a_word_is_not_seen_before_it_is_spoken():
    """From a real session: "you" was the first guess for "is", two seconds before the true one."""
    final = [("is", 0.5, 0.7), ("there", 0.7, 1.0), ("you", 2.4, 2.7)]
    partials = [transcript(0.9, [("you", 0.5, 0.6)]), transcript(2.9, final)]
    run = make_run([*partials, transcript(3.2, final, final=True)])
    assert word_times(run)["first_seen_s"].tolist() == pytest.approx([2.9, 2.9, 2.9])
    near = [transcript(0.9, [("you", 1.9, 2.0)]), *partials]
    run = make_run([*near, transcript(3.2, final, final=True)])
    assert word_times(run)["first_seen_s"].tolist() == pytest.approx([2.9, 2.9, 0.9])


def test_words_without_times_are_found_by_their_order():
    nan = math.nan
    shown = [("is", nan, nan), ("there", nan, nan)]
    run = make_run([transcript(1.0, shown, span=(0.5, 1.2)), *utterance(SAID[1:4], partial_s=None)])
    assert word_times(run)["first_seen_s"].tolist() == pytest.approx([2.5, 1.0, 2.5])


def test_partial_only_utterances_wait_for_a_final_in_vain():
    run = make_run(utterance(SAID, final_s=None), reference=reference(SAID))
    for anchor in ("service", "reference"):
        rows = of(run, "word_end -> final @send", anchor)
        assert len(rows) == 5
        assert rows["event_s"].isna().all()
        # By the reference it is known to have been a word, which is waited for in vain.
        seen = of(run, "word_end -> first_seen @send", anchor)
        assert len(seen) == (5 if anchor == "reference" else 0)
        assert seen["event_s"].isna().all()
        assert of(run, "speech_end -> final @send", anchor)["event_s"].isna().tolist() == [True]
    assert not word_times(run)["is_final"].any()
    assert match_rate(run)["matched"].tolist() == [0]


def test_partials_that_were_not_asked_for_are_not_missed():
    arrivals = utterance(SAID, partial_s=None)
    quiet = latency(make_run(arrivals, partials=False))
    assert set(quiet["milestone"]) == {"final", "end_of_speech_detected"}
    asked = latency(make_run(arrivals, partials=True))
    missed = asked[asked["milestone"] == "first_partial"]
    assert len(missed)
    assert missed["event_s"].isna().all()


def test_an_anchor_behind_the_audio_sent_has_no_send_time():
    run = make_run([transcript(2.0, SAID, final=True)], sent_s=1.6)
    rows = of(run, "word_end -> final @send")
    assert rows["anchor_clock_s"].isna().tolist() == [False, False, False, True, True]
    assert rows["latency_ms"].isna().tolist() == [False, False, False, True, True]
    assert rows["event_s"].notna().all()
    assert len(of(run, "word_end -> final @capture")["latency_ms"].dropna()) == 5


def test_a_second_final_changes_nothing():
    arrivals = utterance(SAID)
    run = make_run([*arrivals, transcript(3.5, SAID[:2], final=True)])
    pd.testing.assert_frame_equal(latency(run), latency(make_run(arrivals)))


def test_a_final_without_words_has_only_its_utterance():
    run = make_run([transcript(1.0, SAID[:2]), transcript(2.0, [], final=True, span=(0.5, 1.2))])
    rows = latency(run)
    assert set(rows["unit"]) == {"utterance"}


# -- shape and laws --


@pytest.mark.parametrize(
    "run",
    [
        make_run(),
        make_run(duration_s=1.0, reference=reference(SAID)),
        make_run(utterance(SAID, final_s=None)),
        make_run(utterance(SAID), ack_ms=None, reference=reference(SAID)),
    ],
)
def test_columns_are_always_the_same(run):
    for frame, schema in (
        (latency(run), LATENCY),
        (word_times(run), WORD_TIMES),
        (match_rate(run), MATCH_RATE),
    ):
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dict(schema)


def test_what_ended_before_the_audio_began_is_empty():
    run = make_run()
    events = tuple(e for e in run.record.events if e["event"] == "end")
    bare = type(run)(type(run.record)(run.record.header, events))
    assert not len(latency(bare))
    assert sent_s(bare, [1.0]).tolist() == pytest.approx([math.nan], nan_ok=True)


@settings(max_examples=20, deadline=None)
@given(st.integers(-(10**12), 10**15))
def test_shifting_all_clocks_changes_nothing(shift_ns):
    arrivals = utterance(SAID, partial_s=0.123)
    known = reference(SAID)
    moved = make_run(arrivals, reference=known, t0_ns=2 * 10**12 + shift_ns)
    pd.testing.assert_frame_equal(latency(moved), latency(make_run(arrivals, reference=known)))


@st.composite
def conversations(draw):
    text = draw(st.lists(st.sampled_from("the a cat sat on mat".split()), min_size=1, max_size=8))
    said = words(" ".join(text), 0.5, each_s=0.2, gap_s=0.05)
    count = draw(st.integers(0, 4))
    arrivals, at = [], 0.6
    for _ in range(count):
        at += draw(st.floats(0.001, 0.5))
        keep = draw(st.lists(st.booleans(), min_size=len(said), max_size=len(said)))
        arrivals.append(transcript(at, [w for w, k in zip(said, keep, strict=True) if k]))
    if draw(st.booleans()):
        arrivals.append(transcript(at + draw(st.floats(0.001, 1)), said, final=True))
    return make_run(arrivals, reference=draw(st.sampled_from([None, reference(said)])))


@settings(max_examples=60, deadline=None)
@given(conversations())
def test_laws(run):
    table = word_times(run)
    both = table.dropna(subset=["first_seen_s", "final_s"])
    assert (both["first_seen_s"] <= both["final_s"]).all()
    rows = latency(run)
    known = rows["anchor_clock_s"].notna() & rows["event_s"].notna()
    assert (rows["latency_ms"].notna() == known).all()
    keys = ["unit", "milestone", "anchor", "utterance_id", "position"]
    send = rows[rows["clock"] == "send"].set_index(keys)["latency_ms"]
    capture = rows[rows["clock"] == "capture"].set_index(keys)["latency_ms"]
    wait = (capture - send).dropna()
    assert ((wait > -1e-6) & (wait < 100 + 1e-6)).all()


def test_a_realistic_run():
    run = rich_run()
    rows = of(run, "word_end -> first_seen @send", "reference")
    assert 200 < rows["latency_ms"].median() < 400
    assert match_rate(run)["rate"][0] > 0.95
    assert set(of(run, "speech_end -> final @send")["trigger"].dropna()) >= {"endpoint", "stop"}


# -- parts of the table --

CHOICES = st.fixed_dictionaries(
    {
        "anchors": st.lists(st.sampled_from(["reference", "service", "stopwatch"]), max_size=2),
        "units": st.lists(st.sampled_from(["word", "utterance"]), max_size=1),
        "clocks": st.lists(st.sampled_from(CLOCKS), max_size=2),
        "milestones": st.lists(st.sampled_from(["final", "first_seen", "none"]), max_size=2),
    }
)


@given(CHOICES)
@settings(max_examples=60, deadline=None)
def test_a_part_is_what_would_be_chosen_of_the_whole(choices):
    run = rich_run()
    whole = latency(run)
    for name, values in choices.items():
        if values:
            whole = whole[whole[name[:-1]].isin(values)]
    part = latency_part(run, **choices)
    pd.testing.assert_frame_equal(part, whole.reset_index(drop=True), check_index_type=False)


def test_whom_a_run_is_counted_from():
    assert run_anchor(make_run(utterance(SAID))) == "service"
    assert run_anchor(rich_run()) == "reference"
    assert run_anchor(make_run([])) == "service"
