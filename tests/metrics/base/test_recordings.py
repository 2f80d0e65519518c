"""What makes two references those of one recording."""

from gladia_nb.metrics.base.recordings import recording_key, recording_numbers, same_recording
from tests.support.make_runs import make_run, reference, words

SAID = reference(words("one two", 0.5))


def frame(rows):
    return make_run(reference=rows).reference


def test_words_times_and_channels_make_a_recording():
    known = frame(SAID)
    assert same_recording(known, frame(SAID))
    assert same_recording(known, frame([{**row, "speaker": "a", "sentence": 0} for row in SAID]))
    for other in (
        SAID[:1],
        [{**SAID[0], "end_s": 0.79}, SAID[1]],
        [{**SAID[0], "word": "won"}, SAID[1]],
        [{**SAID[0], "channel": 1}, SAID[1]],
    ):
        assert not same_recording(known, frame(other))


def test_without_words_there_is_none():
    assert not same_recording(frame(None), frame(None))
    assert recording_numbers([frame(None), frame(SAID), frame(SAID[:1]), frame(SAID)]) == [
        *(-1, 0, 1, 0)
    ]
    assert recording_numbers([]) == []


def test_a_recording_has_one_name():
    known = frame(SAID)
    assert recording_key(known) == recording_key(frame(SAID))
    assert len(recording_key(known)) == 32
    others = [SAID[:1], [{**SAID[0], "word": "one "}, SAID[1]], [{**SAID[0], "end_s": 0.79}]]
    assert len({recording_key(frame(rows)) for rows in (SAID, *others)}) == 4
    assert recording_key(frame(None)) == ""
