"""What the slider shows is what the tables say."""

import json

import pytest

from gladia_nb.lab.endpoint_view import CUT_KINDS, explored
from gladia_nb.metrics import endpointing, endpointing_cuts
from tests.support.make_runs import make_run, reference, rich_run, utterance, words


@pytest.fixture(scope="module")
def rich():
    return rich_run()


def test_a_step_for_each_endpointing_and_the_first_is_measured(rich):
    found = explored(rich)
    json.dumps(found, allow_nan=False)
    table = endpointing(rich)
    predicted = table[table["kind"] == "predicted"]
    assert [step["name"] for step in found["steps"]] == [
        f"{value:.3g} s" for value in predicted["endpointing_s"]
    ]
    kinds = [step["facts"][0][1].split(", ")[1] for step in found["steps"]]
    assert kinds == ["measured"] + ["predicted"] * (len(predicted) - 1)
    assert [len(step["cuts"]) for step in found["steps"][1:]] == predicted["utterances"][
        1:
    ].tolist()
    assert len(found["steps"][0]["cuts"]) == len(found["spoken"]) == len(rich.utterances)
    assert "timing only" in found["note"]


def test_cuts_and_facts_are_those_of_the_tables(rich):
    found = explored(rich)
    at = next(k for k, step in enumerate(found["steps"]) if step["name"] == "0.5 s")
    value = endpointing(rich)["endpointing_s"][at]
    table, row = endpointing_cuts(rich, value), endpointing(rich).iloc[at]
    step = found["steps"][at]
    assert [place for place, _ in step["cuts"]] == table["cut_s"].round(2).tolist()
    assert sum(kind == "premature" for _, kind in step["cuts"]) == row["premature"] > 0
    shown = [kind for kind, *_ in found["kinds"]]
    assert set(shown) == {kind for step in found["steps"] for _, kind in step["cuts"]}
    assert [kind for kind, *_ in CUT_KINDS if kind in shown] == shown
    assert dict(step["facts"])["Turns that are cut"] == f"{row['cut_turns']} of {row['turns']}"
    assert f"turns that are cut: {row['cut_turns']} of {row['turns']}" in step["sentence"]
    assert (
        dict(step["facts"])["Wait for a final since it was spoken (@capture), median"]
        == f"{row['wait_p50_ms']:.0f} ms"
    )


def test_without_a_reference_cuts_are_counted():
    run = make_run(utterance(words("hello there", 0.5)), duration_s=4.0)
    first = explored(run)["steps"][0]
    assert dict(first["facts"])["Cuts by silence"] == "15.0 per minute"
    assert first["cuts"] == [[1.25, "endpoint"]]
    assert "Turns that are cut" not in dict(first["facts"])


def test_a_final_that_never_came_and_a_wait_that_nobody_knows():
    said = words("hello there", 0.5)
    lost = explored(make_run(utterance(said, final_s=None), reference=reference(said)))
    assert (
        dict(lost["steps"][0]["facts"])["Wait for a final since it was spoken (@capture), median"]
        == "never"
    )
    assert (
        dict(lost["steps"][-1]["facts"])["Wait for a final since it was spoken (@capture), median"]
        == "unknown"
    )


def test_a_run_with_nothing_has_no_steps():
    for run in (make_run(), make_run(sent_s=0.0)):
        assert explored(run)["steps"] == []
