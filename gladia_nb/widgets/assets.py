"""The front end's files: plain JavaScript and CSS, put together without a build step."""

from __future__ import annotations

import re
from importlib.resources import files

__all__ = ["FRONT", "module", "style"]

#: Files of the front end, in the order in which one needs the other.
FRONT = ("dom.js", "waveform.js", "charts.js", "setup.js", "live.js", "after.js", "lab.js")

_IMPORT = re.compile(r"^import \{[^}]*\} from \"\./[\w.]+\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|function|class)", re.MULTILINE)


def module() -> str:
    """One ES module of all files.

    A notebook loads a widget's code as a single module from memory, which cannot import its
    neighbours. So each file is a proper module, and here they lose the imports of each other.
    """
    parts = []
    for name in FRONT:
        text = files("gladia_nb.widgets").joinpath("static", "lab", name).read_text("utf-8")
        parts.append(_EXPORT.sub("", _IMPORT.sub("", text)))
    return "\n".join(parts)


def style() -> str:
    """The style sheet."""
    return files("gladia_nb.widgets").joinpath("static", "lab", "lab.css").read_text("utf-8")
