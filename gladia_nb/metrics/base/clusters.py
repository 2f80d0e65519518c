"""What shares its fate: the words of one utterance, and words that were lost side by side."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["joined_codes", "utterance_clusters"]


def utterance_clusters(rows: pd.DataFrame) -> npt.NDArray[np.int64]:
    """Number of the cluster of each row of `gladia_nb.latency`.

    A cluster is an utterance: run, channel and id. Words that no utterance holds go together as
    long as they follow each other in the reference, since one cause lost them.

    Args:
        rows: with the columns `run`, `channel`, `utterance_id` and `reference`.

    Example:
        >>> rows = pd.DataFrame(
        ...     {"run": "s", "channel": 0, "utterance_id": ["u1", "u1", None, None, None],
        ...      "reference": [0, 1, 4, 5, 9]}
        ... )  # fmt: skip
        >>> utterance_clusters(rows).tolist()
        [0, 0, 1, 1, 2]
    """
    lost = rows["utterance_id"].isna().to_numpy() & rows["reference"].notna().to_numpy()
    stretch = np.full(len(rows), -1)
    if lost.any():
        known = rows.loc[lost, ["run", "channel", "reference"]].fillna({"run": ""})
        gone = known.drop_duplicates()
        gone = gone.sort_values(["run", "channel", "reference"])
        same = (gone[["run", "channel"]].shift() == gone[["run", "channel"]]).all(axis=1)
        follows = same & (gone["reference"].diff() == 1)
        gone["stretch"] = (~follows).cumsum()
        places = pd.MultiIndex.from_frame(gone[["run", "channel", "reference"]])
        at = places.get_indexer(pd.MultiIndex.from_frame(known))
        stretch[lost] = gone["stretch"].to_numpy()[at]
    codes = stretch
    for name in ("utterance_id", "channel", "run"):
        codes = joined_codes(codes, rows[name])
    return codes


def joined_codes(codes: npt.NDArray[np.integer], labels: pd.Series) -> npt.NDArray[np.int64]:
    """One number for each pair of a number and a label, as they appear; what is missing is a label.

    Example:
        >>> joined_codes(np.array([5, 5, -1, 5]), pd.Series(["a", None, "a", "a"])).tolist()
        [0, 1, 2, 0]
    """
    own, known = pd.factorize(labels, use_na_sentinel=False)
    low = int(codes.min(initial=0))
    own += (codes - low) * max(len(known), 1)
    found: npt.NDArray[np.int64] = pd.factorize(own)[0].astype("int64", copy=False)
    return found
