"""Which bins an item may rightly fall into, by what is true of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sorter.config import LimitsConfig, OutletConfig
from sorter.item import Measures
from sorter.twin.fruit import Fruit
from sorter.twin.placed import Produce

DOUBTS = 2.0
"""A size so many times its stated uncertainty off a limit may be judged either way."""


class Takers:
    """The outlets of a machine, asked with the truth."""

    def __init__(self, outlets: Sequence[OutletConfig]) -> None:
        """Take all outlets of a config, the default one among them."""
        self._shot = [outlet for outlet in outlets if not outlet.default]
        self.end = next(outlet.name for outlet in outlets if outlet.default)
        """The bin at the end of the belt."""

    @property
    def bins(self) -> tuple[str, ...]:
        """In the order of the config, the end last."""
        return (*(outlet.name for outlet in self._shot), self.end)

    def own(self, produce: Produce, read: Measures | None) -> frozenset[str]:
        """The outlets of its lane that take its true grade in its true size.

        Which of them it was, order, shares and quotas say: that is for the sorter to decide. A size
        within `DOUBTS` of a limit may be on either side. The belt's end is its own where no outlet
        takes it.

        Args:
            produce: and the truth about it.
            read: its measures as decided about, for their uncertainty; None without a decision.
        """
        grade = produce.fruit.grade
        takers = [one for one in self._shot if one.lane == produce.lane and grade in one.grades]
        length_mm, width_mm, bend_mm = _true_sizes(produce.fruit)
        sizes = [(length_mm, 0.0), (width_mm, 0.0), (bend_mm, 0.0)]
        exact = [one for one in takers if _fits(one, sizes)]
        if read is not None:
            sizes = [
                (length_mm, DOUBTS * read.length_sd_mm),
                (width_mm, DOUBTS * read.width_sd_mm),
                (bend_mm, DOUBTS * read.bend_sd_mm),
            ]
        names = {one.name for one in takers if _fits(one, sizes)}
        return frozenset(names if exact else names | {self.end})


def _true_sizes(fruit: Fruit) -> tuple[float | None, float | None, float | None]:
    """Length, thickness and bend; None for what is not known of it, as of an item of a photo."""
    truth = fruit.truth()
    length_mm = truth.get("length_mm")
    width_mm = truth.get("thickness_mm", truth.get("diameter_mm"))
    if length_mm is not None and width_mm is not None:
        # A flat round fruit is longest across its axis.
        length_mm, width_mm = max(length_mm, width_mm), min(length_mm, width_mm)
    return length_mm, width_mm, truth.get("bend_mm")


def _fits(outlet: OutletConfig, sizes: Sequence[tuple[float | None, float]]) -> bool:
    """By length, thickness and bend; nobody knows the true volume of what is drawn."""
    limits = (outlet.length_mm, outlet.width_mm, outlet.bend_mm)
    return all(_within(one, *size) for one, size in zip(limits, sizes, strict=True))


def _within(limits: LimitsConfig | None, value: float | None, doubt: float) -> bool:
    if limits is None or value is None:
        return True
    low = -math.inf if limits.min is None else limits.min
    high = math.inf if limits.max is None else limits.max
    return low <= value + doubt and value - doubt <= high
