import subprocess
import sys
from pathlib import Path

import pytest

import gladia_nb

HEAVY = ("aiohttp", "pandas", "matplotlib", "ipywidgets", "numpy", "pydantic", "pocketsphinx")


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
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


def test_the_public_list_is_sorted_complete_and_true():
    names = [name for names in gladia_nb._HOMES.values() for name in names]
    assert sorted(names) == sorted(gladia_nb.__all__)
    assert len(set(names)) == len(names)
    assert [*gladia_nb.__all__] == sorted(
        gladia_nb.__all__, key=lambda n: (not n.isupper(), not n[0].isupper(), n)
    )
    for module, names in gladia_nb._HOMES.items():
        public = __import__(module, fromlist=["__all__"]).__all__
        for name in names:
            assert name in public
            assert name.isupper() or getattr(gladia_nb, name).__module__.startswith(module)


def test_no_public_name_is_that_of_a_module():
    # Importing the module would put it in the place of the function.
    modules = {path.stem for path in Path(gladia_nb.__file__).parent.iterdir()}
    assert modules.isdisjoint(gladia_nb.__all__)


def test_unknown_names():
    with pytest.raises(AttributeError, match="no attribute 'transcript'"):
        gladia_nb.transcript
    assert "transcribe" in dir(gladia_nb)


@pytest.mark.parametrize(
    "module",
    ["audio", "clock", "config", "protocol", "record", "redact", "samples", "sources"]
    + ["live", "widgets.microphone", "widgets.microphone_recording"]
    + "form livestate recipe replay shelf waveform".split()
    + [f"metrics.{name}" for name in "intervals screen stats stream translation".split()],
)
def test_examples_in_docstrings_run(module):
    import doctest
    import importlib

    found = importlib.import_module(f"gladia_nb.{module}")
    result = doctest.testmod(found, extraglobs={"np": __import__("numpy")})
    assert result.failed == 0
