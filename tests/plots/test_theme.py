"""A picture in the colours of a page: inks and grounds change, series do not."""

from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from gladia_nb.plots.palette import BLUE, DARK, LIGHT
from gladia_nb.plots.style import finish, ink
from gladia_nb.plots.theme import themed
from tests.support.pictures import drawn


def picture():
    figure = Figure()
    ax = figure.add_subplot()
    ax.plot([0, 1], [0, 1], color=BLUE, label="series")
    ax.plot([0, 1], [1, 0], "x", color=ink(), label="other")
    ax.annotate("note", (0.5, 0.5))
    ax.legend()
    finish(ax, title="Title", xlabel="x", ylabel="y")
    return figure, ax


def test_inks_and_grounds_are_those_of_the_theme():
    for theme in (LIGHT, DARK):
        figure, ax = picture()
        assert themed(figure, theme) is figure
        assert to_hex(figure.get_facecolor()) == theme.surface
        assert to_hex(ax.get_facecolor()) == theme.surface
        texts = [ax._left_title, ax.xaxis.label, ax.texts[0], *ax.get_legend().get_texts()]
        assert {to_hex(text.get_color()) for text in texts} == {theme.ink}
        series, other = ax.lines
        assert to_hex(series.get_color()) == BLUE.lower()
        assert to_hex(other.get_color()) == theme.ink
        series, other = ax.get_legend().get_lines()
        assert to_hex(series.get_color()) == BLUE.lower()
        assert to_hex(other.get_markeredgecolor()) == theme.ink
        drawn(figure)
        labels = {to_hex(label.get_color()) for label in ax.get_xticklabels()}
        assert labels == {theme.ink}
