"""How long the analysis of hours of messages takes, and how much memory.

    python benchmarks/analysis.py [--hours 1 2.5 10] [--many 1000] [--parts]

Makes sessions of that length with a fixed seed: a partial every 80 ms of speech with all its words,
finals, speech events, an acknowledgement for each 100 ms of audio. For each length a fresh process
loads the file and makes all frames and all metrics; the ratio to the shortest shows whether time
grows with the length or faster. Then the report of three hours, and the summary of many small runs,
which are loaded together. What was asked of them stands beside. At last the frame of messages alone
against `pandas.json_normalize` of the same texts. The time of the processor counts, so that another
program beside does not (a crowded machine makes that longer, too).
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

RATE = 16000
CHUNK_S = 0.1
PARTIAL_S = 0.08
#: Seconds of a processor, and megabytes, that were asked for.
ALL_MEASURES, REPORT, MANY_RUNS = (40, 2000), (30, 500), (20, 400)
T0_NS = 1_000_000_000_000
VOCABULARY = [
    "".join(pair)
    for pair in itertools.product(
        "b br d f g h k l m n p pr r s st t tr w".split(),
        "a e i o u ea oo ai".split(),
        ["", "n", "st", "ter", "ling"],
    )
]
FORMS = np.array([f'{{"word": " {w}", "start": ' for w in VOCABULARY], dtype=object)


def utterances(hours: float, rng: np.random.Generator) -> Iterator[tuple[Any, Any, Any]]:
    """Words, starts and ends of each utterance."""
    at, end = 0.6, hours * 3600 - 3
    while at < end:
        n = int(rng.integers(5, 21))
        lengths = rng.uniform(0.12, 0.45, n)
        gaps = rng.gamma(2, 0.03, n)
        starts = at + np.cumsum(lengths + gaps) - lengths - gaps[0]
        # Common words are common, as in speech.
        words = np.minimum(rng.zipf(1.4, n) - 1, rng.integers(0, len(VOCABULARY), n))
        yield words, starts.round(3), (starts + lengths).round(3)
        at = float(starts[-1] + lengths[-1]) + float(rng.uniform(0.4, 1.0))


def transcript(
    ident: str, final: bool, forms: list[str], starts: list[float], ends: list[float], stamp: str
) -> str:
    """The text of a message, as the service writes it."""
    spoken = ", ".join(
        f'{form}{a}, "end": {b}, "confidence": 0.9{k % 10}}}'
        for k, (form, a, b) in enumerate(zip(forms, starts, ends, strict=True))
    )
    text = "".join(form[10 : form.index('"', 10)] for form in forms)
    return (
        f'{{"session_id": "45463597-20b7-4af7-b3b3-f5fb778203ab", "created_at": "{stamp}", '
        f'"type": "transcript", "data": {{"id": "{ident}", "is_final": {str(final).lower()}, '
        f'"utterance": {{"text": "{text}", "start": {starts[0]}, "end": {ends[-1]}, '
        f'"language": "en", "confidence": 0.91, "channel": 0, "words": [{spoken}]}}}}}}'
    )


def simple(kind: str, stamp: str, data: str, more: str = "") -> str:
    """The text of any other message."""
    return (
        f'{{"session_id": "45463597-20b7-4af7-b3b3-f5fb778203ab", "created_at": "{stamp}", '
        f'"type": "{kind}", {more}"data": {data}}}'
    )


def written(seconds: float) -> str:
    """A stamp of the service's own clock."""
    whole, part = divmod(round(seconds * 1000), 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"2026-11-21T{8 + hour:02d}:{minute:02d}:{second:02d}.{part:03d}Z"


def arrival(seconds: float, raw: str) -> Any:
    """A message, stamped so many seconds after the audio began."""
    ns = T0_NS + round(seconds * 1e9)
    fields = {"recv_ns": ns, "connection": 1, "via": "websocket", "raw": raw}
    return MappingProxyType({"event": "message", **fields})


def spoken(ident: str, said: tuple[Any, Any, Any], rng: np.random.Generator) -> Iterator[Any]:
    """The messages of one utterance."""
    words, starts, ends = said
    # Partials are of another, smaller model than finals.
    heard = np.where(rng.random(len(words)) < 0.04, words // 2, words)
    final = np.where(rng.random(len(words)) < 0.04, words // 3, words)
    begin, stop = (starts + rng.normal(0, 0.015, len(words))).round(3).tolist(), ends.tolist()
    first, last = float(starts[0]), float(ends[-1])
    time = f'{{"time": {first}, "channel": 0}}'
    yield arrival(first + 0.2, simple("speech_start", written(first + 0.2), time))
    forms = FORMS[heard].tolist()
    for at in np.arange(first + 0.3, last + 0.3, PARTIAL_S):
        n = int(np.searchsorted(ends, at - 0.05))
        if n:
            shown = forms[:n]
            if rng.random() < 0.1:
                shown[-1] = FORMS[heard[n - 1] // 2]
            came = at + float(rng.gamma(4, 0.01))
            text = transcript(ident, False, shown, begin[:n], stop[:n], written(came))
            yield arrival(came, text)
    time = f'{{"time": {last}, "channel": 0}}'
    yield arrival(last + 0.3, simple("speech_end", written(last + 0.3), time))
    forms = FORMS[final].tolist()
    forms[0] = forms[0][:11] + forms[0][11].upper() + forms[0][12:]
    forms[-1] = forms[-1].replace('", "start', '.", "start')
    came = last + 0.45 + float(rng.gamma(4, 0.03))
    yield arrival(came, transcript(ident, True, forms, begin, stop, written(came)))


def sent(hours: float) -> Iterator[Any]:
    """The chunks, and their acknowledgements."""
    size, frames = round(CHUNK_S * RATE), round(hours * 3600 * RATE)
    for seq, start in enumerate(range(0, frames, size)):
        due = T0_NS + (start + size) * 1_000_000_000 // RATE
        chunk = {
            "event": "chunk",
            "seq": seq,
            "start_frame": start,
            "end_frame": start + size,
            "start_byte": 2 * start,
            "end_byte": 2 * (start + size),
            "due_ns": due,
            "send_start_ns": due + 100_000,
            "send_end_ns": due + 150_000,
            "connection": 1,
            "resend": False,
        }
        yield MappingProxyType(chunk)
        spans = (
            f'{{"byte_range": [{2 * start}, {2 * (start + size)}], '
            f'"time_range": [{start / RATE}, {(start + size) / RATE}]}}'
        )
        came = (seq + 1) * CHUNK_S + 0.03
        more = '"acknowledged": true, "error": null, '
        yield arrival(came, simple("audio_chunk", written(came), spans, more))


def header_of(hours: float, reference: list[dict[str, Any]]) -> Any:
    config = {
        "encoding": "wav/pcm",
        "bit_depth": 16,
        "sample_rate": RATE,
        "channels": 1,
        "endpointing": 0.3,
        "messages_config": {"receive_partial_transcripts": True},
    }
    seconds = hours * 3600
    audio = {"name": "long.flac", "duration_s": seconds, "frames": round(seconds * RATE)}
    header = {
        "format": "gladia_nb.run",
        "version": 1,
        "anchor": [T0_NS, 1_780_000_000_000_000_000, 100],
        "config": config,
        "audio": audio,
        "options": {"chunk_ms": 100, "speed": 1.0, "target": "a made-up server"},
        "reference": reference,
        "versions": {},
    }
    return MappingProxyType(header)


def make_run(hours: float, seed: int = 1) -> Any:
    """A run of that many hours; a message is kept once, as a text."""
    from gladia_nb.record.file import Record
    from gladia_nb.run import Run

    rng = np.random.default_rng(seed)
    events: list[Any] = []
    reference: list[dict[str, Any]] = []
    for number, said in enumerate(utterances(hours, rng)):
        reference += [
            {"word": VOCABULARY[w], "start_s": a, "end_s": b, "channel": 0}
            for w, a, b in zip(said[0], said[1].tolist(), said[2].tolist(), strict=True)
        ]
        events += spoken(f"00_{number:08d}", said, rng)
    events += sent(hours)
    events.sort(key=lambda e: e["send_start_ns"] if e["event"] == "chunk" else e["recv_ns"])
    ns = T0_NS + round(hours * 3600e9) + 10**9
    end = {"event": "end", "ns": ns, "outcome": "finished", "anchor": [0, 0, 0]}
    events.insert(0, MappingProxyType({"event": "audio_start", "t0_ns": T0_NS}))
    events.append(MappingProxyType(end))
    whole = tuple(events)
    events.clear()
    return Run(Record(header_of(hours, reference), whole))


def peak_mb() -> float:
    """Highest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def steps(run: Any) -> dict[str, Callable[[], Any]]:
    """Everything that is made from a run, in the order in which it is used."""
    from gladia_nb import metrics

    frames = {
        name: (lambda name=name: getattr(run, name))
        for name in ("messages", "chunks", "utterances", "words", "reference")
    }
    names = [
        "word_times",
        "match_rate",
        "latency",
        "summary",
        "coverage",
        "message_audit",
        "audio_audit",
        "pacing",
        "stability",
        "stability_summary",
        "corrections",
        "cadence",
        "cursor_lag",
        "stream",
        "startup",
        "warm_up",
        "ack_delays",
        "waterfall",
        "ending",
        "word_errors",
        "word_alignment",
        "wer_at",
        "error_delay",
        "health",
    ]
    there = [name for name in names if hasattr(metrics, name)]
    return {
        **frames,
        **{name: (lambda name=name: getattr(metrics, name)(run)) for name in there},
    }


def analyse(hours: float, path: str) -> dict[str, Any]:
    """Time and memory of one length, from its file as everybody has it."""
    import gladia_nb as gn

    gn.latency, gn.report  # noqa: B018 - loads what is needed
    before_s = time.process_time()
    run = gn.load(path)
    load_s = time.process_time() - before_s
    before = peak_mb()
    found: dict[str, float] = {}
    peaks: dict[str, float] = {}
    wall = time.perf_counter()
    for name, step in steps(run).items():
        begin = time.process_time()
        step()
        found[name] = time.process_time() - begin
        peaks[name] = peak_mb()
    wall = time.perf_counter() - wall
    partials = int((run.messages["is_final"] == False).sum())  # noqa: E712 - nullable
    return {
        "hours": hours,
        "messages": len(run.messages),
        "partials": partials,
        "words": len(run.words),
        "record_mb": before,
        "load_s": load_s,
        "peak_mb": peak_mb(),
        "seconds": sum(found.values()),
        "wall": wall,
        "parts": found,
        "peaks": peaks,
    }


def against_normalize(hours: float, repeats: int = 3) -> None:
    """The frame of messages beside `pandas.json_normalize`, of the same texts, in turns."""
    from gladia_nb.record.file import Record
    from gladia_nb.record.frames import messages_frame

    record = make_run(hours).record
    raws = [event["raw"] for event in record.of("message")]
    ours, theirs = [], []
    for _ in range(repeats):
        fresh = Record(record.header, record.events)
        fresh.of("message")
        begin = time.process_time()
        frame = messages_frame(fresh)
        ours.append(time.process_time() - begin)
        del fresh
        begin = time.process_time()
        other = pd.json_normalize([json.loads(raw) for raw in raws])
        theirs.append(time.process_time() - begin)
        assert len(frame) == len(other)
        del other
    print(
        f"messages_frame of {len(raws)} messages ({hours:g} h): {min(ours):.2f} s; "
        f"json.loads and json_normalize: {min(theirs):.2f} s; ratio {min(theirs) / min(ours):.1f}"
    )


def analyse_many(folder: str) -> dict[str, Any]:
    """The summary of all runs of a folder, which are loaded together."""
    import gladia_nb as gn

    gn.summary, gn.load  # noqa: B018 - loads what is needed
    paths = sorted(Path(folder).glob("*.run"))
    begin = time.process_time()
    runs = [gn.load(path) for path in paths]
    loaded_s, record_mb = time.process_time() - begin, peak_mb()
    table = gn.summary(runs)
    return {
        "runs": len(runs),
        "messages": sum(len(run.record.of("message")) for run in runs) / len(runs),
        "rows": len(table),
        "load_s": loaded_s,
        "record_mb": record_mb,
        "peak_mb": peak_mb(),
        "seconds": time.process_time() - begin,
    }


def analyse_report(path: str) -> dict[str, Any]:
    """The report of a run."""
    import gladia_nb as gn

    begin = time.process_time()
    gn.report(gn.load(path), Path(path).with_suffix(".html"))
    return {"seconds": time.process_time() - begin, "peak_mb": peak_mb()}


def alone(*arguments: object) -> dict[str, Any]:
    """What this file says with some arguments, in a process of its own, whose peak is its own."""
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1])) if done.stdout else {}


def against(found: dict[str, Any], seconds: float, mb: float) -> str:
    """What was asked, and whether it was reached."""
    good = found["seconds"] <= seconds and found["peak_mb"] <= mb
    return f"asked: {seconds:g} s and {mb:g} MB, {'reached' if good else 'NOT reached'}"


def long_runs(folder: Path, lengths: Sequence[float], *, parts: bool) -> None:
    """Time and memory of all measures, by length."""
    first: dict[str, Any] | None = None
    for hours in lengths:
        path = folder / f"{hours:g}.run"
        alone("--make", path, "--hours", hours)
        found = alone("--one", path, "--hours", hours)
        first = first or found
        ratio = found["seconds"] / first["seconds"] / (hours / first["hours"])
        goal = f"; {against(found, *ALL_MEASURES)}" if hours >= 10 else ""
        print(
            f"{hours:g} h: {found['messages']} messages, {found['partials']} partials, "
            f"{found['words']} words: loaded in {found['load_s']:.1f} s, all measures in "
            f"{found['seconds']:.1f} s of a processor, {found['wall']:.1f} s by the clock, peak "
            f"{found['peak_mb']:.0f} MB (record alone {found['record_mb']:.0f} MB){goal}; "
            f"time per hour {ratio:.2f} of the first"
        )
        if parts:
            for name, seconds in found["parts"].items():
                print(f"    {name:18} {seconds:7.2f} s, peak {found['peaks'][name]:.0f} MB")
        path.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, nargs="+", default=[1, 2.5, 10])
    parser.add_argument("--many", type=int, default=1000, help="small runs to sum up")
    parser.add_argument("--parts", action="store_true", help="print the time of each step")
    for hidden in ("--make", "--one", "--sum", "--report"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make_run(options.hours[0]).save(options.make)
    elif options.one:
        print(json.dumps(analyse(options.hours[0], options.one)))
    elif options.sum:
        print(json.dumps(analyse_many(options.sum)))
    elif options.report:
        print(json.dumps(analyse_report(options.report)))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            everything(Path(temporary), options)


def everything(folder: Path, options: argparse.Namespace) -> None:
    """Long runs, their report, many small ones, and the frame of messages."""
    long_runs(folder, options.hours, parts=options.parts)
    path = folder / "three.run"
    alone("--make", path, "--hours", 3)
    found = alone("--report", path)
    print(
        f"report of 3 h: {found['seconds']:.1f} s of a processor, peak {found['peak_mb']:.0f} MB; "
        f"{against(found, *REPORT)}"
    )
    path.unlink()
    for number in range(options.many):
        make_run(10 / 3600, seed=number + 1).save(folder / f"{number:06}.run")
    found = alone("--sum", folder)
    print(
        f"summary of {found['runs']} runs of 10 s with {found['messages']:.0f} messages each: "
        f"{found['seconds']:.1f} s of a processor, {found['load_s']:.1f} of them to load; peak "
        f"{found['peak_mb']:.0f} MB, {found['record_mb']:.0f} when they were loaded; "
        f"{against(found, *MANY_RUNS)}"
    )
    for hours in sorted({min(options.hours), max(options.hours)}):
        against_normalize(hours)


if __name__ == "__main__":
    main()
