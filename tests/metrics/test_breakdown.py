"""Parts of the latency of finals, exact to the nanosecond."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.metrics import (
    ENDING,
    WATERFALL,
    ending,
    latency,
    waterfall,
)
from tests.support.make_runs import (
    as_live,
    make_run,
    reference,
    rich_run,
    speech,
    transcript,
    utterance,
    words,
)

SAID = words("hello it is very nice", 0.5)  # ends at 2.4, on the boundary of a chunk
CONFIG = {"endpointing": 0.3}


def parts(run):
    table = waterfall(run)
    return dict(zip(table["part"], table["duration_ns"], strict=True))


def ms(**known):
    return {name: round(value * 1e6) for name, value in known.items()}


def test_an_endpoint():
    run = make_run(utterance(SAID, final_s=0.5, speech_end_s=0.35), config=CONFIG)
    table = waterfall(run)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(WATERFALL)
    assert parts(run) == ms(sending=0, endpointing=300, vad=50, decoding=150)
    assert table["total_ns"].tolist() == [500_000_000] * 4
    assert table["anchor"].unique().tolist() == ["service"]
    assert table["start_ns"].tolist()[1:] == table["end_ns"].tolist()[:-1]


def test_sending_is_the_wait_for_the_chunk_and_the_lateness():
    early = [(word, start - 0.03, end - 0.03) for word, start, end in SAID]
    run = make_run(
        utterance(early, final_s=0.5, speech_end_s=0.4), config=CONFIG, late_ms=lambda seq: 5.0
    )
    assert parts(run) == ms(sending=35, endpointing=300, vad=65, decoding=100)


def test_the_reference_says_when_speech_ended():
    known = reference([(word, start - 0.1, end - 0.1) for word, start, end in SAID])
    run = make_run(utterance(SAID, final_s=0.5, speech_end_s=0.35), config=CONFIG, reference=known)
    assert waterfall(run)["anchor"].unique().tolist() == ["reference"]
    assert parts(run) == ms(sending=0, endpointing=300, vad=150, decoding=150)


def test_an_early_final_has_negative_parts():
    run = make_run(utterance(SAID, final_s=0.1, speech_end_s=0.05), config=CONFIG)
    assert parts(run) == ms(sending=0, endpointing=300, vad=-250, decoding=50)


def test_a_flush():
    run = make_run([transcript(3.2, SAID, final=True)], stop_s=3.0, config=CONFIG)
    table = waterfall(run)
    assert table["trigger"].unique().tolist() == ["stop"]
    assert parts(run) == ms(sending=0, waiting=600, flush=200)


def test_forced_and_unknown_triggers():
    long = words(" ".join("abcdefghijklm"), 0.5)  # 5.1 s
    forced = make_run([transcript(6.0, long, final=True)], duration_s=8)
    assert waterfall(forced)["trigger"].unique().tolist() == ["max_duration"]
    assert list(parts(forced)) == ["sending", "decoding"]
    unknown = make_run([transcript(3.0, SAID, final=True)])
    assert waterfall(unknown)["trigger"].isna().all()
    assert parts(unknown) == ms(sending=0, decoding=600)
    flags = {"messages_config": {"receive_speech_events": False}, **CONFIG}
    silent = make_run([transcript(3.0, SAID, final=True)], config=flags)
    assert parts(silent) == ms(sending=0, endpointing=300, decoding=300)


def test_audio_that_was_never_sent_has_no_sending():
    run = make_run(utterance(SAID, final_s=0.5), sent_s=1.0, config=CONFIG)
    assert "sending" not in parts(run)
    assert sum(parts(run).values()) == 500_000_000


@pytest.mark.parametrize(
    "run",
    [
        make_run(),
        make_run(utterance(SAID, final_s=None)),
        make_run([transcript(2.0, [], final=True, span=(float("nan"), float("nan")))]),
        make_run(reference=reference(SAID)),
    ],
)
def test_no_finals_no_rows(run):
    table = waterfall(run)
    assert not len(table)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(WATERFALL)


def check_sums(run):
    table = waterfall(run)
    sums = table.groupby(["channel", "utterance_id"])["duration_ns"].sum()
    totals = table.groupby(["channel", "utterance_id"])["total_ns"].first()
    assert (sums == totals).all()
    final = run.utterances.set_index(["channel", "utterance_id"])["final_ns"]
    last = table.groupby(["channel", "utterance_id"])["end_ns"].last()
    assert (last == final.loc[last.index]).all()
    return table


@settings(max_examples=50)
@given(
    st.floats(-1, 2),
    st.floats(-0.5, 2),
    st.floats(0.01, 5),
    st.floats(0, 40),
    st.sampled_from([20, 100, 250]),
    st.none() | st.floats(2.0, 4.0),
)
def test_parts_sum_up_exactly(final_s, speech_end_s, endpointing, late, chunk_ms, stop_s):
    said = [(word, start + 0.0137, end + 0.0137) for word, start, end in SAID]
    run = make_run(
        utterance(said, final_s=final_s, speech_end_s=speech_end_s),
        config={"endpointing": endpointing},
        late_ms=lambda seq: late,
        chunk_ms=chunk_ms,
        stop_s=stop_s,
        reference=reference(SAID),
    )
    check_sums(run)


def test_a_conversation():
    run = rich_run()
    table = check_sums(run)
    assert set(table["trigger"].dropna()) >= {"endpoint", "stop"}
    whole = latency(run)
    whole = whole[
        (whole["name"] == "speech_end -> final @capture") & (whole["anchor"] == "reference")
    ].dropna(subset="event_s")
    known = whole.set_index(["channel", "utterance_id"])["latency_ms"].sort_index()
    found = (
        table[table["anchor"] == "reference"]
        .groupby(["channel", "utterance_id"])["total_ns"]
        .first()
    )
    assert (found.sort_index() / 1e6).tolist() == pytest.approx(known.tolist(), abs=1e-5)


def test_the_end_of_a_session():
    t0, s = 5_000_000_000, 1_000_000_000
    extra = [
        {"event": "close", "ns": t0 + 4 * s, "connection": 1},
        {"event": "result", "ns": 1, "start_ns": t0 + 5 * s, "end_ns": t0 + 6 * s, "raw": "{}"},
        {"event": "warning", "ns": t0 + 7 * s, "text": "last"},
    ]
    arrivals = [
        *utterance(SAID, final_s=0.1),
        transcript(3.2, SAID, "1", final=True),
        speech(3.5, "end", 2.4),
    ]
    run = make_run(arrivals, stop_s=3.0, extra=extra, duration_s=2.9)
    table = ending(run)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(ENDING)
    found = dict(zip(table["step"], table["duration_ms"], strict=True))
    assert found == {
        "flush": 200,
        "post_processing": 500,
        "closing": 1000,
        "result": 1000,
        "total": 4000,
    }


def test_an_end_without_a_stop():
    assert not len(ending(make_run(utterance(SAID))))
    only = ending(make_run(stop_s=4.5, ack_ms=None))
    assert only["step"].tolist() == ["total"]
    assert only["duration_ms"].tolist() == [0.0]


def test_a_final_of_live_audio_that_was_never_sent_has_no_parts():
    run = make_run(utterance(SAID), config=CONFIG)
    assert len(waterfall(as_live(run))) == len(waterfall(run)) > 0
    assert waterfall(as_live(make_run(utterance(SAID), config=CONFIG, sent_s=1.0))).empty
