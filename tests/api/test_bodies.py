"""However large a body would be, no more than the limit is read and unpacked."""

import gzip
import zlib

import pytest

from gladia_nb.api.bodies import BodyError, read_body

SENTENCE = b"All that is said. " * 100


class Answer:
    """As much of an answer as is read."""

    def __init__(self, *pieces, encoding=None):
        self.headers = {} if encoding is None else {"Content-Encoding": encoding}
        self.pieces = pieces
        self.content = self
        self.taken = 0
        self.closed = False

    async def iter_chunked(self, size):
        for piece in self.pieces:
            self.taken += 1
            yield piece

    def close(self):
        self.closed = True


@pytest.mark.parametrize("encoding", [None, "identity", "", "gzip", "GZip", "x-gzip"])
async def test_a_body_comes_as_it_is(encoding):
    packed = gzip.compress(SENTENCE) if "zip" in (encoding or "").lower() else SENTENCE
    for size in (1, 7, len(packed)):
        pieces = [packed[start : start + size] for start in range(0, len(packed), size)]
        assert await read_body(Answer(*pieces, encoding=encoding), len(SENTENCE)) == SENTENCE


async def test_a_bomb_is_not_unpacked():
    bomb = gzip.compress(bytes(50 << 20))
    answer = Answer(bomb, bomb, encoding="gzip")
    with pytest.raises(BodyError, match="is larger than 1 MiB"):
        await read_body(answer, 1 << 20)
    assert (answer.taken, answer.closed) == (1, True)
    assert await read_body(Answer(bomb, encoding="gzip"), 10, cut=True) == bytes(10)


async def test_an_endless_body_is_not_read_to_its_end():
    answer = Answer(*[bytes(1000)] * 1000)
    with pytest.raises(BodyError, match="is larger than 4 KiB"):
        await read_body(answer, 4096)
    assert (answer.taken, answer.closed) == (5, True)
    assert len(await read_body(Answer(*[bytes(1000)] * 9), 4096, cut=True)) == 4096
    assert len(await read_body(Answer(*[bytes(1024)] * 4), 4096)) == 4096, "exactly the limit"


@pytest.mark.parametrize(
    ("piece", "encoding", "words"),
    [
        (b"no gzip at all", "gzip", "is damaged"),
        (zlib.compress(SENTENCE), "deflate", r"nobody asked for \('deflate'\)"),
        (SENTENCE, "br", "nobody asked for"),
    ],
)
async def test_what_cannot_be_read_is_said(piece, encoding, words):
    with pytest.raises(BodyError, match=words):
        await read_body(Answer(piece, encoding=encoding), 1 << 20)
    assert await read_body(Answer(piece, encoding=encoding), 1 << 20, cut=True) == b""
