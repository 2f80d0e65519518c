"""Small pieces of HTML: everything foreign is escaped, nothing is fetched."""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from gladia_nb.plots.palette import DARK, LIGHT, SIGNS, properties

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STYLE", "badge", "cell", "details", "frame", "picture", "section", "table", "text"]

#: One style for screen, dark screen and paper; system fonts only.
STYLE = (
    f"""
:root {{ color-scheme:light dark; {properties(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {properties(DARK)} }} }}
"""
    """* { box-sizing: border-box; }
body { margin:0 auto; max-width:74rem; padding:2rem 1.5rem 4rem; background:var(--surface);
  color:var(--ink); font:16px/1.5 system-ui, sans-serif; }
h1 { font-size:1.7rem; line-height:1.2; margin:0 0 .3rem; }
h2 { font-size:1.2rem; margin:2.6rem 0 .6rem; padding-top:.8rem; border-top:1px solid var(--rule); }
h3 { font-size:1rem; margin:1.4rem 0 .4rem; }
p { margin:.4rem 0; max-width:48rem; } .soft { color:var(--soft); font-size:.9rem; }
.scroll { overflow-x:auto; } table { border-collapse:collapse; font-size:.875rem; margin:.4rem 0; }
caption { text-align:left; color:var(--soft); padding-bottom:.3rem; }
th, td { padding:.28rem .8rem .28rem 0; text-align:left; vertical-align:top;
  border-bottom:1px solid var(--rule); }
th { font-weight:600; white-space:nowrap; } td.n { text-align:right; white-space:nowrap;
  font-variant-numeric:tabular-nums; } th.n { text-align:right; }
.badge { display:inline-block; padding:.1rem .6rem; border:1.5px solid currentColor;
  border-radius:1rem; font-weight:600; font-size:.875rem; white-space:nowrap; }
.valid { color:var(--good); } .degraded { color:var(--watch); }
.invalid { color:var(--poor); }
figure { margin:1rem 0; } figure img { max-width:100%; height:auto; background:#ffffff;
  border:1px solid var(--rule); border-radius:4px; }
figcaption { color:var(--soft); font-size:.875rem; max-width:48rem; }
pre { background:var(--page); padding:.8rem; overflow-x:auto; font-size:.8125rem;
  border-radius:4px; } summary { cursor:pointer; padding:.3rem 0; }
dt { font-weight:600; margin-top:.7rem; } dd { margin:0; max-width:48rem; } li { margin:.15rem 0; }
nav { display:flex; flex-wrap:wrap; gap:.1rem 1rem; margin:.8rem 0; } nav a { color:var(--accent); }
.pictures { display:grid; grid-template-columns:repeat(auto-fit,minmax(min(30rem,100%),1fr));
  gap:0 1.5rem; }
@media (max-width:40rem) { body { padding:1.2rem 1rem 3rem; } th { white-space:normal; }
  th[scope=row] { max-width:42vw; overflow-wrap:anywhere; } }
@media screen and (prefers-color-scheme:dark) { figure img { border-color:transparent;
  filter:invert(.88) hue-rotate(180deg); } }
@media print { body { max-width:none; padding:0; font-size:11px; } nav { display:none; }
  h2 { break-after:avoid; } figure, table { break-inside:avoid; } details > * { display:block; } }
"""
)

#: Dots to the inch of pictures.
_DPI = 120


def text(value: object) -> str:
    """Escaped."""
    return html.escape(str(value))


def badge(status: str) -> str:
    """A verdict in a word, with a sign and a colour."""
    return f'<span class="badge {status}">{SIGNS[status]} {text(status)}</span>'


def cell(value: Any) -> str:
    """A value of a table, for people: three digits, a dash for what is missing.

    Example:
        >>> cell(0.123456), cell(1234.5), cell(float("nan")), cell(float("inf")), cell("a<b")
        ('0.123', '1234', '\u2013', 'never', 'a&lt;b')
    """
    if isinstance(value, float) and not math.isnan(value):
        return _number(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    missing = value is None or value is pd.NA or value != value  # noqa: PLR0124 - NaN
    return "\u2013" if missing else text(value)


def _number(value: float) -> str:
    if math.isinf(value):
        return "never" if value > 0 else "\u2212\u221e"
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    # From here on three digits would be written as a power of ten.
    return f"{value:.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def table(
    head: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: str = "", numbers: int = 1
) -> str:
    """A table; from column `numbers` on the cells are set as numbers."""
    kind = [' class="n"' if k >= numbers else "" for k in range(len(head))]
    heads = "".join(f'<th scope="col"{kind[k]}>{text(name)}</th>' for k, name in enumerate(head))
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{cell(value)}</th>' if k == 0 else f"<td{kind[k]}>{cell(value)}</td>"
            for k, value in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    title = f"<caption>{text(caption)}</caption>" if caption else ""
    return (
        f'<div class="scroll" tabindex="0"><table>{title}<thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def frame(
    data: pd.DataFrame, names: Mapping[str, str], *, caption: str = "", numbers: int = 1
) -> str:
    """Some columns of a frame as a table, under names for people."""
    rows = data[list(names)].itertuples(index=False, name=None)
    return table(list(names.values()), rows, caption=caption, numbers=numbers)


def picture(figure: Figure, alt: str, caption: str = "") -> str:
    """A figure inside the page, with words for those who cannot see it."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    width, height = (round(inches * _DPI / 1.5) for inches in figure.get_size_inches())
    below = f"<figcaption>{text(caption)}</figcaption>" if caption else ""
    return (
        f'<figure><img alt="{text(alt)}" width="{width}" height="{height}" '
        f'src="data:image/png;base64,{data}">{below}</figure>'
    )


def details(summary: str, body: str) -> str:
    """Something that is folded until it is asked for."""
    return f"<details><summary>{text(summary)}</summary>{body}</details>"


def section(ident: str, title: str, body: str) -> str:
    """A part of the page; empty without a body."""
    if not body:
        return ""
    return f'<section aria-labelledby="{ident}"><h2 id="{ident}">{text(title)}</h2>{body}</section>'
