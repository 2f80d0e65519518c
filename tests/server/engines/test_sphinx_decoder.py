"""PocketSphinx's decoder by itself; what is made of it is in `test_recogniser`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gladia_nb.server.engines.recogniser import StreamSettings
from gladia_nb.server.engines.sphinx_decoder import SphinxDecoder, load_sphinx
from tests.support.server_helpers import speech

SETTINGS = StreamSettings("wav/pcm", 16, 16000, 0.3, 15.0, 0.6, 0.1, end_first=True)
FIRST = 100


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    """A second of speech, in which somebody says hello."""
    samples = np.frombuffer(speech(1.2), np.int16)
    return list(samples[: len(samples) // 160 * 160].reshape(-1, 160))


def test_words_have_times_of_the_channel_and_confidence_by_how_long_they_stood(
    frames: list[np.ndarray],
) -> None:
    decoder = SphinxDecoder(load_sphinx(), SETTINGS)
    decoder.begin(FIRST)
    assert decoder.words() == ()
    seen: list[tuple[str, float]] = []
    for number, frame in enumerate(frames, 1):
        decoder.decode(frame)
        if number % 10 == 0:
            seen += [(word.text, word.confidence) for word in decoder.words()]
    assert len(seen) >= 3
    texts = [text for text, _ in seen]
    for (text, confidence), before in zip(seen, [None, *texts], strict=False):
        assert confidence > 0.5 if text == before else confidence == 0.5
    (final,) = decoder.end()
    assert final.text == "hello"
    assert 1.0 <= final.start < final.end <= 1.0 + len(frames) * 0.01
    decoder.begin(0)
    assert decoder.words() == (), "an utterance knows nothing of the one before"
    decoder.end()


def test_words_of_the_user_are_known() -> None:
    decoder = load_sphinx()
    SphinxDecoder(decoder, replace(SETTINGS, vocabulary=[("Halloo", ["hello"], 1.0)]))
    assert decoder.lookup_word("~0") == decoder.lookup_word("hello")


def test_speech_of_a_telephone_begins_with_other_means() -> None:
    narrow, wide = load_sphinx(), load_sphinx()
    SphinxDecoder(narrow, replace(SETTINGS, sample_rate=8000))
    SphinxDecoder(wide, SETTINGS)
    assert narrow.get_cmn().startswith("42")
    assert not wide.get_cmn().startswith("42")
