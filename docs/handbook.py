"""The pages of the reference, made from the package itself: written nowhere else, so never behind.

`python docs/handbook.py DIR` writes them; Sphinx does the same before it reads its sources. Those
that show what examples give, and the pictures, take half a minute; `--dry` leaves them out.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import inspect
import io
import sys
import tempfile
import tokenize
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import gladia_nb as gn
from gladia_nb.cli.parser import command_parser
from gladia_nb.lab.form import fields, fields_of
from gladia_nb.network.profiles import Network
from gladia_nb.server.settings.options import ServerOptions
from gladia_nb.sessions.options import SendOptions

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from common_columns import COMMON  # noqa: E402 - they lie beside this
from examples import EXAMPLES, GROUPS  # noqa: E402
from world import world  # noqa: E402

__all__ = ["column_pages", "command_page", "name_pages", "run_example", "settings_page", "write"]

PACKAGE = HERE.parent / "gladia_nb"
_ROWS, _WIDTH, _LONGEST = 6, 110, 1800
#: Modules whose schemas are of frames that a user sees.
_SCHEMAS = ("record/schema.py", "metrics/*.py", "studies/*.py")


def slug(heading: str) -> str:
    """The name of a page."""
    return heading.lower().replace(" ", "_")


# -- names --


def run_example(code: str, names: Mapping[str, Any]) -> Any:
    """Run an example; returns what its last line gives, None for a statement."""
    if code.startswith("# needs"):
        return None
    tree, space = ast.parse(code), dict(names)
    last = tree.body.pop()
    exec(compile(tree, "<example>", "exec"), space)  # noqa: S102 - it is ours
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "<example>", "eval"), space)  # noqa: S307
    exec(compile(ast.Module([last], []), "<example>", "exec"), space)  # noqa: S102
    return None


def shown(value: Any) -> str:
    """What an example gives, as text."""
    if isinstance(value, pd.Series):
        value = value.reset_index()
    if isinstance(value, pd.DataFrame):
        head = value.head(_ROWS)
        text = head.to_string(max_colwidth=40, line_width=_WIDTH)
        more = len(value) - len(head)
        text += f"\n... {more} more" if more > 0 else ""
    else:
        text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def name_pages(results: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Pages of the public names, by file name.

    Args:
        results: what each example gives, or the file of its picture; None to show none.
    """
    pages = {}
    for heading, names in GROUPS.items():
        parts = [f"# {heading}\n"]
        parts += [_entry(name, (results or {}).get(name)) for name in names]
        pages[f"{slug(heading)}.md"] = "\n".join(parts)
    return pages


def _entry(name: str, result: Any) -> str:
    lines = [f"## `{name}`", "", "```{eval-rst}", _directive(name), "```", ""]
    lines += ["Example:", "", "```python", EXAMPLES[name], "```", ""]
    if isinstance(result, Path):
        lines += [f"![What {name} draws](pictures/{result.name})", ""]
    elif result is not None:
        lines += ["```text", shown(result), "```", ""]
    return "\n".join(lines)


def _directive(name: str) -> str:
    value = getattr(gn, name)
    if inspect.isclass(value):
        kind = "autoexception" if issubclass(value, Exception) else "autoclass"
        options = "" if name == "SessionConfig" else "\n   :members:"
        # What a run is made of stands in the class below it.
        options += "\n   :inherited-members:" if name == "Run" else ""
    else:
        kind, options = ("autofunction", "") if callable(value) else ("autodata", "\n   :no-value:")
    return f".. {kind}:: gladia_nb.{name}{options}"


def results(pictures: Path) -> dict[str, Any]:
    """What every example gives; pictures are written to a folder."""
    mpl.use("Agg")
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, world(Path(folder)) as names:
        for name, code in EXAMPLES.items():
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                value = run_example(code, names)
            if isinstance(value, Artist):
                value = _saved(value, pictures / f"{name}.png")
            # What is temporary has another name each time.
            elif value is not None:
                value = shown(value).replace(folder, "FOLDER")
            found[name] = value
    return found


def _saved(drawn: Artist, path: Path) -> Path:
    figure = drawn.figure if isinstance(drawn, Axes) else drawn
    assert isinstance(figure, Figure)  # noqa: S101 - nothing else is drawn
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90, bbox_inches="tight")
    return path


# -- columns --


def schemas() -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    """Every schema of a frame: its name, what it is of, and each column with dtype and meaning."""
    for pattern in _SCHEMAS:
        for path in sorted(PACKAGE.glob(pattern)):
            yield from _schemas_of(path)


def _schemas_of(path: Path) -> Iterator[tuple[str, str, list[tuple[str, str, str]]]]:
    text = path.read_text(encoding="utf-8")
    said = comments(text)
    for node in ast.parse(text).body:
        if not (isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "Schema"):
            continue
        assert isinstance(node.target, ast.Name)  # noqa: S101 - of a module
        lines = {n.value: n.lineno for n in ast.walk(node) if isinstance(n, ast.Constant)}
        module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        table: Mapping[str, str] = getattr(importlib.import_module(module), node.target.id)
        # What has no words of its own follows a column that has, as a high follows its low.
        columns = [
            (column, kind, said.get(lines.get(column, 0), "") or COMMON.get(column, "likewise"))
            for column, kind in table.items()
        ]
        yield node.target.id, said.get(node.lineno - 1, ""), columns


def comments(text: str) -> dict[int, str]:
    """The comment of each line of a source, those on lines of their own with the one they follow.

    A block of comments alone belongs to its last line.
    """
    found: dict[int, str] = {}
    last, home, behind = -1, 0, False
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, words = token.start[0], token.string.lstrip("#:").strip()
        alone = not token.line[: token.start[1]].strip()
        if alone and last == line - 1:
            words = f"{found.pop(home)} {words}"
            home = home if behind else line
        else:
            home, behind = line, not alone
        found[home], last = words, line
    return found


_FRAMES = {
    "MESSAGES": "run.messages",
    "CHUNKS": "run.chunks",
    "UTTERANCES": "run.utterances",
    "WORDS": "run.words",
    "REFERENCE": "run.reference",
    "SPOKEN": "run.spoken",
}


def column_pages() -> dict[str, str]:
    """The page of all columns."""
    lines = [
        "# Columns\n",
        "Every frame has its columns, with these dtypes, also when it has no rows. What the "
        "service did not say is missing (`NaN`, `<NA>`), and never 0 or empty. `*_ns` are stamps "
        "of the monotonic clock, `*_s` seconds of audio, `*_ms` durations.\n",
    ]
    for name, about, columns in schemas():
        call = _FRAMES.get(name, "")
        if not call and name.lower() in gn.__all__:
            call = f"gn.{name.lower()}()"
        heading = f"`{call}`" if call else name.lower().replace("_", " ")
        lines += [f"## {heading}\n", f"{about}\n"]
        lines += ["| Column | dtype | |", "|---|---|---|"]
        lines += [f"| `{column}` | `{kind}` | {_cell(text)} |" for column, kind, text in columns]
        lines.append("")
    return {"columns.md": "\n".join(lines)}


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


# -- settings and commands --


def settings_page() -> str:
    """Every field that can be set, from the schemas that check it."""
    tables = {
        "The configuration of a session": fields(),
        "How it is sent": fields_of(SendOptions),
        "A network": fields_of(Network),
        "The embedded server": fields_of(ServerOptions) if _is_model(ServerOptions) else (),
    }
    lines = ["# Settings\n"]
    for heading, found in tables.items():
        rows = [
            f"| `{field.name}` | {_allowed(field)} | `{field.default}` | {_cell(field.help)} |"
            for field in found
        ]
        if rows:
            head = ["| Field | Can be | Default | |", "|---|---|---|---|"]
            lines += [f"## {heading}\n", *head, *rows, ""]
    return "\n".join(lines)


def _is_model(kind: type) -> bool:
    return hasattr(kind, "model_json_schema")


def _allowed(field: Any) -> str:
    if field.choices:
        return ", ".join(f"`{choice}`" for choice in field.choices)
    if field.low is not None and field.high is not None:
        return f"{field.low:g} to {field.high:g}"
    return str(field.kind)


def command_page() -> str:
    """The command line, as it says of itself."""
    lines = ["# The command line\n", *_helps(command_parser(), "##")]
    told = inspect.getdoc(importlib.import_module("gladia_nb.cli.commands")) or ""
    lines += ["## Exit codes\n", told.partition("Exit codes: ")[2]]
    return "\n".join(lines)


def _helps(parser: argparse.ArgumentParser, level: str) -> Iterator[str]:
    """What a command says of itself, and then its own commands."""
    yield _help(parser)
    for action in parser._actions:
        if isinstance(action.choices, dict):
            for one in action.choices.values():
                yield f"{level} `{one.prog}`\n"
                yield from _helps(one, f"{level}#")


def _help(parser: argparse.ArgumentParser) -> str:
    return f"```text\n{parser.format_help().rstrip()}\n```\n"


# -- all --


def write(folder: Path, *, dry: bool = False) -> None:
    """Write every page, and the pictures.

    Args:
        folder: where to.
        dry: without what examples give.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given = None if dry else results(folder / "pictures")
    pages = {
        **name_pages(given),
        **column_pages(),
        "settings.md": settings_page(),
        "command_line.md": command_page(),
    }
    for name, text in pages.items():
        path = folder / name
        # What has not changed is not read again.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--dry", action="store_true")
    chosen = arguments.parse_args()
    write(chosen.folder, dry=chosen.dry)
