"""How far the audio had come."""

from gladia_nb.metrics import COVERAGE, coverage
from tests.support.make_runs import make_run, transcript, utterance, words

SAID = words("one two", 0.5)  # ends at 0.8 and 1.2


def test_steps():
    run = make_run(utterance(SAID, partial_s=0.2, final_s=0.5), duration_s=0.3, ack_ms=20)
    steps = coverage(run)
    assert {name: str(dtype) for name, dtype in steps.dtypes.items()} == dict(COVERAGE)
    found = {
        curve: list(zip(rows["at_s"].round(6), rows["audio_s"], strict=True))
        for curve, rows in steps.groupby("curve")
    }
    assert found == {
        "sent": [(0.1001, 0.1), (0.2001, 0.2), (0.3001, 0.3)],
        "acknowledged": [(0.1201, 0.1), (0.2201, 0.2), (0.3201, 0.3)],
        "partial": [(1.0, 0.8), (1.4, 1.2)],
        "final": [(1.7, 1.2)],
    }


def test_curves_never_fall():
    run = make_run([transcript(2.0, SAID, "b"), transcript(2.5, SAID[:1], "a")])
    steps = coverage(run)
    assert steps[steps["curve"] == "partial"]["audio_s"].tolist() == [1.2, 1.2]


def test_empty():
    steps = coverage(make_run(sent_s=0.0))
    assert not len(steps)
    assert {name: str(dtype) for name, dtype in steps.dtypes.items()} == dict(COVERAGE)
