"""Cuts and waits at other endpointings: by hand, by law, and against sessions that had them."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import ENDPOINTING, ENDPOINTING_CUTS, endpointing, endpointing_cuts, latency
from gladia_nb.sessions.samples import sample
from tests.support.make_runs import make_run, reference, rich_run, utterance, words
from tests.support.recognised import CHUNK_S, recognised
from tests.support.virtual_time import virtual_run

#: Silences of 0.2 s, 0.5 s and 1 s; the first turn is the first three utterances.
PARTS = [
    words("one two", 0.5),
    words("three four", 1.4),
    words("five six", 2.6),
    words("seven eight", 4.3),
]
SENTENCES = (0, 0, 0, 1)


def known(parts=PARTS, sentences=SENTENCES):
    return [
        {**row, "sentence": number}
        for part, number in zip(parts, sentences, strict=True)
        for row in reference(part)
    ]


def made(parts=PARTS, *, rows=None, duration_s=7.0, final_s=0.25, **options):
    """A run at 0.05 s whose finals come 0.25 s after the end of speech."""
    said = [
        arrival
        for number, part in enumerate(parts)
        for arrival in utterance(part, str(number), speech_end_s=0.1, final_s=final_s)
    ]
    options.setdefault("config", {"maximum_duration_without_endpointing": 60})
    return make_run(said, duration_s=duration_s, reference=rows, **options)


def test_every_endpointing_by_hand():
    # A row each: utterances, premature cuts, turns with one, turns missed, wait.
    table = endpointing(made(rows=known()), [0.05, 0.15, 0.3, 0.6, 1.1])
    assert table["kind"].tolist() == ["predicted"] * 5 + ["measured"]
    assert table["endpointing_s"].tolist() == [0.05, 0.15, 0.3, 0.6, 1.1, 0.05]
    assert table["utterances"].tolist() == [4, 4, 3, 2, 1, 4]
    assert table["cuts"].tolist() == [4, 4, 3, 2, 1, 4]
    assert table["premature"].tolist() == [2, 2, 1, 0, 0, 2]
    assert table["cut_turns"].tolist() == [1, 1, 1, 0, 0, 1]
    assert table["premature_share"].tolist() == [0.5, 0.5, 0.5, 0, 0, 0.5]
    assert table["missed"].tolist() == [0, 0, 0, 0, 1, 0]
    assert set(table["turns"]) == {2}
    assert set(table["told_by"]) == {"sentence"}
    assert table["cuts_per_minute"].tolist() == pytest.approx([c * 60 / 7 for c in table["cuts"]])
    # Speech ends at 1.2, 2.1, 3.3 and 5.0 s; what waits for 0.05 s more is sent at the next tenth
    # of a second, and so is what waits for 0.15 s, 0.3 s and so on.
    waits = [250, 350, 450, 750, 1250]
    assert table["wait_p50_ms"].tolist()[:5] == pytest.approx(waits)
    assert table["wait_mean_ms"].tolist()[:5] == pytest.approx(waits)
    assert table["wait_p90_ms"].isna().all()
    assert dict(table.dtypes.astype(str)) == dict(ENDPOINTING)


def test_cuts_by_hand():
    run = made(rows=known())
    table = endpointing_cuts(run, 0.3)
    assert dict(table.dtypes.astype(str)) == dict(ENDPOINTING_CUTS)
    assert table["start_s"].tolist() == [0.5, 2.6, 4.3]
    assert table["end_s"].tolist() == [2.1, 3.3, 5.0]
    assert table["cut_s"].tolist() == pytest.approx([2.4, 3.6, 5.3])
    assert table["next_s"].tolist()[:2] == [2.6, 4.3]
    assert table["merged"].tolist() == [2, 1, 1]
    assert table["premature"].tolist() == [True, False, False]
    assert set(table["kind"]) == {"predicted"}
    assert set(endpointing_cuts(run)["kind"]) == {"measured"}


def test_what_is_measured_is_the_latency_of_finals():
    run = rich_run()
    table = endpointing(run, [0.05])
    rows = latency(run).query(
        "name == 'speech_end -> final @capture' and anchor == 'reference' and trigger == 'endpoint'"
    )
    measured = table[table["kind"] == "measured"]
    assert measured["wait_p50_ms"].item() == pytest.approx(rows["latency_ms"].median())
    assert measured["cuts"].item() == len(rows)


def test_without_a_reference_nobody_knows_turns():
    table = endpointing(made(), [0.3])
    for name in ("turns", "premature", "cut_turns", "premature_share", "missed", "told_by"):
        assert table[name].isna().all()
    assert set(table["anchor"]) == {"service"}
    assert table["cuts"].tolist() == [3, 4]
    assert endpointing_cuts(made(), 0.3)["premature"].isna().all()


def test_an_utterance_that_would_be_too_long_is_cut_by_force():
    run = made(config={"maximum_duration_without_endpointing": 5})
    table = endpointing_cuts(run, 1.1)
    # From 0.5 s on, 5 s are over in the silence behind the last word.
    assert table["trigger"].tolist() == ["max_duration"]
    assert table["cut_s"].tolist() == [5.5]
    assert table["wait_ms"].isna().all()
    row = endpointing(run, [1.1]).iloc[0]
    assert (row["utterances"], row["cuts"], row["forced"]) == (1, 0, 1)


def test_audio_that_ends_too_soon_ends_with_the_stop():
    table = endpointing_cuts(made(duration_s=5.5), 0.6)
    assert table["trigger"].tolist() == ["endpoint", "stop"]
    assert table["cut_s"].tolist() == pytest.approx([3.9, 5.5])


def test_a_final_that_never_came_never_comes():
    run = made(final_s=None)
    table = endpointing(run, [0.3])
    assert table["cuts"].tolist() == [3, 4]
    assert table["never"].tolist() == [3, 4]
    assert np.isinf(table["wait_p50_ms"]).all()
    assert table["wait_mean_ms"].isna().all()


def test_a_final_that_no_silence_caused_gets_the_usual_delay():
    long = words(" ".join("abcdefghij"), 6.0, each_s=0.4, gap_s=0.1)
    run = made([*PARTS, long[:9], long[9:]], duration_s=13.0)
    # Without its speech_end nobody knows why the utterance ended that did so at 10.4 s.
    lost = [e for e in run.record.events if '"time": 10.4' not in e.get("raw", "")]
    record = type(run.record)(run.record.header, tuple(lost))
    assert len(lost) == len(run.record.events) - 1
    table = endpointing_cuts(type(run)(record), 0.05)
    assert table["trigger"].tolist() == ["endpoint"] * 6
    assert table["wait_ms"].tolist() == pytest.approx([250.0] * 6, abs=100.1)


def test_several_runs_are_predicted_from_the_lowest_and_measured_each():
    low, high = made(), made(config={"endpointing": 0.3})
    table = endpointing([high, low], [0.1, 0.2])
    assert table["kind"].tolist() == ["predicted", "predicted", "measured", "measured"]
    assert table["endpointing_s"].tolist() == [0.1, 0.2, 0.3, 0.05]
    twice = endpointing([low, low], [0.1])
    assert twice["kind"].tolist() == ["predicted", "predicted", "measured", "measured"]


def test_the_grid_goes_from_its_own_to_three_seconds():
    table = endpointing(made()).query("kind == 'predicted'")["endpointing_s"].tolist()
    assert (table[0], table[-1], len(table)) == (0.05, 3.0, 33)
    assert table == sorted(set(table))
    slow = endpointing(made(config={"endpointing": 4}))
    assert slow["endpointing_s"].tolist() == [4, 4]


@pytest.mark.parametrize("value", [0.04, 0, -1, math.nan, math.inf])
def test_what_a_run_knows_nothing_of_is_refused(value):
    sentence = "recorded at an endpointing of 0.05 s: what .* s would have done cannot be told"
    with pytest.raises(ConfigError, match=sentence):
        endpointing(made(), [0.3, value])
    with pytest.raises(ConfigError, match=sentence):
        endpointing_cuts(made(), value)


def test_no_run_is_refused_and_an_empty_one_has_nothing():
    with pytest.raises(ConfigError, match="needs a run"):
        endpointing([])
    table = endpointing(make_run(sent_s=0.0), [0.3])
    assert table["utterances"].tolist() == [0, 0]
    assert table["cuts_per_minute"].isna().all()
    assert len(endpointing_cuts(make_run(), 0.3)) == 0


gaps = st.lists(st.sampled_from([0.1, 0.2, 0.4, 0.8, 1.6]), max_size=8)
values = st.sampled_from([0.05, 0.1, 0.15, 0.3, 0.7, 1.0, 2.0])


@settings(max_examples=12)
@given(gaps, values, values)
def test_longer_cuts_less_and_waits_longer(silences, one, other):
    parts, at = [], 0.5
    for silence in [*silences, 0]:
        parts.append(words("a b", at))
        at += 0.7 + silence
    short, long = sorted((one, other))
    run = made(parts, rows=known(parts, range(len(parts))), duration_s=at + 3)
    few, many = endpointing_cuts(run, long), endpointing_cuts(run, short)
    assert set(few["end_s"]) <= set(many["end_s"])
    waits = many.set_index("end_s")["wait_ms"]
    later = few["wait_ms"].to_numpy() - waits[few["end_s"]].to_numpy()
    # By the difference, to the chunk of 0.1 s.
    assert (np.abs(later - (long - short) * 1e3) <= 100 + 1e-6).all()
    table = endpointing(run, [short, long])
    for name in ("cuts", "premature", "premature_share"):
        assert table[name].iloc[0] >= table[name].iloc[1]
    assert table["missed"].iloc[0] <= table["missed"].iloc[1]


@settings(max_examples=12)
@given(gaps)
def test_its_own_endpointing_predicts_what_was(silences):
    parts, at = [], 0.5
    for silence in [*silences, 0]:
        parts.append(words("a b", at))
        at += 0.7 + silence
    run = made(parts, duration_s=at + 1)
    was, would = endpointing_cuts(run), endpointing_cuts(run, 0.05)
    names = ["trigger", "start_s", "end_s", "cut_s", "next_s", "merged"]
    assert would[names].equals(was[names])
    assert would["wait_ms"].tolist() == pytest.approx(was["wait_ms"].tolist())


# -- against sessions that had that endpointing --

SPOKEN = json.loads(sample("conversation").with_suffix(".words.json").read_text("utf-8"))["words"]
SPOKEN = [word for word in SPOKEN if word["end_s"] < 24]
SCRIPT = {
    "words": [{name: word[name] for name in ("word", "start_s", "end_s")} for word in SPOKEN],
    "delay": 0.2,
    "partial_every_s": 5.0,
}
NAMES = ["start_s", "end_s", "next_s", "premature"]


def scripted(endpointing_s, longest_s, chunk_ms=100):
    return virtual_run(
        SCRIPT,
        duration_s=28.0,
        chunk_ms=chunk_ms,
        reference=SPOKEN,
        endpointing=endpointing_s,
        maximum_duration_without_endpointing=longest_s,
    )[0]


@pytest.mark.parametrize("chunk_ms", [100, 30])
def test_the_scripted_engine_does_what_was_predicted(chunk_ms):
    source = scripted(0.05, 60, chunk_ms)
    for value in (0.3, 0.8):
        real = scripted(value, 60, chunk_ms)
        was, would = endpointing_cuts(real), endpointing_cuts(source, value)
        assert would[[*NAMES, "trigger"]].equals(was[[*NAMES, "trigger"]])
        # To the nanosecond: which chunk brings the silence is known.
        assert would["wait_ms"].tolist() == pytest.approx(was["wait_ms"].tolist(), abs=1e-5)
        table = endpointing([source, real], [value]).drop(columns=["kind", "run"])
        assert table.iloc[0]["wait_p50_ms"] == pytest.approx(table.iloc[2]["wait_p50_ms"])
        counts = ["utterances", "cuts", "forced", "turns", "premature", "cut_turns", "missed"]
        assert table.iloc[0][counts].tolist() == table.iloc[2][counts].tolist()


def test_the_scripted_engine_forces_where_it_was_predicted():
    source, real = scripted(0.05, 5), scripted(1.2, 5)
    was, would = endpointing_cuts(real), endpointing_cuts(source, 1.2)
    assert (would["trigger"] == "max_duration").sum() > 2
    assert would[NAMES[:3]].equals(was[NAMES[:3]])


def test_the_recogniser_does_what_was_predicted():
    """The same cuts; waits to the chunk from 0.12 s on, which it waits for at least."""
    quick, held = recognised(0.05, 13.1, 2.0), recognised(0.12, 13.1, 2.0)
    assert len(endpointing_cuts(quick)) > 6
    for value in (0.3, 0.8):
        real = recognised(value, 13.1, 2.0)
        was = endpointing_cuts(real)
        for source, late_ms in ((quick, CHUNK_S * 1e3), (held, 0)):
            would = endpointing_cuts(source, value)
            assert would["trigger"].tolist() == was["trigger"].tolist()
            assert would["premature"].tolist() == was["premature"].tolist()
            for name in ("start_s", "end_s"):
                # A frame of the detector.
                assert would[name].tolist() == pytest.approx(was[name].tolist(), abs=0.011)
            off_ms = would["wait_ms"].to_numpy() - was["wait_ms"].to_numpy()
            # 0.07 s too long from 0.05 s: another chunk, or the same.
            assert off_ms.min() > -1
            assert off_ms.max() < late_ms + 1
            # A run that waited for longer tells how long the detector holds on: 0.12 s, to a chunk.
            would = endpointing_cuts(source, value, beside=[real])
            beside_ms = would["wait_ms"].to_numpy() - was["wait_ms"].to_numpy()
            assert np.abs(beside_ms).mean() <= np.abs(off_ms).mean()
            table = endpointing([source, real], [value])
            assert table["least_s"].iloc[0] == pytest.approx(0.12, abs=CHUNK_S)
            assert table["least_s"].iloc[2] == pytest.approx(value, abs=CHUNK_S)
            counts = ["utterances", "cuts", "premature", "cut_turns", "missed"]
            assert table.iloc[0][counts].tolist() == table.iloc[2][counts].tolist()
