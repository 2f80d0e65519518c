"""Words among the marks that transcribers write between them (NIST's conventions, and Kaldi's)."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["is_mark", "spoken_words"]

#: What aligners call silence and noise where no bracket says that it is no word.
_SILENCES = {"sil", "sp", "spn", "eps", "nsn"}


def is_mark(token: str) -> bool:
    """Whether a token stands for no word that could be compared: noise, unknown, hesitation.

    Example:
        >>> [is_mark(token) for token in ("<unk>", "[noise]", "%uh", "<b>old</b>", "sill")]
        [True, True, True, False, False]
    """
    return _bracketed(token) or token.startswith("%") or token.lower() in _SILENCES


def spoken_words(tokens: Sequence[str]) -> tuple[list[str], int]:
    """The words of a transcript, and how many marks were left out.

    Of alternatives `{ a / b }` the first is taken, `@` stands for no word, a word in round brackets
    (which may be left out when it is said) is a word.

    Args:
        tokens: as they stand between blanks.

    Example:
        >>> spoken_words("{ i'm / i am } (uh) %hes in <unk> paris".split())
        (["i'm", 'uh', 'in', 'paris'], 2)
    """
    words: list[str] = []
    left_out = 0
    # For each open brace: whether its first alternative is over.
    over: list[bool] = []
    for part in _apart(tokens):
        if part == "{":
            over.append(False)
        elif part == "}":
            over = over[:-1]
        elif part == "/" and over:
            over[-1] = True
        elif any(over) or part == "@":
            continue
        elif is_mark(part.strip("()")):
            left_out += 1
        elif word := part.strip("()"):
            words.append(word)
    return words, left_out


def _bracketed(token: str) -> bool:
    return token[:1] + token[-1:] in ("<>", "[]") and token.count(token[0]) == 1


def _apart(tokens: Sequence[str]) -> list[str]:
    """Braces as tokens of their own, also where no blank stands beside them."""
    text = " ".join(tokens)
    return text.replace("{", " { ").replace("}", " } ").split()
