"""What ONNX files say about themselves, and files that are none."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from gladia_nb.server.engines.onnx_metadata import NotOnnxError, read_metadata
from tests.support.tone_model import write_ctc


def model(path: Path, said: dict[str, str]) -> Path:
    made = helper.make_model(helper.make_graph([], "nothing", [], []), producer_name="test")
    helper.set_model_props(made, said)
    onnx.save(made, path)
    return path


@given(said=st.dictionaries(st.text(max_size=20), st.text(max_size=300), max_size=5))
def test_it_reads_what_the_library_writes(
    said: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("onnx")
    assert read_metadata(model(folder / "a.onnx", said)) == said


def test_a_model_that_hears_tones(tmp_path: Path) -> None:
    said = read_metadata(write_ctc(tmp_path) / "model.onnx")
    assert said["window_size"] == "8"
    assert said["model_type"] == "EncDecHybridRNNTCTCBPEModel"


def test_a_file_that_is_cut_off_anywhere_is_none(tmp_path: Path) -> None:
    whole = model(tmp_path / "a.onnx", {"key": "value"}).read_bytes()
    cut = tmp_path / "cut.onnx"
    refused = 0
    for length in range(len(whole)):
        cut.write_bytes(whole[:length])
        try:
            read_metadata(cut)
        except NotOnnxError:
            refused += 1
    assert refused > len(whole) * 0.8, "only at the borders of fields it can look whole"


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(
    data: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.onnx"
    path.write_bytes(data)
    try:
        read_metadata(path)
    except NotOnnxError:
        return
