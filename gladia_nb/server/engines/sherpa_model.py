"""Which files of a folder are a streaming model of sherpa-onnx, and of which kind.

A model that lacks what sherpa-onnx demands ends the process that loads it. What can be seen from
outside, by names and by what the files say of themselves, is therefore said here, in one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gladia_nb.server.engines.base import EngineError
from gladia_nb.server.engines.onnx_metadata import NotOnnxError, read_metadata

__all__ = ["FoundModel", "find_model"]

#: What sherpa-onnx reads of each kind of streaming CTC model.
_CTC_KINDS: Mapping[str, tuple[str, ...]] = {
    "zipformer2_ctc": (
        "encoder_dims", "query_head_dims", "value_head_dims", "num_heads", "num_encoder_layers",
        "cnn_module_kernels", "left_context_len", "T", "decode_chunk_len",
    ),
    "nemo_ctc": (
        "window_size", "chunk_shift", "subsampling_factor", "vocab_size",
        *(f"cache_last_{what}_dim{n}" for what in ("channel", "time") for n in (1, 2, 3)),
    ),
    "wenet_ctc": (
        "head", "num_blocks", "output_size", "cnn_module_kernel", "right_context",
        "subsampling_factor", "vocab_size",
    ),
    "t_one_ctc": ("frame_length_ms", "state_dim", "sample_rate"),
}  # fmt: skip
_TRANSDUCER = ("encoder", "decoder", "joiner")
_TOKENS = "tokens.txt"


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model by its files.

    Attributes:
        kind: `transducer`, or a kind of CTC model, as sherpa-onnx's constructors are called.
        files: paths by the name of their parameter.
    """

    kind: str
    files: Mapping[str, str]


def find_model(folder: Path) -> FoundModel:
    """The streaming model in a folder.

    Of a network that is there twice, the one of 8-bit numbers is taken: it is made for processors,
    and its answers differ little. A transducer's decoder is small, and is taken in full.

    Raises:
        EngineError: there is none; the sentence says what is missing.
    """
    if not folder.is_dir():
        raise EngineError(
            f"There is no model at {folder}; name the folder of one, or fetch one with "
            "gladia-nb models get URL."
        )
    if not (folder / _TOKENS).is_file():
        raise EngineError(f"The folder {folder} is not a model of sherpa-onnx: no {_TOKENS}.")
    networks = sorted(path for path in folder.glob("*.onnx") if path.is_file())
    parts = {part: [path for path in networks if part in path.name.lower()] for part in _TRANSDUCER}
    if any(parts.values()):
        return _transducer(folder, parts)
    return _ctc(folder, networks)


def _transducer(folder: Path, parts: Mapping[str, list[Path]]) -> FoundModel:
    files = {
        part: _one(folder, paths, part, small=part != "decoder") for part, paths in parts.items()
    }
    for path in files.values():
        _metadata(path)
    files["tokens"] = folder / _TOKENS
    return FoundModel("transducer", {name: str(path) for name, path in files.items()})


def _ctc(folder: Path, networks: list[Path]) -> FoundModel:
    path = _one(folder, networks, "model", small=True)
    said = _metadata(path)
    for kind, names in _CTC_KINDS.items():
        if said.keys() >= set(names):
            return FoundModel(kind, {"model": str(path), "tokens": str(folder / _TOKENS)})
    told = f" ({said['model_type'][:60]})" if said.get("model_type") else ""
    raise EngineError(
        f"{path} is not a streaming model that sherpa-onnx knows{told}: its metadata lack what "
        "one must tell; an offline model cannot be used."
    )


def _one(folder: Path, paths: list[Path], part: str, *, small: bool) -> Path:
    """The one network of a part, in the wanted size where there are two."""
    wanted = [path for path in paths if ("int8" in path.name) is small] or paths
    if not wanted:
        raise EngineError(f"The folder {folder} is not a model of sherpa-onnx: no {part}*.onnx.")
    if len(wanted) > 1:
        names = ", ".join(path.name for path in wanted[:4])
        raise EngineError(
            f"The folder {folder} holds more than one {part} ({names}); leave only one model there."
        )
    return wanted[0]


def _metadata(path: Path) -> dict[str, str]:
    try:
        return read_metadata(path)
    except NotOnnxError:
        raise EngineError(
            f"{path} is not a whole ONNX file; fetch or copy the model again."
        ) from None
    except OSError as error:
        raise EngineError(f"{path} cannot be read: {error.strerror or error}.") from None
