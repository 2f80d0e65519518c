"""The front end of what can be heard: plain JavaScript and CSS, put together without a build step.

Each file is a proper module. A page in one file cannot import its neighbours, nor can a widget,
whose module is loaded from memory: here all files become one expression, so that none of their
names meets a name of whoever takes it.
"""

from __future__ import annotations

import re
from pathlib import Path

from gladia_nb.plots.palette import DARK, LIGHT, properties
from gladia_nb.reporting.modules import joined

__all__ = [
    "HEARING",
    "hearing_module",
    "hearing_paths",
    "hearing_script",
    "hearing_sheet",
    "hearing_style",
]

#: Where the files are.
HEARING = Path(__file__).resolve().parent / "static" / "hearing"
#: Those of the module, in the order in which one needs the other, and of the style sheet.
_MODULES = (
    "dom.js",
    "turns.js",
    "sound.js",
    "plot.js",
    "pictures.js",
    "words.js",
    "hearing.js",
)
_STYLES = ("hearing.css", "pictures.css")
#: Lines that only speak to whoever reads the source.
_COMMENT = re.compile(r"^\s*(//.*|/\*\*.*\*/|/\*\*.*(\n\s*\*.*)*)\n", re.MULTILINE)


def hearing_paths() -> list[Path]:
    """All files of it, for whoever watches them."""
    return [HEARING / name for name in (*_MODULES, *_STYLES)]


def hearing_module(name: str = "mountHearing") -> str:
    """JavaScript that defines one function under a name, for any module.

    `mountHearing(root, data, pieces, rate, silent)` fills an element with a run and returns a
    function that takes it away. `data` is what `gladia_nb.reporting.listening_part` makes, `rate`
    in hertz, and `pieces` an array of `{from, until, data}` with `data()` giving a sound file, in
    base64 or as an `ArrayBuffer`, or a promise of one. Where `silent` says why there is no sound,
    nothing can be played; else a run without pieces is played in silence.

    Args:
        name: of the function.
    """
    body = "\n".join(map(_plain, _MODULES))
    return f"const {name} = (() => {{\n{body}\nreturn mountHearing;\n}})();\n"


def hearing_script() -> str:
    """The script of a page: each run that the page has is filled in."""
    return hearing_module() + _plain("page.js")


def hearing_style() -> str:
    """The style sheet of a page, colours first."""
    light, dark = properties(LIGHT, "gnb-"), properties(DARK, "gnb-")
    colours = f".gnb-hear{{{light}}}\n@media (prefers-color-scheme:dark){{.gnb-hear{{{dark}}}}}\n"
    return colours + hearing_sheet()


def hearing_sheet() -> str:
    """The same without colours, for a place whose own properties have those of the palette."""
    return "".join((HEARING / name).read_text("utf-8") for name in _STYLES)


def _plain(name: str) -> str:
    """A module without what binds it to the others, and without comments."""
    return _COMMENT.sub("", joined([HEARING / name]))
