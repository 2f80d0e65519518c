import os
import subprocess
import sys
from pathlib import Path

import pytest

from gladia_nb.cli import streams
from tests.support.command_line import COMMAND
from tests.support.make_runs import make_run

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")


@pytest.fixture
def page(tmp_path):
    """A command that writes a small page, in a shell that may redirect it."""
    make_run(name="a.wav").save(tmp_path / "a.run")
    command = [*COMMAND, "report", "a.run", "--out", "page.html"]

    def run(redirected=""):
        shell = ["sh", "-c", f'exec "$@" {redirected}', "sh", *command]
        return subprocess.run(shell, cwd=tmp_path, capture_output=True, check=False)

    return run


@FULL
def test_an_output_that_is_full_is_one_sentence(page, tmp_path):
    done = page("> /dev/full")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == (
        b"gladia-nb: standard output cannot be written (No space left on device); "
        b"send it elsewhere.\n"
    )
    assert (tmp_path / "page.html").exists()


@FULL
@pytest.mark.parametrize("asked", [["--version"], ["--help"], ["serve", "--help"]])
def test_an_answer_that_cannot_be_written_is_no_success(asked):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*COMMAND, *asked], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(b"gladia-nb: standard output cannot be written (No space")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("closed", ["2>&-", ">&-", ">&- 2>&-"])
def test_closed_streams_disturb_nothing(page, tmp_path, closed):
    done = page(closed)
    assert done.returncode == 0
    assert done.stdout == (b"page.html\n" if closed == "2>&-" else b"")
    assert done.stderr == b""
    assert b"</html>" in (tmp_path / "page.html").read_bytes()


def test_a_name_that_is_no_text_leaves_as_the_bytes_that_it_is(tmp_path):
    make_run().save(tmp_path / "a.run")
    name = os.fsencode(tmp_path) + b"/caf\xe9.html"
    done = subprocess.run(
        [*COMMAND, "report", tmp_path / "a.run", "--out", name], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, name + b"\n", b"")


def test_streams_that_are_there_stay():
    before = sys.stdout, sys.stderr, sys.stdout.errors
    streams.ready_streams()
    assert (sys.stdout, sys.stderr, sys.stdout.errors) == before


def test_what_is_discarded_goes_nowhere():
    code = "from gladia_nb.cli.streams import discard_output; discard_output(); print('gone')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
