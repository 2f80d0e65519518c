"""JavaScript modules of a front end, joined to one text without a build step.

Each file is a proper module, which is linted as it stands and imports its neighbours. A page in one
file cannot do that, nor can a widget, whose module is loaded from memory: what binds the files to
each other is left out here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

__all__ = ["joined"]

_IMPORT = re.compile(r"^import \{[^}]*\} from \"\./[\w.]+\";\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|let|function|class|async)", re.MULTILINE)


def joined(paths: Sequence[Path]) -> str:
    """One text of several modules, in the order in which one needs the other."""
    texts = (path.read_text("utf-8") for path in paths)
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)
