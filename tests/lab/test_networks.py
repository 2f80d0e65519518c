"""Networks in words: each is told apart, and what one begins with is what the profile does."""

import json

from gladia_nb.lab.networks import in_words, network_choices
from gladia_nb.network.profiles import PROFILES, Network, read_network


def test_every_profile_says_what_it_does():
    choices = network_choices()
    assert list(choices) == list(PROFILES)
    texts = [told["text"] for told in choices.values()]
    assert len(set(texts)) == len(texts)
    for name, told in choices.items():
        own = read_network(json.loads(told["own"]))
        assert own is not None
        assert own.seeded(1).shape() == PROFILES[name].seeded(1).shape()


def test_what_is_not_set_is_not_told():
    assert in_words(Network()) == "a proxy that changes nothing"
    assert in_words(Network(delay_ms=80)) == "80 ms each way"
    assert in_words(Network(bandwidth_kbps=200, reset_every_s=5)) == "200 kbit/s, resets"
