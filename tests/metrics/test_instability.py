"""Stability in closed form, and its laws."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gladia_nb as gn
from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.metrics import (
    CORRECTIONS,
    STABILITY,
    STABILITY_SUMMARY,
    corrections,
    stability,
    stability_summary,
)
from gladia_nb.server import LocalServer
from tests.support.make_runs import make_run, rich_run, transcript, utterance, words
from tests.support.scripted_helpers import WORDS, make_sound


def shown(*texts, final=True, ident="0_0", start_s=0.5):
    """An utterance that shows one text after the other, 100 ms apart; the last is the final."""
    last = len(texts) - 1
    return [
        transcript(
            2.0 + start_s + 0.1 * k,
            [(word, 0.0, 0.0) for word in text.split()],
            ident,
            final=final and k == last,
            span=(start_s, start_s + 2.0),
        )
        for k, text in enumerate(texts)
    ]


def row(*texts, kind="normalised", **options):
    table = stability(make_run(shown(*texts, **options)))
    return table[table["text"] == kind].iloc[0]


def value(run, measure, kind="normalised"):
    table = stability_summary(run).set_index(["text", "measure"])
    return table.loc[(kind, measure), "value"]


def test_a_changed_tail():
    """[a], [a b], [a c], [a c d]: one word of three erased; five edits, of which three needed."""
    found = row("a", "a b", "a c", "a c d")
    assert (found["partial_erasure"], found["final_erasure"]) == (1, 0)
    assert found["normalised_erasure"] == 1 / 3
    assert (found["edits"], found["final_edits"], found["max_edits"]) == (5, 1, 2)
    assert found["edit_overhead"] == 2 / 5
    assert (found["revoked"], found["absent"], found["revised"]) == (1, 1, True)
    assert (found["revoked_word_ratio"], found["absent_word_ratio"]) == (1 / 3, 1 / 3)
    assert (found["corrected_words"], found["correction_max_ms"]) == (0, 0)
    assert found["edits_per_s"] == 5 / 2
    assert (found["updates"], found["words"], found["speech_s"]) == (4, 3, 2.0)


def test_a_changed_head_erases_everything():
    """[x b c d], [a b c d]: Levenshtein is 1, but all four words are erased."""
    found = row("x b c d", "a b c d")
    assert (found["partial_erasure"], found["final_erasure"]) == (0, 4)
    assert found["normalised_erasure"] == 1.0
    assert (found["edits"], found["final_edits"]) == (6, 2)
    assert found["edit_overhead"] == 2 / 6
    partial = row("x b c d", "a b c d", "a b c d")
    assert (partial["partial_erasure"], partial["final_erasure"]) == (4, 0)


def test_the_two_ratios_of_unstable_words_differ():
    """A wrong word that stands for three partials is revoked once and was shown three times."""
    found = row("x", "x b", "x b c", "a b c")
    assert (found["revoked"], found["absent"]) == (1, 3)
    # One that comes back is revoked, though the final has it.
    found = row("a b", "a", "a b")
    assert (found["revoked"], found["absent"]) == (1, 0)


def test_formatting_is_not_recognition():
    texts = ("hello it's", "hello its nice", "Hello. It's nice!")
    raw, plain = row(*texts, kind="raw"), row(*texts)
    assert (raw["partial_erasure"], raw["final_erasure"]) == (1, 3)
    assert (plain["partial_erasure"], plain["final_erasure"]) == (1, 2)
    only = ("hello it's nice", "Hello. It's - nice!")
    assert row(*only)["normalised_erasure"] == 0
    assert row(*only, kind="raw")["normalised_erasure"] == 3 / 4


def test_corrections():
    run = make_run(shown("the", "the cat", "a cat", "the cat", "The cat sat."))
    table = corrections(run)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(CORRECTIONS)
    assert table["word"].tolist() == ["the", "cat", "sat"]
    assert table["correction_ms"].tolist() == pytest.approx([300, 0, 0])
    assert (table["settled_ns"] - table["first_ns"]).tolist() == [300_000_000, 0, 0]
    found = row("the", "the cat", "a cat", "the cat", "The cat sat.")
    assert (found["corrected_words"], found["correction_max_ms"]) == (1, pytest.approx(300))
    assert value(run, "corrected_word_ratio") == 1 / 3
    assert value(run, "correction_p50") == pytest.approx(300)
    assert corrections(run, text="raw")["word"].tolist() == ["The", "cat", "sat."]
    with pytest.raises(ConfigError, match="no text 'plain'"):
        corrections(run, text="plain")


def test_a_last_partial_stands_for_a_final_that_never_came():
    found = row("a", "b", "b c", final=False)
    assert not found["is_final"]
    assert (found["partial_erasure"], found["final_erasure"], found["final_edits"]) == (1, 0, 0)
    run = make_run(shown("a", "b", "b c", final=False))
    assert stability_summary(run)["unfinished"].unique().tolist() == [1]


def test_pooling_sums_before_it_divides():
    second = shown("x", "x y", "x y z w", ident="0_1", start_s=5.0)
    run = make_run([*shown("a b", "a c"), *second])
    assert value(run, "normalised_erasure") == 1 / 6  # not the mean of 1/2 and 0
    assert value(run, "normalised_partial_erasure") == 0
    assert value(run, "revised_utterance_ratio") == 1 / 2
    assert value(run, "edit_overhead") == 2 / 8
    assert value(run, "edits_per_s") == 8 / 4
    table = stability_summary(run)
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(STABILITY_SUMMARY)
    # Two utterances tell nothing of others.
    ratios = ~table["measure"].str.startswith("correction_")
    assert table["low"][ratios].isna().all()
    assert set(table["note"][ratios]) == {"An interval needs 5 utterances."}
    more = [shown("a b", "a c", ident=f"0_{k}", start_s=5.0 * k) for k in range(5)]
    table = stability_summary(make_run([part for one in more for part in one], duration_s=30))
    table = table[~table["measure"].str.startswith("correction_")]
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    shares = table[table["unit"] == "share"]
    assert shares["low"].min() >= 0
    assert shares["high"].max() <= 1
    # Nothing varied, and yet it is not certain.
    assert (table["high"] > table["low"]).all()


def test_utterances_without_words_or_partials():
    found = row("a", "")
    assert found["words"] == 0
    assert found["final_erasure"] == 1
    assert math.isnan(found["normalised_erasure"])
    assert not len(corrections(make_run(shown("a", ""))))
    alone = row("a b c")
    assert (alone["updates"], alone["edits"], alone["normalised_erasure"]) == (1, 3, 0)
    empty = stability_summary(make_run(shown("")))
    assert set(empty["measure"]) == {"revised_utterance_ratio", "edits_per_s"}
    assert empty["value"].tolist() == [0.0] * 4


def test_empty_runs_have_empty_tables():
    for function, schema in (
        (stability, STABILITY),
        (stability_summary, STABILITY_SUMMARY),
        (corrections, CORRECTIONS),
    ):
        table = function(make_run())
        assert not len(table)
        assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(schema)


def test_summary_of_a_conversation_has_no_hole():
    table = stability_summary(rich_run())
    withheld = table["measure"] == "correction_p90"
    assert (table["value"].isna() == withheld).all()
    assert table["note"][withheld].str.startswith("Withheld: this needs 29 utterances").all()
    assert (table["low"].isna() == table["note"].notna()).all()
    assert (table["high"].isna() == table["note"].notna()).all()
    assert set(table["text"]) == {"raw", "normalised"}


TEXTS = st.lists(
    st.lists(st.sampled_from("the a cat sat".split()), max_size=6).map(" ".join),
    min_size=1,
    max_size=8,
)


def _erasure(texts):
    """The definition, word by word."""
    total = 0
    for old, new in pairwise(texts):
        a, b = old.split(), new.split()
        same = next((k for k, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), None)
        total += len(a) - (min(len(a), len(b)) if same is None else same)
    return total


@given(TEXTS)
def test_laws(texts):
    found = row(*texts)
    partials, words_ = texts[:-1], found["words"]
    assert found["partial_erasure"] == _erasure(partials)
    assert found["partial_erasure"] + found["final_erasure"] == _erasure(texts)
    grows = all(b.split()[: len(a.split())] == a.split() for a, b in pairwise(partials))
    assert (found["partial_erasure"] == 0) == grows
    assert found["edits"] >= words_
    # Whatever was added and is not in the final was revoked.
    assert found["edits"] == words_ + 2 * found["revoked"]
    assert found["revoked"] <= found["partial_erasure"] + found["final_erasure"]
    assert found["revised"] == (found["revoked"] > 0)
    table = corrections(make_run(shown(*texts)))
    assert len(table) == words_
    assert (table["correction_ms"] >= 0).all()
    assert (table["settled_ns"] <= 7_500_000_000 + 100_000_000 * (len(texts) - 1)).all()
    assert (table["correction_ms"] > 0).sum() == found["corrected_words"]


@given(TEXTS)
def test_showing_a_text_twice_changes_no_count(texts):
    once, twice = row(*texts), row(*[text for text in texts for _ in range(2)])
    names = ["edits", "revoked", "revised", "words", "corrected_words"]
    assert once[names].tolist() == twice[names].tolist()
    assert once["normalised_erasure"] == pytest.approx(twice["normalised_erasure"], nan_ok=True)


def test_partials_that_only_grow_erase_nothing():
    said = words("hello it is very nice")
    table = stability(make_run(utterance(said)))
    assert table["normalised_erasure"].tolist() == [0, 0]
    assert table["edit_overhead"].tolist() == [0, 0]


def test_a_real_session_shows_the_revisions_of_its_script(tmp_path):
    """Over a real socket: two words are shown wrong at first, the finals are right."""
    path = tmp_path / "sound.wav"
    make_sound(path)
    spoken = [dict(word) for word in WORDS]
    spoken[1]["revisions"] = ["too"]
    spoken[4]["revisions"] = ["hive"]
    script = {"utterances": [{"words": spoken[:4]}, {"words": spoken[4:]}]}
    script["utterances"][0]["translations"] = {"fr": "un deux trois quatre"}
    config = {
        "endpointing": 0.3,
        "language_config": {"languages": ["en"]},
        "realtime_processing": {
            "translation": True,
            "translation_config": {"target_languages": ["fr"]},
        },
    }
    with LocalServer(engine="scripted", script=script) as server:
        run = gn.transcribe(
            path,
            SessionConfig(**config),
            server=server,
            progress=False,
            speed=4,
            reference=[{**word, "channel": 0} for word in WORDS],
        )
    table = stability(run).query("text == 'normalised'")
    # one, one too, one two three, ...; hive, five six, ...
    assert table["revoked"].tolist() == [1, 1]
    assert table["partial_erasure"].tolist() == [1, 1]
    assert table["final_erasure"].tolist() == [0, 0]
    assert table["normalised_erasure"].tolist() == [1 / 4, 1 / 3]
    assert (corrections(run)["correction_ms"] == 0).all()
    assert gn.wer_at(run, [-10.0, math.inf])["wer"].tolist() == [1, 0]
    assert (gn.word_alignment(run)["op"] == "equal").all()
    parts = gn.waterfall(run)
    sums = parts.groupby("utterance_id")["duration_ns"].sum()
    assert (sums == parts.groupby("utterance_id")["total_ns"].first()).all()
    steps = gn.startup(run)
    for step in ("init", "connect"):
        durations = steps[steps["step"] == step].set_index("phase")["duration_ms"]
        assert (durations > 0).all()
        assert durations.drop("total").sum() == pytest.approx(durations["total"])
    assert gn.ack_delays(run)["acknowledged"].all()
    assert {"post_processing", "closing", "result", "total"} <= set(gn.ending(run)["step"])
    assert gn.cadence(run)["updates"].tolist() == [7]
    assert gn.translation_latency(run)["words"].tolist() == [4]
    assert gn.translation_latency(run)["language"].tolist() == ["fr"]
