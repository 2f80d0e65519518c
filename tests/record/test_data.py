"""A record with its frames: what it says of itself, and that its frames are its own."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import gladia_nb as gn
from gladia_nb.record import frames
from gladia_nb.record.data import RunData, forgetting
from gladia_nb.record.file import Record, load_record
from gladia_nb.record.keeping import kept
from tests.support.make_runs import make_run, rich_run, transcript, words
from tests.support.stored_events import stored_chunk


def test_what_it_was_and_what_came_of_it():
    run = rich_run()
    assert run.outcome == "finished"
    assert run.complete
    assert run.utterances["is_final"].sum() == len(run.text.splitlines())
    assert run.error is None
    assert repr(run).startswith("Run(")
    assert run.config["sample_rate"] == 16000
    assert run.messages is run.messages, "made once"


def test_text_is_in_the_order_of_the_audio():
    later, earlier = words("second line", 2.0), words("first line", 0.5)
    run = make_run(
        [
            transcript(3.0, later, "00_1", final=True),
            transcript(3.5, earlier, "00_0", final=True),
            transcript(3.6, words("open", 3.2), "00_2"),
        ]
    )
    assert run.text == "first line\nsecond line"


FRAMES = ("messages", "chunks", "utterances", "words", "reference")


def data(*events, **header):
    known = {
        "audio": {"name": "a.wav", "duration_s": 1.5},
        "config": {"sample_rate": 16000},
        "reference": None,
    }
    return RunData(Record({**known, **header}, events))


def test_what_the_header_and_the_events_say():
    run = data(
        {"event": "init", "session_id": "s-1"},
        {"event": "warning", "text": "odd"},
        {"event": "error", "text": "first"},
        {"event": "warning", "text": "odder"},
        {"event": "error", "text": "second"},
        {"event": "end", "outcome": "failed"},
    )
    assert (run.session_id, run.outcome, run.complete) == ("s-1", "failed", True)
    assert (run.name, run.duration_s, run.path) == ("a.wav", 1.5, None)
    assert run.warnings == ["odd", "odder"]
    assert run.error == "first"
    assert repr(run) == "RunData('a.wav', 1.5 s, failed)"


def test_a_run_that_was_cut_off():
    run = data()
    assert (run.session_id, run.outcome, run.complete) == (None, "incomplete", False)
    assert (run.error, run.warnings, run.text, run.n_partials) == (None, [], "", 0)


def test_live_audio_is_as_long_as_what_was_sent_of_it():
    live = {"name": "microphone", "duration_s": None}
    assert data(audio=live).duration_s == 0
    chunks = [stored_chunk(seq, end_frame=end) for seq, end in enumerate((1600, 24000, 3200))]
    run = data(*chunks, audio=live)
    assert (run.duration_s, run.sent_s, run.is_live) == (1.5, 1.5, True)
    known = {"name": "a.wav", "duration_s": 9.0, "frames": 144000}
    run = data(*chunks, audio=known)
    assert (run.duration_s, run.sent_s, run.is_live) == (9.0, 1.5, False)


def test_the_configuration_is_a_copy():
    run = data()
    run.config["sample_rate"] = 8000
    assert run.config == {"sample_rate": 16000}


@pytest.mark.parametrize("name", FRAMES)
def test_each_frame_is_made_once_and_is_that_of_the_record(name):
    run = rich_run()
    frame = getattr(run, name)
    assert getattr(run, name) is frame
    made = getattr(frames, f"{name}_frame")(run.record)
    pd.testing.assert_frame_equal(frame, made)


@pytest.mark.parametrize("name", FRAMES)
def test_changing_a_frame_changes_nobody_elses(name):
    run = rich_run()
    before = getattr(RunData(run.record), name).copy(deep=True)
    column = before.columns[0]
    frame = getattr(run, name)
    frame.loc[0, column] = frame[column].iloc[-1]
    frame["more"] = 1
    pd.testing.assert_frame_equal(getattr(RunData(run.record), name), before)


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.booleans(), st.text("ab ", min_size=1, max_size=4)),
        max_size=6,
    )
)
def test_the_text_is_the_finals_by_their_beginning(said):
    arrivals = [
        transcript(
            20.0 + number,
            words(text, float(start)) or [("-", float(start), start + 0.1)],
            f"{number}",
            final=final,
        )
        for number, (start, final, text) in enumerate(said)
    ]
    run = make_run(arrivals, duration_s=1.0, ack_ms=None)
    finals = sorted((row for row in said if row[1]), key=lambda row: row[0])
    assert run.text == "\n".join(" ".join(text.split()) or "-" for _, _, text in finals)
    assert run.n_partials == sum(not final for _, final, _ in said)


def test_saving_is_that_of_the_record(tmp_path):
    run = rich_run()
    again = RunData(load_record(run.save(tmp_path / "a.run")))
    assert again.record.events == run.record.events
    assert again.path == tmp_path / "a.run"
    pd.testing.assert_frame_equal(again.utterances, run.utterances)


TIMED = {"start_s": 0.5, "end_s": 1.0, "channel": 1}


def test_a_header_of_before_there_were_granularities_has_words():
    run = data(reference=[{"word": "hi", **TIMED}])
    assert run.granularity == "word"
    assert run.reference["word"].tolist() == ["hi"]
    assert run.spoken[["text", "start_s", "channel"]].iloc[0].tolist() == ["hi", 0.5, 1]
    assert run.spoken["speaker"].isna().all()


@pytest.mark.parametrize(
    ("granularity", "row"),
    [
        ("segment", {"text": "good evening", "speaker": "ann", **TIMED}),
        ("text", {"text": "good evening", **TIMED, "start_s": None, "end_s": None}),
    ],
)
def test_segments_and_texts_are_no_words(granularity, row):
    run = data(reference=[row], granularity=granularity)
    assert run.granularity == granularity
    assert len(run.reference) == 0
    assert run.reference.dtypes.equals(data(reference=[{"word": "x", **TIMED}]).reference.dtypes)
    assert run.spoken["text"].tolist() == ["good evening"]
    assert run.spoken["start_s"].isna().tolist() == [granularity == "text"]


def test_without_a_reference_nothing_is_known():
    run = data()
    assert (run.granularity, len(run.spoken)) == (None, 0)
    assert list(run.spoken) == ["text", "start_s", "end_s", "channel", "speaker", "sentence"]


def test_what_was_made_meanwhile_is_let_go_and_what_was_there_stays():
    run = make_run()
    chunks = run.chunks
    kept(run.record, "before", lambda: 1)
    with forgetting(run):
        assert kept(run.record, "meanwhile", lambda: 2) == 2
        assert len(run.messages)
    assert "meanwhile" not in run.record.derived
    assert "messages" not in vars(run)
    assert run.chunks is chunks
    assert kept(run.record, "before", lambda: 3) == 1


def test_a_sum_of_many_runs_keeps_nothing_of_them_but_their_words():
    runs = [rich_run(), rich_run()]
    before = [set(vars(run)) for run in runs]
    gn.summary(runs)
    assert [run.record.derived for run in runs] == [{}, {}]
    assert [set(vars(run)) for run in runs] == before
    gn.summary(runs[0])
    assert runs[0].record.derived
