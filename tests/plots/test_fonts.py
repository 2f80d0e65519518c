"""Signs that the font of a picture has not: where they are looked for, and what stands for them."""

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.figure import Figure

from gladia_nb.plots import fonts
from gladia_nb.plots.fonts import LOST, NO_FONT, fall_back, with_marks
from tests.support.pictures import drawn

SUN, BOOK = "\u65e5", "\u672c"
NOBODY = "\ufdd0"


def make_font(path, family, signs):
    """A font in which each of some signs is a square."""
    pen = TTGlyphPen(None)
    for step, point in enumerate([(50, 0), (50, 700), (750, 700), (750, 0)]):
        (pen.lineTo if step else pen.moveTo)(point)
    pen.closePath()
    names = [".notdef", *(f"sign{ord(sign)}" for sign in signs)]
    found = FontBuilder(1000, isTTF=True)
    found.setupGlyphOrder(names)
    found.setupCharacterMap({ord(sign): f"sign{ord(sign)}" for sign in signs})
    square = pen.glyph()
    found.setupGlyf(dict.fromkeys(names, square))
    found.setupHorizontalMetrics(dict.fromkeys(names, (800, 50)))
    found.setupHorizontalHeader(ascent=800, descent=-200)
    found.setupNameTable({"familyName": family, "styleName": "Regular"})
    found.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    found.setupPost()
    found.save(path)
    return path


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A system whose fonts are those of Matplotlib, and what is added."""
    manager = font_manager.fontManager
    own = [entry for entry in manager.ttflist if "mpl-data" in entry.fname]
    monkeypatch.setattr(manager, "ttflist", own)

    def forget():
        fonts._family.cache_clear()
        manager._findfont_cached.cache_clear()

    def add(family, signs):
        manager.addfont(make_font(tmp_path / f"{family}.ttf", family, signs))
        forget()

    forget()
    yield add
    forget()


def test_a_sign_that_no_font_has_is_marked(system):
    assert with_marks(f"a{SUN} {NOBODY}") == f"a{LOST} {LOST}"
    system("Some Gothic", SUN)
    assert with_marks(f"a{SUN}{BOOK}") == f"a{SUN}{LOST}"
    assert with_marks("plain, \xe9t\xe9, \u0416") == "plain, \xe9t\xe9, \u0416"


def test_another_font_is_named_for_those_that_need_it_alone(system):
    system("Some Gothic", SUN + BOOK)
    ax = Figure().subplots()
    plain, foreign = ax.text(0, 0, "plain"), ax.text(0, 0.5, f"both {SUN}{BOOK}")
    families = plain.get_fontfamily()
    assert fall_back(ax.texts) is False
    assert plain.get_fontfamily() == families
    assert foreign.get_fontfamily() == [*families, "Some Gothic", "DejaVu Sans"]
    drawn(ax.figure)


def test_noto_comes_before_others_and_fonts_of_boxes_never(system):
    for family in ("A Gothic", "Noto Sans X", "Last Resort"):
        system(family, SUN)
    system("Adobe Blank", SUN + BOOK)
    ax = Figure().subplots()
    text = ax.text(0, 0, SUN)
    fall_back([text])
    assert text.get_fontfamily()[-2:] == ["Noto Sans X", "DejaVu Sans"]
    assert with_marks(BOOK) == LOST


def test_the_mark_can_be_drawn_and_is_told(system):
    ax = Figure().subplots()
    assert fall_back([ax.set_title(with_marks(NOBODY)), ax.set_xlabel(NO_FONT)]) is True
    drawn(ax.figure)


def test_a_font_that_cannot_be_read_has_no_signs(system, tmp_path):
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    assert len(fonts._codes(str(broken))) == 0
