"""What all plots share: axes, sentences in place of a picture, texts that can be drawn."""

import matplotlib as mpl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from gladia_nb.plots.fonts import NO_FONT
from gladia_nb.plots.palette import COLOURS
from gladia_nb.plots.style import LABELS, LINES, MARKS, axes, drawable, empty, finish, ink
from tests.support.pictures import drawn


def test_drawable():
    assert drawable("  hello \n wonderful world", 12) == "hello wonde\u2026"
    assert drawable("$5 \ufdd0", 12) == "\\$5 \ufffd"
    assert drawable("", 3) == ""


@given(st.text(max_size=30), st.integers(1, 12))
def test_whatever_is_foreign_can_be_drawn(text, limit):
    shown = drawable(text, limit).replace(r"\$", "$")
    assert len(shown) <= limit
    assert shown == " ".join(shown.split()) or shown.endswith("\u2026")
    if len(" ".join(text.split())) <= limit and text.isascii():
        assert shown == " ".join(text.split()).translate(_NO_SIGN)


#: Signs of ASCII that no font has.
_NO_SIGN = dict.fromkeys([*range(32), 127], "\ufffd")


@given(st.text(max_size=30))
@example("$x$ \u65e5\u672c \u200b \U0001f600 \x07 a_b^c")
@settings(deadline=None, max_examples=20)
def test_foreign_signs_make_no_warning(text):
    figure = Figure()
    ax = figure.subplots()
    ax.text(0, 0.5, drawable(text, 40))
    ax.set_xticks([0, 1], [drawable(text, 12), "one"])
    finish(ax, title=drawable(text, 40), xlabel="s", ylabel="")
    drawn(figure)


def test_where_no_font_has_a_sign_the_picture_says_so_once():
    ax = Figure().subplots()
    ax.set_yticks([0, 1], [drawable("a \ufdd0", 12), drawable("\ufdd1", 12)])
    finish(ax, title="Title", xlabel="s", ylabel="")
    assert ax.get_xlabel() == f"s\n{NO_FONT}"
    drawn(ax.figure)
    finish(ax := Figure().subplots(), title="Title", xlabel="s", ylabel="")
    assert ax.get_xlabel() == "s"


def test_axes_are_those_given_or_of_a_new_figure():
    given_ax = Figure().subplots()
    assert axes(given_ax) is given_ax
    assert plt.get_fignums() == []
    made = axes(None, width=6, height=3)
    assert plt.get_fignums() == [made.figure.number]
    assert made.figure.get_size_inches().tolist() == [6, 3]


@pytest.mark.parametrize(("style", "colour"), [("default", "black"), ("dark_background", "white")])
def test_ink_is_the_colour_of_text(style, colour):
    with mpl.style.context(style):
        assert mpl.colors.to_rgb(ink()) == mpl.colors.to_rgb(colour)


def test_nothing_to_draw_is_said_in_the_middle():
    ax = Figure().subplots()
    empty(ax, "nothing came")
    (text,) = ax.texts
    assert (text.get_text(), text.get_position()) == ("nothing came", (0.5, 0.5))
    assert text.get_transform() == ax.transAxes
    assert (len(ax.get_xticks()), len(ax.get_yticks())) == (0, 0)


def test_a_finished_plot_has_its_names_and_no_box():
    ax = Figure().subplots()
    assert finish(ax, title="Title", xlabel="s", ylabel="ms") is ax
    assert (ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel()) == ("Title", "s", "ms")
    assert [name for name, spine in ax.spines.items() if spine.get_visible()] == ["left", "bottom"]
    assert ax.get_axisbelow() is True


def test_what_is_told_apart_differs_in_more_than_colour():
    assert COLOURS.keys() == LINES.keys()
    assert MARKS.keys() | LABELS.keys() <= COLOURS.keys()
    assert len({MARKS[name] for name in ("first_partial", "last_partial", "final")}) == 3
    curves = ("sent", "acknowledged", "partial", "final")
    assert len({(COLOURS[name], LINES[name]) for name in curves}) == 4
