"""Which normaliser a run is measured with."""

import json

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import stability, word_errors, word_times
from gladia_nb.metrics.base.choice import chosen
from tests.support.make_runs import make_run, reference, transcript, words


def heard_in(language):
    recv_s, raw = transcript(2.0, words("il a 21 ans"), final=True)
    found = json.loads(raw)
    found["data"]["utterance"]["language"] = language
    return [(recv_s, json.dumps(found))]


@pytest.mark.parametrize(
    ("asked", "said", "english"),
    [
        (None, "en", True),
        (None, None, True),
        (None, "fr", False),
        (["fr"], "en", False),
        (["fr", "en"], "fr", True),
    ],
)
def test_numbers_are_english_where_the_run_is(asked, said, english):
    config = {"language_config": {"languages": asked}} if asked else {}
    run = make_run(heard_in(said), config=config)
    name = "basic" if english else "basic, figures as written"
    assert chosen(run, "basic").name == name
    assert word_times(run)["normaliser"].unique().tolist() == [name]
    assert stability(run)["words"].tolist() == [4, 5 if english else 4]


def test_functions_of_the_same_name_are_not_taken_for_each_other():
    run = make_run(heard_in("en"), reference=reference(words("IL A 21 ANS")))

    def make(change):
        def own(text):
            return change(text)

        return own

    same, first = make(str.upper), make(lambda text: text[:1])
    assert word_errors(run, normaliser=same)["wer"].iloc[-1] == 0
    assert word_times(run, normaliser=same)["reference"].notna().all()
    assert word_times(run, normaliser=first)["reference"].isna().all()
    assert word_times(run, normaliser="raw")["reference"].tolist()[2] == 2


def test_there_is_no_such_normaliser():
    with pytest.raises(ConfigError, match="no normaliser 'best'"):
        chosen(make_run(), "best")
