"""What is said about a session that does not go as it should, wherever the session is held.

Templates for `str.format`: a session of the worker fills them in, and so does one that a browser
holds by itself, which gets them with its session. Numbers come as text, since two languages would
write them differently.
"""

from __future__ import annotations

from gladia_nb.api.protocol import CloseOutcome

__all__ = [
    "CLOSED",
    "CONTRADICTION",
    "ENDED_EARLY",
    "ENDED_MEANWHILE",
    "LONG",
    "LOST",
    "NOT_OPENED",
    "NOT_RESUMED",
    "QUIET",
    "SILENT",
    "STALLED",
    "TOO_OFTEN",
    "UNANSWERED",
    "UNENDING",
    "UNFIT",
    "WHY_CLOSED",
]

CLOSED = "The service {what} (close code {code}{said})."
#: What the service has done, for each outcome that is an error.
WHY_CLOSED = {
    CloseOutcome.ALREADY_ENDED: "had already ended this session",
    CloseOutcome.IDLE: "gave up because no audio came",
    CloseOutcome.REFUSED: "refused to go on",
}
CONTRADICTION = "Contradictory message: {problem} ({count} times)."
ENDED_EARLY = "The service ended the session before all audio had been sent."
ENDED_MEANWHILE = (
    "The connection was lost after the stop and the session had ended meanwhile; "
    "messages of that time are only in the stored result."
)
HOLE = (
    "About {seconds} s of live audio are missing between two pieces, or were handed over late; "
    "the words around them are not to be trusted."
)
LONG = "The session has lasted {hours} h; the service ends sessions after 3 h."
LOST = (
    "{pieces} pieces of live audio, about {seconds} s, never came; "
    "the words around them are not to be trusted."
)
NOT_OPENED = (
    "The service took the session, but its WebSocket could not be opened ({why}). "
    "Ask its provider, or try another region."
)
NOT_RESUMED = (
    "The connection was lost and {attempts} attempts to resume the session failed "
    "(the last: {why}). What was received until then is in the run."
)
QUIET = (
    "The service closed the connection because it had had nothing to transcribe for about a minute "
    "(close code 4504)."
)
TOO_OFTEN = (
    "The connection was lost {connections} times; the service does not hold the session (the last: "
    "{why}). What was received until then is in the run."
)
UNENDING = (
    "The service went on for {seconds} s after the stop and did not end the session. "
    "What was received until then is in the run."
)
UNFIT = "The service {fault}, and the session cannot go on. What came before is in the run."
SILENT = (
    "The service was silent for {seconds} s after the stop and did not end the session. "
    "What was received until then is in the run."
)
OVERFLOW = (
    "{count} callbacks were not taken: one was longer than 16 MiB, or all together than 64 MiB. "
    "Ask for fewer in callback_config."
)
STALLED = (
    "No audio has come for {seconds} s. The microphone, the page that holds it or the program "
    "that feeds it is busy, hidden or gone; what was said meanwhile may be missing."
)
UNANSWERED = (
    "The service did not say how much audio it has; the session goes on at its last "
    "acknowledgement, and a little audio may be there twice."
)
