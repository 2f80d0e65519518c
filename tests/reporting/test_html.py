"""Small pieces of HTML: foreign text is only text, numbers are for people."""

import base64
import io
import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.image import imread

from gladia_nb.reporting import html
from gladia_nb.reporting.html import badge, cell, details, frame, picture, section, table, text
from tests.support.pages import Page, rows_of


def test_cells():
    assert [cell(v) for v in (None, True, 3, 3.0, 0.12345, 12345.6)] == [
        "\u2013", "yes", "3", "3", "0.123", "12346",
    ]  # fmt: skip
    assert "<td" not in table(["a", "b"], [])
    assert json.dumps(table(["<"], [["&"]])).count("&lt;") == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (-3.0, "-3"),
        (999_999.0, "999999"),
        (12.34, "12.3"),
        (999.4, "999"),
        (999.7, "1000"),
        (-999.96, "-1000"),
        (1234.5, "1234"),
        (0.00012345, "0.000123"),
        (math.inf, "never"),
        (-math.inf, "\u2212\u221e"),
        (math.nan, "\u2013"),
        (pd.NA, "\u2013"),
        (pd.NaT, "\u2013"),
        (None, "\u2013"),
        (np.float64(0.5), "0.5"),
        (False, "no"),
        ("a<b & 'c'", "a&lt;b &amp; &#x27;c&#x27;"),
        (["<"], "[&#x27;&lt;&#x27;]"),
    ],
)
def test_values_for_people(value, shown):
    assert cell(value) == shown


@given(st.floats())
def test_a_number_keeps_three_digits_and_never_says_nan(value):
    shown = cell(value)
    assert "nan" not in shown
    assert "inf" not in shown
    if math.isfinite(value) and 0 < abs(value) < 1e6:
        assert float(shown) == pytest.approx(value, rel=0.0051)
        assert "e+" not in shown


FOREIGN = st.text() | st.sampled_from(["<script>", "&lt;", "</td>", '" onload="x', "]]>", "<!--"])


@given(FOREIGN, FOREIGN, FOREIGN)
def test_foreign_text_is_only_text(head, value, caption):
    made = table([head, "x"], [[value, value]], caption=caption)
    plain = Page(table(["a", "x"], [["a", "a"]], caption="a" if caption else ""))
    page = Page(made)
    assert page.tags == plain.tags
    assert page.attributes == plain.attributes
    shown = [
        line.replace("\r\n", "\n").replace("\r", "\n") for row in rows_of(made) for line in row
    ]
    wanted = [head, "x", value, value]
    assert shown == [line.replace("\r\n", "\n").replace("\r", "\n") for line in wanted]


def test_a_table_by_hand():
    assert table(["what", "n"], [["a", 1.5]], caption="Some") == (
        '<div class="scroll" tabindex="0"><table><caption>Some</caption><thead><tr>'
        '<th scope="col">what</th><th scope="col" class="n">n</th></tr></thead>'
        '<tbody><tr><th scope="row">a</th><td class="n">1.5</td></tr></tbody></table></div>'
    )
    assert 'class="n"' not in table(["a", "b"], [[1, 2]], numbers=99)


def test_some_columns_of_a_frame_under_other_names():
    data = pd.DataFrame({"a": [1.5], "b": ["x"], "c": [True]})
    assert rows_of(frame(data, {"c": "C", "a": "A"})) == [["C", "A"], ["yes", "1.5"]]
    assert rows_of(frame(data.iloc[:0], {"a": "A"})) == [["A"]]


def test_a_picture_is_inside_the_page_and_has_words():
    figure = Figure(figsize=(3, 2))
    figure.subplots()
    made = picture(figure, 'a "quoted" <alt>', "below & more")
    page = Page(made)
    assert page.of("alt") == ['a "quoted" <alt>']
    assert page.texts == ["below & more"]
    (source,) = page.of("src")
    kind, _, data = source.partition(",")
    assert kind == "data:image/png;base64"
    pixels = imread(io.BytesIO(base64.b64decode(data)))
    assert pixels.shape[:2] == (2 * html._DPI, 3 * html._DPI)
    assert (page.of("width"), page.of("height")) == (["240"], ["160"])
    assert "figcaption" not in picture(figure, "alt")


@pytest.mark.parametrize("status", ["valid", "degraded", "invalid"])
def test_a_verdict_has_a_sign_beside_its_colour(status):
    page = Page(badge(status))
    assert page.attributes == [("span", "class", f"badge {status}")]
    assert page.text.endswith(status)
    assert len(page.text) == len(status) + 2
    assert f".{status} {{ color:" in html.STYLE


def test_parts():
    assert section("x", "Title", "") == ""
    page = Page(section("x", "A & B", "<p>in</p>"))
    assert page.texts == ["A & B", "in"]
    assert page.of("id") == page.of("aria-labelledby") == ["x"]
    assert Page(details("<more>", "<p>in</p>")).texts == ["<more>", "in"]
    assert text("<'>") == "&lt;&#x27;&gt;"


def test_the_style_fetches_nothing():
    assert not [word for word in ("url(", "@import", "http", "//") if word in html.STYLE]
    assert html.STYLE.count("{") == html.STYLE.count("}")
