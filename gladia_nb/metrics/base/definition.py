"""What a definition is: our name, the field's names, one sentence, and an example to compute."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AMID",
    "GROWING",
    "HESITANT",
    "LATE",
    "SESSION",
    "VAIN",
    "WRONG",
    "Definition",
    "Script",
]


@dataclass(frozen=True, slots=True)
class Script:
    """A tiny session on paper: 100 ms chunks sent in time, words with their true times.

    Attributes:
        spoken: each word with its start and end, seconds of audio.
        messages: arrival in seconds since audio position 0 was spoken; `partial`, `final`,
            `speech_start`, `speech_end` or `translation`; the text, or the time of the event.
            A transcript goes on where the last final ended, each word at the place of the spoken
            word with its number.
    """

    spoken: tuple[tuple[str, float, float], ...]
    messages: tuple[tuple[float, str, str | float], ...]

    @property
    def sentence(self) -> str:
        """The session in words.

        Example:
            >>> Script((("good", 0.5, 0.8),), ((1.0, "final", "good"),)).sentence
            'Spoken: good 0.5 to 0.8 s. Messages: final \u201cgood\u201d at 1 s.'
        """
        spoken = ", ".join(f"{word} {start:g} to {end:g} s" for word, start, end in self.spoken)
        messages = ", ".join(f"{kind} {_of(what)} at {at:g} s" for at, kind, what in self.messages)
        return f"Spoken: {spoken}. Messages: {messages}."


def _of(what: str | float) -> str:
    return f"\u201c{what}\u201d" if isinstance(what, str) else f"({what:g} s)"


_GOOD_MORNING = (("good", 0.5, 0.8), ("morning", 0.9, 1.3))
#: One turn as it often is: a word changes and comes back, the last partial brings nothing new.
SESSION = Script(
    _GOOD_MORNING,
    (
        (0.7, "speech_start", 0.5),
        (1.0, "partial", "good"),
        (1.4, "partial", "good morning"),
        (1.5, "partial", "good warning"),
        (1.6, "partial", "good morning"),
        (1.7, "partial", "good morning"),
        (1.75, "speech_end", 1.3),
        (2.0, "final", "Good morning."),
        (2.3, "translation", "Bonjour"),
    ),
)
#: A final is wrong where a partial was right.
WRONG = Script(_GOOD_MORNING, ((1.5, "partial", "good morning"), (2.0, "final", "good warning")))
#: A pause inside a turn is taken for its end.
HESITANT = Script(
    (("well", 0.5, 0.8), ("good", 1.4, 1.7), ("morning", 1.8, 2.2)),
    (
        (0.7, "speech_start", 0.5),
        (1.0, "speech_end", 0.8),
        (1.2, "final", "Well."),
        (1.6, "speech_start", 1.4),
        (2.5, "speech_end", 2.2),
        (2.8, "final", "Good morning."),
    ),
)
#: Two finals come when the turn is over, the second one when an agent has decided that it is.
LATE = Script(
    HESITANT.spoken,
    (
        (2.1, "speech_end", 0.8),
        (2.5, "final", "Well."),
        (2.6, "speech_end", 2.2),
        (3.0, "final", "Good morning."),
    ),
)
#: A word that ends amid a chunk.
AMID = Script((("morning", 0.9, 1.25),), ((1.5, "partial", "morning"), (2.0, "final", "Morning.")))
#: No final comes.
VAIN = Script(_GOOD_MORNING, ((1.5, "partial", "good morning"),))
_COUNTED = "one two three four five six seven eight nine ten".split()
#: A service that falls behind: each word comes a tenth of a second later than the one before.
GROWING = Script(
    tuple((word, round(0.9 * k, 1), round(0.9 * k + 0.4, 1)) for k, word in enumerate(_COUNTED)),
    tuple((k + 0.5, "partial", " ".join(_COUNTED[: k + 1])) for k in range(len(_COUNTED))),
)


@dataclass(frozen=True, slots=True)
class Definition:
    """What one word of the tables means.

    Attributes:
        name: ours, as the tables have it.
        label: the same for people, as `latency_table` has it.
        field: what the field calls it, the most usual name first; none where nobody names it.
        meaning: one sentence.
        difference: what those names mean elsewhere.
        source: where the field's names are defined.
        unit: of the values; "" for words.
        found_in: the expression that computes it, of `gn` and `run`.
        script: session of the worked example.
        example: the worked example in words.
        value: what `found_in` is in that session: its last value, where it has several.
    """

    name: str
    label: str
    field: tuple[str, ...]
    meaning: str
    difference: str
    source: str
    unit: str
    found_in: str
    script: Script
    example: str
    value: float | str

    @property
    def worked_example(self) -> str:
        """The worked example with its result."""
        number = self.value if isinstance(self.value, str) else f"{self.value:.4g}"
        return f"{self.example}: {number} {self.unit}".rstrip()
