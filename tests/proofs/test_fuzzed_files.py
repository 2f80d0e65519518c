"""A run file may hold anything: it is refused in a sentence, or all that is made of it can be made.

With the profile `fuzz` of hypothesis these are ten thousand files; without, some hundred.
"""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from gladia_nb.errors import RunFileError
from gladia_nb.run import load
from tests.support.attacks import (
    exercise,
    lines_of,
    places,
    small_run,
    spoiled,
    spoiled_bytes,
    spoiled_fields,
    spoiled_messages,
)
from tests.support.fuzzing import fuzz_settings

RUNS = {"resumed": small_run(), "live": lines_of("live")}
BOTH = st.sampled_from(list(RUNS.values()))
#: An example is a whole file, and takes its time.
patient = fuzz_settings(
    250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


#: A tenth of the examples is measured, and one in a hundred drawn: not those with 0, which chance
#: prefers.
HOW = st.sampled_from(range(100))


def survives(data: bytes, how: int = 0, *, figures: bool = False) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "a.run").write_bytes(data)
        try:
            run = load(folder / "a.run")
        except RunFileError as error:
            assert str(error).endswith(".")
            return
        assert all(problem.startswith("line ") for problem in run.problems)
        exercise(run, folder, measures=how % 10 == 7, figures=figures)
        assert run.verdict.status != "valid" or not run.problems


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@patient
@given(BOTH.flatmap(spoiled_fields), HOW)
def test_any_field_may_hold_anything(data, how):
    survives(data, how, figures=how == 77)


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@patient
@given(BOTH.flatmap(spoiled_bytes), HOW)
def test_any_byte_may_be_another(data, how):
    survives(data, how, figures=how == 77)


@pytest.mark.fuzz
@pytest.mark.timeout(0)
@patient
@given(BOTH.flatmap(spoiled_messages), HOW)
def test_the_service_may_say_anything(data, how):
    survives(data, how, figures=how == 77)


def spoiled_everywhere(line, odd):
    """A line with something odd in each of its places in turn."""
    for place in places(json.loads(line)):
        event = json.loads(line)
        spoiled(event, place, odd)
        yield json.dumps(event)


def test_text_that_no_encoding_has_may_stand_anywhere():
    lines = RUNS["resumed"]
    seen = set()
    for number, line in enumerate(lines):
        kind = json.loads(line).get("event")
        if kind not in seen:
            seen.add(kind)
            for other in spoiled_everywhere(line, "\ud800"):
                file = [*lines[:number], other, *lines[number + 1 :]]
                survives("".join(f"{one}\n" for one in file).encode(), how=1)


def test_all_texts_of_the_service_may_be_such():
    def odd(value):
        if isinstance(value, dict):
            return {key: odd(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return list(map(odd, value))
        return f"\ud800{value}" if isinstance(value, str) else value

    events = list(map(json.loads, RUNS["resumed"]))
    known = {"type": None, "id": None}
    for keep in ({}, known):
        for event in events:
            if "raw" in event:
                body = json.loads(event["raw"])
                event["raw"] = json.dumps(odd(body) | {k: body[k] for k in keep if k in body})
        data = "".join(f"{json.dumps(event)}\n" for event in events)
        survives(data.encode(), how=7, figures=True)


def test_the_runs_themselves_have_everything_and_pictures_too(tmp_path):
    for lines in RUNS.values():
        (tmp_path / "a.run").write_text("".join(f"{line}\n" for line in lines))
        run = load(tmp_path / "a.run")
        assert run.problems == []
        exercise(run, tmp_path, figures=True)
    assert "translation" in json.dumps(RUNS["resumed"])
