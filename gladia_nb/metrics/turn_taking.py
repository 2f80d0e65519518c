"""What an agent that answers waits for: one row a turn, by our definitions and those of others."""

from __future__ import annotations

import math
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from gladia_nb.audio import Audio
from gladia_nb.errors import ConfigError
from gladia_nb.metrics.base.choice import Choice, chosen
from gladia_nb.metrics.base.clocks import acknowledged_s, captured_s, sent_s
from gladia_nb.metrics.base.sent_part import sent_reference
from gladia_nb.metrics.base.text import Normaliser
from gladia_nb.metrics.base.turn_spans import TURN_GAP_S, Piece, joined, spoken_pieces
from gladia_nb.metrics.vad import speech_of
from gladia_nb.record.columns import read, since_start, transcripts
from gladia_nb.record.data import RunData
from gladia_nb.record.schema import Schema, to_frame

__all__ = ["TURNS", "TURN_GAP_S", "turns"]

Floats = npt.NDArray[np.float64]

#: One row a turn.
TURNS: Schema = MappingProxyType(
    {
        "turn": "int64",  # its number, from 0, by time
        "channel": "int64",
        "speaker": "str",  # missing where nobody says
        "text": "str",  # what was said, by the reference; else what was understood
        "start_s": "float64",  # audio time of the first word
        "end_s": "float64",  # of the end of speech
        "told_by": "str",  # what tells turns: speaker, sentence, gap of the reference; service
        "vad_end_s": "float64",  # end of speech by voice activity; NaN without audio, or unknown
        "clock": "str",  # capture, send or ack: of all latencies of the row
        "n_finals": "int64",  # that belong to the turn
        "premature_finals": "Int64",  # of them, by silence before the turn had ended; or missing
        "first_final_ms": "float64",  # end of speech -> first final that comes after it
        "last_final_ms": "float64",  # -> last final of the turn; NaN when one never came
        "end_of_speech_detected_ms": "float64",  # -> the service's speech_end; NaN for never
        "last_change_ms": "float64",  # -> last change of what is said
        "ttfs_ms": "float64",  # time to final segment, as Pipecat has it
        "transcription_delay_ms": "float64",  # as LiveKit Agents has it
        "end_of_utterance_delay_ms": "float64",  # as LiveKit Agents has it
    }
)

#: Seconds since the end of speech in which Pipecat waits for finals: the silence after which its
#: voice activity detector says "stopped" (0.2), and its timeout (2.0).
PIPECAT_WAITS_S = 2.2
#: Seconds since the end of speech before which LiveKit Agents does not end a turn by voice activity
#: with its defaults: the silence of its detector (0.55), which is more than its least delay (0.5).
LIVEKIT_WAITS_S = 0.55

_CLOCKS = MappingProxyType({"capture": captured_s, "send": sent_s, "ack": acknowledged_s})


def turns(
    run: RunData,
    *,
    clock: str = "capture",
    audio: Audio | str | Path | pd.DataFrame | None = None,
    gap_s: float = TURN_GAP_S,
    normaliser: Choice = "basic",
) -> pd.DataFrame:
    """How long an agent waits after each turn: to final, to end of speech, to the last change.

    A turn is what one speaker says until another speaks, or until a silence longer than `gap_s`.
    What tells speakers and their silences is in `told_by`:

    * `speaker`: the reference names the speaker of each word. Its sentences, where it has them, are
      never divided by a silence.
    * `sentence`: the reference has sentences without speakers; the channel stands for the speaker.
    * `gap`: the reference has words only: silences divide them, and a change of channel.
    * `service`: there is no reference; utterances of one channel are put together in the same way.

    An utterance belongs to a turn of its channel when the two share at least half of the shorter
    one. Speech ends with the last word of the turn.

    * `first_final_ms`: to the first final of the turn that arrives after the end of speech.
    * `last_final_ms`: to the last final of the turn. Below 0 when all had come by then.
    * `premature_finals`: finals with the trigger `endpoint` that arrived before the turn's speech
      had ended: an agent would have begun to answer. Missing where the service tells turns, since
      it does not know better than itself.
    * `end_of_speech_detected_ms`: to the speech_end message of the last utterance of the turn.
    * `last_change_ms`: to the last transcript of the turn that says other words than the one before
      it in its utterance, both normalised.

    Definitions of others count from the end of speech by voice activity where `audio` is given
    (`vad_end_s`) and has silence behind the turn, else from that of the turn, and look at the
    finals of the turn only:

    * `ttfs_ms`, Pipecat: to the last final that arrives after the end of speech and within 2.2 s.
      Pipecat has no sample where none does, and none where somebody speaks again before.
    * `transcription_delay_ms`, LiveKit Agents: to the last final that had arrived when the turn was
      ended. Below 0 when it came before the end of speech, where LiveKit says 0.
    * `end_of_utterance_delay_ms`, LiveKit Agents (`end_of_turn_delay` in its reports): until the
      turn is ended by voice activity and the default delays: 0.55 s after the end of speech, or
      with the first final where none had come by then.

    All are in milliseconds, signed, NaN for what never came; nothing is clamped.

    Args:
        run: the run.
        clock: when the end of speech was: spoken (`capture`), sent (`send`), or acknowledged
            (`ack`); see `latency`. What is premature is told on the capture clock always.
        audio: what was sent, as for `latency`.
        gap_s: silence of one speaker beyond which another turn begins, seconds.
        normaliser: what makes words equal; see `word_times`.

    Returns:
        Columns in `TURNS`, by time.

    Raises:
        ConfigError: there is no such clock or normaliser, `gap_s` is negative, or the audio is
            another one than that of the run.
        AudioError: the sound file cannot be read.

    Example:
        `turns(run)[["text", "first_final_ms", "ttfs_ms", "premature_finals"]]`
    """
    if clock not in _CLOCKS:
        raise ConfigError(f"There is no clock {clock!r}; there are {', '.join(_CLOCKS)}.")
    if not gap_s >= 0:
        raise ConfigError(f"gap_s is a silence in seconds, 0 or more, not {gap_s}.")
    columns: dict[str, list[Any]] = {name: [] for name in TURNS}
    if run.record.t0_ns is None:
        return to_frame(columns, TURNS)
    speech = None if audio is None else speech_of(run, audio)
    heard = _heard(run, chosen(run, normaliser))
    if len(run.reference):
        pieces, told_by = spoken_pieces(sent_reference(run), gap_s)
    else:
        pieces, told_by = _understood(heard), "service"
    found = joined(pieces, gap_s)
    ends_s = np.array([piece.end_s for piece in found])
    vad_s = _vad_ends_s(found, speech)
    ours, theirs = (_moments(run, end_s, clock) for end_s in (ends_s, _known(vad_s, ends_s)))
    for k, piece in enumerate(found):
        came = _Came.of(piece, heard)
        row = {
            **piece._asdict(),
            "turn": k,
            "speaker": piece.speaker or None,
            "told_by": told_by,
            "vad_end_s": vad_s[k],
            "clock": clock,
            **came.ours(*ours[k]),
            **came.theirs(*theirs[k]),
        }
        if told_by == "service":
            row["premature_finals"] = None
        for name in TURNS:
            columns[name].append(row[name])
    return to_frame(columns, TURNS)


def _heard(run: RunData, choice: Normaliser) -> pd.DataFrame:
    """Utterances that have a place in the audio, with what else arrived."""
    frame = run.utterances
    detected_s = (frame["speech_end_ns"] - (run.record.t0_ns or 0)) / 1e9
    return frame.assign(
        detected_s=detected_s.astype("Float64").to_numpy(dtype="float64", na_value=np.nan),
        changed_s=_changed_s(run, choice),
    ).dropna(subset=["start_s", "end_s"])


def _moments(run: RunData, position_s: Floats, clock: str) -> list[tuple[float, float]]:
    """When positions of the audio were spoken, and when they were on a clock."""
    spoken_s, on_clock_s = captured_s(run, position_s), _CLOCKS[clock](run, position_s)
    return list(zip(spoken_s.tolist(), on_clock_s.tolist(), strict=True))


def _known(values: Floats, others: Floats) -> Floats:
    return np.where(np.isnan(values), others, values)


def _understood(heard: pd.DataFrame) -> list[Piece]:
    """The utterances, as the service gives their times."""
    names = ["channel", "start_s", "end_s", "text"]
    return [
        Piece(int(channel), "", start_s, end_s, text.strip())
        for channel, start_s, end_s, text in heard[names].itertuples(index=False, name=None)
    ]


def _vad_ends_s(found: list[Piece], speech: pd.DataFrame | None) -> Floats:
    """End of the last span of speech that begins in each turn, or before; NaN without one.

    A span that goes on into the next turn of the channel does not end with this one.
    """
    ends_s = np.full(len(found), np.nan)
    if speech is None:
        return ends_s
    after_s: dict[int, float] = {}
    for k in range(len(found) - 1, -1, -1):
        turn = found[k]
        spans = speech[(speech["channel"] == turn.channel) & (speech["start_s"] < turn.end_s)]
        last_s = float(spans["end_s"].max())
        if turn.start_s < last_s <= after_s.get(turn.channel, math.inf):
            ends_s[k] = last_s
        after_s[turn.channel] = turn.start_s
    return ends_s


def _shares(turn: Piece, spans: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which spans share with a turn at least half of the shorter one."""
    starts_s, ends_s = spans["start_s"].to_numpy(), spans["end_s"].to_numpy()
    common = np.minimum(ends_s, turn.end_s) - np.maximum(starts_s, turn.start_s)
    shorter = np.minimum(ends_s - starts_s, turn.end_s - turn.start_s)
    kept: npt.NDArray[np.bool_] = (common >= 0) & (common >= shorter / 2)
    return kept


class _Came(NamedTuple):
    """What came of a turn, seconds since audio position 0 was spoken.

    Attributes:
        finals_s: arrivals of its finals, rising.
        endpoints_s: of those, the ones that a silence caused.
        complete: whether all of its utterances have a final, and there is one.
        detected_s: arrival of the speech_end of its last utterance.
        changed_s: arrival of the last change of what is said.
    """

    finals_s: Floats
    endpoints_s: Floats
    complete: bool
    detected_s: float
    changed_s: float

    @classmethod
    def of(cls, turn: Piece, heard: pd.DataFrame) -> _Came:
        own = heard[(heard["channel"] == turn.channel).to_numpy() & _shares(turn, heard)]
        finals = own[own["is_final"]]
        endpoints = finals[finals["trigger"] == "endpoint"]
        detected_s = math.nan
        if len(own):
            detected_s = float(own["detected_s"].iloc[int(own["end_s"].argmax())])
        return cls(
            np.sort(finals["final_s"].to_numpy()),
            endpoints["final_s"].to_numpy(),
            bool(len(own)) and len(finals) == len(own),
            detected_s,
            float(own["changed_s"].max()),
        )

    def ours(self, spoken_s: float, since_s: float) -> dict[str, Any]:
        """Our columns, of speech that ended at `spoken_s`, which was at `since_s` on the clock."""
        late = self.finals_s[self.finals_s >= spoken_s]
        events_s = {
            "first_final_ms": late[0] if len(late) else math.nan,
            "last_final_ms": self.finals_s[-1] if self.complete else math.nan,
            "end_of_speech_detected_ms": self.detected_s,
            "last_change_ms": self.changed_s,
        }
        return {
            "n_finals": len(self.finals_s),
            "premature_finals": int((self.endpoints_s < spoken_s).sum()),
            **{name: (event_s - since_s) * 1e3 for name, event_s in events_s.items()},
        }

    def theirs(self, spoken_s: float, since_s: float) -> dict[str, float]:
        """The columns of Pipecat and LiveKit, likewise."""
        within = self.finals_s <= spoken_s + PIPECAT_WAITS_S
        awaited = self.finals_s[(self.finals_s >= spoken_s) & within]
        decided_s = math.nan
        if len(self.finals_s):
            decided_s = max(spoken_s + LIVEKIT_WAITS_S, float(self.finals_s[0]))
        there = self.finals_s[self.finals_s <= decided_s]
        events_s = {
            "ttfs_ms": awaited[-1] if len(awaited) else math.nan,
            "transcription_delay_ms": there[-1] if len(there) else math.nan,
            "end_of_utterance_delay_ms": decided_s,
        }
        return {name: (event_s - since_s) * 1e3 for name, event_s in events_s.items()}


def _changed_s(run: RunData, choice: Normaliser) -> Floats:
    """Arrival of the last transcript of each utterance that says other words than before.

    The first final is the last word about an utterance.
    """
    found, shown = read(run.record), transcripts(run.record)
    texts, is_final = found.text[shown.message].tolist(), shown.is_final.tolist()
    changed = np.full(len(shown.id), np.nan)
    arrivals = since_start(run.record, found.recv_ns[shown.message])
    for number, begin in enumerate(shown.first[:-1].tolist()):
        before: list[str] = []
        for k in range(begin, int(shown.first[number + 1])):
            text = choice.tokens(texts[k] or "")
            if text != before:
                changed[number], before = arrivals[k], text
            if is_final[k]:
                break
    return changed
