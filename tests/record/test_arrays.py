"""Chunks, utterances and reference as arrays say what the frames of the same name say."""

import numpy as np
import pytest
from hypothesis import given

from gladia_nb.record import arrays
from gladia_nb.record.columns import Nullable
from gladia_nb.run import Run
from tests.support.conversations import conversations
from tests.support.make_runs import make_run, rich_run


def plain(values):
    """As lists, what is missing as None."""
    if isinstance(values, Nullable):
        pairs = zip(values.value.tolist(), values.missing.tolist(), strict=True)
        return [None if missing else value for value, missing in pairs]
    return [None if value != value else value for value in list(values)]


def column(frame, name):
    return [None if value is None or value != value else value for value in objects(frame[name])]


def objects(series):
    return series.astype(object).where(series.notna(), None).tolist()


@pytest.mark.parametrize("run", [rich_run(), make_run(), rich_run(with_reference=False)])
def test_chunks_and_reference_are_those_of_the_frames(run):
    found = arrays.chunks(run.record)
    for name, values in found._asdict().items():
        assert plain(values) == column(run.chunks, name), name
    words = arrays.reference(run.record)
    for name, values in words._asdict().items():
        assert plain(values) == column(run.reference, name), name


@given(conversations())
def test_utterances_are_those_of_the_frame(run):
    found, frame = arrays.utterances(run.record), run.utterances
    assert found.id == frame["utterance_id"].tolist()
    for name in ("channel", "start_s", "end_s", "is_final", "n_partials", "n_finals", "trigger"):
        assert plain(getattr(found, name)) == column(frame, name), name
    for name in ("first_partial", "last_partial", "final"):
        stamps = getattr(found, f"{name}_ns")
        assert plain(stamps) == column(frame, f"{name}_ns")
        assert plain(arrays.seconds(run.record, stamps)) == column(frame, f"{name}_s")


def test_some_chunks_can_be_chosen():
    run = rich_run()
    whole = arrays.chunks(run.record)
    some = whole.at(np.array([2, 0]))
    assert some.seq.tolist() == [whole.seq[2], whole.seq[0]]
    assert plain(some.ack_ns) == [plain(whole.ack_ns)[2], plain(whole.ack_ns)[0]]


def test_what_a_frame_is_changed_to_does_not_reach_the_measures():
    run = rich_run()
    before = arrays.chunks(run.record).end_s.copy(), arrays.utterances(run.record).start_s.copy()
    run.chunks["end_s"] = 0.0
    run.chunks.loc[:, "start_s"] = -1.0
    run.utterances.loc[:, "start_s"] = -1.0
    assert (arrays.chunks(run.record).end_s == before[0]).all()
    assert (arrays.utterances(run.record).start_s == before[1]).all()
    assert (Run(run.record).chunks["end_s"] == before[0]).all()
