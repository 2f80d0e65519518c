import pytest

from gladia_nb.errors import RunFileError
from gladia_nb.record.header import FORMAT, VERSION, checked_header

GOOD = {
    "format": FORMAT,
    "version": VERSION,
    "anchor": [5, 1_780_000_000_000_000_000, 100],
    "config": {"sample_rate": 16000, "channels": 2, "endpointing": 0.3, "mood": {"a": [1]}},
    "audio": {"name": "a.flac", "duration_s": 4.0, "frames": 64000, "source_rate": 44100},
    "options": {"speed": 1.0, "target": "a server", "chunk_ms": 100, "tail_s": 0.5},
    "versions": {"python": "3.11"},
    "reference": [{"word": "a", "start_s": 0.5, "end_s": 1.0, "channel": 0}],
}


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def test_a_good_header_stays_as_it_is():
    assert checked_header(GOOD, "a.run") == (GOOD, [])


@pytest.mark.parametrize(
    ("part", "field", "value", "stands"),
    [
        ("config", "channels", 0, ...),
        ("config", "endpointing", "0.3", ...),
        ("config", "mood", nested(900), ...),
        ("config", "messages_config", [], ...),
        ("audio", "name", None, "unknown"),
        ("audio", "duration_s", 1e18, None),
        ("audio", "frames", -1, None),
        ("options", "speed", 0, 1.0),
        ("options", "target", 5, "unknown"),
        ("options", "tail_s", 1e9, ...),
    ],
)
def test_a_field_that_cannot_be_believed_is_left_out_and_told(part, field, value, stands):
    header, problems = checked_header({**GOOD, part: {**GOOD[part], field: value}}, "a.run")
    assert header[part].get(field, ...) == stands
    (problem,) = problems
    assert problem.startswith(f"{part}.{field} is left out: ")


@pytest.mark.parametrize("part", ["audio", "options", "anchor", "versions", "reference"])
@pytest.mark.parametrize("value", [5, "x", [[]], True])
def test_a_part_that_is_none_is_told(part, value):
    header, problems = checked_header({**GOOD, part: value}, "a.run")
    assert part in problems[0]
    for name in {*GOOD} - {part}:
        assert header[name] == GOOD[name]


def test_words_of_the_reference_that_cannot_be_are_left_out():
    good = GOOD["reference"][0]
    rows = [{**good, "end_s": 0.1}, good, {**good, "start_s": -1}, {"word": "b"}, 5]
    header, problems = checked_header({**GOOD, "reference": rows}, "a.run")
    assert header["reference"] == [good]
    assert [problem[:6] for problem in problems] == ["word 1", "word 3", "word 4", "word 5"]


def test_names_can_be_shown_whatever_they_hold():
    audio = {**GOOD["audio"], "name": "a\udcff.wav"}
    assert checked_header({**GOOD, "audio": audio}, "a.run")[0]["audio"]["name"] == "a\\udcff.wav"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": 5}, "not a run"),
        ({"version": 2}, "has version 2"),
        ({"version": "9" * 5000}, r"version 99999999999999999999\.\.\. of"),
        ({"config": 5}, "no sample rate"),
        ({"config": {"sample_rate": "16000"}}, "expected int, got str"),
        ({"config": {"sample_rate": 10**9}}, "no sample rate"),
    ],
)
def test_what_a_run_cannot_be_read_without_is_refused(change, sentence):
    with pytest.raises(RunFileError, match=sentence):
        checked_header({**GOOD, **change}, "a.run")
