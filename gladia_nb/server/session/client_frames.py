"""Text frames of a client: what they ask for."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from dataclasses import dataclass

__all__ = ["Audio", "BadAudio", "Stop", "read_text"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Audio:
    """A chunk of audio."""

    data: bytes


@dataclass(frozen=True, slots=True)
class BadAudio:
    """A chunk that cannot be read; `why` is for the client."""

    why: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The recording is over."""


def read_text(text: str) -> Audio | BadAudio | Stop | None:
    r"""What a text frame asks for; None for what is no message, or none that is known.

    Example:
        >>> read_text('{"type":"audio_chunk","data":{"chunk":"AAA="}}')
        Audio(data=b'\x00\x00')
    """
    try:
        message = json.loads(text)
        kind = message["type"]
    except (ValueError, TypeError, KeyError, RecursionError):
        _log.debug("ignored a text frame that is not a message (%d characters)", len(text))
        return None
    if kind == "stop_recording":
        return Stop()
    if kind == "audio_chunk":
        try:
            return Audio(base64.b64decode(message["data"]["chunk"], validate=True))
        except (KeyError, TypeError, ValueError, binascii.Error):
            return BadAudio("data.chunk must be audio in base64")
    _log.debug("ignored a message of an unknown type")
    return None
