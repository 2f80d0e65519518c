"""Signs that the font of a picture has not: another font of this system that has them, or a mark.

Words come in any script, and the font of Matplotlib has few of them. A font of the system is asked
for a sign when it first appears; nothing is downloaded, and no setting of Matplotlib is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib import font_manager, rcParams
from matplotlib.ft2font import FT2Font

if TYPE_CHECKING:
    from matplotlib.text import Text

__all__ = ["LOST", "NO_FONT", "fall_back", "with_marks"]

#: Stands for a sign that no font has; the font that Matplotlib brings has it.
LOST = "\ufffd"
NO_FONT = f"{LOST}: no font here has this sign; install one, such as Noto Sans CJK"
#: Has `LOST`, on every system.
_OWN = "DejaVu Sans"
#: Fonts that have every sign, as boxes.
_BOXES = ("last", "blank")


def with_marks(text: str) -> str:
    r"""A text with `LOST` in the place of each sign that no font of this system has.

    Example:
        >>> with_marks("noncharacter: \ufdd0") == "noncharacter: " + LOST
        True
    """
    wanting = _wanting(text)
    return "".join(LOST if c in wanting and _family(c) is None else c for c in text)


def fall_back(texts: Iterable[Text]) -> bool:
    """Let texts of a picture take the signs that their font has not from fonts that have them.

    The fonts of one call are as few as can be, so that signs of a picture look alike.

    Args:
        texts: changed in place.

    Returns:
        Whether `LOST` stands in one of them.
    """
    found = [text for text in texts if text.get_text()]
    wanting = {sign for text in found for sign in _wanting(text.get_text())}
    families = list(dict.fromkeys(filter(None, map(_family, sorted(wanting)))))
    for text in found:
        if _wanting(text.get_text()):
            text.set_fontfamily([*text.get_fontfamily(), *families, _OWN])
    return any(LOST in text.get_text() for text in found)


def _wanting(text: str) -> set[str]:
    """The signs of a text that the font of Matplotlib's settings has not."""
    if text.isascii() and text.isprintable():
        return set()
    path = font_manager.findfont(font_manager.FontProperties(family=rcParams["font.family"]))
    font = font_manager.get_font(path)
    return {sign for sign in set(text) if not font.get_char_index(ord(sign))}


@lru_cache(maxsize=1 << 14)
def _family(sign: str) -> str | None:
    """The font that has a sign; None for none."""
    for family, path in _fonts():
        codes = _codes(path)
        at = int(np.searchsorted(codes, ord(sign)))
        if at < len(codes) and codes[at] == ord(sign):
            return family
    return None


def _fonts() -> Iterator[tuple[str, str]]:
    """Fonts of this system by family and file: upright ones first, and Noto before others."""
    entries = [
        entry
        for entry in font_manager.fontManager.ttflist
        if not any(word in entry.name.lower().split() for word in _BOXES)
    ]
    entries.sort(
        key=lambda entry: (
            entry.style != "normal" or entry.weight not in (400, "normal", "regular"),
            not entry.name.startswith("Noto"),
            entry.name,
        )
    )
    seen = set()
    for entry in entries:
        # The family is what a text can ask for: one file stands for it.
        if entry.name not in seen:
            seen.add(entry.name)
            yield entry.name, entry.fname


@lru_cache(maxsize=1 << 12)
def _codes(path: str) -> npt.NDArray[np.int32]:
    """The signs of a font, as rising numbers; none of a file that cannot be read."""
    try:
        codes = FT2Font(path).get_charmap()
    except (OSError, RuntimeError):
        return np.empty(0, dtype="int32")
    return np.sort(np.fromiter(codes, dtype="int32", count=len(codes)))
