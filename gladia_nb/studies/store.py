"""The folder of a study: its design, a run file for each attempt, and who works on what.

```
design.json            frozen when the study began
amendments/0001.json   designs with more arms, repeats or items, in order
runs/CELL.ATTEMPT.run  every attempt, failed ones too; `gladia_nb.load` reads each
claims/BLOCK.N.json    who took a block; N counts those who took it over from the dead
claims/BLOCK.N.done    that it was given back
```

Nothing is overwritten. Whoever creates a file exclusively has what it stands for, so that several
processes can share the work on one folder, and whatever was killed is taken over.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gladia_nb.drafts import create_whole
from gladia_nb.errors import ConfigError, RunFileError
from gladia_nb.studies.design import changes

__all__ = ["ALIVE_S", "Claim", "Store"]

FORMAT = "gladia_nb.study"
VERSION = 1

#: A claim that nobody has touched for so long is dead.
ALIVE_S = 60.0

_RUN = re.compile(r"([0-9a-f]{16})\.(\d+)\.run")
_CLAIM = re.compile(r"\.(\d+)\.json$")


class Claim:
    """That this process works on a block; touched now and then to show that it lives.

    Args:
        path: its file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def touch(self) -> None:
        """Show that the work goes on."""
        with contextlib.suppress(OSError):
            os.utime(self._path)

    def release(self) -> None:
        """Give the block back."""
        with contextlib.suppress(OSError):
            self._path.with_suffix(".done").touch()


class Store:
    """The folder of a study; it is made when something is first written.

    Args:
        path: of the folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser().absolute()

    # -- the design --

    def design(self) -> dict[str, Any] | None:
        """The design as it stands, with all amendments; None before there is one.

        Raises:
            ConfigError: the folder holds something else than a study.
        """
        found = self._designs()
        return _read(found[-1])["design"] if found else None

    def check(self, design: Mapping[str, Any]) -> dict[str, Any] | None:
        """See that the folder holds this study, in an earlier form or none; returns what it holds.

        Raises:
            ConfigError: it holds another one.
        """
        stored = self.design()
        if stored is not None and (found := changes(stored, design)):
            raise ConfigError(
                f"{self.path} holds another study: {'; '.join(found)}. Take another folder, "
                "or the design as it was; more arms, repeats and items may be added."
            )
        return stored

    def freeze(self, design: Mapping[str, Any]) -> bool:
        """Store a design, or that it has been amended; returns whether anything was written.

        Raises:
            ConfigError: the folder holds another study.
            RunFileError: it cannot be written.
        """
        stored = self.check(design)
        if stored == design:
            return False
        place = self.path / "design.json"
        if stored is not None:
            place = self.path / "amendments" / f"{len(self._designs()):04}.json"
        content = {"format": FORMAT, "version": VERSION, "design": design}
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            create_whole(place, json.dumps(content, indent=1).encode())
        except FileExistsError:
            # Another process was first: it is looked at whether that was the same.
            return self.freeze(design)
        except OSError as error:
            raise RunFileError(
                f"Cannot write the study to {self.path}: {error.strerror or error}. "
                "Name another folder."
            ) from None
        return True

    def _designs(self) -> list[Path]:
        first = self.path / "design.json"
        if not first.is_file():
            return []
        return [first, *sorted((self.path / "amendments").glob("[0-9]*.json"))]

    # -- attempts --

    def attempts(self) -> dict[str, list[Path]]:
        """The run files of each cell, in the order in which they were made."""
        return self._attempts("*")

    def _attempts(self, cell: str) -> dict[str, list[Path]]:
        found: dict[str, list[tuple[int, Path]]] = {}
        for path in self._runs().glob(f"{cell}.*.run"):
            if match := _RUN.fullmatch(path.name):
                found.setdefault(match[1], []).append((int(match[2]), path))
        return {cell: [path for _, path in sorted(files)] for cell, files in found.items()}

    def new_attempt(self, cell: str) -> Path:
        """Where the next attempt of a cell is recorded; the file does not exist yet."""
        self._runs().mkdir(parents=True, exist_ok=True)
        made = self._attempts(cell).get(cell, [])
        number = int(made[-1].name.split(".")[1]) + 1 if made else 0
        return self._runs() / f"{cell}.{number}.run"

    def add_attempt(self, cell: str, content: bytes) -> Path:
        """Keep an attempt that was recorded elsewhere; the very same one is kept once.

        Args:
            cell: its id.
            content: the whole run file.

        Returns:
            Where it is kept; nothing that is there is overwritten.

        Raises:
            RunFileError: it cannot be written.
        """
        try:
            while True:
                path = self.new_attempt(cell)
                for made in self._attempts(cell).get(cell, []):
                    if made.stat().st_size == len(content) and made.read_bytes() == content:
                        return made
                # Whoever else was first with this number keeps it.
                with contextlib.suppress(FileExistsError):
                    create_whole(path, content)
                    return path
        except OSError as error:
            raise RunFileError(
                f"Cannot write to {self._runs()}: {error.strerror or error}. "
                "Make room or take back the write protection, and run the study again."
            ) from None

    def _runs(self) -> Path:
        return self.path / "runs"

    # -- claims --

    def claim(self, block: str) -> Claim | None:
        """Take a block; None when another living process has it.

        Raises:
            RunFileError: the folder cannot be written.
        """
        folder = self.path / "claims"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            numbers = sorted(
                int(match[1])
                for path in folder.glob(f"{block}.*.json")
                if (match := _CLAIM.search(path.name))
            )
            if numbers and _alive(folder / f"{block}.{numbers[-1]}.json"):
                return None
            path = folder / f"{block}.{numbers[-1] + 1 if numbers else 0}.json"
            create_whole(path, json.dumps({"host": platform.node(), "pid": os.getpid()}).encode())
        except FileExistsError:
            return None
        except OSError as error:
            raise RunFileError(
                f"Cannot write to {folder}: {error.strerror or error}. "
                "Make room or take back the write protection, and run the study again."
            ) from None
        return Claim(path)

    def claimed(self) -> set[str]:
        """The blocks that a living process has."""
        folder = self.path / "claims"
        last: dict[str, int] = {}
        for path in folder.glob("*.json"):
            block, number, _ = path.name.split(".")
            last[block] = max(last.get(block, 0), int(number))
        return {
            block for block, number in last.items() if _alive(folder / f"{block}.{number}.json")
        }


def _alive(path: Path) -> bool:
    """Whether whoever made a claim still works on it."""
    if path.with_suffix(".done").exists():
        return False
    try:
        if time.time() - path.stat().st_mtime > ALIVE_S:
            return False
        holder = json.loads(path.read_text(encoding="utf-8"))
        if holder["host"] == platform.node():
            os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return path.exists()
    return True


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        good = content["format"] == FORMAT and isinstance(content["design"], dict)
        version = content["version"]
    except OSError as error:
        raise ConfigError(f"Cannot read {path}: {error.strerror or error}.") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{path} is not the design of a study; name a new folder or that of a study."
        ) from None
    if not good or version != VERSION:
        raise ConfigError(
            f"{path} is not the design of a study that this version reads; take another folder."
        )
    return dict(content)
