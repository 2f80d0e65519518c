"""What the words of a report mean, for a reader who has only the page: the glossary as HTML."""

from __future__ import annotations

from gladia_nb.metrics import DEFINITIONS
from gladia_nb.metrics.base.definition import Definition
from gladia_nb.reporting.html import text

__all__ = ["definition_list"]


def definition_list() -> str:
    """All definitions, in the order of `gladia_nb.glossary`."""
    return f"<dl>{''.join(map(_entry, DEFINITIONS))}</dl>"


def _entry(definition: Definition) -> str:
    """One term: what it means, what the field calls it and how that differs, and an example."""
    unit = f" ({definition.unit})" if definition.unit else ""
    name = definition.name.replace("->", "\u2192")
    parts = [text(definition.meaning)]
    if definition.field:
        source = f" ({definition.source})" if definition.source else ""
        parts.append(f"In the field: {text('; '.join(definition.field) + source)}.")
    if definition.difference:
        parts.append(text(definition.difference))
    example = f'<br><span class="soft">Example: {text(definition.worked_example)}.</span>'
    return f"<dt>{text(name + unit)}</dt><dd>{' '.join(parts)}{example}</dd>"
