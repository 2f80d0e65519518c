"""The arms of a study: named settings that are compared with each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.sessions.options import SendOptions

__all__ = ["Arm", "grid", "read_arms", "read_baseline"]

Settings = Mapping[str, Any]

#: Settings that are of the service, and neither of the configuration nor of sending.
_SERVICE = ("url", "server")
#: Options of sending that an arm may not have: each cell has a file of its own, and none keeps its
#: sound, which all cells of an item share.
_OWN = ("path", "audio")


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of running a session.

    Attributes:
        name: for people; unique in the study.
        config: the configuration.
        options: how it is sent; without the file of the run.
        service: `url` or `server`, where the arm names one.
    """

    name: str
    config: SessionConfig
    options: SendOptions
    service: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def describe(self) -> dict[str, Any]:
        """What makes it what it is, as plain data; a `server` is named by the arm itself."""
        told: dict[str, Any] = {
            "config": self.config.to_dict(),
            "options": self.options.header(),
        }
        if "url" in self.service:
            told["url"] = str(self.service["url"])
        elif "server" in self.service:
            told["server"] = self.name
        return told

    @classmethod
    def of(cls, name: str, told: Mapping[str, Any]) -> Arm:
        """The arm of a description; a `server` is known by its name only, and cannot be run."""
        service = {key: told[key] for key in _SERVICE if key in told}
        config = SessionConfig.from_dict(told["config"])
        return cls(name, config, SendOptions(**told["options"]), service)

    def session(self, seed: int = 0) -> dict[str, Any]:
        """What `gladia_nb.start` takes of it, beside the configuration.

        Args:
            seed: of its network, where that has none of its own.
        """
        sending = self.options.seeded(seed)
        options = {name: getattr(sending, name) for name in sending.model_fields_set}
        return {**options, "audio": False, **self.service}


def grid(**factors: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """Every combination of some settings, as arms of a study.

    Args:
        **factors: values of each setting: a field of the configuration, or an option of sending.

    Returns:
        Name of each arm, and its settings; the last factor changes fastest.

    Raises:
        ConfigError: a factor has no values.

    Example:
        >>> list(grid(endpointing=[0.05, 0.3], chunk_ms=[100]))
        ['endpointing=0.05, chunk_ms=100', 'endpointing=0.3, chunk_ms=100']
    """
    values: dict[str, list[Any]] = {}
    for name, given in factors.items():
        if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
            raise ConfigError(f"{name} needs a list of values in a grid (got {given!r}).")
        values[name] = list(given)
        if not values[name]:
            raise ConfigError(f"{name} has no values, so that the grid has no arms.")
    arms: dict[str, dict[str, Any]] = {}
    for combination in itertools.product(*values.values()):
        settings = dict(zip(values, combination, strict=True))
        arms[", ".join(f"{name}={value}" for name, value in settings.items())] = settings
    return arms


def read_arms(
    arms: Mapping[str, Settings | SessionConfig],
    config: SessionConfig,
    common: Settings,
) -> tuple[Arm, ...]:
    """Arms with everything that they do not name themselves.

    Args:
        arms: settings by name, or a whole configuration.
        config: of what an arm leaves open.
        common: options of sending, for all arms.

    Raises:
        ConfigError: there is none, or one has a setting that is unknown or out of range; two are
            the same.
    """
    if not isinstance(arms, Mapping) or not arms:
        raise ConfigError(
            "A study needs arms: a dict of named settings, or gladia_nb.grid(endpointing=[...])."
        )
    found = tuple(_arm(str(name), given, config, common) for name, given in arms.items())
    for one, other in itertools.combinations(found, 2):
        if one.describe() == other.describe():
            raise ConfigError(
                f"The arms {one.name!r} and {other.name!r} are the same; null=True runs the "
                "baseline twice, to show how much sessions differ by themselves."
            )
    return found


def read_baseline(baseline: str | Settings | None, given: Mapping[str, Any]) -> str:
    """The name of the arm that all others are compared with.

    Args:
        baseline: its name, or its settings; None for the first.
        given: the arms as they were given.

    Raises:
        ConfigError: there is no such arm.
    """
    if baseline is None:
        return str(next(iter(given)))
    if isinstance(baseline, str):
        if baseline in given:
            return baseline
    else:
        for name, settings in given.items():
            if settings == baseline:
                return str(name)
    raise ConfigError(
        f"The baseline {baseline!r} is none of the arms; there are {'; '.join(map(str, given))}."
    )


def _arm(
    name: str, given: Settings | SessionConfig, config: SessionConfig, common: Settings
) -> Arm:
    if isinstance(given, SessionConfig):
        return Arm(name, given.measuring(), SendOptions(**common))
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"The arm {name!r} is a dict of settings, or a SessionConfig, "
            f"not {type(given).__name__}."
        )
    fields: dict[str, Any] = {}
    options, service = dict(common), {}
    for setting, value in given.items():
        if setting in _SERVICE:
            service[setting] = value
        elif setting in SendOptions.model_fields and setting not in _OWN:
            options[setting] = value
        else:
            fields[setting] = value
    try:
        return Arm(name, config.replace(**fields).measuring(), SendOptions(**options), service)
    except ConfigError as error:
        raise ConfigError(f"The arm {name!r} cannot be run: {error}") from None
