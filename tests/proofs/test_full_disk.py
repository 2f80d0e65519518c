"""A disk that fills up under a session: nothing is lost, and it is said where and what to do.

The limit of a process on the size of its files stands for the disk; the worker inherits it, and is
told "File too large" where a disk would say "No space left on device".
"""

import json
import subprocess
import sys

import gladia_nb as gn
from gladia_nb.server import LocalServer
from tests.support.scripted_helpers import SCRIPT, TEXT, make_sound

SESSION = """
import json, resource, sys
import gladia_nb as gn

sound, url, key, folder = sys.argv[1:]
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, hard))
live = gn.start(sound, url=url, key=key, speed=10, path=folder + "/full.run", audio=False)
told = []
live.subscribe(told.append)
run = live.result(60)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
run.save(folder + "/elsewhere.run")
same = [dict(event) for event in run.record.events] == told
print(json.dumps({"same": same, "outcome": run.outcome, "warnings": run.warnings,
                  "path": run.path, "html": run._repr_html_()}))
"""


def test_a_disk_that_fills_up_under_a_session_loses_nothing(tmp_path):
    make_sound(tmp_path / "a.wav")
    with LocalServer(engine="scripted", script=SCRIPT) as server:
        place = [str(tmp_path / "a.wav"), server.url, server.key, str(tmp_path)]
        done = subprocess.run(
            [sys.executable, "-c", SESSION, *place], check=True, capture_output=True, text=True
        )
    found = json.loads(done.stdout)
    assert (found["same"], found["outcome"], found["path"]) == (True, "finished", None)
    (warning,) = found["warnings"]
    assert f"did not take the rest of {tmp_path / 'full.run'} (File too large)" in warning
    assert "run.save(path)" in found["html"]
    cut, whole = gn.load(tmp_path / "full.run"), gn.load(tmp_path / "elsewhere.run")
    assert (cut.outcome, whole.outcome) == ("incomplete", "finished")
    assert 0 < len(cut.record.events) < len(whole.record.events)
    assert cut.record.events == whole.record.events[: len(cut.record.events)]
    assert whole.text.split() == TEXT.split()
