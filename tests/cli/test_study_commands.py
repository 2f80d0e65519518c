"""Studies and gates from a terminal."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile

import gladia_nb as gn
from gladia_nb.cli.commands import main
from gladia_nb.server import LocalServer
from gladia_nb.studies import running
from tests.support.scripted_helpers import SCRIPT, WORDS
from tests.support.studies import fill, run_of, tones

SEEN = '"word_end -> first_seen @send"'


@pytest.fixture
def study(tmp_path):
    """A study in a folder, whose second arm is 50 ms later."""
    found = gn.Study(
        tmp_path / "kept", tones(3), {"a": {"endpointing": 0.05}, "b": {"endpointing": 0.3}}
    )
    late = {"a": 0.2, "b": 0.25}
    fill(
        found._store,
        found.design,
        lambda c: run_of(lambda n: late[c.arm] + 0.001 * n, sentences=10),
    )
    return found


def slo(tmp_path, *lines):
    path = tmp_path / "slo.toml"
    path.write_text("gates = [\n" + "".join(f"'{line}',\n" for line in lines) + "]\n")
    return str(path)


@pytest.mark.parametrize(
    ("line", "code", "answer"),
    [
        (f"{SEEN} p50 < 900", 0, "PASS"),
        (f"{SEEN} p50 < 50", 1, "FAIL"),
        (f"{SEEN} p99 < 900", 3, "UNDECIDED"),
    ],
)
def test_the_answer_is_the_exit_code(study, tmp_path, capsys, line, code, answer):
    arguments = ["check", str(study.path), "--slo", slo(tmp_path, line), "--arm", "a"]
    assert main(arguments) == code
    out = capsys.readouterr().out
    assert out.startswith(answer)
    assert line in out


def test_a_failure_weighs_more_than_what_is_undecided(study, tmp_path, capsys):
    gates = slo(tmp_path, f"{SEEN} p50 < 50", f"{SEEN} p99 < 900", f"{SEEN} p50 < 900")
    junit, markdown = tmp_path / "out.xml", tmp_path / "out.md"
    arguments = ["check", str(study.path), "--slo", gates, "--junit", str(junit)]
    assert main([*arguments, "--markdown", str(markdown)]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 6, "each gate for each arm"
    suite = ET.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("6", "2", "2")
    assert {case.get("classname") for case in suite} == {"a", "b"}
    assert markdown.read_text().count("| fail |") == 2


def test_a_regression_to_another_study(study, tmp_path, capsys):
    other = gn.Study(tmp_path / "before", tones(3), {"now": {"endpointing": 0.05}})
    fill(other._store, other.design, lambda c: run_of(lambda n: 0.2 + 0.001 * n, sentences=3))
    gates = slo(tmp_path, f"difference {SEEN} < 20")
    arguments = ["check", str(study.path), "--slo", gates, "--baseline", str(other.path)]
    assert main([*arguments, "--arm", "a"]) == 0
    assert main([*arguments, "--arm", "b"]) == 1
    assert main([*arguments[:-2], "--arm", "b"]) == 1, "against the baseline of its own"
    assert main([*arguments[:-2], "--arm", "a"]) == 2
    assert "needs a baseline" in capsys.readouterr().err
    # Nobody asks the baseline how it differs from itself unless it is named.
    assert main(arguments[:-2]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("FAIL      b: difference")
    both = slo(tmp_path, f"difference {SEEN} < 20", f"{SEEN} p50 < 900")
    assert main(["check", str(study.path), "--slo", both]) == 1
    told = [line.split(":")[0].split() for line in capsys.readouterr().out.splitlines()]
    assert told == [["PASS", "a"], ["FAIL", "b"], ["PASS", "b"]]
    assert main([*arguments[:-1], str(study.path)]) == 0, "each arm against that of its name"


def test_a_baseline_alone_has_nobody_to_differ_from(tmp_path, capsys):
    alone = gn.Study(tmp_path / "one", tones(3), {"a": {"endpointing": 0.05}})
    fill(alone._store, alone.design, lambda c: run_of(lambda n: 0.2, sentences=3))
    gates = slo(tmp_path, f"difference {SEEN} < 20")
    assert main(["check", str(alone.path), "--slo", gates]) == 2
    assert "no arm beside the baseline 'a'" in capsys.readouterr().err


def test_run_files(study, tmp_path, capsys):
    files = sorted(str(path) for path in (study.path / "runs").glob("*.run"))
    assert main(["check", *files, "--slo", slo(tmp_path, "verdict degraded")]) == 0
    assert "6 of 6 runs are valid or degraded" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["none"], "Cannot read"),
        (["--arm", "c"], "There is no arm 'c'; there are a; b."),
        (["--junit", "/nowhere/x.xml"], "Cannot write /nowhere/x.xml"),
        (["--confirm"], "needs its TOML file"),
        (["--baseline", "/nowhere"], "There is no study in"),
    ],
)
def test_bad_input(study, tmp_path, capsys, more, sentence):
    runs = [str(tmp_path / more[0])] if more[0] == "none" else [str(study.path)]
    gates = slo(tmp_path, f"{SEEN} p50 < 50")
    assert main(["check", *runs, "--slo", gates, *(more if more[0] != "none" else [])]) == 2
    assert sentence in capsys.readouterr().err


@pytest.fixture
def design(tmp_path, monkeypatch):
    """A design file for a scripted server, which takes a second or two."""
    monkeypatch.setattr(running, "TRIES", 30)
    with LocalServer(engine="scripted", script=SCRIPT) as server:
        for name in "ab":
            soundfile.write(tmp_path / f"{name}.wav", np.zeros(48000), 16000)
            (tmp_path / f"{name}.words.json").write_text(json.dumps({"words": WORDS}))
        monkeypatch.setenv("GLADIA_API_KEY", server.key)
        (tmp_path / "study.toml").write_text(
            f'items = ["a.wav"]\nplan = 2\nurl = "{server.url}"\n'
            "[grid]\nendpointing = [0.05, 0.3]\n[options]\nspeed = 10\n"
        )
        yield str(tmp_path / "study.toml")


def test_a_study_from_its_file(design, tmp_path, capsys):
    assert main(["study", design, "--plan"]) == 0
    assert "2 cells, 0 of them done" in capsys.readouterr().out
    assert not (tmp_path / "study").exists()
    assert main(["study", design, "--budget", "0.0001"]) == 2
    assert "too small for one block" in capsys.readouterr().err
    assert main(["study", design]) == 0
    assert (tmp_path / "study" / "report.html").is_file()
    table = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["endpointing=0.3", "WER"] in [line[:2] for line in table], "a line a measure"


def test_a_failing_gate_is_confirmed_once(design, tmp_path, capsys):
    assert main(["study", design]) == 0
    gates = slo(tmp_path, '"word_end -> final @capture" p50 < 1')
    capsys.readouterr()
    main(["check", design, "--slo", gates, "--confirm"])
    said = capsys.readouterr()
    told = "every block is run once more" in said.err
    runs = list((tmp_path / "study" / "runs").glob("*.run"))
    # Few utterances may not be enough to fail; then nothing is repeated.
    assert told == (gn.Study(tmp_path / "study").design.repeats == 2)
    assert len(runs) >= (4 if told else 2)
