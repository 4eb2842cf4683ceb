"""Which outlet an item should go to: by grade, size, share and quota."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

from sorter.config import LimitsConfig, OutletConfig, SorterConfig
from sorter.item import Item, Measures
from sorter.verdict import Why


def volume_cm3(measures: Measures) -> tuple[float, float]:
    """Volume and its standard uncertainty: that of the thickness counts twice.

    Infinite where nothing is known.
    """
    volume = measures.volume_mm3 / 1000
    if not (measures.width_mm > 0 and measures.length_mm > 0):
        return volume, math.inf
    share = math.hypot(
        2 * measures.width_sd_mm / measures.width_mm, measures.length_sd_mm / measures.length_mm
    )
    return volume, share * volume


class Fit:
    """How an item's measures stand to an outlet's size rule."""

    def __init__(self, outlet: OutletConfig, measures: Measures) -> None:
        """Compare; a measure that is no number is a doubt about every rule."""
        rules: list[tuple[LimitsConfig | None, tuple[float, float]]] = [
            (outlet.length_mm, (measures.length_mm, measures.length_sd_mm)),
            (outlet.width_mm, (measures.width_mm, measures.width_sd_mm)),
            (outlet.bend_mm, (measures.bend_mm, measures.bend_sd_mm)),
            (outlet.volume_cm3, volume_cm3(measures)),
        ]
        self.sure = self.nominal = self.possible = True
        for limits, (value, sd) in rules:
            if limits is None:
                continue
            low = -math.inf if limits.min is None else limits.min
            high = math.inf if limits.max is None else limits.max
            self.sure &= low + sd <= value <= high - sd
            self.nominal &= low <= value <= high
            self.possible &= not (value < low - sd or value > high + sd)


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

        Where the uncertainty of a measure leaves open which of several outlets is right, it is the
        one of least worth; where it leaves open whether any is, there is none.
        """
        takers = [one for one in self._outlets if one.lane == item.lane and grade in one.grades]
        fits = [(outlet, Fit(outlet, item.measures)) for outlet in takers]
        fits = [(outlet, fit) for outlet, fit in fits if fit.possible]
        sampled = self._sampled(fits)
        if sampled is not None and not self._full(sampled, lot):
            return sampled
        regular = [(outlet, fit) for outlet, fit in fits if outlet.every is None]
        open_still = [(outlet, fit) for outlet, fit in regular if not self._full(outlet, lot)]
        chosen = self._chosen(open_still)
        if chosen is not None:
            return chosen
        if grade in self._default_grades:
            return None
        if not takers:
            return Why.NO_OUTLET
        return Why.QUOTA if self._chosen(regular) is not None else Why.SIZE

    def took(self, outlet: OutletConfig, lot: str) -> None:
        """An item is on its way to an outlet: it counts for the quota."""
        self._sent[outlet.name, lot] += 1

    def gave_back(self, outlet: str, lot: str) -> None:
        """It never got there."""
        self._sent[outlet, lot] -= 1

    def _sampled(self, fits: list[tuple[OutletConfig, Fit]]) -> OutletConfig | None:
        for outlet, fit in fits:
            if outlet.every is not None and fit.sure:
                self._came[outlet.name] += 1
                if self._came[outlet.name] % outlet.every == 0:
                    return outlet
        return None

    def _full(self, outlet: OutletConfig, lot: str) -> bool:
        return outlet.quota is not None and self._sent[outlet.name, lot] >= outlet.quota

    def _chosen(self, fits: list[tuple[OutletConfig, Fit]]) -> OutletConfig | None:
        could = []
        for outlet, fit in fits:
            could.append((outlet, fit))
            if fit.sure:
                break
        if not any(fit.sure for _, fit in could) and (
            len(could) < 2 or not any(fit.nominal for _, fit in could)
        ):
            return None
        return min((outlet for outlet, _ in could), key=lambda one: self._worth[one.name])
