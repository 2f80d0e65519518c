"""What a Lab is made of, without a page and without threads."""

import pytest

import gladia_nb as gn
from gladia_nb.widgets.lab_parts import LabParts


def parts(config=None, options=(), **given):
    told = {"directory": None, "microphone": False, "run_study": print, "touch": print}
    return LabParts.of("sample:call", config, dict(options), **{**told, **given})


def test_what_is_given_is_what_a_run_would_be():
    found = parts(gn.SessionConfig(endpointing=0.3), {"speed": 2.0})
    recipe = found.setup.recipe()
    assert (recipe.source, recipe.speed) == ("sample:call", 2.0)
    assert recipe.config["endpointing"] == 0.3
    assert found.microphone is None
    assert set(found.told) == {"rules", "form"}
    found.setup.close()


def test_a_microphone_can_be_chosen_where_there_is_one():
    names = [dict(parts(microphone=has).setup.view()["choices"]) for has in (True, False)]
    assert set(names[0]) - set(names[1]) == {"take", "stream", "direct"}


def test_an_option_that_there_is_not():
    with pytest.raises(gn.ConfigError, match="volume is not an option of the Lab"):
        parts(options={"volume": 11})


def test_questions_are_those_of_finished_runs_and_of_studies():
    found = parts()
    assert {"compare", "study_plan"} <= found.questions
    assert "start" not in found.questions


def test_what_changes_in_a_check_is_shown_where_it_matters():
    touched = []
    found = parts(touch=lambda *topics: touched.append(topics))
    found.checking.stop()
    assert touched == [("check", "setup", "study")]
