"""What an ONNX file says about itself, read without loading the model in it.

An ONNX file is one protocol buffer of type `ModelProto`; its field 14, `metadata_props`, is a list
of pairs of texts, and its field 7 is the network, which is passed over however large it is. Fields
as in `onnx.proto`, encoding as in Google's description of the wire format.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

__all__ = ["NotOnnxError", "read_metadata"]

_GRAPH, _METADATA = 7, 14
#: Wire types: a varint, 8 bytes, a length and so many bytes, 4 bytes.
_VARINT, _EIGHT, _LENGTH, _FOUR = 0, 1, 2, 5
#: No text of a model is longer; sherpa-onnx's own are below 100 kB.
_LONGEST = 1 << 22


class NotOnnxError(ValueError):
    """The file is not one of ONNX, or is cut off."""


def read_metadata(path: Path) -> dict[str, str]:
    """The pairs of texts that a model carries.

    Args:
        path: of the file.

    Raises:
        NotOnnxError: it is not a whole ONNX file.
        OSError: it cannot be read.
    """
    found: dict[str, str] = {}
    has_graph = False
    size = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < size:
            number, wire = divmod(_varint(file), 8)
            if wire == _LENGTH:
                length = _varint(file)
                end = file.tell() + length
                if end > size:
                    raise NotOnnxError
                if number == _METADATA and length <= _LONGEST:
                    texts = dict(_texts(file, end))
                    found[texts.get(1, "")] = texts.get(2, "")
                has_graph |= number == _GRAPH
                file.seek(end)
            elif wire == _VARINT:
                _varint(file)
            elif wire in (_EIGHT, _FOUR):
                file.seek(8 if wire == _EIGHT else 4, 1)
            else:
                raise NotOnnxError
    if not has_graph:
        raise NotOnnxError
    return found


def _texts(file: BinaryIO, end: int) -> Iterator[tuple[int, str]]:
    """Number and text of each field of a pair."""
    while file.tell() < end:
        number, wire = divmod(_varint(file), 8)
        if wire != _LENGTH:
            raise NotOnnxError
        length = _varint(file)
        if file.tell() + length > end:
            raise NotOnnxError
        yield number, file.read(length).decode(errors="replace")


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise NotOnnxError
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise NotOnnxError
