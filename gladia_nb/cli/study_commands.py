"""`gladia-nb study` and `gladia-nb check`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd

from gladia_nb.cli.text import plain, plain_lines
from gladia_nb.errors import ConfigError, RunFileError
from gladia_nb.run import load
from gladia_nb.studies.evidence import Evidence
from gladia_nb.studies.files import open_study, read_study
from gladia_nb.studies.gates import Gate, check_gates, read_gates
from gladia_nb.studies.many_runs import Study

__all__ = ["check", "run_study"]

#: Exit codes of `check`.
_PASS, _FAIL, _UNDECIDED = 0, 1, 3


def run_study(arguments: argparse.Namespace) -> int:
    """Run the study of a TOML file, or say what it would take."""
    study = read_study(arguments.design, budget_hours=arguments.budget)
    if arguments.plan:
        print(study.plan())
        return 0
    study.run()
    plan = study.plan()
    if plan.done:
        _tell_effects(study)
        print(f"\n{study.report(study.path / 'report.html')}")
    return 0 if plan.done == plan.cells else 3


def _tell_effects(study: Study) -> None:
    table = study.compare()
    if not len(table):
        return
    columns = ["arm", "measure", "baseline", "value", "difference", "low", "high", "finding"]
    shown = table[table["measure"].str.contains("@send|WER|erasure")][columns]
    print(plain_lines(shown.to_string(index=False, float_format=lambda x: f"{x:.4g}")))


def check(arguments: argparse.Namespace) -> int:
    """Answer the gates of a file for runs or a study."""
    gates = read_gates(arguments.slo)
    table = _answers(arguments, gates)
    if arguments.confirm and (table["answer"] == "fail").any():
        table = _confirmed(arguments, gates)
    for row in table.to_dict("records"):
        arm = f"{row['arm']}: " if row["arm"] else ""
        print(plain(f"{row['answer'].upper():<9} {arm}{row['gate']}  [{row['reason']}]"))
    if arguments.junit:
        _write(arguments.junit, _junit(table))
    if arguments.markdown:
        _write(arguments.markdown, _markdown(table))
    answers = set(table["answer"])
    return _FAIL if "fail" in answers else _UNDECIDED if "undecided" in answers else _PASS


def _confirmed(arguments: argparse.Namespace, gates: tuple[Gate, ...]) -> pd.DataFrame:
    """Every block once more, and all of it together: the second look decides with the first."""
    (name,) = arguments.runs if len(arguments.runs) == 1 else ("",)
    if not name.endswith(".toml"):
        raise ConfigError("--confirm runs the study again, and needs its TOML file in its place.")
    before = read_study(name)
    print(
        "A gate failed: every block is run once more, and all runs are judged together.",
        file=sys.stderr,
    )
    read_study(name, repeats=before.design.repeats + 1).run()
    return _answers(arguments, gates)


def _answers(arguments: argparse.Namespace, gates: tuple[Gate, ...]) -> pd.DataFrame:
    names = [Path(name).expanduser() for name in arguments.runs]
    if len(names) == 1 and (names[0].is_dir() or names[0].suffix == ".toml"):
        return _of_study(arguments, gates, open_study(names[0]))
    if arguments.baseline:
        raise ConfigError("--baseline is for studies: runs are paired by recording and repeat.")
    runs = {str(name): load(name) for name in names}
    return check_gates(gates, Evidence(runs)).assign(arm="")


def _of_study(arguments: argparse.Namespace, gates: tuple[Gate, ...], study: Study) -> pd.DataFrame:
    baseline = open_study(arguments.baseline) if arguments.baseline else None
    arms = [arm.name for arm in study.design.arms]
    asked = dict.fromkeys(arms, gates)
    if arguments.arm:
        if arguments.arm not in arms:
            raise ConfigError(f"There is no arm {arguments.arm!r}; there are {'; '.join(arms)}.")
        arms = [arguments.arm]
    elif baseline is None:
        # What the baseline differs from is itself: only the other arms are asked that.
        others = tuple(gate for gate in gates if gate.kind != "difference")
        asked[study.design.baseline] = others
    parts = [
        check_gates(asked[arm], study.evidence(arm, baseline)).assign(arm=arm)
        for arm in arms
        if asked[arm]
    ]
    if not parts:
        raise ConfigError(
            f"There is no arm beside the baseline {study.design.baseline!r} that could differ from "
            "it; add one, or name another study with --baseline."
        )
    return pd.concat(parts, ignore_index=True)


def _junit(table: pd.DataFrame) -> str:
    """One test case a gate; what is undecided is skipped, with the reason."""
    counts = table["answer"].value_counts()
    suite = ET.Element(
        "testsuite",
        name="gladia-nb check",
        tests=str(len(table)),
        failures=str(int(counts.get("fail", 0))),
        skipped=str(int(counts.get("undecided", 0))),
    )
    for row in table.to_dict("records"):
        case = ET.SubElement(
            suite, "testcase", classname=plain(row["arm"] or "runs"), name=plain(row["gate"])
        )
        if row["answer"] != "pass":
            kind = "failure" if row["answer"] == "fail" else "skipped"
            ET.SubElement(case, kind, message=plain(row["reason"]))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _markdown(table: pd.DataFrame) -> str:
    lines = ["| Arm | Gate | Answer | Reason |", "|---|---|---|---|"]
    for row in table.to_dict("records"):
        cells = (row["arm"], f"`{row['gate']}`", row["answer"], row["reason"])
        lines.append(f"| {' | '.join(_cell(str(cell)) for cell in cells)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return plain(text).replace("|", "\\|")


def _write(path: Any, text: str) -> None:
    try:
        Path(path).expanduser().write_text(text, encoding="utf-8")
    except OSError as error:
        raise RunFileError(
            f"Cannot write {path}: {error.strerror or error}. Choose another place."
        ) from None
