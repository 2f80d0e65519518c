import pytest

from gladia_nb.child import KEY_VARIABLE
from gladia_nb.errors import ConfigError
from gladia_nb.widgets.key_entry import KeyEntry


def test_a_key_is_taken_out_of_its_command_and_forgotten(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    entry = KeyEntry()
    assert (entry.state(), entry.secret) == ("none", None)
    command = {"kind": "key", "value": "0123456789"}
    entry.take(command)
    assert command == {"kind": "key"}
    assert entry.state() == "typed"
    assert "0123456789" not in repr(vars(entry))
    entry.forget()
    assert entry.state() == "none"


def test_only_gladia_needs_one(monkeypatch):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    entry = KeyEntry()
    assert KEY_VARIABLE in entry.missing("gladia")
    assert entry.missing("embedded") == entry.missing("url") == ""
    monkeypatch.setenv(KEY_VARIABLE, "0123456789")
    assert (entry.state(), entry.missing("gladia")) == ("environment", "")


@pytest.mark.parametrize("command", [{}, {"value": ""}, {"value": "a\nb"}])
def test_what_can_be_no_key_changes_nothing(command):
    entry = KeyEntry()
    entry.take({"value": "0123456789"})
    with pytest.raises(ConfigError):
        entry.take(command)
    assert entry.state() == "typed"
