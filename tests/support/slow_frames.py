"""The frames of a record by a plain loop, one message after the other, to compare with."""

from typing import Any

import pandas as pd

from gladia_nb.record.file import Record
from gladia_nb.record.message import parse_message


def slow_rows(made: Record) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of `MESSAGES` and `WORDS`, one message after the other."""
    messages, spoken = [], []
    t0 = made.t0_ns
    for number, event in enumerate(made.of("message")):
        found = parse_message(event["raw"])
        data = found.data or {}
        said = data.get("utterance") or {}
        own = {"start_s": said.get("start"), "end_s": said.get("end")}
        if found.type in ("speech_start", "speech_end"):
            own = dict.fromkeys(own, data.get("time"))
        if "time_range" in data:
            own = dict(zip(own, data["time_range"], strict=True))
        head = {"message": number, "recv_ns": event["recv_ns"]}
        head["recv_s"] = (event["recv_ns"] - t0) / 1e9
        messages.append(
            {
                **head,
                "via": event["via"],
                "connection": event["connection"],
                "session_id": found.session_id,
                "type": found.type,
                "utterance_id": data.get("id"),
                "channel": said.get("channel", data.get("channel")),
                "is_final": data.get("is_final"),
                **own,
                "text": said.get("text"),
                "n_words": len(said["words"]) if "words" in said else None,
                "confidence": said.get("confidence"),
                "language": said.get("language"),
                "acknowledged": found.acknowledged,
                "byte_end": data["byte_range"][1] if "byte_range" in data else None,
                "created_at": found.created_at,
                "error": found.error,
                "problem": found.problem,
                "raw": event["raw"],
            }
        )
        for position, word in enumerate(said.get("words", ())):
            spoken.append(
                {
                    **head,
                    "channel": said["channel"],
                    "utterance_id": data["id"],
                    "is_final": data["is_final"],
                    "position": position,
                    "word": word["word"].strip(),
                    "start_s": word["start"],
                    "end_s": word["end"],
                    "confidence": word["confidence"],
                }
            )
    return messages, spoken


def slow_utterances(made: Record) -> list[dict[str, Any]]:
    """What can be said of utterances without their speech events."""
    shown: dict[tuple[int, str], list[tuple[int, bool, dict[str, Any]]]] = {}
    for event in made.of("message"):
        data = parse_message(event["raw"]).data or {}
        if said := data.get("utterance"):
            key = (said["channel"], data["id"])
            shown.setdefault(key, []).append((event["recv_ns"], data["is_final"], said))
    rows = []
    for (channel, ident), entries in shown.items():
        partials = [entry for entry in entries if not entry[1]]
        finals = [entry for entry in entries if entry[1]]
        _, _, said = finals[0] if finals else partials[-1]
        rows.append(
            {
                "channel": channel,
                "utterance_id": ident,
                "start_s": said["start"],
                "end_s": said["end"],
                "text": said["text"],
                "is_final": bool(finals),
                "n_partials": len(partials),
                "n_finals": len(finals),
                "n_words": len(said["words"]),
                "first_partial_ns": next(
                    (at for at, _, said in partials if said["text"].strip()), None
                ),
                "last_partial_ns": partials[-1][0] if partials else None,
                "final_ns": finals[0][0] if finals else None,
                "last_partial_text": partials[-1][2]["text"] if partials else None,
            }
        )
    return rows


def expected(rows: list[dict[str, Any]], schema: dict[str, str], columns=None) -> pd.DataFrame:
    names = list(columns or schema)
    return pd.DataFrame(
        {n: pd.Series([row.get(n) for row in rows], dtype=schema[n]) for n in names}
    )
