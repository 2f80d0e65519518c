"""The stopwatch with many sessions at once: 1, 8 and 30 in one worker, and what each costs.

The scripted engine of the embedded server speaks to all sessions; its trace holds the moment right
before each write, on the same clock. Two ways of waiting take turns (see `waiting`): `timer`, as
the worker does today, and `polling`, as it did before. Told are the medians of the rounds:

* pacing: send start minus due time, all chunks of all sessions; the goal is a p99 of 1 ms.
* stamp: the client's receive stamp minus the server's before the write; the goal is a p99 of 2 ms.
  It is the error of the stopwatch plus the way through the kernel.
* verdicts: how the sessions were judged.
* processor time of the worker in a streamed hour, for each session, by the probe beside it; the
  goal is 35 s for one session, and 12 s for each of 30.
* lead: how long before a chunk the worker stopped sleeping.

How busy the machine is otherwise decides about all of this; its load is told with each row.

    python benchmarks/many_sessions.py [--sessions 1 8 30] [--seconds 8] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from stopwatch import RATE, ask, script
from waiting import WAYS, worker_that_waits

import gladia_nb as gn

DELAY_MS = 300.0
PACING_GOAL_MS, STAMP_GOAL_MS = 1.0, 2.0
#: Seconds of processor an hour, for each of so many sessions.
PROCESSOR_GOALS_S = {1: 35.0, 30: 12.0}


class Figures(NamedTuple):
    """What one round told; milliseconds, and seconds of processor an hour for each session."""

    pacing_p50: float
    pacing_p99: float
    stamp_p50: float
    stamp_p99: float
    cpu_s: float
    lead: float


def stamp_errors(server: gn.LocalServer, run: gn.Run) -> np.ndarray:
    """Milliseconds by which each message of a run was stamped after the server wrote it."""
    sent = ask(server, f"/_trace/{run.session_id}")["sent"]
    received = [e for e in run.record.of("message") if e["via"] == "websocket"]
    assert [e["raw"] for e in received] == [m["text"] for m in sent]
    return np.array(
        [(e["recv_ns"] - m["before_ns"]) / 1e6 for e, m in zip(received, sent, strict=True)]
    )


def at_once(server: gn.LocalServer, folder: Path, sessions: int, seconds: float) -> list[gn.Run]:
    """The runs of so many sessions that are begun together."""
    # One after the other comes the session's own request, so that they are spread over a chunk.
    silence = np.zeros(int(seconds * RATE))
    begun = [
        gn.start(
            (silence, RATE),
            url=server.url,
            key=server.key,
            path=folder / f"{number}.run",
            endpointing=0.3,
            maximum_duration_without_endpointing=60,
        )
        for number in range(sessions)
    ]
    return [live.result(seconds + 60) for live in begun]


def measured(server: gn.LocalServer, runs: list[gn.Run]) -> tuple[Figures, Counter[str]]:
    """What the runs of one round tell, and their verdicts."""
    late = np.concatenate([run.chunks["lateness_ms"] for run in runs])
    stamps = np.concatenate([stamp_errors(server, run) for run in runs])
    # Each probe sees the whole process; its last window is cut short by the end of the session.
    seen = [gn.vitals(run)[1:-1] for run in runs]
    cpu = [frame["cpu_ms"].sum() / frame["window_s"].sum() * 3.6 / len(runs) for frame in seen]
    figures = Figures(
        *np.quantile(late, [0.5, 0.99]),
        *np.quantile(stamps, [0.5, 0.99]),
        float(np.median(cpu)),
        float(np.median([frame["lead_ms"].median() for frame in seen])),
    )
    return figures, Counter(run.verdict.status for run in runs)


def show(way: str, sessions: int, found: Figures, verdicts: Counter[str]) -> None:
    told = ", ".join(f"{count} {status}" for status, count in sorted(verdicts.items()))
    print(
        f"{sessions:8} {way:8} {found.pacing_p50:9.3f} {found.pacing_p99:8.3f}  "
        f"{found.stamp_p50:9.3f} {found.stamp_p99:8.3f}  {found.cpu_s:11.1f} {found.lead:7.3f}  "
        f"{told}; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def judge(sessions: int, found: Figures) -> None:
    goals = [
        ("pacing p99", found.pacing_p99, PACING_GOAL_MS, "ms"),
        ("stamp p99", found.stamp_p99, STAMP_GOAL_MS, "ms"),
    ]
    if sessions in PROCESSOR_GOALS_S:
        goals.append(("processor", found.cpu_s, PROCESSOR_GOALS_S[sessions], "s an hour"))
    for name, value, goal, unit in goals:
        kept = "kept" if value <= goal else "missed"
        print(f"{sessions} sessions: {name} {value:.3f} {unit}, goal {goal:g}: {kept}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 8, 30])
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(
        f"{options.seconds:g} s a session, chunks of 100 ms, {os.cpu_count()} cores; milliseconds"
    )
    print("sessions waits    pacing p50      p99  stamp p50      p99  processor s/h    lead")
    found: dict[tuple[int, str], list[Figures]] = defaultdict(list)
    verdicts: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    spoken = script(options.seconds, DELAY_MS)
    with (
        tempfile.TemporaryDirectory() as folder,
        gn.LocalServer(engine="scripted", script=spoken, trace=True) as server,
    ):
        for turn in range(options.rounds):
            for sessions in options.sessions:
                for way in WAYS:
                    place = Path(folder) / f"{turn}-{sessions}-{way}"
                    place.mkdir()
                    with worker_that_waits(way):
                        runs = at_once(server, place, sessions, options.seconds)
                    figures, status = measured(server, runs)
                    found[sessions, way].append(figures)
                    verdicts[sessions, way] += status
                    show(way, sessions, figures, status)
    print(f"medians of {options.rounds} rounds:")
    medians = {key: Figures(*np.median(rows, axis=0)) for key, rows in found.items()}
    for (sessions, way), figures in medians.items():
        show(way, sessions, figures, verdicts[sessions, way])
    for sessions in options.sessions:
        judge(sessions, medians[sessions, "timer"])
        ratio = medians[sessions, "timer"].cpu_s / medians[sessions, "polling"].cpu_s
        print(f"{sessions} sessions: processor time timer / polling {ratio:.2f}")


if __name__ == "__main__":
    main()
