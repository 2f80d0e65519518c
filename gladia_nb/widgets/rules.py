"""What a page has to know of the service, of the protocol and of the kernel, as plain data.

JavaScript holds no copy of any of it: a widget gets it in a trait, before anything begins.
"""

from __future__ import annotations

from typing import Any

from gladia_nb.api import protocol
from gladia_nb.api.limits import MAX_MESSAGE_BYTES, TOO_LARGE_MESSAGE
from gladia_nb.child import KEY_VARIABLE
from gladia_nb.config import PRESETS
from gladia_nb.lab.comparing import LETTERS
from gladia_nb.lab.form import Field
from gladia_nb.lab.headlines import terms
from gladia_nb.lab.recipe import OPTIONS
from gladia_nb.lab.setup import MICROPHONE, WHILE_SPOKEN
from gladia_nb.lab.shelf_changes import KEPT_DAYS, TRASH
from gladia_nb.lab.study_draft import SAMPLES, study_settings
from gladia_nb.lab.uploads import LARGEST_UPLOAD, TOO_LARGE
from gladia_nb.plots.palette import RUN_COLOURS, SIGNS
from gladia_nb.sessions.formats.reading import ENDS
from gladia_nb.sound_file import FORMATS
from gladia_nb.studies.tally import CELL_STATES
from gladia_nb.worker import sentences
from gladia_nb.worker.live_chunks import STALL_S
from gladia_nb.worker.session import Limits

__all__ = ["MODES", "lab_rules", "microphone_rules"]

#: What a microphone is for, and what its own controls call it.
MODES = {
    "take": "Record a take",
    "stream": "Transcribe through the kernel",
    "direct": "Transcribe from the browser",
}
#: Bytes of a file or recording in one message: a hub may limit the size of messages.
_PART_BYTES = 1 << 19
_TARGETS = {
    "embedded": "Embedded server: no key, no network",
    "gladia": "Gladia: nearest region",
    "url": "Another URL",
}


def microphone_rules() -> dict[str, Any]:
    """All that a page needs that records, and that may hold a session by itself.

    Example:
        >>> rules = microphone_rules()
        >>> rules["closes"]["4403"], rules["limits_ms"]["probe"]
        ('already ended', 1000.0)
    """
    limits = Limits()
    return {
        **protocol_rules(),
        "attempts": limits.attempts,
        "connections": limits.connections,
        "openings": limits.openings,
        "max_message_bytes": MAX_MESSAGE_BYTES,
        "too_large": TOO_LARGE_MESSAGE,
        "limits_ms": {
            "backoff": limits.backoff_s * 1e3,
            "backoff_cap": limits.backoff_cap_s * 1e3,
            "apart": limits.apart_s * 1e3,
            "probe": limits.probe_s * 1e3,
            "finish": limits.finish_s * 1e3,
            "ending": limits.ending_s * 1e3,
            "keep_alive": limits.keep_alive_s * 1e3,
            "long": limits.long_s * 1e3,
            "stall": STALL_S * 1e3,
        },
        # Longer than the session itself waits for a service that does not finish.
        "longest_ms": 3e3 * limits.finish_s,
        "why_closed": {outcome.value: said for outcome, said in sentences.WHY_CLOSED.items()},
        "sentences": _sentences(limits),
        "modes": list(MODES.items()),
    }


def protocol_rules() -> dict[str, Any]:
    """What the protocol of a session is made of; enough for its part without input or output."""
    return {
        "stop": protocol.STOP,
        "empty": protocol.EMPTY,
        "max_frame_bytes": protocol.MAX_FRAME_BYTES,
        "closes": {str(code): outcome.value for code, outcome in protocol.CLOSES.items()},
        "refusals": [protocol.REFUSALS.start, protocol.REFUSALS.stop - 1],
        "quiet": protocol.QUIET,
        "most_finals": protocol.MOST_FINALS,
        "beyond_sent": protocol.BEYOND_SENT,
        "no_range": protocol.NO_RANGE,
    }


def _sentences(limits: Limits) -> dict[str, str]:
    """Limits are filled in already; what is left in braces is known when it happens."""
    return {
        "closed": sentences.CLOSED,
        "contradiction": sentences.CONTRADICTION,
        "ended_early": sentences.ENDED_EARLY,
        "ended_meanwhile": sentences.ENDED_MEANWHILE,
        "long": sentences.LONG.format(hours=f"{limits.long_s / 3600:.2g}"),
        "lost": sentences.LOST,
        "not_opened": sentences.NOT_OPENED,
        "not_resumed": sentences.NOT_RESUMED.format(attempts=limits.attempts, why="{why}"),
        "quiet": sentences.QUIET,
        "silent": sentences.SILENT.format(seconds=f"{limits.finish_s:g}"),
        "stalled": sentences.STALLED.format(seconds=f"{STALL_S:g}"),
        "too_often": sentences.TOO_OFTEN,
        "unanswered": sentences.UNANSWERED,
        "unfit": sentences.UNFIT,
        "unending": sentences.UNENDING.format(seconds=f"{limits.ending_s:g}"),
    }


def lab_rules() -> dict[str, Any]:
    """All that the Lab's page needs beside what is shown.

    Example:
        >>> lab_rules()["places"][2]
        ('gladia', 'eu-west', 'Gladia: eu-west')
    """
    return {
        "samples": SAMPLES,
        "study_settings": [(one.name, one.label, _said_of(one)) for one in study_settings()],
        "cell_states": CELL_STATES,
        "presets": {name: name.replace("_", " ").capitalize() for name in PRESETS},
        "options": [option.name for option in OPTIONS],
        "places": _places(),
        "microphone": [name for name, _ in MICROPHONE],
        "while_spoken": list(WHILE_SPOKEN),
        "formats": list(FORMATS),
        # No sound ends so: whatever else a plain .json is, it is meant as a reference.
        "references": [*ENDS, ".json"],
        "largest_upload": LARGEST_UPLOAD,
        "too_large": TOO_LARGE,
        "part_bytes": _PART_BYTES,
        "key_variable": KEY_VARIABLE,
        "signs": SIGNS,
        "terms": terms(),
        "letters": LETTERS,
        "run_colours": RUN_COLOURS,
        "deleted": f"kept in the folder {TRASH} for {KEPT_DAYS} days",
    }


def _said_of(field: Field) -> str:
    """Which values a setting can have, as a study asks for them."""
    if field.kind == "flag":
        return "on, off"
    if field.choices:
        return ", ".join(map(str, field.choices))
    if field.kind == "list":
        return "spaces within one, as in: en, en fr"
    return "" if field.low is None else f"from {field.low:g} to {field.high:g}"


def _places() -> list[tuple[str, str, str]]:
    """Where a session can go: target, region, and what to call it."""
    options = {option.name: option for option in OPTIONS}
    found = []
    for target in options["target"].choices:
        found.append((str(target), "", _TARGETS[str(target)]))
        if target == "gladia":
            regions = map(str, options["region"].choices)
            found += [("gladia", region, f"Gladia: {region}") for region in regions]
    return found
