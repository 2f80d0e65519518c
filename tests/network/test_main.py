import json
import subprocess

from gladia_nb.child import child_command


def test_it_says_its_port_and_ends_with_its_input():
    process = subprocess.Popen(
        child_command("gladia_nb.network"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdin.write(b"token\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["port"] > 0
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, b"", b"")
