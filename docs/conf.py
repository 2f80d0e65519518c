"""How Sphinx makes the handbook of the pages in this folder: `make docs`.

The reference is made of the package first (`handbook.py`), and the notebooks are taken in from
where they lie. Everything goes to `docs/made/`, which git does not know.
"""

from __future__ import annotations

import ast
import inspect
import logging
import os
import re
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import handbook  # noqa: E402 - it lies beside this
from traitlets import HasTraits  # noqa: E402

import gladia_nb  # noqa: E402

#: `make docs DRY=1`: neither notebooks nor examples are run, to look at the words.
DRY = bool(os.environ.get("GLADIA_NB_DOCS_DRY"))
MADE = HERE / "made"

# Runs of examples and notebooks are thrown away with the rest.
os.environ["GLADIA_NB_RUNS"] = str(MADE / "runs")

project = "gladia_nb"
author = "the maintainers of gladia_nb"
copyright = "MIT licence"  # noqa: A001 - Sphinx's name
release = gladia_nb.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["built/**", "made/cache/**", "**/runs/**", "**.ipynb_checkpoints"]
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_use_ivar = True
toc_object_entries = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# Notebooks are run once, and again when their code changes; an error in one is an error here.
nb_execution_mode = "off" if DRY else "cache"
nb_execution_cache_path = str(MADE / "cache")
nb_execution_timeout = 600
nb_execution_raise_on_error = True
# Lessons have gaps that students fill in; their solutions are run by `make test`.
nb_execution_excludepatterns = ["made/notebooks/course/*"]
# Widgets need their kernel; nothing is loaded from elsewhere to show them without one.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
suppress_warnings = ["mystnb.unknown_mime_type"]  # of widgets
html_theme = "pydata_sphinx_theme"
html_title = "gladia_nb"
html_show_sourcelink = False
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "logo": {"text": project},
    # As wide as it is, so that links and search have one line on a laptop.
    "navbar_align": "left",
}
# There are no formulas; nothing is loaded for any.
mathjax_path = "unused"


#: Links of pages that lie in other folders, and where they lead here.
_MOVED = {
    "SECURITY.md": "security.md",
    "CONTRIBUTING.md": "house.md",
    "CHANGELOG.md": "changes.md",
    "docs/": "",
}
_CODE = re.compile(r"(?<![`:])`([^`\n]+(?:\n[^`\n]+)?)`(?!`)")


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("include-read", _relink)
    app.connect("source-read", _to_notebooks)
    # Before Napoleon, which would read a colon in code as the end of a type.
    app.connect("autodoc-process-docstring", _as_rst, priority=100)
    app.connect("autodoc-process-signature", _of_widgets)
    # Pages that a pattern of the contents means may be written later.
    logging.getLogger("sphinx.sphinx.directives.other").addFilter(
        lambda record: "toctree glob pattern" not in str(record.msg)
    )


def _relink(app: Any, path: Path, parent: str, content: list[str]) -> None:  # noqa: ARG001
    for old, new in _MOVED.items():
        content[0] = content[0].replace(f"]({old}", f"]({new}")


def _to_notebooks(app: Any, page: str, content: list[str]) -> None:  # noqa: ARG001
    content[0] = re.sub(r"\]\((\.\./)+notebooks/", "](/made/notebooks/", content[0])


def _of_widgets(  # noqa: PLR0917 - as Sphinx calls it
    app: Any,  # noqa: ARG001
    what: str,
    name: str,  # noqa: ARG001
    value: Any,
    options: Any,  # noqa: ARG001
    signature: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    """What a widget takes: its class is made by traitlets, which tells Sphinx nothing."""
    if what == "class" and issubclass(value, HasTraits):
        given = inspect.signature(value)
        plain = [one.replace(annotation=one.empty) for one in given.parameters.values()]
        signature = str(inspect.Signature(plain))
    return signature, returned


def _as_rst(app: Any, what: str, name: str, value: Any, options: Any, lines: list[str]) -> None:  # noqa: ARG001, PLR0917
    """Code in backticks, and examples that are code alone, as reStructuredText has them."""
    found: list[str] = []
    rest = list(lines)
    while rest:
        line = rest.pop(0)
        found.append(line)
        if line.strip() == "Example:":
            block = []
            while rest and (not rest[0].strip() or rest[0].startswith(" ")):
                block.append(rest.pop(0))
            if _is_code("\n".join(block)):
                block = ["    .. code-block:: python", "", *(f"    {inner}" for inner in block)]
            found += block
    text = _CODE.sub(r"``\1``", "\n".join(found))
    lines[:] = text.split("\n")


def _is_code(text: str) -> bool:
    try:
        return bool(ast.parse(textwrap.dedent(text)).body)
    except SyntaxError:
        return False


def _notebooks() -> None:
    """Take the notebooks in; what has not changed keeps its date."""
    home = HERE.parent / "notebooks"
    for path in sorted((*home.glob("0*.ipynb"), *home.glob("course/*.ipynb"))):
        copy = MADE / "notebooks" / path.relative_to(home)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            shutil.copyfile(path, copy)


_notebooks()
handbook.write(MADE, dry=DRY)
