"""First contact with a service: one short session with every type of message, and what it tells.

The session is compared, as traffic, with what the embedded server would have said: its scripted
engine is given the words that the service heard, so that what differs is the protocol and not the
recogniser. What is kept of it has no speech in it, and can be played back or handed on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from gladia_nb.api.client import GladiaClient
from gladia_nb.audio import Audio, audio_from_array, encode, read_audio
from gladia_nb.config import MessagesConfig, SessionConfig
from gladia_nb.errors import GladiaNbError
from gladia_nb.metrics import audio_audit, compare_traffic, message_audit
from gladia_nb.record.folders import new_path
from gladia_nb.record.message import parse_message
from gladia_nb.reporting.contact_page import Check, write_contact_page
from gladia_nb.run import Run
from gladia_nb.scratch import ScratchFolder
from gladia_nb.server.local import LocalServer
from gladia_nb.sessions.runner import transcribe
from gladia_nb.sessions.samples import sample

__all__ = ["CONFIG", "Contact", "contact_plan", "make_contact", "script_of"]

#: Seconds of the recording `call` that are sent: a question, an answer, and "three days ago".
SECONDS = 15.3
#: Silence behind it, so that the last utterance ends by itself.
_TAIL_S = 1.0
_CHANNELS = 2

#: Everything that the service can say, asked for.
CONFIG = SessionConfig(
    sample_rate=8000,
    channels=_CHANNELS,
    endpointing=0.3,
    custom_metadata={"made_by": "gladia-nb contact"},
    language_config={"languages": ["en"]},
    realtime_processing={
        "custom_vocabulary": True,
        "custom_vocabulary_config": {"vocabulary": ["phone"]},
        "translation": True,
        "translation_config": {"target_languages": ["fr"]},
        "named_entity_recognition": True,
        "sentiment_analysis": True,
    },
    post_processing={"summarization": True},
    messages_config=dict.fromkeys(MessagesConfig.model_fields, True),
)
#: Types that are to come of it.
_TYPES = (
    *("start_recording", "audio_chunk", "speech_start", "speech_end", "transcript"),
    *("translation", "named_entity_recognition", "sentiment_analysis", "stop_recording"),
    *("end_recording", "post_transcript", "post_summarization", "post_final_transcript"),
    "end_session",
)
_SENTIMENTS, _ENTITIES = "sentiment_analysis", "named_entity_recognition"


@dataclass(frozen=True, slots=True)
class Contact:
    """What came of it.

    Attributes:
        checks: what was looked at, one after the other.
        differences: from what the embedded server says; columns in `gladia_nb.metrics.TRAFFIC`.
        cassette: the file of the session, without speech.
        page: the page of differences.
    """

    checks: tuple[Check, ...]
    differences: pd.DataFrame
    cassette: Path
    page: Path


def contact_plan() -> list[str]:
    """What will be sent and what that costs, a sentence each.

    Example:
        >>> print(contact_plan()[1])
        It is billed as 33 s of audio: 16.3 s on 2 channels, under one minute.
    """
    seconds = SECONDS + _TAIL_S
    return [
        f"One session of {seconds:.1f} s: synthetic speech that comes with gladia_nb, nobody's.",
        f"It is billed as {seconds * _CHANNELS:.0f} s of audio: {seconds:.1f} s on "
        f"{_CHANNELS} channels, under one minute.",
        "It asks for every type of message: partials, translation, entities, sentiments, summary.",
        "Afterwards its stored result and its audio are fetched once; it stays in your account.",
        "What is kept here has no texts and no key in it.",
    ]


def make_contact(
    out: str | Path,
    *,
    url: str | None = None,
    key: str | None = None,
    speed: float = 1,
) -> Contact:
    """Run the session, compare it, and write the cassette and the page.

    Args:
        out: directory of both files; made when it is missing.
        url: base URL of the service; by default as for `gladia_nb.start`.
        key: its API key; likewise.
        speed: 1 is real time.

    Raises:
        GladiaNbError: as for `gladia_nb.transcribe`. The file of a session that failed stays.
    """
    raw = new_path(out, "contact-raw")
    sound = _sound()
    options: dict[str, Any] = {"speed": speed, "tail_s": _TAIL_S, "progress": False}
    # Its sound is that of the package; a copy of it beside the session would stay.
    options["audio"] = False
    run = transcribe(sound, CONFIG, path=raw, url=url, key=key, **options)
    fetched = asyncio.run(_fetch(run, sound, url, key))
    emulated = _emulated(run, sound, options)
    differences = compare_traffic(run, emulated)
    checks = (*_checks(run), *fetched)
    shared = run.without_speech()
    cassette = shared.save(new_path(out, "contact"))
    page = write_contact_page(
        cassette.with_suffix(".html"), checks=checks, differences=differences, run=shared
    )
    # With the texts of the session; what is kept is what can be handed on.
    raw.unlink(missing_ok=True)
    return Contact(checks, differences, cassette, page)


def _sound() -> Audio:
    whole = read_audio(sample("call"))
    return audio_from_array(whole.samples[: round(SECONDS * whole.sample_rate)], whole.sample_rate)


def _emulated(run: Run, sound: Audio, options: dict[str, Any]) -> Run:
    """The same session with the embedded server, which hears what the service heard."""
    with ScratchFolder() as folder:
        path = folder / "emulated.run"
        with LocalServer(engine="scripted", script=script_of(run)) as server:
            return transcribe(sound, CONFIG, path=path, server=server, **options)


def script_of(run: Run) -> dict[str, Any]:
    """A script of what a service has heard: its finals, and what it has found in them.

    Without a single final it has the words that were really spoken, where the run knows them.
    """
    found: dict[tuple[int, str], dict[str, Any]] = {}
    words = run.words[run.words["is_final"]]
    for _, rows in words.groupby(["channel", "utterance_id"], sort=False):
        channel, ident = int(rows["channel"].iloc[0]), str(rows["utterance_id"].iloc[0])
        spoken = [
            {"word": w, "start_s": max(0.0, a), "end_s": b, "confidence": min(max(0.0, c), 1.0)}
            for w, a, b, c in zip(
                *(rows[name].tolist() for name in ("word", "start_s", "end_s", "confidence")),
                strict=True,
            )
            # Whatever cannot be a time of a word, a script does not take.
            if w.strip() and b >= max(0.0, a)
        ]
        if spoken:
            found[channel, ident] = {"channel": channel, "words": spoken}
    for utterance, kind, data in _add_ons(run, found):
        if kind == "translation":
            said = data.get("translated_utterance")
            told = said.get("text") if isinstance(said, dict) else None
            language = data.get("target_language")
            if isinstance(told, str) and isinstance(language, str):
                utterance.setdefault("translations", {})[language] = told.strip()
        elif isinstance(results := data.get("results"), list):
            name = "entities" if kind == _ENTITIES else "sentiments"
            utterance[name] = [item for item in results if isinstance(item, dict)]
    if not found:
        rows = run.reference[["word", "start_s", "end_s", "channel"]]
        return {"words": rows.to_dict("records"), "delay": 0.3}
    return {"utterances": list(found.values()), "delay": 0.3}


def _add_ons(
    run: Run, found: dict[tuple[int, str], dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], str, dict[str, Any]]]:
    """Each add-on with the utterance of the script that it is about: the final of its start."""
    finals = run.utterances[run.utterances["is_final"]]
    starts = {
        (int(c), round(s, 3)): (int(c), str(i))
        for c, s, i in zip(
            finals["channel"], finals["start_s"], finals["utterance_id"], strict=True
        )
        if s == s  # noqa: PLR0124 - NaN
    }
    rows = run.messages[run.messages["type"].isin(["translation", _ENTITIES, _SENTIMENTS])]
    for raw, channel, start_s in zip(rows["raw"], rows["channel"], rows["start_s"], strict=True):
        message = parse_message(raw)
        if message.data is None or pd.isna(channel) or pd.isna(start_s):
            continue
        known = found.get(starts.get((int(channel), round(start_s, 3)), (-1, "")))
        if known is not None:
            yield known, str(message.type), message.data


def _checks(run: Run) -> Iterator[Check]:
    """What a session of the protocol has, seen in one."""
    record, types = run.record, set(run.messages["type"].dropna())
    made = record.of("init")[0]
    yield Check("The key is taken and a session is made", "status 201", f"status {made['status']}")
    yield Check("The WebSocket opens", "at once", _times(len(record.of("connect")), "connection"))
    for kind in _TYPES:
        yield Check(f"{kind} comes", "yes", "yes" if kind in types else "no")
    more = ", ".join(sorted(types - {*_TYPES}))
    yield Check("No other type comes", "none", more or "none")
    chunks, audit = len(run.chunks), audio_audit(run).iloc[0]
    acks = int((run.messages["type"] == "audio_chunk").sum())
    yield Check("Each chunk is acknowledged", f"{chunks}", f"{acks}")
    yield Check(
        "All audio is acknowledged",
        f"{audit['spoken_bytes']:.0f} bytes",
        f"{audit['acknowledged_bytes']:.0f} bytes",
    )
    spoken = run.utterances
    yield Check("Every utterance becomes final", "yes", _yes(bool(spoken["is_final"].all())))
    partial = bool((spoken["n_partials"] > 0).any())
    yield Check("Partials come before finals, under the same id", "yes", _yes(partial))
    code = [event["code"] for event in record.of("close")]
    yield Check("The service closes at the end", "1000", str(code[-1] if code else "never"))
    messages = message_audit(run)
    lost = "not told" if not len(messages) else str(messages.iloc[-1]["lost"])
    yield Check("Messages that it stored and that never arrived", "0", lost)


def _yes(good: bool) -> str:
    return "yes" if good else "no"


def _times(count: int, what: str) -> str:
    return "at once" if count == 1 else f"{count} {what}s"


async def _fetch(run: Run, sound: Audio, url: str | None, key: str | None) -> list[Check]:
    """What can be fetched after the session."""
    checks = []
    tail = round(_TAIL_S * sound.sample_rate) * 2 * _CHANNELS
    sent = encode(sound.samples, "wav/pcm", 16) + bytes(tail)
    async with GladiaClient(url=url, key=key) as client:
        session_id = str(run.session_id)
        try:
            job = await client.get(session_id)
            checks.append(Check("The stored result is complete", "done", str(job.get("status"))))
            kept = await client.audio(session_id)
            same = "the same bytes" if kept.endswith(sent) else f"{len(kept)} other bytes"
            checks.append(Check("The stored audio is what was sent", "the same bytes", same))
            listed = [job["id"] async for job in _first(client.list(limit=20), 20)]
            checks.append(Check("The session is in the list", "yes", _yes(session_id in listed)))
        except GladiaNbError as error:
            checks.append(Check("What is stored can be fetched", "yes", str(error)))
    return checks


async def _first(items: Any, count: int) -> Any:
    number = 0
    async for item in items:
        yield item
        number += 1
        if number >= count:
            return
