"""Long recordings cut where nobody speaks: no sample and no word is lost, and times are moved."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from itertools import pairwise

from gladia_nb.audio import Audio
from gladia_nb.metrics.vad import speech_spans
from gladia_nb.sessions.formats.base import Reference, Row
from gladia_nb.studies.corpora.items import Item

__all__ = ["cut_at_silences", "cut_frames", "without_ignored"]

Span = tuple[int, int]


def cut_at_silences(item: Item, max_s: float, notes: list[str]) -> list[Item]:
    """An item in parts of at most `max_s`, cut in the middle of silences.

    Silence is where `speech_spans` finds no speech in any channel and no word or segment of the
    reference lies. Each part ends with the last silence that it has room for; where there is none,
    it goes on to the next.

    Args:
        item: to be cut.
        max_s: longest part, seconds.
        notes: where it is told what stays longer, and why.

    Raises:
        AudioError: the sound cannot be read.
    """
    if item.duration_s <= max_s:
        return [item]
    if item.granularity == "text":
        notes.append(
            f"{item.name} is {item.duration_s:.1f} s long and was not cut: its reference is a text "
            "without times, so that nothing says which words belong to which part."
        )
        return [item]
    audio = item.sound.read()
    cuts = cut_frames(audio, item.reference.rows, round(max_s * audio.sample_rate))
    bounds = [0, *cuts, len(audio.samples)]
    parts = _parts(item, list(pairwise(bounds)), audio.sample_rate)
    for part, (begin, end) in zip(parts, pairwise(bounds), strict=True):
        if end - begin > round(max_s * audio.sample_rate):
            seconds = (end - begin) / audio.sample_rate
            notes.append(f"{part.name} is {seconds:.1f} s long: there is no silence to cut it at.")
    return parts


def cut_frames(audio: Audio, rows: Iterable[Row], longest: int) -> list[int]:
    """Where to cut, as frames, rising; see `cut_at_silences`.

    Args:
        audio: the sound.
        rows: of its reference; none is cut through.
        longest: part, in frames.
    """
    spans = speech_spans(audio)[["start_frame", "end_frame"]].to_numpy().tolist()
    busy = _union([*map(tuple, spans), *_frames(rows, audio.sample_rate)])
    edges = [(0, 0), *busy, (len(audio.samples),) * 2]
    silences = [(a_end + b_start) // 2 for (_, a_end), (b_start, _) in pairwise(edges)]
    # The ends of the recording are no cuts.
    candidates = [at for at in silences[1:-1] if 0 < at < len(audio.samples)]
    cuts: list[int] = []
    start = 0
    for at, following in pairwise([*candidates, len(audio.samples)]):
        if following - start > longest:
            cuts.append(at)
            start = at
    return cuts


def _frames(rows: Iterable[Row], rate: int) -> list[Span]:
    """The frames that rows with times touch."""
    return [
        (math.floor(row.start_s * rate), math.ceil(row.end_s * rate))
        for row in rows
        if row.start_s is not None and row.end_s is not None
    ]


def _union(spans: Iterable[Span]) -> list[Span]:
    """Spans without overlaps, rising; those that touch are one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def without_ignored(item: Item, notes: list[str]) -> list[Item]:
    """An item without the spans that are not to be scored: what lies between them, as parts.

    A word or segment that reaches into such a span goes with it. Parts in which nothing was said
    are left out.

    Args:
        item: to be cut.
        notes: where it is told what was left out.
    """
    known = item.reference
    if not known.ignored:
        return [item]
    rate, total = item.sample_rate, round(item.duration_s * item.sample_rate)
    spans = _union((round(a * rate), round(b * rate)) for a, b, _ in known.ignored)
    rows = known.rows
    while cut := _reaching(rows, spans, rate):
        # What goes with one row may reach into the next.
        spans = _union([*spans, *_frames(cut, rate)])
        rows = tuple(row for row in rows if row not in cut)
    bounds = [0, *(min(at, total) for span in spans for at in span), total]
    kept = [(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=True) if a < b]
    rest = dataclasses.replace(item, reference=dataclasses.replace(known, rows=rows, ignored=()))
    parts = [part for part in _parts(rest, kept, rate) if len(part.reference)]
    lost = len(known.rows) - len(rows)
    seconds = item.duration_s - sum(part.duration_s for part in parts)
    notes.append(
        f"{item.name}: {seconds:.1f} s that are not to be scored or without speech are left out"
        + (f", with {lost} segments that reach into them." if lost else ".")
    )
    return parts


def _reaching(rows: Iterable[Row], spans: Sequence[Span], rate: int) -> list[Row]:
    """The rows that lie partly or wholly in some spans."""
    return [
        row
        for row in rows
        for begin, end in _frames([row], rate)
        if any(begin < b and a < end for a, b in spans)
    ]


def _parts(item: Item, spans: Sequence[Span], rate: int) -> list[Item]:
    """Parts of an item, each with the rows that begin in it."""
    parts = []
    for number, (begin, end) in enumerate(spans):
        last = number == len(spans) - 1
        start_s, end_s = begin / rate, end / rate
        rows = [
            row.moved(-start_s)
            for row in item.reference.rows
            if row.start_s is not None and start_s <= row.start_s and (last or row.start_s < end_s)
        ]
        parts.append(_part(item, (begin, end), rate, rows))
    return parts if len(parts) != 1 or spans[0] != (0, _total(item)) else [item]


def _total(item: Item) -> int:
    return round(item.duration_s * item.sample_rate)


def _part(item: Item, span: Span, rate: int, rows: Sequence[Row]) -> Item:
    start_s, end_s = span[0] / rate + item.start_s, span[1] / rate + item.start_s
    reference = Reference(tuple(rows), item.granularity, item.reference.language)
    return dataclasses.replace(
        item,
        name=f"{item.name}@{start_s:.2f}-{end_s:.2f}",
        sound=item.sound.part(*span),
        reference=reference,
        speaker=reference.speaker or item.speaker,
        start_s=start_s,
        end_s=end_s,
    )
