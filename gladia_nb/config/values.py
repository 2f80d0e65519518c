"""What the live API allows, where it is a list or a limit."""

from __future__ import annotations

__all__ = [
    "BIT_DEPTHS",
    "ENCODINGS",
    "LANGUAGES",
    "MAX_CHANNELS",
    "MAX_METADATA",
    "SAMPLE_RATES",
    "TRANSLATION_LANGUAGES",
]

SAMPLE_RATES = (8000, 16000, 32000, 44100, 48000)
BIT_DEPTHS = (8, 16, 24, 32)
ENCODINGS = ("wav/pcm", "wav/alaw", "wav/ulaw")
MAX_CHANNELS = 8
#: Characters of `custom_metadata` once it is JSON.
MAX_METADATA = 2000

LANGUAGES = tuple(
    (
        "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha "
        "haw he hi hr ht hu hy id is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr "
        "ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn so sq sr su sv sw ta te tg "
        "th tk tl tr tt uk ur uz vi yi yo zh"
    ).split()
)
TRANSLATION_LANGUAGES = tuple(sorted((*LANGUAGES, "wo")))
