"""Byte numbering, headers and sample frames, for any boundaries between chunks."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from gladia_nb import audio
from gladia_nb.config import SessionConfig
from gladia_nb.server.session.intake import Intake

STEREO = SessionConfig(channels=2, bit_depth=24)
SIZES = st.lists(st.integers(1, 40), min_size=1)


def push_all(intake: Intake, data: bytes, sizes: list[int]) -> bytes:
    taken, position, turn = b"", 0, 0
    while position < len(data):
        size = sizes[turn % len(sizes)]
        taken += intake.push(data[position : position + size])
        position, turn = position + size, turn + 1
    return taken + intake.finish()


@given(data=st.binary(min_size=12), sizes=SIZES)
def test_whole_frames_whatever_the_chunks(data: bytes, sizes: list[int]) -> None:
    data = b"\x01" + data
    intake = Intake(STEREO)
    taken = push_all(intake, data, sizes)
    assert taken == data[: len(data) // 6 * 6]
    assert intake.received == len(data)
    assert intake.duration == len(taken) / 6 / 16000
    assert intake.time_of(len(data)) == len(data) / 6 / 16000


@given(data=st.binary(), sizes=SIZES, name=st.sampled_from([b"", b"LIST"]))
def test_a_header_is_removed(data: bytes, sizes: list[int], name: bytes) -> None:
    data = data[: len(data) // 6 * 6]
    file = audio.wav_file(data, "wav/pcm", 24, 2, 16000)[: 44 + len(data)]
    if name:
        file = file[:36] + name + struct.pack("<I", 3) + b"abc\x00" + file[36:]
    intake = Intake(STEREO)
    assert push_all(intake, file, sizes) == data
    assert intake.received == len(file)
    assert intake.time_of(len(file)) == len(data) / 6 / 16000
    assert intake.kept_bytes == len(data)


@given(
    start=st.sampled_from([b"R", b"RIFF", b"RIFF\x00\x00\x00\x00WAVE", b"RIFX", b"RIFF1234WAVX"])
)
def test_what_only_looks_like_a_header_is_audio(start: bytes) -> None:
    intake = Intake(SessionConfig(bit_depth=8))
    assert push_all(intake, start, [3]) == start
    assert intake.received == len(start)


def test_a_header_without_an_end_is_audio() -> None:
    data = b"RIFF\x00\x00\x00\x00WAVEjunk" + struct.pack("<I", 1 << 20) + bytes(100)
    assert push_all(Intake(SessionConfig(bit_depth=8)), data, [50]) == data


def test_channels_are_split() -> None:
    assert Intake(STEREO).split(b"abcABCdefDEF") == [b"abcdef", b"ABCDEF"]
    assert Intake(SessionConfig()).split(b"abcd") == [b"abcd"]


def test_forgotten_audio_is_gone() -> None:
    intake = Intake(SessionConfig())
    intake.push(bytes(3200))
    assert intake.wav() is not None
    intake.forget()
    assert intake.wav() is None
    assert intake.push(bytes(3200)) == bytes(3200)
    assert intake.duration == 0.2
