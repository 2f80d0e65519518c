"""`anonymise`, `compare-traffic` and `contact` from a terminal."""

from __future__ import annotations

import functools
import io

import pytest

import gladia_nb as gn
from gladia_nb.cli import cassette_commands
from gladia_nb.cli.commands import main
from gladia_nb.sessions.first_contact import make_contact
from tests.sessions.test_first_contact import SCRIPT
from tests.support.make_runs import make_run, rich_run, transcript, words


def test_anonymise(tmp_path, capsys):
    run = rich_run()
    path = run.save(tmp_path / "a.run")
    assert main(["anonymise", str(path)]) == 0
    place = tmp_path / "a.anonymous.run"
    assert capsys.readouterr().out == f"{place}\n"
    assert gn.load(place).text == run.without_speech().text
    assert main(["anonymise", str(path), str(path), "--out", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert gn.load(path).text == run.text
    assert main(["anonymise", str(tmp_path / "none.run")]) == 2
    assert "Cannot read" in capsys.readouterr().err


def test_compare_traffic(tmp_path, capsys):
    one = make_run([transcript(1.0, words("yes"), "00_00000000")]).save(tmp_path / "a.run")
    other = make_run([transcript(1.0, words("no"), "00-00000000")]).save(tmp_path / "b.run")
    assert main(["compare-traffic", str(one), str(one)]) == 0
    assert capsys.readouterr().out == "The messages of both runs are alike.\n"
    table = tmp_path / "table.csv"
    assert main(["compare-traffic", str(one), str(other), "--csv", str(table)]) == 0
    out = capsys.readouterr().out
    assert out == "id:\n  transcript  data.id:  99_99999999 | 99-99999999\n"
    assert table.read_text().splitlines()[0] == "aspect,message,what,a,b"
    nowhere = ["--csv", "/dev/null/x"]
    assert main(["compare-traffic", str(one), str(other), *nowhere]) == 2
    assert "Choose another place" in capsys.readouterr().err


def test_contact_needs_a_key(capsys):
    assert main(["contact", "--yes"]) == 2
    assert "set GLADIA_API_KEY" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "code", "told"),
    [
        (Terminal("n\n"), 0, "Nothing was sent."),
        (Terminal(""), 0, "Nothing was sent."),
        (io.StringIO("y\n"), 2, "Nobody can be asked here"),
    ],
)
def test_contact_asks_before_anything_is_sent(answer, code, told, monkeypatch, capsys):
    monkeypatch.setenv("GLADIA_API_KEY", "a-key-of-mine")
    monkeypatch.setattr("sys.stdin", answer)
    monkeypatch.setattr(cassette_commands, "make_contact", None)
    assert main(["contact", "--url", "http://127.0.0.1:9"]) == code
    found = capsys.readouterr()
    assert "billed as 33 s of audio" in found.out
    assert told in found.out + found.err


def test_contact(tmp_path, monkeypatch, capsys):
    quick = functools.partial(make_contact, speed=20)
    monkeypatch.setattr(cassette_commands, "make_contact", quick)
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    options = {"engine": "scripted", "script": SCRIPT, "faults": ["unknown_type"]}
    with gn.LocalServer(**options) as service:
        monkeypatch.setenv("GLADIA_API_KEY", service.key)
        assert main(["contact", "--url", service.url, "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "DIFFERS      No other type comes: novelty (expected: none)" in out
    assert "as expected  The WebSocket opens: at once" in out
    assert str(tmp_path / "contact.run") in out
    assert service.key not in out
    assert gn.load(tmp_path / "contact.run").complete
