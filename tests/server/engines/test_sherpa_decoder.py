"""The decoder of sherpa-onnx, in this process, on models that hear tones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from gladia_nb import audio
from gladia_nb.server.engines.base import EngineError, Event, Speech, Transcript
from gladia_nb.server.engines.recogniser import Recogniser, StreamSettings
from gladia_nb.server.engines.sherpa_decoder import LoadedModel, SherpaDecoder, load_sherpa
from tests.support.tone_model import tones, write_ctc, write_transducer

SETTINGS = StreamSettings("wav/pcm", 16, 16000, 0.3, 15.0, 0.6, 0.1, end_first=True)
WORDS = [
    ("do", 0.5, 0.8), ("re", 1.0, 1.3), ("mi", 1.3, 1.6), ("fa", 2.513, 2.7), ("la", 2.7, 2.9),
    ("so", 3.107, 3.4), ("do", 4.5, 4.7),
]  # fmt: skip
#: `la` goes on with the word before it.
TRUTH = [*WORDS[:3], ("fala", 2.513, 2.9), *WORDS[5:]]


@pytest.fixture(scope="module", params=[write_ctc, write_transducer])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    return load_sherpa(str(request.param(tmp_path_factory.mktemp("model"))))


def recognise(
    model: LoadedModel, data: bytes, settings: StreamSettings = SETTINGS, chunk: int = 3200
) -> list[Event]:
    recogniser = Recogniser(SherpaDecoder(model), settings)
    events: list[Event] = []
    for start in range(0, len(data), chunk):
        events += recogniser.feed(data[start : start + chunk])
    return [*events, *recogniser.finish()]


def sound(rate: int = 16000) -> bytes:
    return audio.encode(tones(WORDS, 5.5, rate=rate).samples, "wav/pcm", 16)


def heard(events: list[Event]) -> list[tuple[str, float, float]]:
    return [
        (word.text, word.start, word.end)
        for event in events
        if isinstance(event, Transcript) and event.is_final
        for word in event.words
    ]


def close(found: list[tuple[str, float, float]], truth: list[tuple[str, float, float]]) -> bool:
    """The same words, each within 50 ms at both ends."""
    same = [word[0] for word in found] == [word[0] for word in truth]
    return same and all(
        abs(one[side] - other[side]) < 0.05  # type: ignore[operator]
        for one, other in zip(found, truth, strict=True)
        for side in (1, 2)
    )


def test_tones_in_words_out_with_times(model: LoadedModel) -> None:
    found = heard(recognise(model, sound()))
    assert close(found, TRUTH), found


@pytest.mark.parametrize("rate", [8000, 48000])
def test_another_rate(model: LoadedModel, rate: int) -> None:
    found = heard(recognise(model, sound(rate), replace(SETTINGS, sample_rate=rate)))
    assert close(found, TRUTH), found


def test_the_same_audio_gives_the_same_events(model: LoadedModel) -> None:
    assert recognise(model, sound(), chunk=1 << 20) == recognise(model, sound(), chunk=334)


def test_partials_come_before_their_final_and_grow(model: LoadedModel) -> None:
    shown: dict[int, list[int]] = {}
    finals: list[int] = []
    for event in recognise(model, sound()):
        if isinstance(event, Transcript) and event.is_final:
            finals.append(event.utterance)
            assert len(event.words) >= shown[event.utterance][-1]
        elif isinstance(event, Transcript):
            assert event.utterance not in finals
            shown.setdefault(event.utterance, []).append(len(event.words))
    assert finals == [0, 1, 2]
    assert shown[0] == [1, 2, 3]


@pytest.mark.parametrize("endpointing", [0.05, 0.15, 0.3, 1.5])
def test_pauses_end_utterances_by_the_setting(model: LoadedModel, endpointing: float) -> None:
    events = recognise(model, sound(), replace(SETTINGS, endpointing=endpointing))
    ends = [event.time for event in events if isinstance(event, Speech) and not event.began]
    spans = [(start, end) for _, start, end in TRUTH]
    pauses = [
        end for (_, end), (start, _) in pairwise(spans) if start - end > max(endpointing, 0.15)
    ]
    assert ends == pytest.approx([*pauses, spans[-1][1]], abs=0.03)
    assert close(heard(events), TRUTH)


def test_the_longest_duration_cuts_and_loses_no_word(model: LoadedModel) -> None:
    names = ["do", "re", "mi", "fa", "so"]
    spoken = [(names[k % 5], 0.5 + 0.4 * k, 0.87 + 0.4 * k) for k in range(20)]
    data = audio.encode(tones(spoken, 10.0).samples, "wav/pcm", 16)
    events = recognise(model, data, replace(SETTINGS, max_utterance_s=2.0))
    found = heard(events)
    assert close(found, spoken), found
    finals = [event for event in events if isinstance(event, Transcript) and event.is_final]
    assert len(finals) >= 4
    assert all(event.words[-1].end - event.words[0].start <= 2.02 for event in finals)


def test_confidence_is_the_models_or_how_long_a_word_has_stood(tmp_path: Path) -> None:
    def first(write: Callable[[Path], Path], name: str) -> list[float]:
        events = recognise(load_sherpa(str(write(tmp_path / name))), sound())
        return [
            event.words[0].confidence
            for event in events
            if isinstance(event, Transcript) and event.utterance == 0
        ]

    standing = first(write_ctc, "ctc")
    assert standing == sorted(standing)
    assert standing[0] < 0.9 < standing[-1] < 1
    (probability,) = set(first(write_transducer, "transducer"))
    assert 0.5 < probability <= 1


def test_the_language_is_the_sessions(model: LoadedModel) -> None:
    events = recognise(model, sound(), replace(SETTINGS, language="fr"))
    assert {event.language for event in events if isinstance(event, Transcript)} == {"fr"}


def test_sound_that_the_model_does_not_know_is_no_transcript(model: LoadedModel) -> None:
    events = recognise(model, audio.encode(tones([], 2.0).samples, "wav/pcm", 16))
    assert not any(isinstance(event, Transcript) for event in events)


def test_a_model_whose_insides_do_not_fit(tmp_path: Path) -> None:
    folder = write_ctc(tmp_path, cache_last_channel_dim2=7)
    with pytest.raises(EngineError, match=r"sherpa-onnx cannot use the model in .*: Got invalid"):
        load_sherpa(str(folder))


def test_a_model_that_wants_everything_at_once(tmp_path: Path) -> None:
    folder = write_ctc(tmp_path, window_size=5000)
    with pytest.raises(EngineError, match="more than 10 s of audio at once"):
        load_sherpa(str(folder))
