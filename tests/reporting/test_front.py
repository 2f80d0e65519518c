"""The front end as one expression, and as a page has it."""

import re

from gladia_nb.reporting.front import (
    HEARING,
    hearing_module,
    hearing_paths,
    hearing_script,
    hearing_sheet,
    hearing_style,
)

#: Bytes that the interactive part may take of a page.
MOST = 300_000


def test_it_is_one_name_for_whoever_takes_it():
    text = hearing_module("mount")
    assert text.startswith("const mount = (() => {")
    assert text.rstrip().endswith("})();")
    assert not re.search(r"^(import|export)\b", text, re.MULTILINE)
    # No name stands twice: modules share one scope.
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names))
    assert {"Player", "Plot", "Transcript", "mountHearing"} <= set(names)


def test_every_file_is_in_it():
    named = {path.name for path in hearing_paths()} | {"page.js"}
    assert named == {path.name for path in HEARING.iterdir()}
    assert all(path.is_file() for path in hearing_paths())


def test_it_is_small_and_knows_no_address():
    whole = hearing_script() + hearing_style()
    assert len(whole.encode()) < MOST
    assert "http" not in whole
    assert "url(" not in whole
    assert "</script" not in whole
    assert "</style" not in whole


def test_only_comments_are_left_out():
    kept = hearing_module()
    for path in hearing_paths():
        if path.suffix == ".css":
            continue
        for line in path.read_text("utf-8").splitlines():
            code = line.strip()
            if code and not code.startswith(("//", "/*", "*", "import", "export", "}")):
                assert line in kept, (path.name, line)


def test_colours_are_those_of_the_palette():
    style = hearing_style()
    defined = set(re.findall(r"(--gnb-[\w-]+):", style))
    for path in hearing_paths():
        assert path.suffix != ".css" or path.read_text("utf-8") in style
    used = set(re.findall(r"var\((--gnb-[\w-]+)\)", style))
    assert used <= defined
    # Whoever has the colours already takes the rest.
    assert style.endswith(hearing_sheet())
    assert re.findall(r"(--gnb-[\w-]+):", hearing_sheet()) == []
