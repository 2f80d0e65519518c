"""Write the glossary as a page: `python docs/glossary.py` makes docs/glossary.md anew.

The words stand in the package, where `gladia_nb.glossary` and the reports take them from.
"""

from __future__ import annotations

from pathlib import Path

from gladia_nb.metrics import glossary

HERE = Path(__file__).resolve().parent
_HEAD = """# Glossary

What each number of `gladia_nb` means, what the field calls it, and how the two differ. The same
words are in `gn.glossary()`, at the end of every report, and behind `gn.summary(run,
names="field")`. Each worked example is computed by a test, and is the last value of what is printed
below it, for the session in small print.

This page is made by `python docs/glossary.py`.
"""


def page() -> str:
    """The glossary in Markdown."""
    return "\n".join([_HEAD, *(_entry(row) for row in glossary().to_dict("records"))])


def _entry(row: dict[str, str]) -> str:
    unit = f" ({row['unit']})" if isinstance(row["unit"], str) else ""
    lines = [f"## {row['name']}{unit}", "", row["meaning"], ""]
    if isinstance(row["field_names"], str):
        source = f" ({row['source']})" if isinstance(row["source"], str) else ""
        lines += [f"In the field: **{row['field_names']}**{source}.", ""]
    if isinstance(row["difference"], str):
        lines += [row["difference"], ""]
    lines += [
        f"Example: {row['example']}.",
        "",
        f"```text\n{row['found_in']}\n```",
        "",
        f"<sub>{row['session']}</sub>",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    (HERE / "glossary.md").write_text(page(), encoding="utf-8")
