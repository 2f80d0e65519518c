"""The table of turns in a report, by hand."""

from gladia_nb.reporting.turn_tables import turn_waits
from tests.support.make_runs import make_run, reference, utterance, words
from tests.support.pages import rows_of

GROUPS = [words("one two three", 0.5 + 2 * number) for number in range(3)]


def talk(final_s=0.5):
    """Three utterances with constant delays, a turn each."""
    arrivals = []
    for number, group in enumerate(GROUPS):
        arrivals += utterance(group, f"0_{number}", final_s=final_s)
    known = reference([word for group in GROUPS for word in group])
    return make_run(arrivals, duration_s=8, reference=known)


def table_of(html):
    """The rows of a table by their first cell, without its head."""
    return {row[0]: row[1:] for row in rows_of(html)[1:]}


def test_turns_have_our_waits_and_those_of_others():
    found = table_of(turn_waits([talk(), make_run()], ["A", "B"]))
    assert found == {
        "turns, by": ["silences of the reference", "\u2013"],
        "turns": ["3", "0"],
        "finals before the turn was over": ["0", "\u2013"],
        "first final, median (ms)": ["500", "\u2013"],
        "last final, median (ms)": ["500", "\u2013"],
        "end of speech detected, median (ms)": ["300", "\u2013"],
        "last change, median (ms)": ["200", "\u2013"],
        "TTFS (Pipecat), median (ms)": ["500", "\u2013"],
        "transcription delay (LiveKit), median (ms)": ["500", "\u2013"],
        "end of utterance delay (LiveKit), median (ms)": ["550", "\u2013"],
    }
    never = table_of(turn_waits([talk(None)], ["A"]))
    assert never["last final, median (ms)"] == ["\u2013, 3 without"]
    assert turn_waits([make_run()], ["A"]) == ""
