"""The engine of sherpa-onnx through the whole service: tones in, words out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from gladia_nb import audio
from gladia_nb.config import SessionConfig
from gladia_nb.errors import ServerError
from gladia_nb.server import LocalServer
from gladia_nb.server.engines.base import EngineError
from gladia_nb.server.engines.sherpa import SherpaEngine
from gladia_nb.server.settings.options import ServerOptions
from tests.support.processes import family, gone
from tests.support.server_helpers import ALL, client_of, read
from tests.support.tone_model import tones, write_ctc

LEFT = [("do", 0.5, 0.8), ("re", 1.0, 1.3), ("mi", 2.2, 2.5)]
RIGHT = [("so", 0.8, 1.1), ("fa", 1.9, 2.2), ("do", 2.2, 2.45)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ctc(tmp_path_factory.mktemp("models") / "tones")


@pytest.fixture(scope="module")
def server(model: Path) -> Iterator[LocalServer]:
    with LocalServer(engine="sherpa", model=model) as running:
        yield running


def words(messages: list[dict[str, Any]], channel: int) -> list[tuple[str, float, float]]:
    return [
        (word["word"].strip(), word["start"], word["end"])
        for message in messages
        if message["data"]["is_final"] and message["data"]["utterance"]["channel"] == channel
        for word in message["data"]["utterance"]["words"]
    ]


def assert_near(
    found: list[tuple[str, float, float]], spoken: list[tuple[str, float, float]]
) -> None:
    assert [word[0] for word in found] == [word[0] for word in spoken]
    for one, other in zip(found, spoken, strict=True):
        assert one[1:] == pytest.approx(other[1:], abs=0.05)


@pytest.mark.parametrize("channels", [1, 2])
async def test_tones_through_the_whole_path(server: LocalServer, channels: int) -> None:
    spoken = [LEFT, RIGHT][:channels]
    samples = np.hstack([tones(part, 3.2).samples for part in spoken])
    data = audio.encode(samples, "wav/pcm", 16)
    async with client_of(server) as client:
        talk = await client.talk(data, channels=channels, endpointing=0.3, messages_config=ALL)
        body = await client.get(talk)
    assert talk.close_code == 1000
    for channel, part in enumerate(spoken):
        assert_near(words(talk.of("transcript"), channel), part)
    seen: set[str] = set()
    for message in talk.of("transcript"):
        if message["data"]["is_final"]:
            assert message["data"]["id"] in seen, "a partial comes first"
            seen.remove(message["data"]["id"])
        else:
            seen.add(message["data"]["id"])
    assert not seen, "and each has its final"
    starts = [message["data"]["time"] for message in talk.of("speech_start")]
    ends = [message["data"]["time"] for message in talk.of("speech_end")]
    assert len(starts) == len(ends) == len(words(talk.of("transcript"), 0)) - 1 + 2 * (channels - 1)
    assert body["result"]["transcription"]["languages"] == ["en"]


async def test_processes_end_with_their_session_and_with_the_server(model: Path) -> None:
    running = LocalServer(engine="sherpa", model=model).start()
    try:
        async with client_of(running) as client:
            talk = await client.init(channels=2)
            async with client.connect(talk) as ws:
                await ws.send_bytes(bytes(64_000))
                await read(ws, talk, until="audio_chunk")
                while len(everything := family(running.pid)) < 4:
                    await asyncio.sleep(0.01)
                assert len(everything) == 4, "server, model, and a process for each channel"
                assert {len(process.threads()) for process in everything[1:]} == {1}
    finally:
        running.stop()
    assert gone(everything)


async def test_a_server_that_is_killed_takes_them_along(model: Path) -> None:
    running = LocalServer(engine="sherpa", model=model).start()
    everything = family(running.pid)
    try:
        psutil.Process(running.pid).kill()
        assert gone(everything)
    finally:
        running.stop()


def _missing(folder: Path) -> str:
    return str(folder / "nowhere")


def _broken(folder: Path) -> str:
    path = write_ctc(folder / "broken") / "model.onnx"
    path.write_bytes(path.read_bytes()[:900])
    return str(path.parent)


def _foreign(folder: Path) -> str:
    return str(write_ctc(folder / "foreign", window_size=None, model_type="whisper-base"))


def _no_blank(folder: Path) -> str:
    (write_ctc(folder / "blank") / "tokens.txt").write_text("a 0\nb 1\n")
    return str(folder / "blank")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (_missing, "There is no model at .*nowhere; name the folder of one, or fetch one with "),
        (_broken, "model.onnx is not a whole ONNX file; fetch or copy the model again"),
        (_foreign, r"not a streaming model that sherpa-onnx knows \(whisper-base\)"),
        (_no_blank, "sherpa-onnx cannot use the model in .*blank: We expect that tokens.txt"),
        (lambda _: None, "The engine 'sherpa' needs a model: name its folder with model=DIR"),
    ],
)
def test_a_model_that_cannot_be_used_is_one_sentence(
    make: Callable[[Path], str | None], sentence: str, tmp_path: Path
) -> None:
    server = LocalServer(engine="sherpa", model=make(tmp_path))
    with pytest.raises(ServerError, match=f"^The embedded server did not start. .*{sentence}") as e:
        server.start()
    assert "\n" not in str(e.value)
    assert not server.is_running


def test_without_the_library_it_says_what_to_do(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = "raise ModuleNotFoundError('no', name='sherpa_onnx')"
    (tmp_path / "sherpa_onnx.py").write_text(stub)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ServerError, match=r'needs sherpa-onnx: pip install "gladia-nb\[sherpa\]"'):
        LocalServer(engine="sherpa", model=model).start()


def engine(model: str, *languages: str) -> SherpaEngine:
    return SherpaEngine(ServerOptions(engine="sherpa", model=model, model_languages=languages))


FRENCH = "models/sherpa-onnx-streaming-zipformer-fr-2023-04-14"


@pytest.mark.parametrize(
    ("name", "asked", "refused", "said"),
    [
        (FRENCH, [], False, "fr"),
        (FRENCH, ["fr"], False, "fr"),
        (FRENCH, ["en"], True, "en"),
        ("models/sherpa-onnx-x-zipformer-bilingual-zh-en-2023", ["en"], False, "en"),
        ("models/sherpa-onnx-streaming-t-one-russian-2025-09-08", [], False, "ru"),
        ("models/tones", [], False, "en"),
        ("models/tones", ["de"], False, "de"),
        ("models/this-is-no-language", [], False, "en"),
    ],
)
def test_languages_by_the_models_name(
    name: str, asked: list[str], refused: bool, said: str
) -> None:
    config = SessionConfig.from_dict({"language_config": {"languages": asked}})
    found = engine(name).refusals(config)
    assert len(found) == refused
    assert all(text.startswith("language_config.languages must be of") for text in found)
    assert engine(name).settings(config)["language"] == said


def test_languages_that_are_named_count() -> None:
    config = SessionConfig.from_dict({"language_config": {"languages": ["de"]}})
    assert engine(FRENCH, "de").refusals(config) == []
    assert engine("models/tones", "it").settings(SessionConfig())["language"] == "it"


def test_words_of_the_user_are_refused() -> None:
    asked = {
        "realtime_processing": {
            "custom_vocabulary": True,
            "custom_vocabulary_config": {"vocabulary": ["Gladia"]},
        }
    }
    (sentence,) = engine("models/tones").refusals(SessionConfig.from_dict(asked))
    assert sentence.startswith("realtime_processing.custom_vocabulary must be false")


def test_a_model_is_needed() -> None:
    with pytest.raises(EngineError, match="needs a model"):
        SherpaEngine(ServerOptions(engine="sherpa"))
