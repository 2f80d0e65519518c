"""What is told by segments and by a text, and what is withheld with its reason."""

import pandas as pd
import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.metrics import (
    error_delay,
    latency,
    latency_table,
    match_rate,
    summary,
    verdict,
    waterfall,
    wer_at,
    word_alignment,
    word_errors,
    word_states,
    word_times,
)
from gladia_nb.metrics.base.granularity import (
    segment_spans,
    spoken_words,
    why_no_words,
    withheld,
)
from tests.support.make_runs import make_run, reference, utterance, words
from tests.support.references import with_segments, with_text

FIRST, SECOND = words("good evening all", 0.5), words("see you", 3.0)
RUN = make_run([*utterance(FIRST), *utterance(SECOND, "00_00000001")], duration_s=5.0)
BY_WORD = make_run(
    [*utterance(FIRST), *utterance(SECOND, "00_00000001")],
    duration_s=5.0,
    reference=reference([*FIRST, *SECOND]),
)
#: Segments whose ends are those of their last words.
BY_SEGMENT = with_segments(
    RUN,
    ("Good evening, all.", 0.5, FIRST[-1][2]),
    ("See them.", 3.0, SECOND[-1][2]),
)
BY_TEXT = with_text(RUN, "Good evening, all. See them.")


@pytest.mark.parametrize("run", [BY_SEGMENT, BY_TEXT])
def test_error_rates_are_known_for_all(run):
    total = word_errors(run).iloc[-1]
    assert (total["reference_words"], total["substitutions"], total["wer"]) == (5, 1, 0.2)
    table = word_alignment(run)
    assert table.query("op == 'substitute'")[["reference", "transcript"]].to_numpy().tolist() == [
        ["them.", "you"]
    ]
    assert table["reference_start_s"].isna().all()
    assert table["transcript_start_s"].notna().all()


def test_utterances_are_anchored_by_their_segments():
    names = ["name", "clock", "channel", "utterance_id", "latency_ms"]
    found, known = (
        latency(run).query("unit == 'utterance' and anchor == 'reference'")[names]
        for run in (BY_SEGMENT, BY_WORD)
    )
    assert len(found) > 0
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True), known.reset_index(drop=True), check_exact=False
    )
    assert set(waterfall(BY_SEGMENT)["anchor"]) == {"reference"}


def test_words_are_not_anchored_by_segments():
    rows = latency(BY_SEGMENT)
    assert set(rows.loc[rows["unit"] == "word", "anchor"]) == {"service"}
    assert word_times(BY_SEGMENT)["reference"].isna().all()
    assert len(match_rate(BY_SEGMENT)) == 0
    assert summary(BY_SEGMENT)["match_rate"].isna().all()


def test_a_text_anchors_nothing():
    assert "reference" not in set(latency(BY_TEXT)["anchor"])
    pd.testing.assert_frame_equal(latency(BY_TEXT), latency(RUN))


@pytest.mark.parametrize("measure", [wer_at, error_delay, word_states])
@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (BY_SEGMENT, "knows segments, and not when each word was spoken; this measure needs words"),
        (BY_TEXT, "is a text, and does not say when any of it was spoken; this measure needs"),
        (RUN, "This run has no reference words to compare with"),
    ],
)
def test_what_needs_words_is_withheld_with_the_reason(measure, run, reason):
    with pytest.raises(ConfigError, match=reason):
        measure(run)
    assert reason in why_no_words(run)
    assert why_no_words(BY_WORD) == ""


def test_the_table_of_latencies_says_what_is_withheld():
    table = latency_table(BY_SEGMENT)
    assert "Latencies of words from the reference are withheld." in table.title
    assert set(table["from"].str.contains("reference")) == {True}
    assert "All latencies from the reference are withheld." in latency_table(BY_TEXT).title
    assert "withheld" not in latency_table(RUN).title
    assert "withheld" not in latency_table(BY_WORD).title
    assert withheld(BY_TEXT) in BY_TEXT._repr_html_()


def test_speech_without_a_transcript_is_found_for_all():
    silent = make_run(duration_s=5.0)
    assert verdict(silent).status != "invalid"
    for run in (with_segments(silent, ("hi", 0.5, 1.0)), with_text(silent, "hi")):
        assert verdict(run).status == "invalid"
    cut_short = with_text(make_run(duration_s=5.0, sent_s=2.0), "hi")
    assert verdict(cut_short).status != "invalid"


def test_words_of_segments_follow_each_other_in_time():
    run = with_segments(RUN, ("c d", 2.0, 3.0), (" ", 1.5, 1.6), ("a  b", 0.5, 1.0))
    found = spoken_words(run)
    assert found["word"].tolist() == ["a", "b", "c", "d"]
    assert found.dtypes.equals(BY_WORD.reference.dtypes)
    assert len(spoken_words(RUN)) == 0
    assert spoken_words(BY_WORD) is BY_WORD.reference


def test_segments_that_overlap_are_one_and_those_that_touch_are_two():
    run = with_segments(RUN, ("b", 1.0, 2.0), ("a", 0.5, 1.5), ("c", 2.0, 3.0), ("d", 2.5, 2.7))
    assert segment_spans(run)[["start_s", "end_s"]].to_numpy().tolist() == [[0.5, 2.0], [2.0, 3.0]]
    for other in (BY_TEXT, BY_WORD, RUN):
        assert len(segment_spans(other)) == 0
        assert segment_spans(other).dtypes.equals(segment_spans(run).dtypes)
