"""Modules become one text without what binds them to each other, and with all else."""

from __future__ import annotations

from gladia_nb.reporting.modules import joined


def test_neighbours_are_not_imported_and_names_not_exported(tmp_path):
    first, second = tmp_path / "a.js", tmp_path / "b.js"
    first.write_text("export const one = 1;\nexport async function two() {}\n")
    second.write_text(
        'import { one } from "./a.js";\nimport {\n  two,\n} from "./a.js";\nclass B {}\n'
    )
    assert joined([first, second]) == "const one = 1;\nasync function two() {}\n\nclass B {}\n"


def test_what_comes_from_elsewhere_stays(tmp_path):
    path = tmp_path / "a.js"
    path.write_text('import { h } from "elsewhere";\nexport { h };\n')
    assert joined([path]) == path.read_text()
