"""Do the config and the model speak of the same grades, and of the same way to find items?"""

from __future__ import annotations

from dataclasses import dataclass

from sorter.bundle import Manifest
from sorter.config import Keys, SorterConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class GradesFit:
    """What was found, each with the key in the config that it concerns."""

    errors: list[tuple[Keys, str]]
    """The machine must not run with these."""
    warnings: list[tuple[Keys, str]]


def grades_fit(config: SorterConfig, manifest: Manifest) -> GradesFit:
    """Compare the outlets' grades with the bundle's.

    An outlet may only name grades that the model knows, and the default outlet, where unsure, late
    and lost items go, may only take the lowest grade by worth: anything else would let a fault put
    an item into a better grade than it earned. Where the bundle gives all grades one worth, nobody
    knows the lowest, and the default outlet may name none.
    """
    errors: list[tuple[Keys, str]] = []
    worth = {grade.name: grade.worth for grade in manifest.grades}
    lowest = min(worth.values())
    for k, outlet in enumerate(config.outlets):
        for n, grade in enumerate(outlet.grades):
            keys = ("outlets", k, "grades", n)
            if grade not in worth:
                known = ", ".join(worth)
                errors.append((keys, f"the model knows no grade {grade}; allowed: {known}"))
            elif outlet.default and len(set(worth.values())) == 1:
                errors.append(
                    (
                        keys,
                        "the default outlet may only take the lowest grade, but the model does not "
                        "know which one that is; give each grade its worth in grades.yaml beside "
                        "the photos and train again, or let the default outlet name no grades",
                    )
                )
            elif outlet.default and worth[grade] > lowest:
                names = ", ".join(name for name in worth if worth[name] == lowest)
                errors.append(
                    (keys, f"the default outlet may only take the lowest grade ({names})")
                )
    if config.finder.source == "detector" and "detector" not in manifest.roles:
        sentence = "the model bundle holds no detector; allowed with it: background"
        errors.append((("finder", "source"), sentence))
    warnings: list[tuple[Keys, str]] = []
    end = config.default_outlet
    for lane in range(config.lanes):
        own = [outlet for outlet in config.outlets if outlet.default or outlet.lane == lane]
        taken = {grade for outlet in own for grade in outlet.grades}
        where = f" of lane {lane}" if config.lanes > 1 else ""
        warnings += [
            (("outlets",), f"no outlet{where} takes {name}; it rides to {end.name}")
            for name in worth
            if name not in taken
        ]
    return GradesFit(errors=errors, warnings=warnings)
