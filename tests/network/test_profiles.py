import json

import pytest

from gladia_nb.errors import ConfigError
from gladia_nb.network.link import Shape
from gladia_nb.network.profiles import PROFILES, Network, read_network


def test_every_profile_can_be_made_by_name_and_again_from_its_header():
    for name, network in PROFILES.items():
        assert read_network(name) is network
        assert read_network(network.header()) == network
        assert network.header()["profile"] == name
        assert isinstance(network.shape(), Shape)


@pytest.mark.parametrize(
    "value",
    [
        {"delay": 80, "jitter": 20, "bandwidth": 500, "stall": 1, "reset": 30},
        {
            "delay_ms": 80,
            "jitter_ms": 20,
            "bandwidth_kbps": 500,
            "stall_s": 1,
            "reset_every_s": 30,
        },
    ],
)
def test_short_and_long_names_mean_the_same(value):
    shape = Shape(
        seed=0,
        delay_ms=80,
        jitter_ms=20,
        bandwidth_kbps=500,
        stall_s=1,
        stall_every_s=10,
        reset_every_s=30,
    )
    assert read_network(value).shape() == shape
    assert read_network(json.dumps(value)).shape() == shape


def test_a_profile_can_be_changed():
    network = read_network({"profile": "hotel", "stall": 0, "seed": 5})
    assert (network.delay_ms, network.stall_s, network.seed) == (PROFILES["hotel"].delay_ms, 0, 5)


def test_none_and_a_network_stay():
    assert read_network(None) is None
    network = Network(delay_ms=1)
    assert read_network(network) is network


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("moblie", "network must be one of none, wifi, mobile"),
        ("{", "network must be one of"),
        ("{" * 100_000, "network must be one of"),
        (5, "network must be one of"),
        ({"profile": "moblie"}, "profile must be one of none, wifi"),
        ({"delay_ms": -1}, "delay_ms must be between 0 and 10000 (got -1)"),
        ({"delay_ms": "5"}, "delay_ms"),
        ({"loss": 0.1}, "loss is not a field of a network"),
        ({"delay": 5, "jitter": 6}, "jitter_ms must not be above delay_ms, 5 (got 6)"),
        ({"stall": 3, "stall_every_s": 5}, "stall_every_s must be twice stall_s, 3, at least"),
        ({"reset": 0.5}, "reset_every_s must be 1 at least, or 0 (got 0.5)"),
        ({"seed": -1}, "seed"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(value, sentence):
    with pytest.raises(ConfigError) as caught:
        read_network(value)
    assert sentence in str(caught.value)


def test_long_stalls_without_a_distance_are_apart():
    assert read_network({"stall": 8}).shape().stall_every_s == 16
