"""What every event is, and what its fields can hold, with bounds that make numbers believable."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = ["Count", "Difference", "Measured", "Offset", "Piece", "RecordEvent", "Said", "Stamp"]

#: A moment on the clock of the stamps, nanoseconds; that of a page can lie before its zero.
Stamp = Annotated[int, Meta(ge=-(2**61), le=2**61)]
#: A difference of two moments, or of two clocks.
Difference = Annotated[int, Meta(ge=-(2**62), le=2**62)]
#: How many, or the number of something.
Count = Annotated[int, Meta(ge=0, le=2**48)]
#: Finite, as all that is measured.
Measured = Annotated[float, Meta(ge=-1e15, le=1e15)]
#: How far another clock is away from ours, nanoseconds; it may count from another century.
Offset = Annotated[float, Meta(ge=-(2.0**62), le=2.0**62)]
#: What a device, or the host of one, says of itself.
Said = str | bool | int | float | None
#: What passed a proxy at once: when it came, when it left, and its bytes.
Piece = Annotated[list[Stamp], Meta(min_length=3, max_length=3)]


class RecordEvent(msgspec.Struct, frozen=True, gc=False, tag_field="event"):
    """One event of a record; each kind is a subclass with its kind as tag."""
