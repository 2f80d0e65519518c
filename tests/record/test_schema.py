"""The contract of the frames: types, units in the names, and frames made from it."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.record import schema
from gladia_nb.record.schema import to_frame

SCHEMAS = {name: getattr(schema, name) for name in schema.__all__ if name.isupper()}
#: Types that a column of this unit may have; the nullable one where it can be missing.
UNITS = {"_ns": {"int64", "Int64"}, "_s": {"float64"}, "_ms": {"float64"}}


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_frame_without_rows_has_its_columns_and_types(name):
    known = SCHEMAS[name]
    empty = to_frame({column: [] for column in known}, known)
    assert len(empty) == 0
    assert list(empty.columns) == list(known)
    assert dtypes(empty) == dict(known)


@pytest.mark.parametrize("name", SCHEMAS)
def test_units_have_their_types(name):
    for column, dtype in SCHEMAS[name].items():
        for unit, allowed in UNITS.items():
            if column.endswith(unit):
                assert dtype in allowed, column


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_cannot_be_changed(name):
    with pytest.raises(TypeError):
        SCHEMAS[name]["more"] = "int64"


def test_what_frames_share_has_one_type():
    assert SCHEMAS.keys() == {*("CHUNKS", "MESSAGES", "REFERENCE", "SPOKEN", "UTTERANCES", "WORDS")}
    for column in ("recv_ns", "recv_s", "utterance_id", "start_s", "end_s", "confidence"):
        types = {known[column] for known in SCHEMAS.values() if column in known}
        assert len(types) == 1, column


KNOWN = {"text": "str", "count": "int64", "known": "Int64", "flag": "boolean", "at_s": "float64"}


def test_by_hand():
    frame = to_frame(
        {
            "at_s": [0.5, None],
            "flag": [True, None],
            "known": [1, None],
            "count": [3, 4],
            "text": ["a", None],
            "more": ["left", "out"],
        },
        KNOWN,
    )
    assert list(frame.columns) == list(KNOWN), "in the order of the schema"
    assert dtypes(frame) == KNOWN
    assert frame.iloc[0].tolist() == ["a", 3, 1, True, 0.5]
    missing = frame.iloc[1]
    assert missing["count"] == 4
    assert missing.drop("count").isna().all()
    with pytest.raises(KeyError):
        to_frame({"text": []}, KNOWN)


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | st.text(),
            "count": st.integers(-(2**63), 2**63 - 1),
            "known": st.none() | st.integers(-(2**63), 2**63 - 1),
            "flag": st.none() | st.booleans(),
            "at_s": st.floats(),
        }
    )
)


@given(ROWS)
def test_what_goes_in_comes_out(rows):
    frame = to_frame({name: [row[name] for row in rows] for name in KNOWN}, KNOWN)
    assert dtypes(frame) == KNOWN
    for row, found in zip(rows, frame.to_dict("records"), strict=True):
        for name, value in row.items():
            if value is None or (isinstance(value, float) and math.isnan(value)):
                assert pd.isna(found[name])
            else:
                assert found[name] == value


def test_whole_numbers_are_not_cut_to_size():
    with pytest.raises((TypeError, ValueError)):
        to_frame({"a": [1.5]}, {"a": "int64"})


def test_columns_stand_beside_each_other_whatever_their_index():
    columns = {"a": pd.Series([1, 2], index=[5, 6]), "b": [0.5, None]}
    frame = to_frame(columns, {"a": "int64", "b": "float64"})
    assert frame["a"].tolist() == [1, 2]
    assert frame.index.tolist() == [0, 1]
    assert math.isnan(frame["b"][1])


def test_a_frame_shares_no_memory_with_what_it_was_made_of():
    values = np.array([1.0, 2.0])
    frame = to_frame({"a": values}, {"a": "float64"})
    values[0] = 9
    assert frame["a"].tolist() == [1, 2]
