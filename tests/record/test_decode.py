"""Single messages: which way they are read, and what comes of them."""

import json

import pytest

from gladia_nb.record import decode as shapes

GOOD = '{"type": "speech_end", "data": {"time": 1.5, "channel": 1}}'
SPOKEN = (
    '{"type": "transcript", "data": {"utterance": {"words": [{"word": " caf\u00e9", "end": 2}]}}}'
)


def bodies(*raws, called=()):
    odd = shapes.Odd({}, {}, [])
    return shapes.bodies(raws, 10, set(called), odd), odd


def test_known_shapes_take_the_fast_way():
    (found, spoken), odd = bodies(GOOD, SPOKEN)
    assert (found.type, found.data.time, found.data.channel) == ("speech_end", 1.5, 1)
    assert len(spoken.data.utterance.words) == 1
    assert odd == ({}, {}, [])


@pytest.mark.parametrize(
    ("raw", "error", "problem"),
    [
        ("no", None, "not JSON"),
        ("[]", None, "not a JSON object"),
        ("{}", None, "no type"),
        ('{"type": "error", "message": "of another shape"}', "of another shape", None),
        ('{"type": "x", "error": {"message": "not today"}}', "not today", None),
        ('{"type": "x", "data": {"time": NaN}}', None, None),
    ],
)
def test_all_others_the_slow_one_with_their_numbers(raw, error, problem):
    found, odd = bodies(GOOD, raw, GOOD)
    assert odd.numbers == [11]
    assert odd.error.get(11) == error
    assert odd.problem.get(11) == problem
    assert [body.type for body in found][::2] == ["speech_end"] * 2


def test_a_callback_is_unwrapped():
    wrapped = json.dumps({"event": "live.speech_end", "payload": json.loads(GOOD)})
    (found,), odd = bodies(wrapped, called=[10])
    assert (found.type, found.data.time) == ("speech_end", 1.5)
    assert odd.numbers == [10]


def test_words():
    found = shapes.words([SPOKEN], [3], slow=set(), called=set())
    assert [(word.word, word.end) for word in found] == [(" caf\u00e9", 2.0)]
    again = shapes.words([SPOKEN], [3], slow={3}, called=set())
    assert [word.word for word in again] == [" caf\u00e9"]
    wrapped = json.dumps({"payload": json.loads(SPOKEN)})
    called = shapes.words([wrapped], [3], slow={3}, called={3})
    assert [word.word for word in called] == [" caf\u00e9"]
