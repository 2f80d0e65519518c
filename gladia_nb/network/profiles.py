"""Networks by name, and what a network can be made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import pydantic
from pydantic import Field

from gladia_nb.config.base import Settings
from gladia_nb.errors import ConfigError
from gladia_nb.network.link import Shape

__all__ = ["PROFILES", "Network", "read_network"]

#: Shorter names of some fields.
_SHORT: Mapping[str, str] = {
    "delay": "delay_ms",
    "jitter": "jitter_ms",
    "bandwidth": "bandwidth_kbps",
    "stall": "stall_s",
    "reset": "reset_every_s",
}
#: From one stall to the next, where only their length is given.
_STALL_EVERY_S = 10.0
_Ms = Annotated[float, Field(ge=0, le=10_000)]
_Seconds = Annotated[float, Field(ge=0, le=3600)]


class Network(Settings):
    """A network between a session and its service.

    It shapes TCP: bytes come late, in bursts, or the connection is reset. It cannot lose or
    reorder packets, which would show in TCP as delay anyway.

    Attributes:
        {fields}

    Raises:
        ConfigError: naming each field that is unknown or out of range, the value and what is
            allowed.

    Example:
        >>> Network(delay_ms=80, jitter_ms=20).header()
        {'delay_ms': 80.0, 'jitter_ms': 20.0}
    """

    field_noun: ClassVar[str] = "a field of a network"

    profile: str | None = None
    """The name that it began from, for people."""
    delay_ms: _Ms = 0
    """Milliseconds added to everything, each way: a round trip takes twice as long."""
    jitter_ms: _Ms = 0
    """By which the delay varies, at most, up and down; anew each 20 ms."""
    bandwidth_kbps: Annotated[float, Field(ge=0, le=10_000_000)] = 0
    """Kilobits a second, each way of each connection; 0 for no limit. 16 kHz of 16 bit are 256."""
    stall_s: _Seconds = 0
    """For so long nothing passes, then all that has waited."""
    stall_every_s: _Seconds = 0
    """From the beginning of one stall to that of the next, on average, at least half of it."""
    reset_every_s: Annotated[float, Field(ge=0, le=86_400)] = 0
    """From one reset of all connections to the next, on average, at least half of it."""
    seed: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    """Of all that varies; without one each run draws its own, and tells it."""

    def __init__(self, **fields: Any) -> None:
        # Plain data of JSON is welcome, whatever its type.
        super().__init__(**fields)

    @pydantic.model_validator(mode="after")
    def _check(self) -> Network:
        if self.jitter_ms > self.delay_ms:
            raise ValueError(
                f"jitter_ms must not be above delay_ms, {self.delay_ms:g} (got {self.jitter_ms:g})"
            )
        if self.stall_every_s and self.stall_every_s / 2 < self.stall_s:
            raise ValueError(
                f"stall_every_s must be twice stall_s, {self.stall_s:g}, at least "
                f"(got {self.stall_every_s:g})"
            )
        if 0 < self.reset_every_s < 1:
            raise ValueError(f"reset_every_s must be 1 at least, or 0 (got {self.reset_every_s:g})")
        return self

    def header(self) -> dict[str, Any]:
        """What the header of a run says of it: every field that is set."""
        return self.model_dump(exclude_unset=True, exclude_none=True)

    def seeded(self, seed: int) -> Network:
        """Itself with a seed, where it has none.

        Example:
            >>> Network(seed=1).seeded(2).seed, Network().seeded(2).seed
            (1, 2)
        """
        return self if self.seed is not None else Network(**{**self.header(), "seed": seed})

    def shape(self) -> Shape:
        """What the proxy has to know; without a seed it is 0.

        Example:
            >>> PROFILES["hotel"].seeded(7).shape().seed
            7
        """
        fields = self.model_dump(exclude={"profile", "seed"})
        if fields["stall_s"] and not fields["stall_every_s"]:
            fields["stall_every_s"] = max(_STALL_EVERY_S, 2 * fields["stall_s"])
        return Shape(seed=self.seed or 0, **fields)


def _named(**networks: dict[str, float]) -> Mapping[str, Network]:
    return MappingProxyType(
        {name: Network(profile=name, **fields) for name, fields in networks.items()}
    )


#: Networks by name. They are typical, not measured of any network in particular.
PROFILES: Mapping[str, Network] = _named(
    none={},
    wifi={"delay_ms": 5, "jitter_ms": 4, "bandwidth_kbps": 20_000},
    mobile={
        "delay_ms": 40,
        "jitter_ms": 25,
        "bandwidth_kbps": 3000,
        "stall_s": 0.4,
        "stall_every_s": 15,
    },
    hotel={
        "delay_ms": 70,
        "jitter_ms": 50,
        "bandwidth_kbps": 700,
        "stall_s": 1.0,
        "stall_every_s": 8,
    },
    train={
        "delay_ms": 60,
        "jitter_ms": 40,
        "bandwidth_kbps": 1500,
        "stall_s": 2.5,
        "stall_every_s": 20,
        "reset_every_s": 30,
    },
    satellite={"delay_ms": 300, "jitter_ms": 15, "bandwidth_kbps": 2000},
    # Less than audio of 16 kHz and 16 bit needs: what cannot keep up looks like this.
    edge={"delay_ms": 150, "jitter_ms": 60, "bandwidth_kbps": 200},
)


def read_network(value: object) -> Network | None:
    """A network from what one writes: a name, fields, or fields in JSON.

    Args:
        value: a name in `PROFILES`; a mapping of fields, of which `profile` names what the others
            change, and `delay`, `jitter`, `bandwidth`, `stall` and `reset` stand for the longer
            names; the same as JSON; a `Network`; or None.

    Raises:
        ConfigError: there is no such profile or field, or it is out of range.

    Example:
        >>> read_network({"profile": "mobile", "stall": 0}).header()["stall_s"]
        0.0
        >>> read_network("moblie")
        Traceback (most recent call last):
        ...
        gladia_nb.errors.ConfigError: network must be one of none, wifi, mobile, hotel, train, \
satellite, edge, or an object with fields such as delay_ms (got 'moblie')
    """
    if value is None or isinstance(value, Network):
        return value
    if isinstance(value, str):
        if value in PROFILES:
            return PROFILES[value]
        value = _object(value)
    if not isinstance(value, Mapping):
        raise ConfigError(
            f"network must be one of {', '.join(PROFILES)}, or an object with fields such as "
            f"delay_ms (got {value!r})"
        )
    fields = {_SHORT.get(str(name), str(name)): inner for name, inner in value.items()}
    base = {}
    if (name := fields.get("profile")) is not None:
        if name not in PROFILES:
            raise ConfigError(
                f"profile must be one of {', '.join(PROFILES)} (got {name!r}) in a network"
            )
        base = PROFILES[name].header()
    return Network(**{**base, **fields})


def _object(text: str) -> Any:
    """The object that a text is in JSON, else the text."""
    try:
        return json.loads(text) if text.lstrip().startswith("{") else text
    except (ValueError, RecursionError):
        return text
