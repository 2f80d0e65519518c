"""The glossary is complete, readable, and the only home of its words."""

import html

import pandas as pd
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import GLOSSARY, latency
from gladia_nb.metrics.definitions import DEFINITIONS, glossary, latency_label
from tests.support.make_runs import rich_run

RUN = rich_run()


def test_columns():
    table = glossary()
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(GLOSSARY)
    assert table["name"].is_unique
    assert table["name"].tolist() == [definition.name for definition in DEFINITIONS]
    for name in ("meaning", "found_in", "example", "session"):
        assert table[name].str.len().gt(10).all()


@pytest.mark.parametrize(
    "word",
    [
        *("TTFT", "TTFB", "TTFS", "TTCT", "end-of-speech latency", "finalisation latency"),
        *("user-perceived latency", "emission latency", "partial recognition latency"),
        *("average lagging", "real-time factor", "end_of_utterance_delay", "transcription_delay"),
    ],
)
def test_the_names_of_the_field_are_known_with_their_source(word):
    named = glossary()["field_names"].str.contains(word, regex=False, na=False)
    found = glossary()[named]
    assert len(found)
    assert found["source"].notna().all()
    assert found["difference"].notna().all(), "how the two differ"
    assert set(found["name"]) <= set(glossary(word)["name"])


def test_labels():
    assert latency_label("word_end -> final @send") == "word: final (waits for the whole utterance)"
    assert latency_label("speech_end -> last_word_seen") == "utterance: last word seen"
    units = dict(zip(latency(RUN)["name"], latency(RUN)["unit"], strict=True))
    for name, unit in units.items():
        assert latency_label(name).startswith(f"{unit}: ")


def test_it_can_be_asked_for_one_word():
    assert glossary("pr50")["name"].tolist() == ["speech_end -> last_word_seen"]
    with pytest.raises(ConfigError, match="does not know 'colour'"):
        glossary("colour")


def test_it_is_a_list_to_read():
    text = repr(glossary("PR50"))
    assert text.splitlines()[0] == "speech_end -> last_word_seen [ms]"
    assert "    In the field: partial recognition latency (PR50, PR90)" in text.splitlines()
    assert "its last word is shown first at 1.4 s: 100 ms" in text
    assert max(map(len, repr(glossary()).splitlines())) <= 100
    page = glossary("PR50")._repr_html_()
    assert "white-space:normal" in page
    assert html.escape("speech_end -> last_word_seen") in page
    assert "-> last" not in page, "escaped"
    assert ">nan<" not in glossary()._repr_html_()
    assert type(glossary().head(2)) is pd.DataFrame
