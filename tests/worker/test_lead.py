"""How early to wake: known answers, and bounds that always hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.worker.lead import Lead

US = 1_000
MS = 1_000_000


def learnt(late_ns, apart_ns=100 * MS):
    lead = Lead()
    for number, ns in enumerate(late_ns):
        lead.note(number * apart_ns, number * apart_ns + ns)
    return lead.ns


def test_before_anything_is_known_it_is_what_an_idle_machine_needs():
    assert Lead().ns == 300 * US
    assert learnt([2 * MS] * 9) == 300 * US


def test_it_is_twice_the_median():
    assert learnt([150 * US] * 100) == 300 * US
    assert learnt([100 * US] * 49 + [400 * US] * 51) == 800 * US
    assert learnt([100 * US] * 51 + [400 * US] * 49) == 200 * US


def test_those_that_waited_for_a_processor_do_not_make_all_others_poll():
    assert learnt([130 * US] * 60 + [4 * MS] * 40) == 260 * US


def test_a_machine_that_wakes_slowly_gets_what_it_needs():
    assert learnt([1_200 * US] * 40) == 2_400 * US
    assert learnt([50 * MS] * 40) == 3 * MS


def test_what_is_long_ago_is_forgotten():
    assert learnt([2 * MS] * 100 + [120 * US] * 100) == 240 * US


@pytest.mark.parametrize(("sessions", "most"), [(1, 3 * MS), (8, 625 * US), (30, 166_666)])
def test_many_sessions_share_a_twentieth_of_a_processor(sessions, most):
    assert learnt([5 * MS] * 100, 100 * MS // sessions) == most


@given(st.lists(st.integers(0, 10**10), max_size=250), st.integers(0, 10**9))
def test_it_stays_within_its_bounds(late_ns, apart_ns):
    assert 100 * US <= learnt(sorted(late_ns), apart_ns) <= 3 * MS


@given(st.lists(st.integers(0, 5 * MS), min_size=20, max_size=100), st.integers(0, MS))
def test_a_slower_machine_never_gets_a_shorter_lead(late_ns, more_ns):
    assert learnt([ns + more_ns for ns in late_ns]) >= learnt(late_ns)
