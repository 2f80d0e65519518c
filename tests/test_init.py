import ast
import doctest
import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import gladia_nb

HOME = Path(gladia_nb.__file__).parent
HEAVY = ("aiohttp", "pandas", "matplotlib", "ipywidgets", "numpy", "pydantic", "pocketsphinx")
PACKAGES = [
    "gladia_nb",
    *(m.name for m in pkgutil.walk_packages([str(HOME)], "gladia_nb.") if m.ispkg),
]
#: `__main__` modules are programs, not to be imported.
MODULES = [
    m.name
    for m in pkgutil.walk_packages([str(HOME)], "gladia_nb.")
    if not m.name.endswith("__main__")
]
WITH_EXAMPLES = [
    name
    for name in [*MODULES, "gladia_nb.worker.__main__", "gladia_nb.server.__main__"]
    if ">>>" in (importlib.util.find_spec(name).loader.get_source(name) or "")
]


def python(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return done.stdout.strip()


def test_importing_it_imports_nothing_heavy():
    found = python(f"import sys, gladia_nb; print([m for m in {HEAVY!r} if m in sys.modules])")
    assert found == "[]"


def test_importing_it_adds_few_modules():
    # What takes time is imports; their number does not depend on how busy the machine is.
    count = int(
        python("import sys; n = len(sys.modules); import gladia_nb; print(len(sys.modules) - n)")
    )
    assert count < 60


def test_a_saved_run_is_studied_without_network_modules():
    code = (
        "import sys, gladia_nb as gn; gn.load; gn.latency; gn.plot_overview; "
        "print([m for m in ('aiohttp', 'asyncio', 'ipywidgets') if m in sys.modules])"
    )
    assert "aiohttp" not in python(code)
    assert "ipywidgets" not in python(code)


def test_a_lab_is_named_without_anything_heavy():
    """So its server is begun before what is heavy is loaded, and is there when somebody clicks."""
    code = (
        "import sys, gladia_nb as gn; gn.Lab; "
        "heavy = ('pandas', 'numpy', 'matplotlib', 'pydantic', 'aiohttp', 'soundfile'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    assert python(code).strip() == "[]"


def stub() -> dict[str, str]:
    """Module of each public name, as the stub has it."""
    tree = ast.parse((HOME / "__init__.pyi").read_text())
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            assert node.level == 1
            for alias in node.names:
                # Without `as` a type checker takes the name for an import of the stub's own.
                assert alias.asname == alias.name
                assert alias.name not in found
                found[alias.name] = f"gladia_nb.{node.module}"
    return found


def test_the_public_list_is_complete_and_true():
    listed = stub()
    assert set(gladia_nb.__all__) == set(listed)
    assert set(dir(gladia_nb)) >= set(listed)
    for name, module in listed.items():
        assert name in importlib.import_module(module).__all__
        value = getattr(gladia_nb, name)
        assert name.isupper() or value.__module__.startswith(module)


def test_mypy_reads_every_public_name():
    text = Path(__file__).with_name("typing").joinpath("public_names.py").read_text()
    named = {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
    assert named >= set(gladia_nb.__all__)


def test_every_public_name_can_be_loaded_at_once():
    # What is lazy otherwise is imported here; a name that only the stub has would raise.
    code = f"import sys, gladia_nb; print([m for m in {HEAVY[:-1]!r} if m not in sys.modules])"
    assert python(code, EAGER_IMPORT="1") == "[]"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_has_a_name_that_it_or_its_package_exports(package):
    # Importing the module would put it in the place of the function.
    found = importlib.import_module(package)
    exported = set(getattr(found, "__all__", ()))
    for info in pkgutil.iter_modules(found.__path__):
        assert info.name not in exported
        if info.name != "__main__":
            module = importlib.import_module(f"{package}.{info.name}")
            assert info.name not in getattr(module, "__all__", ())


def test_unknown_names():
    with pytest.raises(AttributeError, match="No gladia_nb attribute transcript"):
        gladia_nb.transcript
    assert "transcribe" in dir(gladia_nb)


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples_in_docstrings_run(module):
    found = importlib.import_module(module)
    result = doctest.testmod(found, extraglobs={"np": importlib.import_module("numpy")})
    assert result.attempted
    assert result.failed == 0
