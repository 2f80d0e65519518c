"""The parts of a definition in words."""

from gladia_nb.metrics.base.definition import SESSION, Definition, Script


def made(value, unit="ms"):
    return Definition(
        "a -> b", "a to b", (), "It is.", "", "", unit, "run", SESSION, "at 1 s", value
    )


def test_a_worked_example_ends_with_its_result():
    assert made(100).worked_example == "at 1 s: 100 ms"
    assert made(2 / 3, "share").worked_example == "at 1 s: 0.6667 share"
    assert made("never", "").worked_example == "at 1 s: never"


def test_a_script_is_told_in_one_line():
    script = Script((("good", 0.5, 0.8),), ((0.9, "speech_end", 0.8), (1.25, "final", "Good.")))
    assert script.sentence == (
        "Spoken: good 0.5 to 0.8 s. Messages: speech_end (0.8 s) at 0.9 s, "
        "final \u201cGood.\u201d at 1.25 s."
    )
