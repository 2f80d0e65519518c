"""The page of a study: its design, what ran and what failed, differences, trade-offs, runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from gladia_nb.drafts import replacing
from gladia_nb.errors import RunFileError
from gladia_nb.plots.studies import plot_effects, plot_pareto
from gladia_nb.reporting.html import STYLE, details, frame, picture, section, table, text
from gladia_nb.studies.attempts import Attempt
from gladia_nb.studies.design import Design
from gladia_nb.studies.money import StudyPlan

__all__ = ["FIRST", "write_page"]

#: Measures that stand above the fold, where a study has them.
FIRST = (
    "word_end -> first_seen @send",
    "word_end -> final @send",
    "speech_end -> final @send (endpoint)",
    "WER",
    "normalised erasure",
)
_EFFECTS = {
    "arm": "arm",
    "measure": "measure",
    "unit": "unit",
    "blocks": "blocks",
    "recordings": "recordings",
    "baseline": "baseline",
    "value": "arm's",
    "difference": "difference",
    "low": "from",
    "high": "to",
    "p_holm": "p (Holm)",
    "noise": "baseline with itself",
    "finding": "finding",
}


def write_page(
    path: Path,
    *,
    design: Design,
    plan: StudyPlan,
    attempts: Mapping[str, Sequence[Attempt]],
    effects: pd.DataFrame,
    trade_offs: pd.DataFrame | None,
    axes: tuple[str, str],
) -> Path:
    """Write the page and return its path; see `Study.report`.

    Raises:
        RunFileError: it cannot be written.
    """
    parts = [
        ("design", "The design", _design(design, plan)),
        ("differences", "What the arms differ in", _differences(effects)),
        ("trade", "What each arm costs", _trade_offs(trade_offs, axes)),
        ("failures", "What did not count, and why", _failures(design, attempts)),
        ("runs", "Every run", _runs(design, attempts, path)),
    ]
    body = "".join(section(*part) for part in parts)
    links = "".join(f'<a href="#{name}">{text(what)}</a>' for name, what, inner in parts if inner)
    title = f"Study of {', '.join(name for name in design.names[:3])}"
    page = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)}</title><style>{STYLE}</style></head><body>"
        f"<header><h1>{text(title)}</h1>"
        f'<nav aria-label="Parts of this page">{links}</nav></header>'
        f"<main>{body}</main></body></html>\n"
    )
    try:
        with replacing(path) as new:
            new.write_text(page, encoding="utf-8")
    except OSError as error:
        raise RunFileError(
            f"Cannot write {path}: {error.strerror or error}. Name another place."
        ) from None
    return path


def _design(design: Design, plan: StudyPlan) -> str:
    arms = [
        [name, "baseline" if name == design.baseline else "", _settings(design, name)]
        for name in design.names
    ]
    items = [[i.name, i.duration_s, i.channels, i.sha256[:12]] for i in design.items]
    lines = "".join(f"<p>{text(line)}</p>" for line in str(plan).splitlines())
    order = {"duet": "all arms of a block at once", "blocks": "one after the other", "abba": "ABBA"}
    said = (
        f"<p>{design.repeats} repeat{'s' * (design.repeats > 1)} of {len(design.items)} recordings "
        f"in {len(design.names)} arms; {order[design.order]}.</p>"
    )
    return (
        said
        + lines
        + table(["arm", "", "settings"], arms, numbers=99)
        + details(
            f"{len(items)} recordings",
            table(["recording", "seconds", "channels", "SHA-256"], items, numbers=1),
        )
    )


def _settings(design: Design, name: str) -> str:
    told = design.arm(name).describe()
    parts: dict[str, Any] = {
        **{k: v for k, v in told["config"].items() if k != "messages_config"},
        **{k: v for k, v in told["options"].items() if v},
        **{k: v for k, v in told.items() if k in ("url", "server")},
    }
    return ", ".join(f"{key}: {value}" for key, value in parts.items())


def _differences(effects: pd.DataFrame) -> str:
    if not len(effects):
        return "<p>No arm has a block in common with the baseline yet.</p>"
    first = effects[effects["measure"].isin(FIRST)]
    figures = ""
    for measure in FIRST:
        rows = effects[effects["measure"] == measure]
        if len(rows):
            figure = Figure(figsize=(7, 1.4 + 0.4 * max(len(rows), 3)), layout="constrained")
            plot_effects(effects, figure.subplots(), measure=measure)
            figures += picture(figure, f"Difference of each arm from the baseline in {measure}.")
    notes = sorted(set(effects["note"].dropna()))
    said = "".join(f"<p>{text(note)}</p>" for note in notes)
    return (
        "<p>Each arm minus the baseline, paired word by word within a block. A finding is higher "
        "or lower only where p, corrected for the number of arms, is below 0.05.</p>"
        + frame(first, _EFFECTS, numbers=3)
        + said
        + f'<div class="pictures">{figures}</div>'
        + details("All measures", frame(effects, _EFFECTS, numbers=3))
    )


def _trade_offs(trade_offs: pd.DataFrame | None, axes: tuple[str, str]) -> str:
    if trade_offs is None:
        return ""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    plot_pareto(trade_offs, figure.subplots(), xlabel=axes[0], ylabel=axes[1])
    names = {
        "arm": "arm",
        "x": axes[0],
        "y": axes[1],
        "blocks": "blocks",
        "beaten_by": "beaten by",
        "surely": "surely",
    }
    shown = picture(figure, f"{axes[1]} of each arm against {axes[0]}, with intervals.")
    return shown + frame(trade_offs, names)


def _failures(design: Design, attempts: Mapping[str, Sequence[Attempt]]) -> str:
    rows = []
    for cell in design.cells():
        for number, attempt in enumerate(attempts.get(cell.id, ())):
            if attempt.state != "done":
                name = design.items[cell.item].name
                rows.append(
                    [name, cell.arm, cell.repeat + 1, number + 1, attempt.state, attempt.reason]
                )
    if not rows:
        return "<p>Nothing: every session that was begun counts.</p>"
    return table(["recording", "arm", "repeat", "try", "state", "why"], rows, numbers=99)


def _runs(design: Design, attempts: Mapping[str, Sequence[Attempt]], page: Path) -> str:
    rows = ""
    for cell in design.cells():
        for attempt in attempts.get(cell.id, ()):
            link = os.path.relpath(attempt.path, page.absolute().parent)
            told = (design.items[cell.item].name, cell.arm, cell.repeat + 1, attempt.state)
            cells = "".join(f"<td>{text(value)}</td>" for value in told)
            rows += f'<tr><td><a href="{text(link)}">{text(attempt.path.name)}</a></td>{cells}</tr>'
    head = "".join(f"<th>{name}</th>" for name in ("run", "recording", "arm", "repeat", "state"))
    return details(
        "Files, to be read by gladia_nb.load",
        f'<div class="scroll" tabindex="0"><table><tr>{head}</tr>{rows}</table></div>',
    )
