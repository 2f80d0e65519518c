"""A run and its replay under one virtual clock: the same moments, to the microsecond."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gladia_nb.config import SessionConfig
from gladia_nb.metrics import latency
from gladia_nb.record.cassette import cassette_of
from gladia_nb.run import Run
from gladia_nb.server.engines.base import Ended, Event, Recorded
from gladia_nb.server.engines.replay import ReplayEngine
from gladia_nb.server.engines.timetable import Timetable
from gladia_nb.server.settings.cassette import Cassette
from tests.support import virtual_time
from tests.support.virtual_time import MemoryService, VirtualClock, virtual_run

MICROSECOND_NS = 1_000
WORDS = [
    {"word": word, "start_s": round(0.213 + 0.31 * k, 3), "end_s": round(0.47 + 0.31 * k, 3)}
    for k, word in enumerate("the cat sat on the mat".split())
] + [{"word": "again", "start_s": 3.4, "end_s": 3.7}]
SCRIPT = {"words": WORDS, "delay": {"uniform": [0.01, 0.4]}, "seed": 5}
OPTIONS: dict[str, Any] = {"endpointing": 0.3, "reference": [{**w, "channel": 0} for w in WORDS]}


class Player(MemoryService):
    """Plays a cassette in place of a script."""

    def __init__(
        self, cassette: dict[str, Any], config: SessionConfig, clock: VirtualClock, **ways: int
    ) -> None:
        super().__init__({"words": []}, config, clock, **ways)
        engine = ReplayEngine([Cassette.from_dict(cassette)], timetable=Timetable(clock))
        played = engine.for_session(config)
        # What pings would find.
        played.way.ns = self._up_ns + self._down_ns
        self._engine = played  # type: ignore[assignment]

    def _report(self, event: Event) -> None:
        if isinstance(event, Recorded):
            self._say(event.text)
        elif isinstance(event, Ended):
            self._later(lambda: self._inbox.put_nowait(1000))


def played(run: Run, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Run:
    """A session to which a run is played back."""
    monkeypatch.setattr(virtual_time, "MemoryService", Player)
    cassette = json.loads(json.dumps(cassette_of(run.record, "a.run")))
    return virtual_run(cassette, **{**OPTIONS, **options})[0]


def said(run: Run) -> pd.DataFrame:
    found = run.messages[~run.messages["type"].isin(["audio_chunk", "stop_recording"])]
    return found.reset_index(drop=True)


@pytest.mark.parametrize("chunk_ms", [20, 100, 250])
@pytest.mark.parametrize("ways", [{}, {"up_ns": 40_000_000, "down_ns": 30_000_000}])
def test_the_same_messages_at_the_same_moments(chunk_ms, ways, monkeypatch):
    run, _ = virtual_run(SCRIPT, chunk_ms=chunk_ms, **ways, **OPTIONS)
    # What the network took is in the delays: the replay comes by none.
    again = played(run, monkeypatch, chunk_ms=chunk_ms)
    assert again.outcome == "finished"
    before, after = said(run), said(again)
    assert before["raw"].tolist() == after["raw"].tolist()
    assert len(before) > 8
    drift = np.abs(before["recv_s"] - after["recv_s"])
    assert drift.max() * 1e9 <= MICROSECOND_NS
    keys = ["name", "anchor", "utterance_id", "position"]
    both = latency(run).merge(latency(again), on=keys, suffixes=("", "_again"))
    sent = both[both["name"].str.contains("@send") & both["latency_ms"].notna()]
    assert len(sent) > 20
    assert np.abs(sent["latency_ms"] - sent["latency_ms_again"]).max() <= MICROSECOND_NS / 1e6


@pytest.mark.parametrize("chunk_ms", [20, 100, 250])
@pytest.mark.parametrize(
    "way",
    [
        {"up_ns": 50_000_000, "down_ns": 19_000_000},
        {"up_ns": 3_000_000, "down_ns": 30_000_000},
        {"up_ns": 300_000},
    ],
)
def test_a_way_that_is_not_longer_changes_nothing(chunk_ms, way, monkeypatch):
    recorded = {"up_ns": 40_000_000, "down_ns": 30_000_000}
    run, _ = virtual_run(SCRIPT, chunk_ms=chunk_ms, **recorded, **OPTIONS)
    way = {**way, "chunk_ms": chunk_ms}
    again = played(run, monkeypatch, **way)
    before, after = said(run), said(again)
    assert before["raw"].tolist() == after["raw"].tolist()
    assert len(before) > 8
    assert np.abs(before["recv_s"] - after["recv_s"]).max() * 1e9 <= MICROSECOND_NS


def test_over_a_longer_way_nothing_comes_before_what_it_followed(monkeypatch):
    run, _ = virtual_run(SCRIPT, up_ns=10_000_000, down_ns=40_000_000, **OPTIONS)
    again = played(run, monkeypatch, up_ns=150_000_000, down_ns=50_000_000)
    before, after = said(run), said(again)
    assert before["raw"].tolist() == after["raw"].tolist()
    late_s = (after["recv_s"] - before["recv_s"]).to_numpy()
    # What followed audio at once comes later by as much as the way is longer; other things less.
    assert late_s.min() >= -1e-6
    assert 0.1 < late_s.max() <= 0.15 + 1e-6


@pytest.mark.parametrize("chunk_ms", [10, 50, 400])
def test_other_chunks_bring_each_message_when_its_audio_is_there(chunk_ms, monkeypatch):
    run, _ = virtual_run(SCRIPT, chunk_ms=100, **OPTIONS)
    again = played(run, monkeypatch, chunk_ms=chunk_ms)
    before, after = said(run), said(again)
    assert before["raw"].tolist() == after["raw"].tolist()
    # Later by the wait for the chunk that brings the audio, and never before it.
    late_s = (after["recv_s"] - before["recv_s"]).to_numpy()
    assert late_s.min() * 1e9 >= -MICROSECOND_NS
    assert late_s.max() <= chunk_ms / 1000 + 1e-6


def test_at_another_speed_nothing_comes_before_its_audio_or_out_of_order(monkeypatch):
    run, _ = virtual_run(SCRIPT, chunk_ms=100, **OPTIONS)
    cassette = cassette_of(run.record, "a.run")
    monkeypatch.setattr(virtual_time, "MemoryService", Player)

    class Quick(virtual_time.ChunkSource):
        """As fast as ten times."""

        def __init__(self, *layout: Any, **options: Any) -> None:
            super().__init__(*layout, **{**options, "speed": 10})

    again = virtual_run(cassette, source=Quick, **OPTIONS)[0]
    assert said(run)["raw"].tolist() == said(again)["raw"].tolist()
    first_final = said(again)["is_final"].fillna(value=False).to_numpy().argmax()
    assert said(again)["recv_s"][first_final] < said(run)["recv_s"][first_final]
