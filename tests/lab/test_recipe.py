import json
import subprocess

import pytest

import gladia_nb as gn
from gladia_nb.config import PRESETS, SessionConfig
from gladia_nb.errors import AudioError, ConfigError
from gladia_nb.lab.recipe import OPTIONS, Recipe, as_curl, as_json, reproduce
from gladia_nb.sessions.options import DEFAULTS, SendOptions

RICH = {
    "endpointing": 0.3,
    "language_config": {"languages": ["en"], "code_switching": False},
    "custom_metadata": {"lesson": "première", "nested": {"list": [1, None, True]}},
    "realtime_processing": {
        "custom_spelling": True,
        "custom_spelling_config": {"spelling_dictionary": {"Gladia": ["gladya", 'the "glad" ear']}},
    },
    "messages_config": {"receive_partial_transcripts": True, "receive_errors": False},
}


@pytest.mark.parametrize("config", [{}, RICH, *map(dict, PRESETS.values())])
def test_the_printed_python_makes_the_same_run(config, local_server, clip, tmp_path, monkeypatch):
    monkeypatch.setenv("GLADIA_API_KEY", local_server.key)
    recipe = Recipe(
        str(clip),
        config,
        target="url",
        url=local_server.url,
        speed=20,
        chunk_ms=50,
        json_audio=True,
    )
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path / "direct"))
    run = recipe.start().result(60)
    monkeypatch.setenv("GLADIA_NB_RUNS", str(tmp_path / "printed"))
    scope: dict = {}
    exec(reproduce(recipe), scope)
    other = scope["run"]
    assert other.config == run.config
    for name in ("options", "audio"):
        assert other.record.header[name] == run.record.header[name]
    assert json.loads(as_json(recipe, 16000, 1)) == run.config


def test_the_embedded_server_is_meant_even_where_a_key_is_set(monkeypatch, clip):
    monkeypatch.setenv("GLADIA_API_KEY", "a-key-that-nobody-knows")
    run = Recipe(str(clip), speed=20).start().result(60)
    assert run.record.header["options"]["target"] == "embedded server"
    assert "LocalServer" in reproduce(Recipe(str(clip)))


def test_python_of_a_sample():
    recipe = Recipe("sample:call", {"endpointing": 0.3}, tail_s=2)
    assert reproduce(recipe).splitlines() == [
        "import gladia_nb as gn",
        "",
        "config = gn.SessionConfig(endpointing=0.3)",
        "with gn.LocalServer() as server:",
        '    run = gn.transcribe(gn.sample("call"), config, tail_s=2, server=server)',
    ]


def test_long_calls_have_an_argument_a_line():
    text = reproduce(
        Recipe("/a/" + "long/" * 20 + "file.wav", RICH, target="gladia", region="eu-west")
    )
    compile(text, "printed", "exec")
    assert 'region="eu-west",' in text
    assert max(len(line) for line in text.splitlines() if "long/" not in line) <= 100


def test_no_key_is_ever_printed(monkeypatch):
    monkeypatch.setenv("GLADIA_API_KEY", "0123456789abcdef")
    recipe = Recipe(target="gladia")
    assert "0123456789abcdef" not in reproduce(recipe) + as_curl(recipe) + as_json(recipe)


@pytest.mark.parametrize("key", ["right", "wrong"])
def test_curl_really_asks(local_server, key, monkeypatch):
    recipe = Recipe(config=RICH, target="url", url=local_server.url + "/")
    command = as_curl(recipe, 22050, 2).replace(
        "curl", "curl --silent --write-out '\n%{http_code}'", 1
    )
    monkeypatch.setenv("GLADIA_API_KEY", local_server.key if key == "right" else "no-such-key")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    *body, status = done.stdout.splitlines()
    assert status == ("201" if key == "right" else "401")
    if key == "right":
        assert json.loads("\n".join(body))["id"]


def test_curl_for_the_embedded_server_says_how_to_start_it():
    assert as_curl(Recipe()).startswith("# First, in another terminal:  gladia-nb serve")
    assert "region=us-west" in as_curl(Recipe(target="gladia", region="us-west"))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"speed": 0}, "speed"),
        ({"speed": "fast"}, "speed"),
        ({"speed": True}, "speed"),
        ({"chunk_ms": 20_000}, "chunk_ms"),
        ({"tail_s": -1}, "tail_s"),
        ({"json_audio": "yes"}, "json_audio"),
        ({"region": "moon"}, "region"),
        ({"audio": "no"}, "audio"),
        ({"network": {"delay": -1}}, "network"),
        ({"target": "nowhere"}, "target"),
        ({"target": "url"}, "url"),
        ({"target": "url", "url": "ftp://x"}, "url"),
        ({"config": {"endpointing": 30}}, "endpointing"),
    ],
)
def test_problems_in_words(options, name):
    recipe = Recipe(**options)
    problems = recipe.problems()
    assert list(problems) == [name]
    assert name in problems[name]
    with pytest.raises(ConfigError, match=name):
        recipe.start()


def test_every_option_of_a_recipe_is_in_the_form():
    names = set(Recipe.__dataclass_fields__) - {"source", "config", "reference"}
    assert names == {option.name for option in OPTIONS}
    for option in OPTIONS:
        assert getattr(Recipe(), option.name) == option.default


def test_what_an_option_of_sending_is_stands_at_the_option():
    described = SendOptions.model_json_schema()["properties"]
    shared = [option for option in OPTIONS if option.name in described]
    assert {option.name for option in OPTIONS} - {option.name for option in shared} == {
        "target",
        "url",
    }
    for option in shared:
        assert option.help == " ".join(described[option.name]["description"].split())
        assert option.default == getattr(DEFAULTS, option.name)
    (chunk,) = (option for option in OPTIONS if option.name == "chunk_ms")
    assert (chunk.label, chunk.low, chunk.high) == ("Chunk length, ms", 1, 10_000)


def test_a_sample_that_is_none():
    with pytest.raises(AudioError, match="no recording 'song'"):
        Recipe("sample:song").path()


def test_json_is_the_body(clip):
    body = json.loads(as_json(Recipe(config={"sample_rate": 8000}), 44100, 2))
    assert body["sample_rate"] == 8000
    assert body["channels"] == 2
    assert SessionConfig.from_dict(body).endpointing == 0.05
    with pytest.raises(ConfigError):
        as_json(Recipe(config={"endpointing": 30}))
    assert gn.SessionConfig is SessionConfig


def test_a_recipe_may_have_a_network(local_server, clip, tmp_path):
    asked = {"profile": "wifi", "seed": 3}
    recipe = Recipe(str(clip), speed=20, network=asked)
    assert recipe.problems() == {}
    assert recipe.options()["network"] == asked
    assert 'network={"profile": "wifi", "seed": 3}' in reproduce(recipe)
    run = recipe.start(server=local_server).result(60)
    assert run.record.header["options"]["network"]["seed"] == 3
    assert list(Recipe(network="moblie").problems()) == ["network"]
    with pytest.raises(ConfigError, match="goes its own way"):
        recipe.start_direct(sample_rate=16000, channels=1, server=local_server)


def test_a_recipe_may_keep_no_sound(local_server, clip):
    recipe = Recipe(str(clip), speed=20, audio=False)
    assert recipe.options()["audio"] is False
    assert "audio=False" in reproduce(recipe)
    assert "audio" not in reproduce(Recipe(str(clip)))
    run = recipe.start(server=local_server).result(60)
    assert run.audio is None
    assert Recipe(str(clip), speed=20).start(server=local_server).result(60).audio is not None
    direct = recipe.start_direct(sample_rate=16000, channels=1, server=local_server)
    assert direct.sound is None
    direct.abort()
