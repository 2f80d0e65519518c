"""How early to wake: known answers, and bounds that always hold."""

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.worker.lead import Lead

MICROSECOND = 1_000


def learnt(late_ns):
    lead = Lead()
    for ns in late_ns:
        lead.note(ns)
    return lead.ns


def test_before_anything_is_known_it_is_a_third_of_a_millisecond():
    assert Lead().ns == 300 * MICROSECOND


def test_of_a_hundred_wakeups_five_may_come_later():
    usual = [200 * MICROSECOND] * 95
    assert learnt(usual + [2_900 * MICROSECOND] * 4 + usual[:1]) == 200 * MICROSECOND
    assert learnt(usual[:94] + [900 * MICROSECOND] * 6) == 900 * MICROSECOND


def test_a_single_late_one_among_the_first_is_chance():
    assert learnt([150 * MICROSECOND] * 19 + [9_000 * MICROSECOND]) == 150 * MICROSECOND


def test_what_is_long_ago_is_forgotten():
    assert learnt([2_000 * MICROSECOND] * 100 + [150 * MICROSECOND] * 100) == 150 * MICROSECOND


@given(st.lists(st.integers(0, 10**10), max_size=250))
def test_it_stays_within_its_bounds(late_ns):
    assert 100 * MICROSECOND <= learnt(late_ns) <= 3_000 * MICROSECOND


@given(st.lists(st.integers(0, 5_000_000), min_size=20, max_size=100), st.integers(0, 10**6))
def test_a_slower_machine_never_gets_a_shorter_lead(late_ns, more_ns):
    assert learnt([ns + more_ns for ns in late_ns]) >= learnt(late_ns)
