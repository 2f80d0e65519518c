import os
import signal
import threading

import pytest

from gladia_nb.cli.signals import Interrupted, collected_signals, exit_code, raised_signals

BOTH = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(params=[signal.SIG_IGN, signal.default_int_handler, signal.SIG_DFL])
def before(request):
    """What SIGINT did when the program began."""
    old = signal.signal(signal.SIGINT, request.param)
    yield request.param
    signal.signal(signal.SIGINT, old)


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_raises_and_afterwards_all_is_as_before(before, number):
    others = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted) as caught, raised_signals():
        os.kill(os.getpid(), number)
        signal.sigtimedwait([], 5)
    assert caught.value.number == number
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.getsignal(signal.SIGTERM) is others


def test_signals_are_collected_in_their_order(before):
    with raised_signals():
        with collected_signals() as numbers:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.raise_signal(number)
        assert numbers == [signal.SIGTERM, signal.SIGINT]
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_it_is_a_keyboard_interrupt_to_the_rest_of_the_program():
    assert issubclass(Interrupted, KeyboardInterrupt)
    assert [exit_code(number) for number in BOTH] == [130, 143]


def test_outside_the_main_thread_signals_are_left_alone():
    found = []

    def work() -> None:
        with raised_signals(), collected_signals() as numbers:
            found.append((signal.getsignal(signal.SIGINT), list(numbers)))

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(before, [])]
