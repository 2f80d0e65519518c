"""Where the Lab is, told by the server that shows it and no other."""

import json
import subprocess
import sys
from pathlib import Path

from gladia_nb.cli import lab_address
from gladia_nb.cli.lab_address import address_of, tell_address


def test_addresses():
    place = Path("/home/me/lab.ipynb")
    assert address_of({"url": "http://a:1/hub/"}, place) == "http://a:1/hub/lab/tree/lab.ipynb"
    told = address_of({"url": "http://a:1", "token": "a&b"}, place)
    assert told == "http://a:1/lab/tree/lab.ipynb?token=a%26b"


def test_it_waits_for_its_own_server(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(lab_address, "_LOOK_S", 0.01)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        for pid, port in ((process.pid, 8899), (1, 8888)):
            facts = {"pid": pid, "url": f"http://localhost:{port}/", "token": "t"}
            (tmp_path / f"jpserver-{pid}.json").write_text(json.dumps(facts))
        tell_address(process, Path("lab.ipynb"))
        process.communicate(b"\n")
    assert "http://localhost:8899/lab/tree/lab.ipynb?token=t" in capsys.readouterr().err


def test_a_server_that_never_comes_is_not_waited_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
        tell_address(process, Path("lab.ipynb"))
    assert capsys.readouterr().err == ""
