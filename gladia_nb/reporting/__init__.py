"""A page that says what one run, or several side by side, have shown; in one file."""

from gladia_nb.reporting.hearing import sound_size
from gladia_nb.reporting.page import report

__all__ = ["report", "sound_size"]
