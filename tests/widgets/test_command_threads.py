"""Commands are carried out in order, questions beside them, and whoever waits is answered."""

import threading

from gladia_nb.errors import ConfigError
from gladia_nb.widgets.command_threads import CommandThreads
from gladia_nb.widgets.notices import Notices

PATIENCE_S = 30


def threads_for(carry_out):
    answers, answered = [], threading.Semaphore(0)

    def answer(content, _buffers):
        answers.append(content)
        answered.release()

    notices = Notices()
    kinds = {"question", "patient"}
    made = CommandThreads(kinds, {"patient"}, carry_out, notices, answer)
    made.start()
    return made, notices, answers, answered


def test_each_in_its_order_and_a_question_holds_up_no_command():
    done, free = [], threading.Event()

    def carry_out(content, buffers):
        if content["kind"] == "question":
            assert free.wait(PATIENCE_S)
        done.append((content["kind"], content["n"], [bytes(part) for part in buffers]))
        return False

    made, _, answers, answered = threads_for(carry_out)
    made.post({"kind": "question", "n": 0, "ticket": "q"})
    for n in range(5):
        made.post({"kind": "command", "n": n, "ticket": n}, [memoryview(b"x")])
    for _ in range(5):
        assert answered.acquire(timeout=PATIENCE_S)
    assert done == [("command", n, [b"x"]) for n in range(5)]
    free.set()
    assert answered.acquire(timeout=PATIENCE_S)
    assert answers[-1] == {"kind": "done", "ticket": "q"}
    made.close()
    for thread in made.threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_what_goes_wrong_is_said_and_answered():
    def carry_out(content, _buffers):
        if content["kind"] == "wrong":
            raise ConfigError("Not so.")
        return True

    made, notices, answers, _ = threads_for(carry_out)
    made.post({"kind": "wrong", "ticket": 1})
    made.post({"kind": "wrong"})
    made.post({"kind": "itself", "ticket": 2})
    made.close()
    for thread in made.threads:
        thread.join(PATIENCE_S)
    # The third has answered by itself; nobody waits for the second.
    assert answers == [{"kind": "refused", "ticket": 1}]
    assert [entry["text"] for entry in notices.shown()] == ["Not so."], "once is enough"


def test_a_question_about_what_was_typed_waits_until_it_is_taken():
    done, free = [], threading.Event()

    def carry_out(content, _buffers):
        if content["kind"] == "typed":
            assert free.wait(PATIENCE_S)
        done.append(content["kind"])
        return False

    made, _, answers, answered = threads_for(carry_out)
    made.post({"kind": "typed", "ticket": "t"})
    made.post({"kind": "question", "ticket": "q"})
    made.post({"kind": "patient", "ticket": "p"})
    assert answered.acquire(timeout=PATIENCE_S)
    assert done == ["question"], "what asks for nothing typed is answered at once"
    free.set()
    assert answered.acquire(timeout=PATIENCE_S)
    assert answered.acquire(timeout=PATIENCE_S)
    assert done == ["question", "typed", "patient"]
    made.close()
    made.post({"kind": "patient", "ticket": "late"})
    for thread in made.threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert answers[-1]["ticket"] == "p", "once closed, nothing is taken"
