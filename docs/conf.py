"""How Sphinx makes the handbook of the pages in this folder: `make docs`.

The reference is made of the package first (`handbook.py`), and the notebooks are taken in from
where they lie. Everything goes to `docs/made/`, which git does not know.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import handbook  # noqa: E402 - it lies beside this

import gladia_nb  # noqa: E402

#: `make docs DRY=1`: neither notebooks nor examples are run, to look at the words.
DRY = bool(os.environ.get("GLADIA_NB_DOCS_DRY"))
MADE = HERE / "made"

project = "gladia_nb"
author = "the maintainers of gladia_nb"
copyright = "MIT licence"  # noqa: A001 - Sphinx's name
release = gladia_nb.__version__
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["built/**", "made/cache/**", "**/runs/**", "**.ipynb_checkpoints"]
# Docstrings have code in single backticks.
default_role = "code"
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
suppress_warnings = [
    "toc.empty_glob",  # pages that are written later
    "mystnb.unknown_mime_type",  # widgets
]
html_theme = "pydata_sphinx_theme"
html_title = "gladia_nb"
html_show_sourcelink = False
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False, "logo": {"text": project}}
mathjax_path = ""


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
