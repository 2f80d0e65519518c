"""Words that one utterance showed and that the next one's final holds.

A final that is forced cuts the speech where it stands. A word at that place may have been in a
partial, and not be in the final, or only a piece of it; it is in the final of the next utterance
then. Or both finals hold it. It was seen where it was seen first, whichever utterance that was.

The rule: a token of a final is the same as a token of the utterance before it in the channel when
both are equal and either

* that token stood in a partial and not in its final, at or behind the end of which it was spoken,
  and the two begin at most `SEEN_WITHIN_S` apart; or
* that token stands in its final, too, and the two overlap in time,
  since nobody says a word twice at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from gladia_nb.metrics.base.milestones import SEEN_WITHIN_S, Milestones

__all__ = ["seen_before"]

Ints = npt.NDArray[np.int64]


def seen_before(found: Milestones, channel: Ints, final_ns: Ints) -> Ints:
    """The arrival that showed each token first, that of the utterance before it counted.

    Args:
        found: the tokens.
        channel: of each utterance.
        final_ns: arrival of each utterance's final, or -1.

    Returns:
        `found.first_seen`, earlier for what was handed over.
    """
    first_seen = found.first_seen.copy()
    starts = np.searchsorted(found.utterance, np.arange(len(channel) + 1))
    behind = _others_behind(found, starts)
    for earlier, later in _neighbours(found, channel, starts):
        low, high = int(starts[earlier]), int(starts[earlier + 1])
        end_s = found.end_s[low:high].max()
        begin, stop = int(starts[later]), int(starts[later + 1])
        until = begin + int(np.sum(found.start_s[begin:stop] <= end_s + 4 * SEEN_WITHIN_S))
        for at in range(begin, until):
            code, start_s = found.code[at], found.start_s[at]
            twice = (found.code[low:high] == code) & (found.end_s[low:high] > start_s)
            twice &= found.start_s[low:high] < found.end_s[at]
            stamps = [
                int(first_seen[k]) if first_seen[k] >= 0 else int(final_ns[earlier])
                for k in (low + np.flatnonzero(twice)).tolist()
            ]
            stamps += [
                int(found.showing_ns[found.other_showing[k]])
                for k in behind.get(earlier, ())
                if found.other_code[k] == code
                and abs(found.other_start_s[k] - start_s) <= SEEN_WITHIN_S
            ]
            # What is earlier in the audio may have arrived later.
            own = int(first_seen[at]) if first_seen[at] >= 0 else int(final_ns[later])
            if stamps and (own < 0 or min(stamps) < own):
                first_seen[at] = min(stamps)
    return first_seen


def _others_behind(found: Milestones, starts: Ints) -> Mapping[int, list[int]]:
    """By utterance, what its partials showed at or behind the last word of its final."""
    owned = np.diff(starts) > 0
    last_s = np.full(len(owned), -np.inf)
    last_s[owned] = np.maximum.reduceat(found.start_s, starts[:-1][owned]) if owned.any() else 0
    late = found.has_final[found.other] & ~(
        found.other_start_s < last_s[found.other] - SEEN_WITHIN_S
    )
    behind: dict[int, list[int]] = {}
    for k in np.flatnonzero(late).tolist():
        behind.setdefault(int(found.other[k]), []).append(k)
    return behind


def _neighbours(found: Milestones, channel: Ints, starts: Ints) -> Iterator[tuple[int, int]]:
    """Utterances that follow each other in a channel, the first with a final, both with times."""
    owned = np.flatnonzero(np.diff(starts) > 0)
    begin_s = found.start_s[starts[:-1][owned]]
    owned, begin_s = owned[~np.isnan(begin_s)], begin_s[~np.isnan(begin_s)]
    order = np.lexsort((begin_s, channel[owned]))
    owned, begin_s = owned[order], begin_s[order]
    for k in range(len(owned) - 1):
        earlier, later = int(owned[k]), int(owned[k + 1])
        if channel[earlier] == channel[later] and found.has_final[earlier]:
            yield earlier, later
