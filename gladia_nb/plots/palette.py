"""The colours of everything that is shown: pictures, reports, the Lab and the microphone.

Plain data without a plotting library. Series have the colours of Okabe and Ito (2008), which stay
apart for colour-blind eyes and in grey; each thing that has a colour also has a line, a mark, a
hatch or a sign of its own. In text the same colours are darkened or lightened until they stand out
from their ground with a contrast of 4.5.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = [
    "AGES",
    "BLUE",
    "COLOURS",
    "DARK",
    "FAINT",
    "GREEN",
    "GREY",
    "LIGHT",
    "PALE",
    "PURPLE",
    "RED",
    "RUN_COLOURS",
    "SIGNS",
    "SKY",
    "SOFT",
    "WHITE",
    "YELLOW",
    "Theme",
    "properties",
]

# -- series of pictures, on white or black --

GREEN = "#009E73"
BLUE = "#0072B2"
SKY = "#56B4E9"
RED = "#D55E00"
PURPLE = "#CC79A7"
YELLOW = "#F0E442"
GREY = "#7f7f7f"
#: Greys for what is not there yet and for what only leads the eye.
SOFT = "#a8a8a8"
FAINT = "#bdbdbd"
PALE = "#c9c9c9"
WHITE = "#ffffff"
#: The younger a word, the paler.
AGES = ("#cfe3f2", "#9fc9e6", "#6aaad6", "#3787bf", "#0b5c99")

#: One run beside others; each has a letter as well.
RUN_COLOURS = (BLUE, RED, GREEN, PURPLE, SKY, YELLOW, GREY, PALE)

#: What each thing of a run has for its colour.
COLOURS = {
    "sent": GREY,
    "acknowledged": GREEN,
    "partial": BLUE,
    "first_partial": BLUE,
    "first_seen": BLUE,
    "last_partial": SKY,
    "final": RED,
}

# -- pages --


@dataclass(frozen=True, slots=True)
class Theme:
    """The inks and grounds of a page.

    Attributes:
        ink: of text.
        soft: of text that matters less.
        page: the ground of the whole.
        surface: the ground of a panel.
        rule: of lines between things.
        edge: of lines around controls; a contrast of 3.
        accent: of what can be pressed, and of what was heard.
        on_accent: of text on it.
        wave: of a sound that is still to be heard.
        sent: of audio that was sent, and so on for the other series.
        good: of a measurement that is valid and of a stopwatch that is good.
        watch: of one that is degraded, or to be watched.
        poor: of one that is invalid, of a poor stopwatch and of whatever is wrong.
        poor_ground: behind what is wrong.
    """

    ink: str
    soft: str
    page: str
    surface: str
    rule: str
    edge: str
    accent: str
    on_accent: str
    wave: str
    sent: str
    acknowledged: str
    partial: str
    final: str
    good: str
    watch: str
    poor: str
    poor_ground: str


LIGHT = Theme(
    ink="#1b2127",
    soft="#56616c",
    page="#f4f6f7",
    surface=WHITE,
    rule="#d9dfe3",
    edge="#7d8790",
    accent="#00639c",
    on_accent=WHITE,
    wave="#a9b4bc",
    sent="#6b747c",
    acknowledged="#007a59",
    partial=BLUE,
    final="#b84e00",
    good="#007a59",
    watch="#b84e00",
    poor="#a5210e",
    poor_ground="#fdf0ee",
)
DARK = Theme(
    ink="#e7ebee",
    soft="#a7b1ba",
    page="#15191d",
    surface="#1d2328",
    rule="#343d45",
    edge="#7b8791",
    accent="#5cb8f0",
    on_accent="#06202f",
    wave="#59656f",
    sent="#9aa5ae",
    acknowledged="#35c79a",
    partial=SKY,
    final="#f09048",
    good="#35c79a",
    watch="#f09048",
    poor="#ff9d8a",
    poor_ground="#3a1f1b",
)

#: A sign beside each status, so that it is no matter of colour alone.
SIGNS = {"valid": "\u2713", "degraded": "!", "invalid": "\u2715"}


def properties(theme: Theme, prefix: str = "") -> str:
    """A theme as CSS custom properties.

    Example:
        >>> properties(LIGHT, "gnb-").split(";")[0]
        '--gnb-ink:#1b2127'
    """
    pairs = asdict(theme).items()
    return "".join(f"--{prefix}{name.replace('_', '-')}:{value};" for name, value in pairs)
