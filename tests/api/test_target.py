import subprocess
import sys

import pytest

from gladia_nb.api.target import GLADIA_URL, resolve_target
from gladia_nb.errors import AuthenticationError, ConfigError
from gladia_nb.keys import Secret


def test_with_a_key_it_is_gladia(monkeypatch):
    monkeypatch.setenv("GLADIA_API_KEY", "0123456789")
    target = resolve_target()
    assert (target.url, target.key.reveal(), target.label) == (
        GLADIA_URL,
        "0123456789",
        "api.gladia.io",
    )
    assert "0123456789" not in repr(target)


def test_arguments_win_over_the_environment(monkeypatch):
    monkeypatch.setenv("GLADIA_API_KEY", "from-outside")
    monkeypatch.setenv("GLADIA_API_URL", "https://other.example")
    assert resolve_target().url == "https://other.example"
    assert resolve_target(key="mine", url="wss://third.example/base/").key == Secret("mine")
    assert resolve_target(key="mine", url="wss://third.example/base/").url == (
        "https://third.example/base"
    )


def test_a_server_wins_over_both(monkeypatch, local_server):
    monkeypatch.setenv("GLADIA_API_KEY", "from-outside")
    target = resolve_target(server=local_server)
    assert (target.url, target.key) == (local_server.url, Secret(local_server.key))


def test_a_server_on_this_machine_needs_no_key():
    key = resolve_target(url="http://127.0.0.1:8765").key
    assert resolve_target(url="http://localhost:8765").key == key


def test_who_has_no_key_shares_none_with_other_processes():
    code = (
        "from gladia_nb.api.target import resolve_target\n"
        "print(resolve_target(url='http://127.0.0.1:8765').key.reveal())"
    )
    keys = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
        for _ in range(2)
    }
    assert len(keys) == 2
    assert all(len(key.strip()) >= 32 for key in keys)


@pytest.mark.parametrize(
    ("key", "sentence"), [("ab\ncd", "holds what no key has"), ("  ", "is empty; paste it")]
)
def test_a_key_of_the_environment_that_is_none(monkeypatch, local_server, key, sentence):
    monkeypatch.setenv("GLADIA_API_KEY", key)
    with pytest.raises(ConfigError, match=f"^GLADIA_API_KEY cannot be used. The key {sentence}"):
        resolve_target()
    assert resolve_target(server=local_server).url == local_server.url
    assert resolve_target(key="0123").key == Secret("0123")


def test_elsewhere_needs_one():
    with pytest.raises(AuthenticationError, match=r"no API key for api\.example"):
        resolve_target(url="https://api.example")


@pytest.mark.parametrize("url", ["ftp://x", "http://", "api.gladia.io", "http://h:99999999", "::"])
def test_what_is_no_address(url):
    with pytest.raises(ConfigError, match="is not the URL of a service"):
        resolve_target(url=url, key="k")


def test_with_neither_it_is_the_embedded_server_shared_by_the_process():
    first, second = resolve_target(), resolve_target()
    assert first == second
    assert first.label == "embedded server"
    assert first.url.startswith("http://127.0.0.1:")
