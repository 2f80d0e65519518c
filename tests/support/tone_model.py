"""Streaming models that hear tones as words, for the engine of sherpa-onnx; and the tones.

Real models cannot be part of a test: they are large, and no two hear alike. These are linear: a
token's score is the mean of four frames of one mel band in which its tone lies, and the blank's is
a constant between a tone and silence. What goes into them and comes out of them is as sherpa-onnx
demands of streaming models: CTC as NeMo exports it, and a transducer as icefall's LSTM.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from gladia_nb.audio import Audio

__all__ = ["RATE", "TONES", "tones", "write_ctc", "write_transducer"]

RATE = 16000
#: Each token, and the tone that it is; `▁` begins a word, as in the tables of real models.
TONES: Mapping[str, float] = {
    "▁do": 400.0,
    "▁re": 700.0,
    "▁mi": 1100.0,
    "▁fa": 1600.0,
    "la": 2300.0,
    "▁so": 3100.0,
}
_BANDS = 80
_FRAMES = 4
#: Frames that a model takes at once: 0.08 s.
_CHUNK = 8
_BLANK = -5.0
#: Rows and columns of a matrix that only costs time.
_WIDE = 1024


def tones(
    spoken: Iterable[tuple[str, float, float]], duration_s: float, *, rate: int = RATE
) -> Audio:
    """Words as tones, and faint noise between: silence that is all zero is nowhere but in tests.

    Args:
        spoken: token without `▁`, start and end in seconds.
        duration_s: of the whole.
        rate: in hertz.
    """
    pitch = {token.strip("▁"): tone for token, tone in TONES.items()}
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 1e-4, round(duration_s * rate))
    for word, start_s, end_s in spoken:
        begin, end = round(start_s * rate), round(end_s * rate)
        samples[begin:end] += 0.3 * np.sin(2 * np.pi * pitch[word] * np.arange(end - begin) / rate)
    return Audio(samples.astype(np.float32)[:, np.newaxis], rate, "tones")


def _tokens(folder: Path) -> None:
    lines = [f"{token} {index}" for index, token in enumerate(("<blk>", *TONES))]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokens.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _weights(mel: Callable[[float], float], low: float, high: float) -> list[onnx.TensorProto]:
    """Of a convolution over four frames: tokens x bands x frames, and what is added."""
    centres = mel(low) + (np.arange(_BANDS) + 1) * (mel(high) - mel(low)) / (_BANDS + 1)
    kernel = np.zeros((1 + len(TONES), _BANDS, _FRAMES), np.float32)
    for index, tone in enumerate(TONES.values(), 1):
        kernel[index, np.argmin(np.abs(centres - mel(tone)))] = 1 / _FRAMES
    bias = np.array([_BLANK, *[0.0] * len(TONES)], np.float32)
    return [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")]


def _kaldi_mel(hertz: float) -> float:
    return 1127.0 * math.log(1 + hertz / 700.0)


def _slaney_mel(hertz: float) -> float:
    """Linear up to 1 kHz: the scale of models that NeMo has trained."""
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * math.log(hertz / 1000) / math.log(6.4)


def _save(path: Path, nodes: list[Any], inputs: list[Any], outputs: list[Any], **more: Any) -> None:
    made = helper.make_graph(nodes, "tones", inputs, outputs, more.get("weights", []))
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {key: str(value) for key, value in more["metadata"].items()})
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _floats(name: str, *shape: Any) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _whole(name: str, *shape: Any) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.INT64, shape)


def _effort(times: int) -> tuple[list[Any], list[Any]]:
    """Nodes that multiply matrices so many times for each piece, and add nothing of it."""
    rng = np.random.default_rng(2)
    sizes = {"into": (_BANDS, _WIDE), "wide": (_WIDE, _WIDE), "out": (_WIDE, 1)}
    matrices = {name: rng.normal(0, 0.01, size) for name, size in sizes.items()}
    matrices["nothing"] = np.zeros(1)
    weights = [
        numpy_helper.from_array(matrix.astype(np.float32), name)
        for name, matrix in matrices.items()
    ]
    nodes = [
        helper.make_node("Transpose", ["x"], ["turned"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["turned", "into"], ["effort0"]),
        *(
            helper.make_node("MatMul", [f"effort{n}", "wide"], [f"effort{n + 1}"])
            for n in range(times)
        ),
        helper.make_node("MatMul", [f"effort{times}", "out"], ["narrow"]),
        helper.make_node("ReduceMean", ["narrow"], ["mean"]),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Add", ["light", "zero"], ["logits"]),
    ]
    return nodes, weights


def write_ctc(folder: Path, *, effort: int = 0, **changed: Any) -> Path:
    """A CTC model with its table of tokens.

    Args:
        folder: to write into; made when missing.
        effort: multiplications of matrices for each 80 ms, as a real model has them; some 0.5 ms
            each.
        **changed: metadata that is to be other than it should; None leaves it out.

    Returns:
        The folder.
    """
    _tokens(folder)
    caches = ["cache_last_channel", "cache_last_time"]
    shape = (1, 1, 1, 1)
    nodes, weights = _effort(effort) if effort else ([], [])
    metadata = {
        "model_type": "EncDecHybridRNNTCTCBPEModel",
        "window_size": _CHUNK,
        "chunk_shift": _CHUNK,
        "subsampling_factor": _FRAMES,
        "vocab_size": len(TONES),
        **{f"{cache}_dim{n}": 1 for cache in caches for n in (1, 2, 3)},
        **changed,
    }
    _save(
        folder / "model.onnx",
        [
            helper.make_node("Conv", ["x", "kernel", "bias"], ["scores"], strides=[_FRAMES]),
            helper.make_node(
                "Transpose", ["scores"], ["light" if effort else "logits"], perm=[0, 2, 1]
            ),
            *nodes,
            helper.make_node("Identity", ["length"], ["logits_length"]),
            *(helper.make_node("Identity", [name], [f"{name}_next"]) for name in caches),
            helper.make_node("Identity", ["cache_len"], ["cache_len_next"]),
        ],
        [
            _floats("x", 1, _BANDS, "T"),
            _whole("length", 1),
            *(_floats(name, *shape) for name in caches),
            _whole("cache_len", 1),
        ],
        [
            _floats("logits", 1, "U", 1 + len(TONES)),
            _whole("logits_length", 1),
            *(_floats(f"{name}_next", *shape) for name in caches),
            _whole("cache_len_next", 1),
        ],
        weights=[*_weights(_slaney_mel, 0.0, 8000.0), *weights],
        metadata={key: value for key, value in metadata.items() if value is not None},
    )
    return folder


def write_transducer(folder: Path) -> Path:
    """A transducer with its table of tokens; it does not say what it has just said.

    Returns:
        The folder.
    """
    _tokens(folder)
    size = 1 + len(TONES)
    states = ["h", "c"]
    _save(
        folder / "encoder.onnx",
        [
            helper.make_node("Transpose", ["x"], ["bands"], perm=[0, 2, 1]),
            helper.make_node("Conv", ["bands", "kernel", "bias"], ["scores"], strides=[_FRAMES]),
            helper.make_node("Transpose", ["scores"], ["encoder_out"], perm=[0, 2, 1]),
            *(helper.make_node("Identity", [name], [f"next_{name}"]) for name in states),
        ],
        [_floats("x", "N", "T", _BANDS), *(_floats(name, 1, "N", 1) for name in states)],
        [
            _floats("encoder_out", "N", "U", size),
            *(_floats(f"next_{name}", 1, "N", 1) for name in states),
        ],
        weights=_weights(_kaldi_mel, 20.0, 7600.0),
        metadata={
            "model_type": "lstm",
            "num_encoder_layers": 1,
            "T": _CHUNK,
            "decode_chunk_len": _CHUNK,
            "rnn_hidden_size": 1,
            "d_model": 1,
        },
    )
    said = -100 * np.eye(size, dtype=np.float32)
    said[0] = 0
    _save(
        folder / "decoder.onnx",
        [
            helper.make_node("Gather", ["y", "last"], ["token"], axis=1),
            helper.make_node("Gather", ["said", "token"], ["decoder_out"]),
        ],
        [_whole("y", "N", 2)],
        [_floats("decoder_out", "N", size)],
        weights=[
            numpy_helper.from_array(said, "said"),
            numpy_helper.from_array(np.array(1, np.int64), "last"),
        ],
        metadata={"vocab_size": size, "context_size": 2},
    )
    _save(
        folder / "joiner.onnx",
        [helper.make_node("Add", ["encoder_out", "decoder_out"], ["logit"])],
        [_floats("encoder_out", "N", size), _floats("decoder_out", "N", size)],
        [_floats("logit", "N", size)],
        metadata={"joiner_dim": size},
    )
    return folder
