import pytest

from gladia_nb.metrics import callback_delays

from .judged import passes, says


def right(body):
    return body["payload"] if "id" in body else None


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda body: body, "What is inside"),
        (lambda body: body["event"], "the name on the envelope"),
        (lambda body: str(body["payload"]), "is a dict already"),
        (lambda body: body["payload"]["data"], "under 'payload'"),
        (lambda body: body["payload"], "Right for callbacks"),
        (lambda body: ..., "under 'payload'"),
        ({}, "without brackets"),
    ],
)
def test_an_envelope_that_stays_closed(ninth, function, said):
    assert said in says("9a", function, ninth[0])


def test_an_envelope_that_is_opened(ninth):
    assert passes("9a", right, ninth[0])


def test_how_much_later(ninth):
    delays = callback_delays(ninth[1])["delay_ms"]
    assert passes("9b", delays.median(), *ninth)
    assert says("9b", delays.median() + 1000, *ninth)


BODIES = [
    {"id": "1", "event": "live.transcript", "payload": {"text": text}}
    for text in ("a", "b", "a", "c")
] + [{"event": "live.end_session", "payload": {"id": "1"}}]


def once(bodies):
    kept = []
    for body in bodies:
        if body not in kept:
            kept.append(body)
    return kept


def by(name):
    return lambda bodies: list({body.get(name): body for body in bodies}.values())


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda bodies: bodies, "Nothing was taken out"),
        (lambda bodies: bodies[:1], "that of the *session*"),
        (by("event"), "One of each kind"),
        (lambda bodies: once(bodies)[::-1], "another order"),
        (lambda bodies: once(bodies)[:3], "you keep 3"),
        ([], "without brackets"),
    ],
)
def test_what_comes_twice_is_kept_twice(ninth, function, said):
    assert said in says("9c", function, ninth[0], BODIES)


def test_what_comes_twice_is_kept_once(ninth):
    assert passes("9c", once, ninth[0], BODIES)
