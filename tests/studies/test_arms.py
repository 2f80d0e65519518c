import pytest

from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.studies.arms import Arm, grid, read_arms, read_baseline

ARMS = {"a": {"endpointing": 0.05}, "b": {"endpointing": 0.3, "chunk_ms": 50}}


def test_a_grid_is_every_combination():
    found = grid(endpointing=[0.05, 0.3], chunk_ms=(50, 100))
    assert list(found.values()) == [
        {"endpointing": 0.05, "chunk_ms": 50},
        {"endpointing": 0.05, "chunk_ms": 100},
        {"endpointing": 0.3, "chunk_ms": 50},
        {"endpointing": 0.3, "chunk_ms": 100},
    ]
    assert len(set(found)) == 4


@pytest.mark.parametrize(
    ("values", "sentence"),
    [([], "no values"), (0.3, "needs a list"), ("paid", "needs a list")],
)
def test_bad_factors(values, sentence):
    with pytest.raises(ConfigError, match=sentence):
        grid(endpointing=values)


def test_settings_go_where_they_belong():
    config = SessionConfig(language_config={"languages": ["en"]})
    found = read_arms(
        {**ARMS, "c": {"url": "http://127.0.0.1:1", "region": "us-west"}}, config, {"tail_s": 1}
    )
    first, second, third = found
    assert first.config.endpointing == 0.05
    assert first.config.language_config.languages == ("en",)
    # All cells of an item send the same sound: none of them keeps it.
    common = {"tail_s": 1, "audio": False}
    assert first.session() == common
    assert second.session() == {**common, "chunk_ms": 50}
    assert third.session() == {**common, "region": "us-west", "url": "http://127.0.0.1:1"}
    assert third.describe()["url"] == "http://127.0.0.1:1"
    # A stopwatch needs partials.
    assert first.config.messages_config.receive_partial_transcripts


def test_an_arm_can_be_a_whole_configuration():
    (only,) = read_arms({"captions": SessionConfig.preset("captions")}, SessionConfig(), {})
    assert only.config.maximum_duration_without_endpointing == 5


def test_an_arm_comes_back_from_its_description():
    for arm in read_arms({**ARMS, "own": {"server": object()}}, SessionConfig(), {"speed": 4}):
        again = Arm.of(arm.name, arm.describe())
        assert again.describe() == arm.describe()
        assert again.options == arm.options


@pytest.mark.parametrize(
    ("arms", "sentence"),
    [
        ({}, "needs arms"),
        ([0.05, 0.3], "needs arms"),
        ({"a": 0.3}, "a dict of settings"),
        ({"a": {"endpoint": 0.3}}, "'a' cannot be run.*endpoint"),
        ({"a": {"endpointing": 99}}, "'a' cannot be run.*endpointing must be"),
        ({"a": {"chunk_ms": 0}}, "'a' cannot be run.*chunk_ms must be"),
        ({"a": {"path": "x.run"}}, "'a' cannot be run.*path"),
        ({"a": {}, "b": {}}, "'a' and 'b' are the same"),
    ],
)
def test_bad_arms_are_named(arms, sentence):
    with pytest.raises(ConfigError, match=sentence):
        read_arms(arms, SessionConfig(), {})


def test_the_baseline_by_name_by_settings_and_by_default():
    assert read_baseline("b", ARMS) == "b"
    assert read_baseline({"chunk_ms": 50, "endpointing": 0.3}, ARMS) == "b"
    assert read_baseline(None, ARMS) == "a"
    for wrong in ("c", {"endpointing": 0.8}):
        with pytest.raises(ConfigError, match="none of the arms; there are a; b"):
            read_baseline(wrong, ARMS)


def test_a_network_is_a_factor():
    common = SessionConfig()
    arms = grid(network=["none", "hotel"], endpointing=[0.3])
    first, second = read_arms(arms, common, {})
    assert second.describe()["options"]["network"]["profile"] == "hotel"
    assert Arm.of(second.name, second.describe()).describe() == second.describe()
    assert second.session(5)["network"].seed == 5
    assert "network" not in read_arms({"a": {}}, common, {})[0].describe()["options"]
    with_seed = read_arms({"a": {"network": {"profile": "hotel", "seed": 9}}}, common, {})[0]
    assert with_seed.session(5)["network"].seed == 9
    assert first.session(5)["network"].seed == 5
