import pytest

from gladia_nb.cli.parser import SENDING, command_parser
from gladia_nb.config import SessionConfig
from gladia_nb.sessions.options import DEFAULTS, SendOptions


def page(command: str, capsys, monkeypatch) -> str:
    monkeypatch.setenv("COLUMNS", "500")
    with pytest.raises(SystemExit):
        command_parser().parse_args([command, "--help"])
    return capsys.readouterr().out


def test_options_of_sending_have_their_own_defaults():
    arguments = command_parser().parse_args(["transcribe", "a.wav"])
    assert set(SENDING) < set(SendOptions.model_fields)
    for name in SENDING:
        assert getattr(arguments, name) == getattr(DEFAULTS, name)


def test_each_flag_sets_its_option():
    line = "--chunk-ms 50 --speed 2 --tail 1.5 --json-audio --region us-west --network mobile"
    arguments = command_parser().parse_args(["transcribe", "a.wav", *line.split()])
    assert {name: getattr(arguments, name) for name in SENDING} == {
        "chunk_ms": 50,
        "speed": 2,
        "tail_s": 1.5,
        "json_audio": True,
        "region": "us-west",
        "network": "mobile",
    }


def test_the_help_says_what_stands_at_the_settings(capsys, monkeypatch):
    text = " ".join(page("transcribe", capsys, monkeypatch).split())
    for name in SENDING:
        said = " ".join(SendOptions.model_fields[name].description.split()).removesuffix(".")
        assert said[1:] in text
    assert "(1 to 10000; default: 100)" in text
    assert "(eu-west or us-west)" in text
    assert SessionConfig.model_fields["endpointing"].description[1:-1] in text


@pytest.mark.parametrize("command", ["demo", "transcribe", "report", "serve", "models", "lab"])
def test_every_command_has_a_page_and_is_known_by_its_name(command, capsys, monkeypatch):
    assert f"usage: gladia-nb {command}" in page(command, capsys, monkeypatch)


def test_the_reference_is_a_file():
    parse = command_parser().parse_args
    assert parse(["transcribe", "a.wav"]).reference is None
    assert parse(["transcribe", "a.wav", "--reference", "a.srt"]).reference == "a.srt"
