"""A word that a forced final cut off was seen where it was seen first."""

import math

import pytest

from gladia_nb.metrics import error_delay, latency, wer_at, word_errors, word_states, word_times
from tests.support.make_runs import make_run, reference, transcript, words

SAID = words("have a very good morning to you", 0.5)  # "morning" is from 2.1 to 2.4
#: The first utterance is cut at 2.2 s.
CUT = [
    transcript(1.8, SAID[:3], "0"),
    transcript(2.5, SAID[:5], "0"),
    transcript(2.6, SAID[:4], "0", final=True, span=(0.5, 2.2)),
    transcript(2.9, SAID[4:6], "1"),
    transcript(3.6, SAID[4:], "1", final=True),
]


def seen(run):
    table = word_times(run)
    return dict(zip(table["word"], table["first_seen_s"].round(6), strict=True))


def run_of(arrivals):
    return make_run(arrivals, reference=reference(SAID))


def test_a_word_that_the_next_final_takes_over_was_seen_in_the_utterance_before():
    found = seen(run_of(CUT))
    assert found["morning"] == 2.5
    assert found["to"] == 2.9
    # It went with the final, and stands since the next partial.
    assert word_times(run_of(CUT)).set_index("word")["stable_s"]["morning"] == pytest.approx(2.9)
    rows = latency(run_of(CUT), anchor="reference")
    first = rows[(rows["name"] == "word_end -> first_seen @capture") & (rows["word"] == "morning")]
    assert first["latency_ms"].tolist() == pytest.approx([100.0])


def test_a_piece_of_a_word_at_the_cut():
    arrivals = [*CUT]
    arrivals[2] = transcript(2.6, [*SAID[:4], ("mor", 2.1, 2.2)], "0", final=True)
    assert seen(run_of(arrivals))["morning"] == 2.5


def test_a_word_in_both_finals_was_seen_in_the_first():
    arrivals = [*CUT]
    arrivals[2] = transcript(2.6, SAID[:5], "0", final=True)
    table = word_times(run_of(arrivals))
    twice = table[table["word"] == "morning"]
    assert twice["first_seen_s"].tolist() == pytest.approx([2.5, 2.5])
    # The service wrote it twice, and one of them is too many.
    assert word_errors(run_of(arrivals))["insertions"].iloc[-1] == 1


def test_what_is_earlier_in_the_audio_may_come_later():
    """The utterance before arrives behind: nothing is seen later than in its own final."""
    late = [transcript(4.0 + k, SAID[: 5 - k], "0", final=k == 1) for k in range(2)]
    table = word_times(make_run([transcript(3.0, SAID[4:], "1", final=True), *late]))
    assert table.set_index("word")["first_seen_s"]["morning"] == 3.0


def test_a_word_that_is_said_twice_is_seen_twice():
    said = [("no", 0.5, 0.8), ("no", 0.9, 1.2)]
    arrivals = [
        transcript(1.0, said[:1], "0"),
        transcript(1.1, said[:1], "0", final=True),
        transcript(1.5, said[1:], "1", final=True),
    ]
    assert word_times(make_run(arrivals))["first_seen_s"].tolist() == [1.0, 1.5]


@pytest.mark.parametrize("change", ["channel", "time", "word"])
def test_another_channel_time_or_word_is_not_the_same(change):
    later = [
        (w, a + (2 if change == "time" else 0), b + 2 * (change == "time")) for w, a, b in SAID
    ]
    if change == "word":
        later[4] = ("evening", 2.1, 2.4)
    options = {"channel": 1} if change == "channel" else {}
    arrivals = [*CUT[:3], transcript(4.9, later[4:], "1", final=True, **options)]
    found = seen(make_run(arrivals, channels=2, duration_s=6))
    assert found[later[4][0]] == 4.9


def test_without_times_nothing_is_handed_over():
    nowhere = [(word, math.nan, math.nan) for word, _, _ in SAID]
    arrivals = [
        transcript(2.5, nowhere[:5], "0", span=(0.5, 2.4)),
        transcript(2.6, nowhere[:4], "0", final=True, span=(0.5, 2.2)),
        transcript(3.6, nowhere[4:], "1", final=True, span=(2.1, 3.2)),
    ]
    assert seen(make_run(arrivals))["morning"] == 3.6


# -- on the screen --


def counts(run, *taus):
    names = ["correct", "substitutions", "deletions", "insertions"]
    return wer_at(run, taus)[names].to_numpy().tolist()


def test_it_is_no_word_too_many_while_it_is_shown():
    # "morning" ends at 2.4: shown from 2.5 to 2.6 and from 2.9 on; before, it is simply missing.
    run = make_run(CUT, reference=reference(SAID[4:5]) + reference(SAID[:4]))
    assert counts(run, 0.15)[0][3] == 0
    one = make_run(CUT, reference=reference(SAID[:5]))
    correct = {tau: counts(one, tau)[0] for tau in (0.05, 0.15, 0.25, 0.6)}
    inserted = [found[3] for found in correct.values()]
    assert inserted[:3] == [0, 0, 0]
    whole = run_of(CUT)
    assert counts(whole, 0.1)[0][3] == counts(whole, 0.15)[0][3] == 0
    # At the end all is as the finals have it.
    assert wer_at(whole, [math.inf])["wer"].tolist() == [0]
    assert (error_delay(whole)["inserted"] == 0).all()


def test_the_states_of_words_show_it_where_it_was():
    table = word_states(run_of(CUT))
    morning = table[table["word"] == "morning"]
    assert morning["recv_s"].round(6).tolist() == [2.5, 2.9, 3.6]
    assert morning["state"].tolist() == ["correct"] * 3
    assert morning["utterance_id"].tolist() == ["0", "1", "1"]
