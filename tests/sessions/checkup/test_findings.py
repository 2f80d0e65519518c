"""A finding is one line, and whatever fails is one too."""

import pytest

from gladia_nb.sessions.checkup.findings import FINDINGS, Finding, as_frame, looked


def test_a_line_stays_a_line():
    line = Finding("sound", "todo", "It said\n\x1b[2J\x00 no.", "Do\nthis.").line
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
    assert line.startswith("todo  sound")
    assert line.endswith("Do this.")
    assert Finding("sound", "ok", "All is there.").line == "ok    sound            All is there."


@pytest.mark.parametrize("error", [ValueError("x" * 5000), RecursionError(), OSError(5, "no disk")])
def test_a_look_that_fails_is_a_finding(error):
    def look():
        raise error

    found = looked("sound", look)
    assert (found.name, found.state) == ("sound", "todo")
    assert type(error).__name__ in found.found
    assert len(found.line) < 500


def test_an_interrupt_is_none():
    def look():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        looked("sound", look)


def test_as_a_table():
    table = as_frame([Finding("a", "ok", "x"), Finding("b", "todo", "y", "z")])
    assert dict(table.dtypes.astype(str)) == dict(FINDINGS)
    assert table.query("state == 'todo'")["advice"].tolist() == ["z"]
    assert list(as_frame([]).columns) == list(FINDINGS)
