"""What is said over a control connection of the proxy, one line of JSON a message."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from gladia_nb.network.link import Shape

__all__ = ["Answer", "Entry", "Flush", "Open", "Report", "Way"]

_Port = Annotated[int, Meta(ge=0, le=65535)]


class Open(msgspec.Struct, tag="open", tag_field="cmd", forbid_unknown_fields=True):
    """Open a path.

    Attributes:
        token: of the proxy.
        shape: of the network.
        report: whether to tell what passes.
    """

    token: str
    shape: Shape
    report: bool = True


class Entry(msgspec.Struct, tag="entry", tag_field="cmd", forbid_unknown_fields=True):
    """Listen for connections to a service; answered with its `port`, or an `error`.

    Attributes:
        to: its addresses, the first that answers is taken: host and port.
        host: address to listen on.
        port: likewise; 0 takes a free one.
    """

    to: list[tuple[str, _Port]]
    host: str = "127.0.0.1"
    port: _Port = 0


class Flush(msgspec.Struct, tag="flush", tag_field="cmd", forbid_unknown_fields=True):
    """Tell what has passed until now; answered with `flushed`, behind the report."""


class Report(msgspec.Struct, omit_defaults=True):
    """What has passed since the last one; moments of the monotonic clock.

    Attributes:
        up: what went to the service: when it came, when it left, and how many bytes.
        down: what came from the service, likewise.
        resets: when connections were reset.
    """

    up: list[list[int]] = msgspec.field(default_factory=list)
    down: list[list[int]] = msgspec.field(default_factory=list)
    resets: list[int] = msgspec.field(default_factory=list)


class Answer(Report):
    """All that the proxy says: a report, or the answer to what it was asked.

    Attributes:
        port: where it listens now.
        error: why it cannot.
        flushed: all that passed until it was asked has been told.
    """

    port: int | None = None
    error: str | None = None
    flushed: bool = False


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the proxy is, and what network it is to make.

    Attributes:
        port: of its control connections, on this machine.
        token: that opens a path.
        shape: of the network.
    """

    port: int
    token: str
    shape: Shape

    def __repr__(self) -> str:
        # That of a struct would show the token.
        return f"Way({self.port}, {self.shape!r})"
