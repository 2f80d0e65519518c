"""Text frames of clients, good and bad."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gladia_nb.server.session.client_frames import Audio, BadAudio, Stop, read_text


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ('{"type":"stop_recording"}', Stop()),
        ('{"type":"stop_recording","data":null,"more":1}', Stop()),
        ('{"type":"audio_chunk","data":{"chunk":"AAE="}}', Audio(b"\x00\x01")),
        ('{"type":"audio_chunk","data":{"chunk":""}}', Audio(b"")),
        ('{"type":"ping"}', None),
        ('{"type":["stop_recording"]}', None),
        ("{}", None),
        ("[]", None),
        ("stop", None),
        ("", None),
        ("[" * 100_000, None),
    ],
)
def test_frames(text: str, asked: object) -> None:
    assert read_text(text) == asked


@pytest.mark.parametrize(
    "data", ["", ',"data":null', ',"data":{}', ',"data":{"chunk":1}', ',"data":{"chunk":"*"}']
)
def test_audio_that_cannot_be_read(data: str) -> None:
    assert read_text(f'{{"type":"audio_chunk"{data}}}') == BadAudio(
        "data.chunk must be audio in base64"
    )


@given(st.text())
def test_any_text(text: str) -> None:
    assert read_text(text) is None or text.lstrip().startswith("{")
