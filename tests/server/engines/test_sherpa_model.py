"""Which files are a model, and one sentence about all others."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gladia_nb.server.engines.base import EngineError
from gladia_nb.server.engines.sherpa_model import _CTC_KINDS, find_model
from tests.support.tone_model import write_ctc, write_transducer


def test_a_model_of_ctc(tmp_path: Path) -> None:
    found = find_model(write_ctc(tmp_path / "m"))
    assert found.kind == "nemo_ctc"
    assert found.files == {
        "model": str(tmp_path / "m" / "model.onnx"),
        "tokens": str(tmp_path / "m" / "tokens.txt"),
    }


@pytest.mark.parametrize("kind", _CTC_KINDS)
def test_each_kind_of_ctc_by_what_it_says(kind: str, tmp_path: Path) -> None:
    nothing = dict.fromkeys(_CTC_KINDS["nemo_ctc"])
    folder = write_ctc(tmp_path, **{**nothing, **dict.fromkeys(_CTC_KINDS[kind], "1")})
    assert find_model(folder).kind == kind


def test_a_transducer_and_its_sizes(tmp_path: Path) -> None:
    folder = write_transducer(tmp_path)
    found = find_model(folder)
    assert found.kind == "transducer"
    assert found.files == {
        "encoder": str(folder / "encoder.onnx"),
        "decoder": str(folder / "decoder.onnx"),
        "joiner": str(folder / "joiner.onnx"),
        "tokens": str(folder / "tokens.txt"),
    }
    for part in ("encoder", "decoder", "joiner"):
        shutil.copy(folder / f"{part}.onnx", folder / f"{part}.int8.onnx")
    names = {part: Path(path).name for part, path in find_model(folder).files.items()}
    assert names["encoder"] == "encoder.int8.onnx"
    assert names["decoder"] == "decoder.onnx"
    assert names["joiner"] == "joiner.int8.onnx"


def _no_tokens(folder: Path) -> None:
    (folder / "tokens.txt").unlink()


def _no_network(folder: Path) -> None:
    (folder / "model.onnx").unlink()


def _two(folder: Path) -> None:
    shutil.copy(folder / "model.onnx", folder / "other.onnx")


def _cut(folder: Path) -> None:
    path = folder / "model.onnx"
    path.write_bytes(path.read_bytes()[:400])


def _part(folder: Path) -> None:
    (folder / "model.onnx").rename(folder / "encoder.onnx")


def _foreign(folder: Path) -> None:
    write_ctc(folder, chunk_shift=None, model_type="whisper-tiny")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (shutil.rmtree, "There is no model at .*/m; name the folder of one, or fetch one with"),
        (_no_tokens, "The folder .*/m is not a model of sherpa-onnx: no tokens.txt"),
        (_no_network, r"is not a model of sherpa-onnx: no model\*.onnx"),
        (_two, r"holds more than one model \(model.onnx, other.onnx\); leave only one"),
        (_cut, "model.onnx is not a whole ONNX file; fetch or copy the model again"),
        (_part, r"is not a model of sherpa-onnx: no decoder\*.onnx"),
        (_foreign, r"not a streaming model that sherpa-onnx knows \(whisper-tiny\)"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    spoil: Callable[[Path], None], sentence: str, tmp_path: Path
) -> None:
    folder = write_ctc(tmp_path / "m")
    spoil(folder)
    with pytest.raises(EngineError, match=sentence) as caught:
        find_model(folder)
    assert "\n" not in str(caught.value)
