"""How often the intervals of the tables hold, above all where units are few.

    python benchmarks/coverage.py [--simulations 2000] [--seed 1]

Draws samples from populations whose truth is known, many times over, and counts how often the
interval of 95 % holds it. A bound that is infinite holds, and is counted apart; a value that is
withheld holds nothing: it is counted apart and left out of the rest. Then A/A comparisons, in
which both kinds of runs are the same: every interval about the kinds that excludes 0 is a false
alarm. Everything is drawn with a fixed seed. `tests/proofs/test_coverage.py` runs a part of it.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from gladia_nb.metrics.base.intervals import quantiles, ratio, share
from gladia_nb.metrics.comparison import Difference, difference

Rng = np.random.Generator


class Population(NamedTuple):
    """Latencies, as logarithms of their ratio to the median; words lie in utterances in runs."""

    words: int  # most of an utterance; their number is even between 1 and this
    utterance: float = 0.25  # spread that the words of an utterance share
    word: float = 0.35
    session: float = 0.0  # spread between runs
    heavy: bool = False  # Student's t of two degrees instead of normal
    never: float = 0.0  # share of words that never come, and of utterances likewise
    step: float = 0.0  # of the values, so that many are tied

    def draw(self, rng: Rng, clusters: int, runs: int = 1) -> tuple[Any, Any, Any]:
        """Values, the utterance of each, the run of each."""
        sizes = rng.integers(1, self.words + 1, clusters * runs)
        label = np.repeat(np.arange(len(sizes)), sizes)
        run = label // clusters
        values = self.session * rng.normal(size=runs)[run]
        values = values + self.utterance * self._normal(rng, len(sizes))[label]
        values = values + self.word * self._normal(rng, len(label))
        if self.step:
            values = np.round(values / self.step) * self.step
        if self.never:
            lost = rng.random(len(sizes))[label] < self.never
            values[lost | (rng.random(len(label)) < self.never)] = np.inf
        return values, label, run

    def _normal(self, rng: Rng, n: int) -> Any:
        return rng.standard_t(2, n) if self.heavy else rng.normal(size=n)

    @lru_cache  # noqa: B019 - tuples, and few
    def truth(self, prob: float) -> float:
        """The quantile of the population, from many draws."""
        one = self._replace(words=1)
        many = one.draw(np.random.default_rng(99), 1, 400_000)[0]
        return float(np.quantile(many, prob, method="inverted_cdf"))


POPULATIONS = {
    "one word": Population(1),
    "1 to 12 words": Population(12),
    "strongly correlated": Population(12, 0.5, 0.1),
    "heavy tails": Population(12, 0.3, 0.3, heavy=True),
    "15 % never came": Population(12, never=0.08),
    "tied": Population(12, 0.5, 0.1, step=0.25),
    "one word, two runs": Population(1, session=0.2),
    "words, two runs": Population(12, session=0.2),
}


class Held(NamedTuple):
    """Shares of simulations, in percent."""

    held: float  # of those that were not withheld
    low: float  # the truth lies below the interval
    high: float
    unbounded: float  # at least one bound is infinite
    withheld: float


def held(bounds: Any, truth: Any) -> Held:
    """What became of intervals, two columns, beside the truth."""
    table = np.asarray(bounds, dtype="float64")
    known = ~np.isnan(table[:, 0])
    if not known.any():
        return Held(math.nan, math.nan, math.nan, math.nan, 100.0)
    low, high = table[known].T
    truth = np.broadcast_to(truth, len(table))[known]
    below, above = (truth < low).mean() * 100, (truth > high).mean() * 100
    unbounded = (np.isinf(low) | np.isinf(high)).mean() * 100
    return Held(100 - below - above, below, above, unbounded, 100 * (1 - known.mean()))


def of_quantile(
    name: str, clusters: int, prob: float, *, simulations: int, seed: int, of: Any = quantiles
) -> Held:
    """Intervals of a quantile of utterances, of two runs where the population has sessions."""
    population = POPULATIONS[name]
    rng, runs = np.random.default_rng(seed), 2 if population.session else 1
    bounds = []
    for _ in range(simulations):
        values, label, run = population.draw(rng, clusters, runs)
        found = of(values, label, (prob,), runs=run)
        bounds.append((found.low[0], found.high[0]))
    return held(bounds, population.truth(prob))


def of_share(
    rate: float, alike: float, words: int, clusters: int, *, simulations: int, seed: int, of: Any
) -> Held:
    """Intervals of a share; `alike` is the correlation of the words of an utterance."""
    rng, size = np.random.default_rng(seed), 1 / alike - 1
    bounds = []
    for _ in range(simulations):
        below = rng.integers(1, words + 1, clusters)
        own = rng.beta(rate * size, (1 - rate) * size, clusters)
        bounds.append(of(rng.binomial(below, own), below)[1:])
    return held(bounds, rate)


#: Counts of an utterance with that many words, at a rate a word.
COUNTS: dict[str, Callable[[Rng, Any, float], Any]] = {
    "gamma": lambda rng, n, rate: rng.poisson(rng.gamma(2, rate / 2, len(n)) * n),
    "all or nothing": lambda rng, n, rate: np.where(rng.random(len(n)) < rate / 2, 2 * n, 0),
    "geometric": lambda rng, n, rate: rng.geometric(1 / (1 + rate * n)) - 1,
    "log-normal": lambda rng, n, rate: rng.poisson(rate * n * np.exp(rng.normal(-0.5, 1, len(n)))),
}


def of_ratio(
    kind: str, rate: float, clusters: int, *, simulations: int, seed: int, of: Any = ratio
) -> Held:
    """Intervals of a ratio of counts to words."""
    rng = np.random.default_rng(seed)
    bounds = []
    for _ in range(simulations):
        below = rng.integers(1, 13, clusters)
        bounds.append(of(COUNTS[kind](rng, below, rate), below)[1:])
    return held(bounds, rate)


class Pairing(NamedTuple):
    """Pairs of runs of two kinds that do not differ; milliseconds.

    What an utterance has of its own in one session spreads by 60, a word by 80: 100 together.
    """

    pairs: int
    session: float = 0.0  # spread between the sessions of a kind
    utterances: int = 30
    never: float = 0.0  # share of words that never come, on either side
    by_run: bool = False
    recordings: int = 1  # they are sent in turns
    own: float = 0.0  # spread, between recordings, of the difference of the kinds

    def draw(self, rng: Rng) -> tuple[Difference, float]:
        """What is found, and by how much these very sessions differ."""
        of_recording = self.own * rng.normal(size=self.recordings)
        blocks, truths = [], []
        for pair in range(self.pairs):
            recording = pair % self.recordings
            place = {"run": pair, "recording": recording}
            sizes = rng.integers(1, 13, self.utterances)
            label = np.repeat(np.arange(self.utterances), sizes)
            shift = self.session * rng.normal(size=2)
            sides = []
            for side in range(2):
                own = 60 * rng.normal(size=self.utterances)[label]
                ms = shift[side] + own + 80 * rng.normal(size=len(label))
                ms[rng.random(len(ms)) < self.never] = np.inf
                sides.append(ms)
            sides[1] = sides[1] + of_recording[recording]
            kept = ~(np.isinf(sides[0]) & np.isinf(sides[1]))
            columns = {"ms": sides[1][kept] - sides[0][kept], "cluster": label[kept]}
            if self.by_run:
                columns = {"ms": [_middle(sides[1]) - _middle(sides[0])], "cluster": ["all"]}
            columns |= {name: np.full(len(columns["ms"]), n) for name, n in place.items()}
            blocks.append(columns)
            truths.append(shift[1] - shift[0] + of_recording[recording])
        whole = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
        table = pd.DataFrame(whole).dropna()
        clusters = None if self.by_run else table["cluster"]
        found = difference(table["ms"], table["run"], table["recording"], clusters)
        return found, float(np.mean(truths))


def _middle(ms: Any) -> float:
    return float(np.sort(ms)[len(ms) // 2])


class Alarms(NamedTuple):
    """Shares of simulations, in percent."""

    kinds: float  # an interval about the kinds is shown
    alarms: float  # of these, it excludes 0
    unbounded: float  # of these, a bound is infinite
    runs: float  # an interval about these sessions only is shown
    held: float  # of these, it holds the difference of these sessions
    read_wrongly: float  # of these, it excludes 0


def alarms(pairing: Pairing, *, simulations: int, seed: int) -> Alarms:
    """What comparisons say where there is nothing to find."""
    rng = np.random.default_rng(seed)
    drawn = [pairing.draw(rng) for _ in range(simulations)]
    kinds = [found for found, _ in drawn if found.of == "kinds"]
    runs = [(found, truth) for found, truth in drawn if found.of == "runs"]

    def percent(events: list[bool]) -> float:
        return 100 * sum(events) / len(events) if events else math.nan

    return Alarms(
        percent([found.of == "kinds" for found, _ in drawn]),
        percent([_excludes(found, 0) for found in kinds]),
        percent([math.isinf(found.low) or math.isinf(found.high) for found in kinds]),
        percent([found.of == "runs" for found, _ in drawn]),
        percent([not _excludes(found, truth) for found, truth in runs]),
        percent([_excludes(found, 0) for found, _ in runs]),
    )


def _excludes(found: Difference, truth: float) -> bool:
    return not found.low <= truth <= found.high


def pairings() -> Iterator[tuple[str, Pairing]]:
    """The A/A comparisons of the table."""
    for pairs in (1, 2, 3, 4, 5, 10):
        for session in (0.0, 33.0, 200.0):
            yield "one recording", Pairing(pairs, session)
    for pairs in (1, 3, 6, 10):
        yield "10 % never came", Pairing(pairs, 33.0, never=0.1)
        yield "half never came", Pairing(pairs, 33.0, never=0.5)
    for pairs in (1, 3, 10):
        yield "5 utterances", Pairing(pairs, 33.0, utterances=5)
    for pairs in (1, 2, 3, 4, 5, 10):
        yield "by run", Pairing(pairs, 33.0, by_run=True)
    yield "by run, half never", Pairing(10, 33.0, by_run=True, never=0.5)
    for pairs, recordings in ((3, 3), (5, 5), (9, 3), (10, 5)):
        text = f"{recordings} recordings that differ"
        yield text, Pairing(pairs, 33.0, recordings=recordings, own=60.0)


def print_held(simulations: int, seed: int) -> None:
    """Quantiles, shares and ratios."""
    head = f"{'':48}{'holds':>8}{'below':>8}{'above':>8}{'unbounded':>11}{'withheld':>10}"

    def row(text: str, found: Held) -> None:
        print(f"{text:48}" + _cells(found, (8, 8, 8, 11, 10)))

    print(f"Percent of {simulations} simulations; intervals of 95 %.\n\n{head}")
    for name in POPULATIONS:
        for prob in (0.5, 0.9):
            for clusters in (5, 10, 30, 60):
                found = of_quantile(name, clusters, prob, simulations=simulations, seed=seed)
                row(f"p{100 * prob:.0f}, {name}, {clusters} utterances", found)
    print()
    for words, alike in ((1, 0.5), (12, 0.05), (12, 0.3), (12, 0.8)):
        for rate in (0.02, 0.1, 0.5, 0.95):
            for clusters in (4, 5, 10, 30):
                found = of_share(
                    rate, alike, words, clusters, simulations=simulations, seed=seed, of=share
                )
                text = "one each" if words == 1 else f"1 to 12, alike {alike:g}"
                row(f"share {rate:g}, {text}, {clusters} utterances", found)
    print()
    for kind in COUNTS:
        for rate in (0.02, 0.2, 1.5):
            for clusters in (4, 5, 10, 30):
                found = of_ratio(kind, rate, clusters, simulations=simulations, seed=seed)
                row(f"ratio {rate:g}, {kind}, {clusters} utterances", found)


def print_alarms(simulations: int, seed: int) -> None:
    """Comparisons of a kind with itself."""
    print(
        "\nA/A: both kinds are the same; the words of a session spread by 100 ms.\n"
        f"\n{'':48}{'about the kinds':>30}{'about these sessions':>30}\n"
        f"{'':48}{'shown':>8}{'alarms':>10}{'unbounded':>12}{'shown':>8}{'holds':>8}"
        f"{'excludes 0':>14}"
    )
    for text, pairing in pairings():
        found = alarms(pairing, simulations=simulations, seed=seed)
        name = f"{pairing.pairs:2} pairs, sessions {pairing.session:.0f}, {text}"
        print(f"{name:48}" + _cells(found, (8, 10, 12, 8, 8, 14)))


def _cells(numbers: tuple[float, ...], widths: tuple[int, ...]) -> str:
    texts = ["-" if math.isnan(number) else f"{number:.1f}" for number in numbers]
    return "".join(f"{text:>{width}}" for text, width in zip(texts, widths, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulations", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print_held(options.simulations, options.seed)
    print_alarms(options.simulations, options.seed)


if __name__ == "__main__":
    main()
