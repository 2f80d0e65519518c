import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gladia_nb
from gladia_nb.plots import palette
from gladia_nb.plots.palette import DARK, LIGHT, SIGNS, Theme, properties

HOME = Path(gladia_nb.__file__).parent
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")


def luminance(colour):
    """Relative, as the guidelines for accessibility define it."""
    parts = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_and_white_is_known():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["page", "surface"])
@pytest.mark.parametrize("ink", ["ink", "soft", "accent", "good", "watch", "poor"])
def test_text_stands_out_from_its_ground(theme, ground, ink):
    assert contrast(getattr(theme, ink), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_what_is_pressed_what_is_wrong_and_what_is_drawn_stand_out(theme):
    assert contrast(theme.on_accent, theme.accent) >= 4.5
    assert contrast(theme.poor, theme.poor_ground) >= 4.5
    for name in ("edge", "sent", "acknowledged", "partial", "final"):
        assert contrast(getattr(theme, name), theme.surface) >= 3, name


def test_every_colour_is_one():
    for theme in (LIGHT, DARK):
        assert all(COLOUR.fullmatch(value) for value in dataclasses.astuple(theme))
    assert all(COLOUR.fullmatch(value) for value in (*palette.COLOURS.values(), *palette.AGES))


def test_each_status_has_a_sign_of_its_own():
    assert len(set(SIGNS.values())) == len(SIGNS) == 3


def test_properties_name_every_colour_once():
    names = re.findall(r"--x-([\w-]+):#", properties(DARK, "x-"))
    assert names == [field.name.replace("_", "-") for field in dataclasses.fields(Theme)]


def test_it_is_the_one_home_of_colours():
    for path in HOME.rglob("*.py"):
        if path.name != "palette.py":
            found = set(COLOUR.findall(path.read_text("utf-8"))) - {"#ffffff", "#000000"}
            assert not found, path


def test_it_loads_no_plotting_library_by_itself():
    path = HOME / "plots" / "palette.py"
    code = f"import runpy, sys; runpy.run_path({str(path)!r}); print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
