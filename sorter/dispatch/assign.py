"""Which outlet an item should go to: by grade, size, share and quota."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, product

from sorter.config import LimitsConfig, OutletConfig, SorterConfig
from sorter.item import Item, Measures
from sorter.verdict import Why

MM3_PER_CM3 = 1000
MOST_CASES = 4096
"""Beyond so many nothing is certain of an item; an outlet waits meanwhile."""

Case = tuple[float, ...]
"""What an item's four measures may truly be, in the order of `_limits`."""


def _limits(outlet: OutletConfig) -> tuple[LimitsConfig | None, ...]:
    return outlet.length_mm, outlet.width_mm, outlet.bend_mm, outlet.volume_cm3


def cases(outlets: Sequence[OutletConfig], measures: Measures) -> list[Case]:
    """All that an item may truly be, as far as size rules tell one from another.

    A measure lies within its standard uncertainty of what was read, anywhere where nothing is
    known, and independently of the others. Between two neighbouring limits of the rules nothing
    changes, so that one value stands for all of them. None where there is too much to tell apart.
    """
    read = (
        (measures.length_mm, measures.length_sd_mm),
        (measures.width_mm, measures.width_sd_mm),
        (measures.bend_mm, measures.bend_sd_mm),
        (measures.volume_mm3 / MM3_PER_CM3, measures.volume_sd_mm3 / MM3_PER_CM3),
    )
    rules = zip(*map(_limits, outlets), strict=True) if outlets else [()] * len(read)
    values = list(map(_values, read, rules))
    return list(product(*values)) if math.prod(map(len, values)) <= MOST_CASES else []


def _values(read: tuple[float, float], rules: Iterable[LimitsConfig | None]) -> list[float]:
    value, sd = read
    known = math.isfinite(value) and math.isfinite(sd)
    low, high = (value - sd, value + sd) if known else (-math.inf, math.inf)
    ends = {end for rule in rules if rule is not None for end in (rule.min, rule.max)}
    within = sorted(end for end in ends if end is not None and low <= end <= high)
    if not within:
        return [value]
    # Beyond the last limit one value is as good as any.
    marks = [max(low, within[0] - 1), *within, min(high, within[-1] + 1)]
    return [*marks, *((one + following) / 2 for one, following in pairwise(marks))]


def fits(outlet: OutletConfig, case: Case) -> bool:
    """Whether an item of these measures is of the outlet's size."""
    return all(
        limits is None
        or (
            (limits.min is None or limits.min <= value)
            and (limits.max is None or value <= limits.max)
        )
        for limits, value in zip(_limits(outlet), case, strict=True)
    )


class Assigner:
    """Chooses outlets in the order of the config file; remembers shares and quotas."""

    def __init__(
        self,
        config: SorterConfig,
        worth: Mapping[str, float],
        taken: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        """Take the outlets.

        Args:
            config: of the machine.
            worth: of the grades, as the bundle tells.
            taken: items that an outlet has had of a lot in earlier runs, by (outlet, lot).
        """
        self._outlets = [outlet for outlet in config.outlets if not outlet.default]
        self._default_grades = frozenset(config.default_outlet.grades)
        self._worth = {
            outlet.name: (max(worth.get(grade, -math.inf) for grade in outlet.grades), -place)
            for place, outlet in enumerate(self._outlets)
        }
        self._came: Counter[str] = Counter()
        self._sent: Counter[tuple[str, str]] = Counter(taken or {})

    def assign(self, item: Item, grade: str, lot: str) -> OutletConfig | Why | None:
        """The outlet for an item, the reason why it has none, or None if it should ride.

        Where the uncertainty of its measures leaves open which of several outlets is right, it is
        the one of least worth; where it leaves open whether any is, there is none.
        """
        takers = [one for one in self._outlets if one.lane == item.lane and grade in one.grades]
        could_be = cases(takers, item.measures)
        sampled = self._sampled(takers, could_be)
        if sampled is not None and not self._full(sampled, lot):
            return sampled
        regular = [outlet for outlet in takers if outlet.every is None]
        open_still = [outlet for outlet in regular if not self._full(outlet, lot)]
        chosen = self._chosen(open_still, could_be)
        if chosen is not None:
            return chosen
        if grade in self._default_grades:
            return None
        if not takers:
            return Why.NO_OUTLET
        return Why.QUOTA if self._chosen(regular, could_be) is not None else Why.SIZE

    def took(self, outlet: OutletConfig, lot: str) -> None:
        """An item is on its way to an outlet: it counts for the quota."""
        self._sent[outlet.name, lot] += 1

    def gave_back(self, outlet: str, lot: str) -> None:
        """It never got there."""
        self._sent[outlet, lot] -= 1

    def _sampled(self, takers: list[OutletConfig], could_be: list[Case]) -> OutletConfig | None:
        for outlet in takers:
            sure = bool(could_be) and all(fits(outlet, case) for case in could_be)
            if outlet.every is not None and sure:
                self._came[outlet.name] += 1
                if self._came[outlet.name] % outlet.every == 0:
                    return outlet
        return None

    def _full(self, outlet: OutletConfig, lot: str) -> bool:
        return outlet.quota is not None and self._sent[outlet.name, lot] >= outlet.quota

    def _chosen(self, outlets: list[OutletConfig], could_be: list[Case]) -> OutletConfig | None:
        first = [
            next((outlet for outlet in outlets if fits(outlet, case)), None) for case in could_be
        ]
        right = [outlet for outlet in first if outlet is not None]
        if not right or len(right) < len(first):
            return None
        return min(right, key=lambda one: self._worth[one.name])
