"""What was shown, when it was right, and since when it stood: by hand, and by law."""

import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.metrics import (
    MATCH_RATE,
    WORD_TIMES,
    latency,
    match_rate,
    word_times,
)
from gladia_nb.run import Run
from tests.support.make_runs import (
    make_run,
    message,
    reference,
    rich_run,
    speech,
    transcript,
    utterance,
    words,
)

SAID = words("one two three", 0.5)  # ends at 0.8, 1.2, 1.6
MILESTONES = ["first_seen_s", "first_correct_s", "stable_s", "stable_raw_s", "final_s"]


def renamed(said, **changes):
    return [(changes.get(word, word), start, end) for word, start, end in said]


def times(run, column):
    """Arrivals to the microsecond, None for never."""
    return [None if math.isnan(at) else round(at, 6) for at in word_times(run)[column]]


def all_times(run):
    return {column: times(run, column) for column in MILESTONES}


def test_every_milestone_of_an_utterance_that_grows():
    run = make_run(utterance(SAID, partial_s=0.2, final_s=0.5))
    assert all_times(run) == {
        "first_seen_s": [1.0, 1.4, 1.8],
        "first_correct_s": [1.0, 1.4, 1.8],
        "stable_s": [1.0, 1.4, 1.8],
        "stable_raw_s": [1.0, 1.4, 1.8],
        "final_s": [2.1, 2.1, 2.1],
    }


def test_a_word_that_goes_and_comes_again_is_stable_from_its_return():
    shown = [SAID, SAID[:1], [SAID[0], SAID[2]], SAID]
    arrivals = [transcript(1.7 + 0.1 * k, said) for k, said in enumerate(shown)]
    run = make_run([*arrivals, transcript(2.5, SAID, final=True)])
    assert times(run, "first_seen_s") == [1.7, 1.7, 1.7]
    assert times(run, "stable_s") == [1.7, 2.0, 1.9]


def test_what_the_last_partial_lacks_is_stable_with_the_final():
    arrivals = [transcript(1.7, SAID), transcript(1.8, SAID[:2])]
    run = make_run([*arrivals, transcript(2.5, SAID, final=True)])
    assert times(run, "stable_s") == [1.7, 1.7, 2.5]


def test_a_partial_without_words_takes_all_back():
    arrivals = [transcript(1.7, SAID), transcript(1.8, []), transcript(1.9, SAID[:1])]
    run = make_run([*arrivals, transcript(2.5, SAID, final=True)])
    assert times(run, "stable_s") == [1.9, 2.5, 2.5]
    assert times(run, "first_seen_s") == [1.7, 1.7, 1.7]


def test_formatting_changes_only_the_raw_word():
    final = renamed(SAID, one="One", three="three.")
    arrivals = [transcript(1.7, SAID), transcript(1.9, renamed(SAID, one="One"))]
    run = make_run([*arrivals, transcript(2.5, final, final=True)])
    assert times(run, "stable_s") == [1.7, 1.7, 1.7]
    assert times(run, "stable_raw_s") == [1.9, 1.7, 2.5]


def test_repeated_words_have_places_of_their_own():
    said = words("the the cat", 0.5)
    arrivals = [transcript(1.0, said[:1]), transcript(1.5, said[:2]), transcript(1.9, said)]
    run = make_run([*arrivals, transcript(2.5, said, final=True)], reference=reference(said))
    assert times(run, "first_seen_s") == [1.0, 1.5, 1.9]
    assert times(run, "stable_s") == [1.0, 1.5, 1.9]
    # Only the second of them, by its time.
    only = make_run([transcript(1.5, said[1:2]), transcript(2.5, said, final=True)])
    assert times(only, "first_seen_s") == [2.5, 1.5, 2.5]


def test_a_word_in_front_does_not_make_all_behind_it_new():
    arrivals = [transcript(1.5, SAID[1:2]), transcript(1.8, SAID[1:]), transcript(1.9, SAID)]
    run = make_run([*arrivals, transcript(2.5, SAID, final=True)])
    assert times(run, "first_seen_s") == [1.9, 1.5, 1.8]
    assert times(run, "stable_s") == [1.9, 1.5, 1.8]


def test_without_a_partial_the_final_is_the_first_right_sight():
    run = make_run([transcript(2.5, SAID, final=True)])
    assert all_times(run) == {
        "first_seen_s": [2.5] * 3,
        "first_correct_s": [2.5] * 3,
        "stable_s": [2.5] * 3,
        "stable_raw_s": [2.5] * 3,
        "final_s": [2.5] * 3,
    }


# -- the correct word --


def test_a_wrong_final_never_comes_right():
    wrong = renamed(SAID, two="too")
    run = make_run([transcript(1.8, wrong), transcript(2.5, wrong, final=True)], reference=None)
    assert times(run, "first_correct_s") == [1.8] * 3
    run = make_run(
        [transcript(1.8, wrong), transcript(2.5, wrong, final=True)], reference=reference(SAID)
    )
    assert times(run, "first_correct_s") == [1.8, None, 1.8]
    table = word_times(run)
    assert table["correct"].tolist() == ["one", "two", "three"]
    assert table["reference"].tolist() == [0, pd.NA, 2]
    assert table["place"].tolist() == [0, 1, 2]
    rows = latency(run)
    for anchor in ("reference", "service"):
        found = rows[(rows["milestone"] == "first_correct") & (rows["anchor"] == anchor)]
        assert found["event_s"].isna().groupby(found["clock"]).sum().tolist() == [1, 1, 1]
        assert found["anchor_clock_s"].notna().all()
    seen = rows[(rows["milestone"] == "first_seen") & (rows["anchor"] == "reference")]
    assert seen["word"].unique().tolist() == ["one", "too", "three"]
    assert seen["event_s"].isna().tolist() == [False, True, False] * 3


def test_a_right_word_that_the_final_took_away_had_been_seen():
    wrong = renamed(SAID, two="too")
    arrivals = [transcript(1.3, SAID[:2]), transcript(1.8, wrong)]
    run = make_run([*arrivals, transcript(2.5, wrong, final=True)], reference=reference(SAID))
    assert times(run, "first_correct_s") == [1.3, 1.3, 1.8]
    assert times(run, "first_seen_s") == [1.3, 1.3, 1.8]
    assert times(run, "stable_s") == [1.3, 1.8, 1.8]


def test_a_word_that_the_partial_had_wrong_and_the_final_right():
    arrivals = [transcript(1.3, renamed(SAID[:2], two="too")), transcript(1.8, SAID)]
    run = make_run([*arrivals, transcript(2.5, SAID, final=True)], reference=reference(SAID))
    assert times(run, "first_correct_s") == [1.3, 1.8, 1.8]


def test_nothing_is_correct_where_nothing_was_spoken():
    spoken = reference([SAID[0], SAID[2]])
    run = make_run([transcript(1.8, SAID), transcript(2.5, SAID, final=True)], reference=spoken)
    table = word_times(run)
    assert table["correct"].isna().tolist() == [False, True, False]
    rows = latency(run).query("milestone == 'first_correct' and clock == 'send'")
    assert rows.groupby("anchor")["word"].apply(list).to_dict() == {
        "reference": ["one", "three"],
        "service": ["one", "three"],
    }


def test_the_correct_word_elsewhere_is_not_at_its_place():
    wrong = renamed(SAID, three="tree")
    far = [("three", 0.5, 0.8)]
    arrivals = [transcript(1.0, far), transcript(1.8, wrong)]
    run = make_run([*arrivals, transcript(2.5, wrong, final=True)], reference=reference(SAID))
    assert times(run, "first_correct_s") == [1.8, 1.8, None]


def test_a_channel_without_a_reference_takes_its_own_words():
    arrivals = utterance(SAID) + utterance(renamed(SAID, one="uno"), channel=1)
    run = make_run(arrivals, channels=2, reference=reference(SAID))
    table = word_times(run)
    assert table["correct"].tolist() == ["one", "two", "three", "uno", "two", "three"]
    assert times(run, "first_correct_s") == [1.0, 1.4, 1.8] * 2


def test_match_rate_tells_wrong_from_missing():
    heard = renamed(SAID[:2], two="too")
    run = make_run([transcript(2.5, heard, final=True)], reference=reference(SAID))
    assert match_rate(run).to_dict("records") == [
        {
            "channel": 0,
            "reference_words": 3,
            "matched": 1,
            "wrong": 1,
            "missing": 1,
            "rate": pytest.approx(1 / 3),
            "normaliser": "basic",
        }
    ]


def test_words_that_no_audio_can_hold_are_found_nowhere():
    spoken = reference(SAID) + reference(words("four", 90.0)) + reference(SAID[:1], channel=7)
    run = make_run(utterance(SAID), reference=spoken)
    table = match_rate(run)
    assert table["matched"].tolist() == [3, 0]
    # What is behind the audio was not sent; another channel was, by its time.
    assert table["missing"].tolist() == [0, 1]
    assert latency(run).query("anchor == 'reference'")["channel"].unique().tolist() == [0]


# -- what the service should not do --


def test_a_partial_behind_the_final_changes_nothing():
    arrivals = [*utterance(SAID), transcript(3.0, SAID), transcript(3.5, SAID[:1], final=True)]
    table, before = word_times(make_run(arrivals)), word_times(make_run(utterance(SAID)))
    pd.testing.assert_frame_equal(table, before)


def test_words_said_again_under_another_id_have_rows_of_their_own():
    again = utterance(SAID, "00_1", partial_s=1.2, final_s=1.5, speech_end_s=None)
    run = make_run([*utterance(SAID, "00_0"), *again], reference=reference(SAID))
    table = word_times(run)
    assert table["utterance_id"].tolist() == ["00_0"] * 3 + ["00_1"] * 3
    assert sorted(table["reference"].dropna()) == [0, 1, 2]


def test_one_utterance_one_word():
    run = make_run(utterance(SAID[:1]))
    assert times(run, "stable_s") == [1.0]
    assert len(latency(run).query("unit == 'word' and clock == 'ack'")) == 4


def test_without_a_final_nothing_is_stable():
    run = make_run(utterance(SAID, final_s=None), reference=reference(SAID))
    assert times(run, "stable_s") == [None] * 3
    assert times(run, "final_s") == [None] * 3
    assert times(run, "first_seen_s") == [1.0, 1.4, 1.8]
    rows = latency(run).query("unit == 'word'")
    assert set(rows[rows["anchor"] == "service"]["milestone"]) == {"final"}
    assert rows["event_s"].isna().all()


def test_messages_that_are_no_transcripts_are_no_words():
    odd = [
        message(1.0, "transcript", {"id": "00_0", "is_final": True, "utterance": "text"}),
        message(1.1, "transcript", {"id": "00_0", "is_final": True, "utterance": {"words": 5}}),
        message(1.2, "translation", {"utterance": {"words": [{"word": "one"}]}}),
    ]
    assert not len(word_times(make_run(odd)))


@pytest.mark.parametrize(
    "run",
    [
        make_run(),
        make_run(reference=reference(SAID)),
        make_run([transcript(1.0, [], final=True)]),
        make_run([transcript(1.0, [("...", 0.1, 0.2)])]),
        make_run(utterance(SAID)),
        rich_run(),
    ],
)
def test_the_schema_is_always_the_same(run):
    for frame, schema in ((word_times(run), WORD_TIMES), (match_rate(run), MATCH_RATE)):
        assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dict(schema)


def test_the_table_is_yours_to_change():
    run = make_run(utterance(SAID))
    mine = word_times(run)
    mine["word"] = "x"
    assert word_times(run)["word"].tolist() == ["one", "two", "three"]


# -- laws --


@st.composite
def shown(draw):
    """Utterances whose partials come and go as they like, out of few words, some with a final."""
    vocabulary = st.sampled_from(["a", "b", "A.", "c", "-"])
    arrivals = []
    for number in range(draw(st.integers(1, 2))):
        n = draw(st.integers(0, 5))
        starts = sorted(draw(st.lists(st.integers(0, 30), min_size=n, max_size=n)))
        for k in range(draw(st.integers(1, 5))):
            said = [
                (draw(vocabulary), at / 10 + draw(st.sampled_from([0, 0.01])), at / 10 + 0.2)
                for at in starts[: draw(st.integers(0, n))]
            ]
            final = draw(st.integers(0, 3)) == 0
            recv_s = 1.0 + k + draw(st.sampled_from([0.0, 0.5]))
            arrivals.append(transcript(recv_s, said, f"00_{number}", final=final))
    spoken = reference(
        [(draw(st.sampled_from("abc")), k / 2, k / 2 + 0.3) for k in range(draw(st.integers(0, 5)))]
    )
    return make_run(arrivals, reference=draw(st.sampled_from([None, spoken])), duration_s=8)


@settings(max_examples=50)
@given(shown())
def test_milestones_are_in_order(run):
    table = word_times(run)
    for k, early in enumerate(MILESTONES):
        for late in MILESTONES[k + 1 :]:
            both = table[[early, late]].dropna()
            assert (both[early] <= both[late]).all(), (early, late)
    rows = latency(run)
    key = ["anchor", "clock", "channel", "utterance_id", "position"]
    wide = rows[rows["unit"] == "word"].pivot_table(
        index=key, columns="milestone", values="event_s", dropna=False
    )
    for early, late in (("first_seen", "first_correct"), ("first_correct", "stable")):
        if {early, late} <= set(wide):
            both = wide[[early, late]].dropna()
            assert (both[early] <= both[late]).all()


@settings(max_examples=25)
@given(shown(), st.randoms(use_true_random=False))
def test_messages_of_one_stamp_may_come_in_any_order(run, random):
    """Acknowledgements and speech events beside transcripts, shuffled within each stamp."""
    stamps = [e["recv_ns"] for e in run.record.of("message")]
    extra = [speech((at - 5e9) / 1e9, "start", 0.5) for at in stamps[:20]]
    events = list(run.record.events)
    position = {id(event): k for k, event in enumerate(events)}
    more = make_run(extra, ack_ms=None).record.of("message")
    events = sorted([*events[:-1], *more], key=stamp)
    mixed = [e for e in events if e.get("event") == "message"]
    others = {id(e) for e in mixed if '"transcript"' not in e["raw"]}
    # Transcripts keep their order; all that has the same stamp may move around them.
    tickets = {id(e): random.random() if id(e) in others else 0.5 for e in events}
    shuffled = sorted(events, key=lambda e: (stamp(e), tickets[id(e)]))
    assert len(position) == len(run.record.events)
    one, other = (with_events(run, some) for some in (events, shuffled))
    pd.testing.assert_frame_equal(latency(one), latency(other))
    pd.testing.assert_frame_equal(word_times(one), word_times(other))


def stamp(event):
    return event.get("recv_ns", event.get("send_start_ns", 0))


def with_events(run, events):
    return Run(type(run.record)(run.record.header, (*events, run.record.events[-1])))


@settings(max_examples=20)
@given(shown(), st.integers(-(4 * 10**9), 10**15))
def test_shifting_all_clocks_changes_nothing(run, shift_ns):
    def moved(event):
        ends = ("_ns", "ns")
        return {
            name: value + shift_ns if name.endswith(ends) and isinstance(value, int) else value
            for name, value in event.items()
        }

    events = tuple(moved(event) for event in run.record.events)
    other = Run(type(run.record)(run.record.header, events))
    pd.testing.assert_frame_equal(word_times(other), word_times(run))
    pd.testing.assert_frame_equal(latency(other), latency(run))
