"""Which run stands beside which: of the same recording and repeat."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from gladia_nb.run import load
from gladia_nb.studies.design import Design
from gladia_nb.studies.differences import Pair

__all__ = ["pairs_between", "pairs_within"]

#: A design, the run file that counts of each of its cells that has one, and the name of an arm.
Side = tuple[Design, Mapping[str, Path], str]


def pairs_within(design: Design, paths: Mapping[str, Path]) -> dict[str, list[Pair]]:
    """Runs of each arm with those of the baseline, of the same block.

    Args:
        design: the study.
        paths: the run file that counts of each cell that has one.
    """
    base = (design, paths, design.baseline)
    names = (name for name in design.names if name != design.baseline)
    return {name: pairs_between((design, paths, name), base) for name in names}


def pairs_between(ours: Side, theirs: Side) -> list[Pair]:
    """Runs of one arm with those of another, also of another study of the same recordings."""
    known = _by_meeting(theirs)
    items = {item.sha256: number for number, item in enumerate(ours[0].items)}
    return [
        Pair(items[audio], load(path), load(known[audio, repeat]))
        for (audio, repeat), path in _by_meeting(ours).items()
        if (audio, repeat) in known
    ]


def _by_meeting(side: Side) -> dict[tuple[str, int], Path]:
    """Run files of an arm, by the audio and the repeat."""
    design, paths, arm = side
    return {
        (design.items[cell.item].sha256, cell.repeat): paths[cell.id]
        for cell in design.cells()
        if cell.arm == arm and cell.id in paths
    }
