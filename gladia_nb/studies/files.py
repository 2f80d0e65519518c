"""A study as a TOML file, for the command line."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gladia_nb.config import SessionConfig
from gladia_nb.errors import ConfigError
from gladia_nb.paths import content_of
from gladia_nb.studies.arms import grid
from gladia_nb.studies.many_runs import Study

__all__ = ["open_study", "read_study"]

#: What a file says of the design itself, and the types of it.
_DESIGN: Mapping[str, type | tuple[type, ...]] = {
    "folder": str,
    "items": (str, list),
    "arms": dict,
    "grid": dict,
    "baseline": (str, dict),
    "repeats": int,
    "order": str,
    "seed": int,
    "null": bool,
    "plan": (str, int),
    "budget_hours": (int, float),
    "price_per_hour": (int, float),
    "config": dict,
    "options": dict,
    "url": str,
}


def read_study(path: str | Path, **changes: Any) -> Study:
    """The study of a TOML file.

    ```toml
    folder = "studies/endpointing"    # beside the file
    items = "calls/"                  # as for `corpus`; or a list of sound files
    baseline = "endpointing=0.05"
    repeats = 3
    null = true
    plan = "paid"
    [grid]                            # or [arms.NAME] with the settings of each
    endpointing = [0.05, 0.3, 0.8]
    [config]                          # of what the arms leave open
    language_config = {languages = ["en"]}
    [options]                         # of sending, for all arms
    chunk_ms = 50
    ```

    Args:
        path: of the file.
        **changes: arguments of `Study` that differ; None for as it is.

    Raises:
        ConfigError: it cannot be read, is not TOML, or the design cannot be run.
    """
    path = Path(path).expanduser()
    content = _content(path)
    arms = content.pop("arms", None)
    if factors := content.pop("grid", None):
        arms = {**(arms or {}), **grid(**factors)}
    items = content.pop("items", None)
    if items is None:
        raise ConfigError(f"{path} names no items; write items = 'FOLDER', or a list of files.")
    config = SessionConfig.from_dict(content.pop("config", {}))
    options = content.pop("options", {})
    folder = path.parent / content.pop("folder", path.stem)
    given = {**content, **{name: value for name, value in changes.items() if value is not None}}
    return Study(folder, _beside(path, items), arms or {}, config=config, **options, **given)


def open_study(path: str | Path) -> Study:
    """The study of a folder, to look at; or that of a TOML file.

    Raises:
        ConfigError: there is none.
    """
    path = Path(path).expanduser()
    return read_study(path) if path.suffix == ".toml" else Study(path)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(content_of(path).decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror or error}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from None
    for name, value in content.items():
        kinds = _DESIGN.get(name)
        if kinds is None:
            raise ConfigError(f"{path}: {name} is not known; there are {', '.join(_DESIGN)}.")
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise ConfigError(f"{path}: {name} cannot be {value!r}.")
    return content


def _beside(path: Path, items: str | list[Any]) -> Any:
    """Paths that stand in a file are beside it."""
    if isinstance(items, str):
        return path.parent / items
    return [path.parent / str(item) for item in items]
