import base64
import json

import pytest

from gladia_nb.course.worlds import make_world

from .conftest import SEED
from .judged import passes, says

CONFIG = {
    "encoding": "wav/pcm",
    "bit_depth": 16,
    "sample_rate": 16000,
    "channels": 1,
    "messages_config": {"receive_partial_transcripts": True},
}


@pytest.fixture(scope="module")
def world():
    return make_world(2, SEED)


def test_a_configuration_that_asks_for_partials(world):
    assert passes("2a", CONFIG, world)
    assert passes("2a", {**CONFIG, "endpointing": 0.1}, world)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"messages_config": None}, "Nothing asks for partials"),
        ({"messages_config": {}}, "'receive_partial_transcripts': True"),
        ({"messages_config": {"receive_partials": True}}, "there is 'receive_partials'"),
        ({"messages_config": {"receive_partial_transcripts": "yes"}}, "True"),
        ({"messages_config": "partials"}, "dict of its own"),
        ({"receive_partial_transcripts": True}, "top level"),
        ({"sample_rate": 44100}, "sample_rate has to be 16000"),
        ({"channels": 2}, "channels has to be 1"),
    ],
)
def test_what_is_wrong_with_a_configuration(world, change, said):
    config = {k: v for k, v in {**CONFIG, **change}.items() if v is not None}
    assert said in says("2a", config, world)
    assert "dict" in says("2a", "config", world)


def test_acknowledged_bytes(world):
    ends = [3200, 6400, 9600]
    messages = [
        {"type": "audio_chunk", "data": {"byte_range": [end - 3200, end]}} for end in ends
    ] + [{"type": "transcript"}]
    assert passes("2b", 9600, world, messages)
    assert "not how many bytes" in says("2b", 3, world, messages)
    assert "*begins*" in says("2b", 6400, world, messages)
    assert "the last one" in says("2b", 3200, world, messages)
    assert "Do not add" in says("2b", sum(ends), world, messages)
    assert "send the audio first" in says("2b", 3, world, [])


def message(chunk, encode=base64.b64encode):
    return {"type": "audio_chunk", "data": {"chunk": encode(chunk).decode()}}


def test_audio_as_text(world):
    assert passes("2c", lambda chunk: json.dumps(message(chunk)), world)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda c: json.dumps({"data": {"chunk": base64.b64encode(c)}}), ".decode()"),
        (lambda: "x", "raised TypeError"),
        (lambda c: ..., "gives nothing back"),
        (lambda c: None, "gives nothing back"),
        (message, "json.dumps"),
        (lambda c: "hello", "is not JSON"),
        (lambda c: b"\xff", "is not JSON"),
        (lambda c: json.dumps({"type": "audio", "data": {}}), "'audio_chunk'"),
        (lambda c: json.dumps([1]), "'audio_chunk'"),
        (lambda c: json.dumps({"type": "audio_chunk", "chunk": "x"}), "data.chunk"),
        (lambda c: json.dumps({"type": "audio_chunk", "data": {"audio": "x"}}), "data has audio"),
        (lambda c: json.dumps(message(c, base64.urlsafe_b64encode)), "for URLs"),
        (
            lambda c: json.dumps(
                {"type": "audio_chunk", "data": {"chunk": str(base64.b64encode(c))}}
            ),
            "str(bytes)",
        ),
        (lambda c: json.dumps(message(b"else")), "not the base64"),
        ("as_json", "without brackets"),
    ],
)
def test_what_is_wrong_with_audio_as_text(world, function, said):
    assert said in says("2c", function, world)


def test_what_may_go_to_the_browser(world):
    assert passes("2d", {"url", "configuration", "session id"}, world)
    assert passes("2d", ["URL", "Configuration", "session id"], world)
    assert "Not the key" in says("2d", {"key", "url"}, world)
    assert "Without the URL" in says("2d", {"configuration"}, world)
    assert "one thing more" in says("2d", {"url"}, world)
    assert "There is no token" in says("2d", {"token"}, world)
    assert "a set" in says("2d", "url", world)
    assert "a set" in says("2d", 3, world)


def test_the_range_of_the_third_chunk(world):
    one, two, three = world.facts["sizes"]
    assert passes("2e", [one + two, one + two + three], world)
    assert "*behind*" in says("2e", (one + two, one + two + three - 1), world)
    assert "not of the chunk" in says("2e", (0, three), world)
    assert "not how long" in says("2e", (one + two, three), world)
    assert "Add up" in says("2e", (1, 2), world)
    assert "two numbers" in says("2e", 3, world)
