"""The rules of the house, kept by looking at the source.

Each rule is a function over source text that returns what breaks it, one sentence each; each is
shown to catch a small bad example.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "gladia_nb"
LONGEST_FILE = 450
#: Folders that hold no source: what Python keeps, and what `make docs` makes.
MADE = {"__pycache__", "built", "made"}
LONGEST_FUNCTION = 60

#: Who may import what; `tqdm.notebook` finds its widgets itself.
ROOMS_OF = {
    "aiohttp": ("gladia_nb/api/", "gladia_nb/server/"),
    "anywidget": ("gladia_nb/widgets/",),
    "ipywidgets": ("gladia_nb/widgets/",),
}


def sources(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> dict[str, str]:
    """Text of each source file, by its path from the root."""
    found = {}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes and not MADE & set(path.relative_to(ROOT).parts):
                found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    return found


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods, also those inside others."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


# -- one module, one test file ------------------------------------------------------------------


def home_of_tests(module: str) -> str:
    """Where the tests of a module belong.

    Example:
        >>> home_of_tests("gladia_nb/plots/style.py"), home_of_tests("gladia_nb/run.py")
        ('tests/plots/test_style.py', 'tests/test_run.py')
    """
    path = PurePosixPath(module)
    name = path.stem.strip("_")
    return str(PurePosixPath("tests", *path.parent.parts[1:], f"test_{name}.py"))


def modules_without_tests(modules: dict[str, str], tests: set[str]) -> list[str]:
    """Modules with a function that have no test file of their name."""
    return [
        path
        for path, text in modules.items()
        if not path.endswith("/__init__.py")
        and any(functions(ast.parse(text)))
        and home_of_tests(path) not in tests
    ]


def test_every_module_with_a_function_has_its_test_file() -> None:
    tests = {path for path, text in sources("tests").items() if "def test_" in text}
    missing = modules_without_tests(sources(PACKAGE), tests)
    assert missing == [], "each module needs tests/.../test_<its name>.py"


def test_a_module_without_tests_is_found() -> None:
    modules = {
        "gladia_nb/a/__init__.py": "def f(): ...",
        "gladia_nb/a/__main__.py": "def main(): ...",
        "gladia_nb/a/_b.py": "class C:\n    async def m(self): ...",
        "gladia_nb/a/facts.py": "X = 1",
        "gladia_nb/c.py": "def f(): ...",
    }
    tests = {"tests/a/test_b.py", "tests/a/test_c.py"}
    assert modules_without_tests(modules, tests) == ["gladia_nb/a/__main__.py", "gladia_nb/c.py"]
    assert modules_without_tests(modules, tests | {"tests/test_c.py", "tests/a/test_main.py"}) == []


# -- length -------------------------------------------------------------------------------------


def long_files(files: dict[str, str]) -> list[str]:
    """Files that are too long to have one job."""
    return [path for path, text in files.items() if len(text.splitlines()) > LONGEST_FILE]


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from its `def` on, its docstring not counted."""
    assert function.end_lineno is not None
    count = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and first.end_lineno is not None:
        count -= first.end_lineno - first.lineno + 1
    return count


def long_functions(files: dict[str, str]) -> list[str]:
    """Functions that are too long to have one job, as `path::name`."""
    return [
        f"{path}::{function.name}"
        for path, text in files.items()
        for function in functions(ast.parse(text))
        if lines_of(function) > LONGEST_FUNCTION
    ]


FOLDERS = (PACKAGE, "tests", "benchmarks", "docs", "data")


def test_no_file_is_too_long() -> None:
    long = long_files(sources(*FOLDERS, suffixes=(".py", ".js", ".css")))
    assert long == [], f"more than {LONGEST_FILE} lines: two jobs, two files"


def test_no_function_is_too_long() -> None:
    long = long_functions(sources(*FOLDERS))
    assert long == [], f"more than {LONGEST_FUNCTION} lines: two jobs"


def test_what_is_too_long_is_found() -> None:
    line = "x = 1\n"
    assert long_files({"a.py": line * LONGEST_FILE, "b.js": line * (LONGEST_FILE + 1)}) == ["b.js"]
    body = "    x = 1\n" * (LONGEST_FUNCTION - 1)
    told = '    """Words.\n\n    More words.\n    """\n'
    bad = (
        f"class C:\n    async def m(self):\n{body.replace('    x', '        x')}        return x\n"
    )
    files = {"good.py": f"@deco\ndef f():\n{told}{body}", "bad.py": bad}
    assert long_functions(files) == ["bad.py::m"]
    inner = "def outer():\n" + "    def inner():\n" + "        x = 1\n" * LONGEST_FUNCTION
    assert long_functions({"a.py": inner}) == ["a.py::outer", "a.py::inner"]


# -- imports ------------------------------------------------------------------------------------


def imported(tree: ast.AST) -> list[str]:
    """Names of the modules that are imported anywhere in a tree."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append("." * node.level + (node.module or ""))
    return found


def _is_type_checking(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", "")
    return name == "TYPE_CHECKING"


def hidden_imports(files: dict[str, str]) -> list[str]:
    """Imports of this package that only a type checker sees, as `path: module`."""
    return [
        f"{path}: {name}"
        for path, text in files.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.If) and _is_type_checking(node.test)
        for name in imported(ast.Module(node.body, []))
        if name.startswith((".", PACKAGE))
    ]


#: What it names in types it loads when one is made: see "a lab is named without anything heavy".
#: The contracts see these imports as well.
LOADED_LATER = "gladia_nb/widgets/lab.py"


def test_no_import_is_hidden_from_the_layers() -> None:
    assert [path for path in hidden_imports(sources(PACKAGE)) if LOADED_LATER not in path] == []
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert "exclude_type_checking_imports" not in settings


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from gladia_nb.run import Run", ["a.py: gladia_nb.run"]),
        ("import gladia_nb.run", ["a.py: gladia_nb.run"]),
        ("from . import run", ["a.py: ."]),
        ("from ..api.client import Client", ["a.py: ..api.client"]),
        ("from matplotlib.axes import Axes", []),
    ],
)
@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_a_hidden_import_is_found(test: str, line: str, found: list[str]) -> None:
    text = f"import typing\n\nif {test}:\n    {line}\n"
    assert hidden_imports({"a.py": text}) == found
    assert hidden_imports({"a.py": f"{line}\n\nif True:\n    {line}\n"}) == []


def test_the_picture_of_the_house_names_every_room_and_all_of_the_ground() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    picture = text.partition("```text\n")[2].partition("```")[0]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    layers = contracts["importlinter"]["contracts"][0]["layers"]
    rooms = {name.partition(".")[2] for layer in layers for name in re.findall(r"[\w.]+", layer)}
    # What is said of each stands to the right, in one column.
    rows = picture.splitlines()
    right = rows[0].index("controls")
    drawn = {word for row in rows for word in re.findall(r"[a-z]\w+", row[:right])}
    assert drawn - {"commands"} == rooms, "an arrow carries commands; all else is a room"
    modules = {path.stem for path in (ROOT / PACKAGE).glob("*.py")} - {"__init__"}
    assert modules < rooms


def foreign_imports(files: dict[str, str]) -> list[str]:
    """Imports of packages that only some rooms may know, as `path: package`."""
    return [
        f"{path}: {name}"
        for path, text in files.items()
        for name in dict.fromkeys(module.partition(".")[0] for module in imported(ast.parse(text)))
        if name in ROOMS_OF and not path.startswith(ROOMS_OF[name])
    ]


def test_each_package_is_known_only_in_its_rooms() -> None:
    assert foreign_imports(sources(PACKAGE)) == []


def test_an_import_in_the_wrong_room_is_found() -> None:
    lazily = "def f():\n    from aiohttp import web\n    return web\n"
    files = {
        "gladia_nb/api/client.py": "import aiohttp",
        "gladia_nb/server/http/app.py": lazily,
        "gladia_nb/worker/jobs.py": lazily,
        "gladia_nb/lab/form.py": "import ipywidgets.widgets as w\nimport anywidget",
        "gladia_nb/widgets/lab.py": "import ipywidgets, anywidget",
        "gladia_nb/apish.py": "import aiohttp_like\nfrom tqdm.notebook import tqdm",
    }
    assert foreign_imports(files) == [
        "gladia_nb/worker/jobs.py: aiohttp",
        "gladia_nb/lab/form.py: ipywidgets",
        "gladia_nb/lab/form.py: anywidget",
    ]
