"""What each endpointing would have done to a run, as plain data for a slider."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd

from gladia_nb.metrics import endpointing, endpointing_cuts
from gladia_nb.run import Run

__all__ = ["CUT_KINDS", "explored"]

#: Kinds of cuts: the sign of each, and what it means.
CUT_KINDS = (
    ("premature", "\u2715", "cut within a turn"),
    ("endpoint", "\u25be", "cut by silence"),
    ("max_duration", "\u25a0", "cut by force, too long"),
    ("stop", "\u25cb", "still open at the end"),
    ("", "?", "cut for an unknown reason"),
)


def explored(run: Run) -> dict[str, Any]:
    """Where each endpointing cuts, and what comes of it.

    Returns:
        `duration` of the audio that was sent, seconds; `spoken`, start and end of each utterance;
        `kinds`, those of `CUT_KINDS` that there are; `note`, what the numbers are worth; and
        `steps`, one an endpointing: its `name`, its `facts` as pairs, all of it in a `sentence`,
        and the `cuts` as pairs of audio time and kind. Without an utterance there are no steps.
    """
    was = endpointing_cuts(run)
    table = endpointing(run)
    own_s = float(table["endpointing_s"].iloc[-1])
    # The last row is the run's own; it stands for what would be predicted at its endpointing.
    rows = table[table["kind"] == "predicted"].to_dict("records")
    rows[0] = table.iloc[-1].to_dict()
    steps = [_step(row, _cuts(run, row)) for row in rows] if len(was) else []
    there = {kind for step in steps for _, kind in step["cuts"]}
    return {
        "duration": run.sent_s,
        "spoken": was[["start_s", "end_s"]].round(2).to_numpy().tolist(),
        "kinds": [list(kind) for kind in CUT_KINDS if kind[0] in there],
        "note": (
            f"Predicted from this run at {own_s:g} s: timing only. The text of utterances that are "
            "put together would have been decoded anew. For a shorter endpointing, record a run at "
            "it."
        ),
        "steps": steps,
    }


def _cuts(run: Run, row: dict[Any, Any]) -> pd.DataFrame:
    measured = row["kind"] == "measured"
    return endpointing_cuts(run, None if measured else row["endpointing_s"])


def _step(row: dict[Any, Any], cuts: pd.DataFrame) -> dict[str, Any]:
    name = f"{row['endpointing_s']:.3g} s"
    known = isinstance(row["told_by"], str)
    wait_ms = row["wait_p50_ms"]
    wait = "unknown" if math.isnan(wait_ms) else f"{wait_ms:.0f} ms"
    wait = "never" if wait_ms == math.inf else wait
    facts = [("Endpointing", f"{name}, {row['kind']}"), ("Utterances", str(row["utterances"]))]
    if known:
        facts += [
            ("Turns that are cut", f"{row['cut_turns']} of {row['turns']}"),
            ("Cuts within turns", str(row["premature"])),
            ("Turns that run into the next", str(row["missed"])),
        ]
    else:
        facts.append(("Cuts by silence", f"{row['cuts_per_minute']:.1f} per minute"))
    facts.append(("Wait for a final since it was spoken (@capture), median", wait))
    sentence = "; ".join(f"{what.lower()}: {value}" for what, value in facts[1:])
    return {
        "name": name,
        "facts": facts,
        "sentence": f"{name}, {row['kind']}; {sentence}",
        "cuts": [
            [at_s, "premature" if premature is True else trigger or ""]
            for at_s, trigger, premature in zip(
                cuts["cut_s"].round(2).tolist(),
                cuts["trigger"].astype(object).where(cuts["trigger"].notna(), None),
                cuts["premature"].astype(object).tolist(),
                strict=True,
            )
        ],
    }
