"""What a study will take: sessions at once, hours, and what they cost."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from gladia_nb.errors import ConfigError
from gladia_nb.studies.design import Block, Design

__all__ = [
    "PLANS",
    "PlanName",
    "StudyPlan",
    "at_once",
    "billed_hours",
    "duration_text",
    "estimate",
    "monthly_hours",
    "read_budget",
    "read_price",
]

PlanName = Literal["free", "paid"]
#: Sessions that a plan of the service allows at once, and hours a month.
PLANS: dict[str, tuple[int, float]] = {"free": (1, 10.0), "paid": (30, math.inf)}

#: Seconds that a session takes beside its audio: the request, the connection, the result.
_AROUND_S = 3.0


def at_once(plan: str | int) -> int:
    """Sessions that may run at once.

    Raises:
        ConfigError: there is no such plan.

    Example:
        >>> at_once("paid"), at_once(4)
        (30, 4)
    """
    if isinstance(plan, str) and plan in PLANS:
        return PLANS[plan][0]
    if isinstance(plan, int) and not isinstance(plan, bool) and plan >= 1:
        return plan
    raise ConfigError(
        f"plan is {', '.join(map(repr, PLANS))} or a number of sessions at once (got {plan!r})."
    )


def monthly_hours(plan: str | int) -> float:
    """Hours of audio that a plan allows in a month; inf where nothing is known of a limit."""
    return PLANS[plan][1] if isinstance(plan, str) else math.inf


def read_budget(hours: object) -> float:
    """Hours of audio that may be billed; inf for None.

    Raises:
        ConfigError: it is no number above 0.

    Example:
        >>> read_budget(None), read_budget(6)
        (inf, 6.0)
    """
    if hours is None:
        return math.inf
    if isinstance(hours, bool) or not isinstance(hours, (int, float)) or not hours > 0:
        raise ConfigError(f"budget_hours is a number of hours above 0 (got {hours!r}).")
    return float(hours)


def read_price(price: object) -> float | None:
    """The price of a billed hour, or None.

    Raises:
        ConfigError: it is no number from 0 on.
    """
    if price is None:
        return None
    if isinstance(price, bool) or not isinstance(price, (int, float)) or not 0 <= price < math.inf:
        raise ConfigError(f"price_per_hour is a number from 0 on (got {price!r}).")
    return float(price)


def billed_hours(design: Design, item: int, arm: str) -> float:
    """Hours that one cell is billed: each channel counts, and silence that is sent counts.

    Where the configuration asks for fewer channels than the sound has, they are mixed.
    """
    sound, chosen = design.items[item], design.arm(arm)
    given = chosen.config.model_fields_set
    channels = chosen.config.channels if "channels" in given else sound.channels
    return (sound.duration_s + chosen.options.tail_s) * channels / 3600


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What a study will take. Nothing was sent to find it out.

    Attributes:
        cells: all of them.
        done: of them, measured already.
        wall_s: seconds that the rest takes, if nothing has to be repeated.
        billed_h: hours of audio that the rest will be billed, by channel.
        spent_h: hours that were billed for what is done, failures included.
        budget_h: the most that may be billed; inf for no limit.
        cost: of the rest, in the money of the price; None without a price.
        at_once: sessions at once.
        notes: what to know before it is begun.
    """

    cells: int
    done: int
    wall_s: float
    billed_h: float
    spent_h: float
    budget_h: float
    cost: float | None
    at_once: int
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [
            f"{self.cells} cells, {self.done} of them done, {self.at_once} at once",
            f"{duration_text(self.wall_s)} to go, {self.billed_h:.2f} h to be billed, "
            f"{self.spent_h:.2f} h spent"
            + (f" of {self.budget_h:g} h" if math.isfinite(self.budget_h) else ""),
        ]
        if self.cost is not None:
            lines.append(f"cost of what is to go: {self.cost:.2f}")
        return "\n".join([*lines, *self.notes])

    __repr__ = __str__


def estimate(
    design: Design,
    done: Collection[str],
    *,
    plan: str | int,
    spent_h: float = 0.0,
    budget_h: float = math.inf,
    price_per_hour: float | None = None,
) -> StudyPlan:
    """Count what is left of a study.

    Args:
        design: the study.
        done: ids of the cells that need no other run.
        plan: see `at_once`.
        spent_h: hours that were billed until now.
        budget_h: the most that may be billed.
        price_per_hour: of a billed hour; prices change, so that there is no default.
    """
    cap = at_once(plan)
    cells = list(design.cells())
    left = [cell for cell in cells if cell.id not in done]
    billed = sum(billed_hours(design, cell.item, cell.arm) for cell in left)
    notes = []
    if spent_h + billed > budget_h:
        notes.append(
            f"The budget of {budget_h:g} h will not last: {spent_h + billed:.2f} h are needed. "
            "The study stops before the first block that would exceed it."
        )
    if billed > monthly_hours(plan):
        notes.append(
            f"The plan {plan!r} has {monthly_hours(plan):g} h a month; "
            "the rest can be run next month, with the same command."
        )
    if left and design.order == "duet" and cap < len(design.names):
        notes.append(
            f"The {len(design.names)} cells of a block are meant to run at the same moment, and "
            f"only {cap} can: they follow each other, and a slow minute may hit some of them alone."
        )
    return StudyPlan(
        cells=len(cells),
        done=len(cells) - len(left),
        wall_s=sum(_wall_s(design, block, done, cap) for block in design.blocks()),
        billed_h=billed,
        spent_h=spent_h,
        budget_h=budget_h,
        cost=None if price_per_hour is None else billed * price_per_hour,
        at_once=cap,
        notes=tuple(notes),
    )


def _wall_s(design: Design, block: Block, done: Collection[str], cap: int) -> float:
    left = [cell for cell in block.cells if cell.id not in done]
    if not left:
        return 0.0
    width = min(cap, len(left)) if design.order == "duet" else 1
    groups = [left[k : k + width] for k in range(0, len(left), width)]
    return sum(max(_cell_s(design, cell.item, cell.arm) for cell in group) for group in groups)


def _cell_s(design: Design, item: int, arm: str) -> float:
    options = design.arm(arm).options
    return (design.items[item].duration_s + options.tail_s) / options.speed + _AROUND_S


def duration_text(seconds: float) -> str:
    """A length of time, as rough as one wants to know it.

    Example:
        >>> duration_text(12), duration_text(600), duration_text(9000)
        ('12 s', '10 min', '2.5 h')
    """
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"
