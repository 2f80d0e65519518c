"""Lags of translations: closed forms, and the numbers of the tools that others use."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import (
    TRANSLATION_LATENCY,
    average_lagging,
    differentiable_average_lagging,
    length_adaptive_average_lagging,
    translation_latency,
)
from tests.support.make_runs import make_run, message, transcript, utterance, words

SAID = words("good morning", 0.5)  # 0.5 to 1.2

#: Delays, source, words of the reference; AL, LAAL and DAL by simuleval 1.1.4, of which simulstream
#: 1.0.0 has the same LAAL.
KNOWN = [
    (([700, 1100, 1500, 1500, 2300], 2000, 4), (420.0, 620.0, 700.0)),
    (([500, 500, 900, 2600, 2600], 2500, 7), (589.2857142857143, 589.2857142857143, 740.0)),
    (([300, 200, 1900], 1800, 3), (200.0, 200.0, 433.3333333333333)),
    (([3100, 3100, 3100, 3100], 2400, 4), (3100.0, 3100.0, 3100.0)),
    (([-100, 400, 1250.5, 1300, 1310, 2000], 1600, 5), (226.75, 360.0833333333, 483.6666666667)),
]


@pytest.mark.parametrize(("given_", "expected"), KNOWN)
def test_same_numbers_as_other_tools(given_, expected):
    delays, source_ms, n = given_
    found = (
        average_lagging(delays, source_ms, n),
        length_adaptive_average_lagging(delays, source_ms, n),
        differentiable_average_lagging(delays, source_ms),
    )
    assert found == pytest.approx(expected)


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=20), st.floats(1, 5000))
def test_laws(delays, source_ms):
    delays = sorted(delays)
    n = len(delays)
    average = average_lagging(delays, source_ms)
    assert length_adaptive_average_lagging(delays, source_ms, n) == pytest.approx(average)
    assert length_adaptive_average_lagging(delays, source_ms, 2 * n) >= average - 1e-6
    shift = [delay + 100 for delay in delays]
    gain = differentiable_average_lagging(shift, source_ms) - differentiable_average_lagging(
        delays, source_ms
    )
    assert gain == pytest.approx(100)


@pytest.mark.parametrize(
    ("delays", "source_ms", "n", "words_"),
    [
        ([], 100, None, "without words"),
        ([1], 0, None, "longer than 0"),
        ([1], math.nan, None, "longer than 0"),
        ([math.nan], 100, None, "must be finite"),
        ([1], 100, 0, "at least one word"),
    ],
)
def test_bad_input_is_one_sentence(delays, source_ms, n, words_):
    with pytest.raises(ConfigError, match=words_):
        average_lagging(delays, source_ms, n)


def translation(recv_s, text, *, ident="0", language="fr", data=True, start=0.5, end=1.2):
    content = {
        "utterance_id": ident,
        "utterance": {"start": start, "end": end, "channel": 0},
        "original_language": "en",
        "target_language": language,
        "translated_utterance": {"text": text, "start": start, "end": end, "language": language},
    }
    error = None if data else {"message": "quota"}
    return message(recv_s, "translation", content if data else None, error=error)


def test_a_run_with_translations():
    arrivals = [
        *utterance(SAID, final_s=0.5),
        translation(1.9, " Bonjour a tous"),
        translation(2.0, " Guten Morgen", language="de", ident="00_00000000"),
        translation(2.1, "", data=False),
        translation(2.2, " encore", ident="7"),
    ]
    table = translation_latency(make_run(arrivals))
    assert {name: str(dtype) for name, dtype in table.dtypes.items()} == dict(TRANSLATION_LATENCY)
    assert table["language"].tolist() == ["fr", "de", "fr"]
    assert table["after_speech_ms"].tolist() == pytest.approx([700, 800, 1000])
    assert table["after_final_ms"].tolist() == pytest.approx([200, 300, math.nan], nan_ok=True)
    # The whole translation comes behind the end of the utterance: its delay since the start.
    for name in ("al_ms", "laal_ms", "dal_ms"):
        assert table[name].tolist() == pytest.approx([1400, 1500, 1700])
    assert table["words"].tolist() == [3, 2, 1]


def test_an_early_translation_uses_the_reference():
    run = make_run([*utterance(SAID), translation(1.0, "un deux")])
    alone = translation_latency(run).iloc[0]
    assert (alone["al_ms"], alone["laal_ms"]) == pytest.approx((325, 325))
    known = translation_latency(run, {("0", "fr"): "un deux trois quatre"}).iloc[0]
    assert (known["al_ms"], known["laal_ms"]) == pytest.approx((325, 500 - 175 / 2))
    assert known["after_speech_ms"] == pytest.approx(-200)


def test_runs_without_translations():
    broken = [message(1.0, "translation", {"utterance": 3}), translation(1.2, "", end=1.2)]
    for run in (make_run(), make_run([transcript(1.0, SAID)])):
        assert not len(translation_latency(run))
    table = translation_latency(make_run(broken))
    assert table["words"].tolist() == [0]
    assert table["al_ms"].isna().tolist() == [True]
