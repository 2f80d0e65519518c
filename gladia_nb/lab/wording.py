"""Advice for Python is none in a page: the same sentences, with what to do in the Lab."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["for_page"]

_KEY = "Type one in Settings, at API key."
#: What a sentence advises in Python, and what is done instead.
_ADVICE: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"Set \w+(?: to a valid key)?, or pass key=\.\.\.\.?"), _KEY),
    (re.compile(r"(Copy the key anew from your account) into \w+\."), rf"\1. {_KEY}"),
    (re.compile(r"Set \w+ to use it; without one the embedded server is used\."), _KEY),
    (re.compile(r"Check the URL \(\w+\)\."), "Check the URL, in Settings."),
    (re.compile(r"Mend \w+ or \w+, or what was passed\."), "Mend URL or key, in Settings."),
    (re.compile(r"gladia_nb\.load reads"), "the Lab opens"),
    (re.compile(r"; \w+\([^)]*\) shows all that it knows"), ""),
    (
        re.compile(r"; say which: load_reference\(path, recording=NAME\)\."),
        "; upload one that tells of this sound alone, or name the sound like its recording.",
    ),
    (re.compile(r" Take gladia_nb\.corpus, which cuts them out of the audio\."), ""),
    (re.compile(r", or record in the browser with gladia_nb\.Microphone"), ""),
    (re.compile(r"( need nothing here) \(gladia_nb\.Microphone\)"), r"\1"),
    (re.compile(r"; see `docs/[a-z]+\.md`"), ""),
    (re.compile(r"a profile, or an object with fields of `[\w.]+`"), "a profile, or one's own"),
    (re.compile(r" \(in Python also .*\)\.$", re.DOTALL), "."),
    (
        re.compile(r"^(?:\w+\.)*\w+ is required when (\w+) is on$"),
        lambda found: f"this is needed while {found[1].replace('_', ' ')} is on",
    ),
)


def for_page(text: str) -> str:
    """A sentence for whoever looks at a page.

    Example:
        >>> for_page("There is no API key for a.b. Set GLADIA_API_KEY, or pass key=...")
        'There is no API key for a.b. Type one in Settings, at API key.'
        >>> for_page("There is no file x.wav.")
        'There is no file x.wav.'
    """
    for pattern, instead in _ADVICE:
        text = pattern.sub(instead, text)
    return text
