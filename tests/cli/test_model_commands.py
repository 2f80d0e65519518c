"""Models from a terminal."""

import hashlib

import pytest

from gladia_nb.cli.commands import main
from tests.server.models.test_archives import tar
from tests.support.model_site import model_site

FILES = {"m/tokens.txt": b"<blk> 0\n", "m/model.onnx": bytes(2_000_000)}


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.setenv("GLADIA_NB_MODELS", str(tmp_path / "models"))
    with model_site(tar(tmp_path / "a", FILES).read_bytes()) as found:
        yield found


def test_a_model_is_fetched_listed_and_removed(site, tmp_path, capsys):
    digest = hashlib.sha256(site.data).hexdigest()
    assert main(["models", "get", site.url, "--sha256", digest]) == 0
    out = capsys.readouterr()
    assert f"The model is in {tmp_path / 'models' / 'tones'}." in out.out
    assert "gladia-nb serve --engine sherpa --model tones" in out.out
    assert out.err == "", "nothing moves where nobody watches"
    assert main(["models", "get", site.url, "--name", "other"]) == 0
    capsys.readouterr()
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines] == [["2.0", "MB", "other"], ["2.0", "MB", "tones"]]
    assert main(["models", "remove", "other"]) == 0
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tones"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["get", "ftp://x/a.zip"], "is not an address that begins with https://"),
        (["get", "URL", "--sha256", "0"], "64 hexadecimal digits"),
        (["get", "URL", "--sha256", "0" * 64], "it was deleted"),
        (["get", "URL", "--name", "../up"], "A model cannot be called '../up'"),
        (["remove", "tones"], "There is no fetched model 'tones'; there are: none"),
    ],
)
def test_what_goes_wrong_is_one_sentence(arguments, sentence, site, capsys):
    arguments = [site.url if argument == "URL" else argument for argument in arguments]
    assert main(["models", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("gladia-nb: ")
    assert sentence in err


def test_an_action_is_needed(capsys):
    with pytest.raises(SystemExit):
        main(["models"])
    assert "ACTION" in capsys.readouterr().err
