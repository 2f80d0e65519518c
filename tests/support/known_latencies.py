"""Five words of known times, and the latencies of a run that showed them."""

import pandas as pd

from gladia_nb.metrics import latency
from tests.support.make_runs import words

SAID = words("hello it is very nice", 0.5)  # ends at 0.8, 1.2, 1.6, 2.0, 2.4


def of(run, name, anchor="service") -> pd.DataFrame:
    rows = latency(run)
    return rows[(rows["name"] == name) & (rows["anchor"] == anchor)]


def ms(run, name, anchor="service") -> list[float]:
    return of(run, name, anchor)["latency_ms"].tolist()
