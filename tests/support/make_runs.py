"""Synthetic runs with known truth, from a compact description.

All times are seconds of audio or seconds since audio position 0 was spoken; the helper turns them
into stamps. Nothing is random unless a generator is given.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from gladia_nb.metrics.base.definition import Script
from gladia_nb.record.file import Record
from gladia_nb.run import Run

DATA = Path(__file__).resolve().parents[2] / "data"

#: word, start_s, end_s
Word = tuple[str, float, float]
#: recv_s, raw text of the message
Arrival = tuple[float, str]


def words(
    text: str, start_s: float = 0.5, *, each_s: float = 0.3, gap_s: float = 0.1
) -> list[Word]:
    """Evenly spaced words."""
    step = each_s + gap_s
    return [
        (word, round(start_s + k * step, 6), round(start_s + k * step + each_s, 6))
        for k, word in enumerate(text.split())
    ]


def reference(spoken: Iterable[Word], channel: int = 0) -> list[dict[str, Any]]:
    """Reference rows for the header."""
    return [
        {"word": word, "start_s": start, "end_s": end, "channel": channel}
        for word, start, end in spoken
    ]


def message(recv_s: float, kind: str, data: Any = None, **fields: Any) -> Arrival:
    """Any message of the service."""
    return recv_s, json.dumps({"session_id": "s", "type": kind, "data": data, **fields})


def transcript(
    recv_s: float,
    spoken: Sequence[Word],
    ident: str = "00_00000000",
    *,
    final: bool = False,
    channel: int = 0,
    span: tuple[float, float] | None = None,
) -> Arrival:
    """A partial or a final."""
    start, end = span or ((spoken[0][1], spoken[-1][2]) if spoken else (0.0, 0.0))
    utterance = {
        "text": "".join(f" {word}" for word, _, _ in spoken),
        "start": start,
        "end": end,
        "language": "en",
        "confidence": 0.9,
        "channel": channel,
        "words": [
            {"word": f" {word}", "start": begin, "end": stop, "confidence": 0.9}
            for word, begin, stop in spoken
        ],
    }
    data = {"id": ident, "is_final": final, "utterance": utterance}
    return message(recv_s, "transcript", data)


def speech(recv_s: float, kind: str, time_s: float, channel: int = 0) -> Arrival:
    """`start` or `end` of speech, as the service hears it."""
    return message(recv_s, f"speech_{kind}", {"time": time_s, "channel": channel})


def utterance(
    spoken: Sequence[Word],
    ident: str = "00_00000000",
    *,
    partial_s: float | None = 0.2,
    final_s: float | None = 0.5,
    speech_end_s: float | None = 0.3,
    channel: int = 0,
) -> list[Arrival]:
    """A partial after each word, and a final after the last, at constant delays."""
    found = [speech(spoken[0][1] + 0.05, "start", spoken[0][1], channel)]
    if partial_s is not None:
        found += [
            transcript(spoken[k][2] + partial_s, spoken[: k + 1], ident, channel=channel)
            for k in range(len(spoken))
        ]
    end = spoken[-1][2]
    if speech_end_s is not None:
        found.append(speech(end + speech_end_s, "end", end, channel))
    if final_s is not None:
        found.append(transcript(end + final_s, spoken, ident, final=True, channel=channel))
    return found


def make_run(
    arrivals: Iterable[Arrival] = (),
    *,
    duration_s: float = 4.0,
    chunk_ms: float = 100,
    rate: int = 16000,
    channels: int = 1,
    t0_ns: int = 5_000_000_000,
    speed: float = 1.0,
    late_ms: Callable[[int], float] = lambda seq: 0.0,
    send_ms: float = 0.1,
    ack_ms: float | None = 20.0,
    sent_s: float | None = None,
    stop_s: float | None = None,
    reference: list[dict[str, Any]] | None = None,
    partials: bool = True,
    config: dict[str, Any] | None = None,
    extra: Iterable[dict[str, Any]] = (),
    name: str = "made.flac",
) -> Run:
    """A run.

    Args:
        arrivals: messages, in any order.
        duration_s: length of the audio.
        chunk_ms: of a chunk; the last one may be shorter.
        rate: sample rate.
        channels: of the audio.
        t0_ns: stamp of audio position 0.
        speed: of the pacing.
        late_ms: lateness of chunk `seq`.
        send_ms: duration of each sending.
        ack_ms: acknowledgement after the end of sending; None for none.
        sent_s: audio that was sent, when not all of it.
        stop_s: when the stop was sent; None for never.
        reference: rows of the reference.
        partials: whether partials were asked for.
        config: more fields of the configuration.
        extra: more events, with their stamps.
        name: of the audio.
    """
    frame_bytes = 2 * channels
    frames, size = round(duration_s * rate), round(chunk_ms / 1000 * rate)
    bounds = [*range(0, frames, size), frames]
    timed: list[tuple[int, dict[str, Any]]] = []
    for seq, (start, end) in enumerate(pairwise(bounds)):
        if sent_s is not None and end > round(sent_s * rate):
            break
        due = t0_ns + round(end * 1_000_000_000 / rate / speed)
        begin = due + round(late_ms(seq) * 1e6)
        done = begin + round(send_ms * 1e6)
        timed.append((begin, _chunk(seq, start, end, frame_bytes, (due, begin, done))))
        if ack_ms is not None:
            raw = _acknowledgement(start, end, frame_bytes, rate)
            timed.append(_arrival(done + round(ack_ms * 1e6), raw))
    timed += [_arrival(t0_ns + round(recv_s * 1e9), raw) for recv_s, raw in arrivals]
    if stop_s is not None:
        at = t0_ns + round(stop_s * 1e9)
        stop = {"event": "stop", "send_start_ns": at, "send_end_ns": at, "connection": 1}
        timed.append((at, stop))
    timed += [(event.get("ns", event.get("send_start_ns", 0)), event) for event in extra]
    timed.sort(key=lambda item: item[0])
    end_ns = max([t0_ns, *(at for at, _ in timed)])
    asked = {
        "sample_rate": rate,
        "channels": channels,
        "messages_config": {"receive_partial_transcripts": partials},
        **(config or {}),
    }
    header = _header(t0_ns, asked, reference)
    header["audio"] = {"name": name, "duration_s": duration_s, "frames": frames}
    header["options"] = {"chunk_ms": chunk_ms, "speed": speed, "target": "a made-up server"}
    events = [
        {"event": "audio_start", "t0_ns": t0_ns},
        *(event for _, event in timed),
        {"event": "end", "ns": end_ns, "outcome": "finished", "anchor": [end_ns, 0, 100]},
    ]
    return Run(Record(MappingProxyType(header), tuple(map(MappingProxyType, events))))


def _header(
    t0_ns: int, config: dict[str, Any], reference: list[dict[str, Any]] | None
) -> dict[str, Any]:
    return {
        "format": "gladia_nb.run",
        "version": 1,
        "anchor": [t0_ns, 1_780_000_000_000_000_000, 100],
        "config": {"encoding": "wav/pcm", "bit_depth": 16, **config},
        "reference": reference,
        "versions": {},
    }


def _chunk(
    seq: int, start: int, end: int, frame_bytes: int, stamps: tuple[int, int, int]
) -> dict[str, Any]:
    """A chunk of some frames; due, start and end of its sending."""
    due, begin, done = stamps
    return {
        "event": "chunk",
        "seq": seq,
        "start_frame": start,
        "end_frame": end,
        "start_byte": start * frame_bytes,
        "end_byte": end * frame_bytes,
        "due_ns": due,
        "send_start_ns": begin,
        "send_end_ns": done,
        "connection": 1,
        "resend": False,
    }


def _acknowledgement(start: int, end: int, frame_bytes: int, rate: int) -> str:
    data = {
        "byte_range": [start * frame_bytes, end * frame_bytes],
        "time_range": [start / rate, end / rate],
    }
    return message(0, "audio_chunk", data, acknowledged=True, error=None)[1]


def _arrival(at: int, raw: str) -> tuple[int, dict[str, Any]]:
    event = {"event": "message", "recv_ns": at, "connection": 1, "via": "websocket", "raw": raw}
    return at, event


def made_from(script: Script) -> Run:
    """The session that a worked example of a definition is about; sent in chunks of 100 ms.

    Its chunks are sent in no time and acknowledged 20 ms later.
    """
    arrivals: list[Arrival] = []
    first, number, bounds = 0, 0, (0.0, 0.0)
    for at, kind, what in script.messages:
        if not isinstance(what, str):
            arrivals.append(speech(at, kind.removeprefix("speech_"), what))
            continue
        if kind == "translation":
            arrivals.append(translation(at, what, *bounds))
            continue
        said = [
            (text, start, end)
            for text, (_, start, end) in zip(what.split(), script.spoken[first:], strict=False)
        ]
        final = kind == "final"
        bounds = said[0][1], said[-1][2]
        arrivals.append(transcript(at, said, f"00_{number:08d}", final=final))
        first, number = first + final * len(said), number + final
    last_s = max(at for at, *_ in script.messages)
    known = reference(script.spoken)
    return make_run(arrivals, duration_s=round(last_s + 1, 6), send_ms=0, reference=known)


def translation(recv_s: float, text: str, start_s: float, end_s: float) -> Arrival:
    """A translation into French."""
    spoken = {"text": text, "start": start_s, "end": end_s, "language": "fr"}
    data = {
        "utterance_id": "0",
        "utterance": {"start": start_s, "end": end_s, "channel": 0},
        "original_language": "en",
        "target_language": "fr",
        "translated_utterance": spoken,
    }
    return message(recv_s, "translation", data, error=None)


def rich_run(seed: int = 7, *, with_reference: bool = True) -> Run:
    """A session as it might really be: the conversation of `data/`, jitter, all triggers.

    Utterances end at pauses of 0.25 s, or after 5 s. Partials come every 0.3 s, with a wrong last
    word now and then; the last utterance is flushed by the stop, and one never becomes final.
    """
    rng = np.random.default_rng(seed)
    content = json.loads((DATA / "conversation.words.json").read_text(encoding="utf-8"))
    spoken = [(w["word"], w["start_s"], w["end_s"]) for w in content["words"]]
    duration_s = spoken[-1][2] + 0.35
    stop_s = duration_s + 0.002
    groups: list[list[Word]] = [[]]
    for word in spoken:
        group = groups[-1]
        if group and (word[1] - group[-1][2] > 0.25 or word[2] - group[0][1] > 5.0):
            groups.append([])
        groups[-1].append(word)
    arrivals: list[Arrival] = []
    for number, group in enumerate(groups):
        ident, start, end = f"00_{number:08d}", group[0][1], group[-1][2]
        forced = number + 1 < len(groups) and groups[number + 1][0][1] - end <= 0.25
        flushed = number + 1 == len(groups)
        heard = [
            (word, begin + rng.normal(0, 0.02), stop + rng.normal(0, 0.02))
            for word, begin, stop in group
        ]
        arrivals.append(speech(start + 0.12, "start", start))
        at = start + 0.3
        while at < end + 0.25:
            seen = [w for w, real in zip(heard, group, strict=True) if real[2] < at - 0.05]
            if seen:
                if rng.random() < 0.15:
                    seen[-1] = ("um", *seen[-1][1:])
                arrivals.append(transcript(at + rng.gamma(4, 0.03), seen, ident))
            at += 0.3
        said = [
            (word.capitalize() if k == 0 else word, b, e) for k, (word, b, e) in enumerate(heard)
        ]
        said[-1] = (f"{said[-1][0]}.", *said[-1][1:])
        delay = 0.35 + rng.gamma(4, 0.06)
        if flushed:
            arrivals.append(transcript(stop_s + 0.3, said, ident, final=True))
        elif number != 8:
            arrivals.append(transcript(end + delay + 0.1 * forced, said, ident, final=True))
            if not forced:
                arrivals.append(speech(end + 0.3, "end", end))
    return make_run(
        arrivals,
        duration_s=duration_s,
        t0_ns=123_456_789_012,
        late_ms=lambda seq: 0.2 + 0.1 * (seq % 7),
        ack_ms=18.0,
        stop_s=stop_s,
        reference=reference(spoken) if with_reference else None,
        name="conversation.flac",
    )


def as_live(run: Run) -> Run:
    """The same run of audio that came while it was spoken."""
    header = dict(run.record.header)
    header["audio"] = {**header["audio"], "frames": None}
    return Run(Record(header, run.record.events))
