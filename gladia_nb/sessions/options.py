"""How a session is sent: each option with its default, its limits and what it does, written once.

`start` and its kin, the recipes of the Lab and the command line take all of that from here.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import pydantic
from pydantic import Field

from gladia_nb.config import SessionConfig
from gladia_nb.config.base import Settings, with_fields
from gladia_nb.errors import ConfigError
from gladia_nb.network.profiles import PROFILES, Network, read_network

__all__ = ["DEFAULTS", "SendOptions", "describe_options", "warn_of_doubts"]

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

#: What `callbacks` can say, and the type of each.
_CALLBACKS: Mapping[str, type] = {"host": str, "port": int, "public_url": str}


def _as_given(value: Any, check: pydantic.ValidatorFunctionWrapHandler) -> Any:
    """A number that passes stays what it was: the record of a run has 100, and not 100.0."""
    check(value)
    return value


def _path(value: Any) -> Path | None:
    if value is None or isinstance(value, Path):
        return value
    try:
        return Path(value)
    except TypeError:
        raise ValueError(f"must be a path (got {value!r})") from None


def _callbacks(value: Any) -> bool | dict[str, Any]:
    known = ", ".join(_CALLBACKS)
    if isinstance(value, bool):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(f"must be true, false, or an object with {known} (got {value!r})")  # noqa: TRY004 - pydantic makes a sentence of it
    for name, inner in value.items():
        kind = _CALLBACKS.get(name)
        if kind is None:
            raise ValueError(f"has {known}; {name!r} is not known")
        out_of_range = isinstance(inner, int) and not 0 <= inner <= 65535
        if not isinstance(inner, kind) or out_of_range:
            what = "a port from 0 to 65535" if kind is int else "a string"
            raise ValueError(f"{name} must be {what} (got {inner!r})")
    return dict(value)


def _network(value: Any) -> Network | None:
    try:
        return read_network(value)
    except ConfigError as error:
        # As the value of a field, it is named before; pydantic makes a sentence of the rest.
        raise ValueError(str(error).removeprefix("network ")) from None


_AS_GIVEN = pydantic.WrapValidator(_as_given)


class SendOptions(Settings):
    """How a session is sent.

    Attributes:
        {fields}

    Raises:
        ConfigError: naming each option that is out of range, the value and what is allowed.

    Example:
        >>> SendOptions(chunk_ms=50).header()["chunk_ms"]
        50
        >>> SendOptions(speed=0)
        Traceback (most recent call last):
        ...
        gladia_nb.errors.ConfigError: speed must be between 0.1 and 100 (got 0)
    """

    field_noun: ClassVar[str] = "an option of sending"

    path: Annotated[Path | None, pydantic.BeforeValidator(_path)] = None
    """The file of the run; by default a new one in `runs/` (or `GLADIA_NB_RUNS`)."""
    audio: Annotated[bool, Field(title="Keep the sound")] = True
    """Keep what is sent beside the run, as FLAC; see `docs/sound.md`."""
    chunk_ms: Annotated[float, Field(ge=1, le=10_000, title="Chunk length, ms"), _AS_GIVEN] = 100
    """Milliseconds of audio in a chunk."""
    speed: Annotated[float, Field(ge=0.1, le=100), _AS_GIVEN] = 1
    """1 is real time."""
    tail_s: Annotated[float, Field(ge=0, le=3600, title="Tail, s"), _AS_GIVEN] = 0
    """Seconds of silence after the audio."""
    json_audio: Annotated[bool, Field(title="Audio as base64")] = False
    """Audio as base64 in JSON messages, not as binary frames."""
    callbacks: Annotated[
        bool | dict[str, Any],
        pydantic.BeforeValidator(_callbacks),
        Field(title="Receive callbacks"),
    ] = False
    """Listen on this machine for what the service posts; for services on this machine (in Python
    also `{"host", "port", "public_url"}`, for where one elsewhere reaches it)."""
    region: Literal["eu-west", "us-west"] | None = None
    """Of Gladia's service; without one it chooses."""
    network: Annotated[
        Network | None,
        pydantic.BeforeValidator(_network),
        pydantic.WithJsonSchema({"enum": [*PROFILES]}),
        Field(title="Network"),
    ] = None
    """Between here and the service, made by a proxy: a profile, or an object with fields of
    `gladia_nb.network.profiles.Network`; it shapes TCP and cannot lose packets."""

    def __init__(self, **fields: Any) -> None:
        # Of no more type than this: type checkers would ask for each field's own, where plain data
        # of JSON is welcome too.
        super().__init__(**fields)

    def header(self) -> dict[str, Any]:
        """What the header of a run says of them."""
        told = {
            "chunk_ms": self.chunk_ms,
            "speed": self.speed,
            "region": self.region,
            "json_audio": self.json_audio,
            "tail_s": self.tail_s,
            "callbacks": self.callbacks is not False,
        }
        # Left out where there is none: what names a cell of a stored study stays what it was.
        return told if self.network is None else {**told, "network": self.network.header()}

    def seeded(self, seed: int) -> SendOptions:
        """Themselves, with a seed for the network where it has none.

        Example:
            >>> SendOptions(network="hotel").seeded(7).header()["network"]["seed"]
            7
        """
        if self.network is None:
            return self
        return self.model_copy(update={"network": self.network.seeded(seed)})

    def listen(self) -> dict[str, Any] | None:
        """Where to listen for callbacks, for the worker; None for not at all.

        Example:
            >>> SendOptions(callbacks=True).listen(), SendOptions().listen()
            ({}, None)
        """
        if isinstance(self.callbacks, dict):
            return self.callbacks
        return {} if self.callbacks else None


#: The defaults, for signatures.
DEFAULTS = SendOptions()


def warn_of_doubts(config: SessionConfig) -> list[str]:
    """Warn of what is unusual in a configuration, before anything is sent, and return it."""
    found = config.doubts()
    for text in found:
        # Of the line that called `start` or its kin.
        warnings.warn(text, stacklevel=3)
    return found


def describe_options(function: FunctionT) -> FunctionT:
    """Put what each option does into the docstring of a function that takes some of them.

    They come where its list of arguments says `{options}`.
    """
    if function.__doc__ is not None:  # as with `python -OO`
        taken = inspect.signature(function).parameters
        function.__doc__ = with_fields(function.__doc__, "options", SendOptions, taken)
    return function
