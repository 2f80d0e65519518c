"""What a study is made of: its cells, and the blocks in which they are compared.

A *cell* is one arm on one item, once. It is named by what decides it: configuration, audio, options
of sending, repeat. A *block* are the cells of one item and repeat, which are run together.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from gladia_nb.errors import ConfigError
from gladia_nb.studies.arms import Arm

__all__ = [
    "NULL",
    "ORDERS",
    "Block",
    "Cell",
    "Design",
    "Item",
    "Order",
    "changes",
    "check_repeats",
    "rounds",
]

Order = Literal["duet", "blocks", "abba"]
#: How the cells of a block follow each other.
ORDERS: tuple[Order, ...] = ("duet", "blocks", "abba")
#: What the second run of the baseline is called.
NULL = "baseline again"


@dataclass(frozen=True, slots=True)
class _Named:
    """What a store knows of an item."""

    name: str
    sha256: str
    duration_s: float
    channels: int


class Item(Protocol):
    """A recording with what is known of it, as far as a study needs it."""

    @property
    def name(self) -> str:
        """For people; unique in the study."""

    @property
    def sha256(self) -> str:
        """Of the sound, 64 hexadecimal digits."""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""

    @property
    def channels(self) -> int:
        """Number of channels of the sound."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One arm on one item, once.

    Attributes:
        id: the hash of what decides it, 16 hexadecimal digits.
        arm: name of the arm, or `NULL`.
        item: number of the item, from 0.
        repeat: from 0.
    """

    id: str
    arm: str
    item: int
    repeat: int


@dataclass(frozen=True, slots=True)
class Block:
    """The cells that are compared with each other.

    Attributes:
        id: the hash of item and repeat.
        item: number of the item.
        repeat: from 0.
        cells: in the order in which they are started.
    """

    id: str
    item: int
    repeat: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Design:
    """Items, arms, and how they meet.

    Attributes:
        items: the recordings.
        arms: what is compared.
        baseline: name of the arm that the others are compared with.
        repeats: how often each arm meets each item.
        order: see `ORDERS`.
        seed: of the order in which everything is run.
        null: whether the baseline is run twice.
    """

    items: tuple[Item, ...]
    arms: tuple[Arm, ...]
    baseline: str
    repeats: int = 1
    order: Order = "duet"
    seed: int = 0
    null: bool = False

    def __post_init__(self) -> None:
        if not self.items:
            raise ConfigError("There is nothing to send: the study has no items.")
        check_repeats(self.repeats)
        if self.order not in ORDERS:
            raise ConfigError(f"There is no order {self.order!r}; there are {', '.join(ORDERS)}.")
        if self.order == "abba" and len(self.names) != 2:
            raise ConfigError(
                f"The order abba is for two arms, and this study has {len(self.names)}; "
                "choose blocks, which runs them in random order."
            )
        names = [item.name for item in self.items]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ConfigError(f"Two items are called {twice!r}; give each a name of its own.")

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Design:
        """The design of a description; its items have no audio."""
        return cls(
            items=tuple(_Named(**item) for item in told["items"]),
            arms=tuple(Arm.of(name, arm) for name, arm in told["arms"].items()),
            **{name: told[name] for name in ("baseline", "repeats", "order", "seed", "null")},
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arms, that of the repeated baseline last."""
        return (*(arm.name for arm in self.arms), *((NULL,) if self.null else ()))

    def arm(self, name: str) -> Arm:
        """The arm of that name."""
        wanted = self.baseline if name == NULL else name
        return next(arm for arm in self.arms if arm.name == wanted)

    def blocks(self) -> tuple[Block, ...]:
        """All blocks, in the random order in which they are run.

        The order of two blocks is the same in every study that holds them, so that a study can be
        given more repeats or arms later.
        """
        found = [self._block(i, k) for k in range(self.repeats) for i in range(len(self.items))]
        return tuple(sorted(found, key=lambda block: (block.repeat, self._draw(block.id))))

    def cells(self) -> Iterator[Cell]:
        """All cells, block by block."""
        for block in self.blocks():
            yield from block.cells

    def weather(self, cell: Cell) -> int:
        """The seed of the network of a cell: all arms of its block meet the same stalls."""
        return int(self._draw(f"network {self.items[cell.item].sha256} {cell.repeat}") * 2**31)

    def _block(self, item: int, repeat: int) -> Block:
        name = _digest({"audio": self.items[item].sha256, "repeat": repeat})
        cells = [self._cell(arm, item, repeat) for arm in self.names]
        if self.order == "abba":
            # A B B A, whichever comes first by chance.
            flipped = (self._draw(self.items[item].sha256) < 0.5) ^ (repeat % 2 == 1)
            cells = cells[::-1] if flipped else cells
        else:
            cells.sort(key=lambda cell: self._draw(cell.id))
        return Block(name, item, repeat, tuple(cells))

    def _cell(self, name: str, item: int, repeat: int) -> Cell:
        decides: dict[str, Any] = {
            **self.arm(name).describe(),
            "audio": self.items[item].sha256,
            "repeat": repeat,
        }
        if name == NULL:
            decides["null"] = True
        return Cell(_digest(decides), name, item, repeat)

    def _draw(self, name: str) -> float:
        """A number from 0 to 1 that belongs to a name."""
        return random.Random(f"{self.seed} {name}").random()  # noqa: S311 - nothing to keep secret

    def describe(self) -> dict[str, Any]:
        """As plain data, for the store."""
        return {
            "items": [
                {
                    "name": item.name,
                    "sha256": item.sha256,
                    "duration_s": item.duration_s,
                    "channels": item.channels,
                }
                for item in self.items
            ],
            "arms": {arm.name: arm.describe() for arm in self.arms},
            "baseline": self.baseline,
            "repeats": self.repeats,
            "order": self.order,
            "seed": self.seed,
            "null": self.null,
        }


def check_repeats(repeats: object) -> int:
    """How often each arm meets each item.

    Raises:
        ConfigError: it is no whole number from 1 on.
    """
    if isinstance(repeats, bool) or not isinstance(repeats, int) or repeats < 1:
        raise ConfigError(f"repeats is a whole number from 1 on (got {repeats!r}).")
    return repeats


def changes(frozen: Mapping[str, Any], given: Mapping[str, Any]) -> list[str]:
    """What makes a design another study than the one that is stored, in words.

    More arms, more repeats and more items only add to a study.

    Args:
        frozen: a description that was stored.
        given: the description of now.

    Example:
        >>> one = {"items": [], "arms": {}, "baseline": "a", "seed": 1, "repeats": 2}
        >>> changes(one, {**one, "seed": 2, "repeats": 3})
        ['the seed was 1 and is 2']
    """
    found = [
        f"the {name} was {frozen[name]!r} and is {given.get(name)!r}"
        for name in ("baseline", "order", "seed", "null")
        if name in frozen and frozen[name] != given.get(name)
    ]
    if frozen["repeats"] > given["repeats"]:
        found.append(f"there were {frozen['repeats']} repeats and are {given['repeats']}")
    for name, arm in frozen["arms"].items():
        if name not in given["arms"]:
            found.append(f"the arm {name!r} is gone")
        elif given["arms"][name] != arm:
            found.append(f"the arm {name!r} has other settings")
    known = {item["name"]: item["sha256"] for item in given["items"]}
    for item in frozen["items"]:
        if item["name"] not in known:
            found.append(f"the item {item['name']!r} is gone")
        elif known[item["name"]] != item["sha256"]:
            found.append(f"the item {item['name']!r} has other audio")
    return found


def _digest(value: Mapping[str, Any]) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def rounds(cells: Sequence[Cell], at_once: int) -> Iterator[Sequence[Cell]]:
    """Cells of a block in the groups in which they are run at once.

    Example:
        >>> cells = [Cell(str(k), "a", 0, 0) for k in range(5)]
        >>> [len(group) for group in rounds(cells, 2)]
        [2, 2, 1]
    """
    for start in range(0, len(cells), at_once):
        yield cells[start : start + at_once]
