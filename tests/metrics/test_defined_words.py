"""The words of the tables say the numbers that the code has."""

from gladia_nb.metrics.base.intervals import FEWEST, needed
from gladia_nb.metrics.comparison import FEWEST_PAIRS
from gladia_nb.metrics.defined_words import WORDS

KNOWN = {definition.name: definition.meaning for definition in WORDS}


def test_an_interval_is_withheld_where_the_code_withholds_it():
    for prob in (0.9, 0.95, 0.99):
        assert f"p{prob * 100:.0f} below {needed(prob)}" in KNOWN["interval"]
    assert f"shares and ratios below {FEWEST}" in KNOWN["interval"]
    assert FEWEST_PAIRS == 3
    assert "takes three pairs of runs" in KNOWN["interval"]


def test_all_clocks_and_triggers_are_said():
    assert all(any(f"@{clock}" in name for name in KNOWN) for clock in ("send", "capture", "ack"))
    triggers = ("endpoint", "max_duration", "stop", "resume")
    assert all(f"{name}:" in KNOWN["trigger of a final"] for name in triggers)
