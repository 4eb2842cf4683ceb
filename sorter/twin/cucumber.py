"""Cucumbers of nine grades, with every measure known."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from numpy.random import Generator

WINDOW_MM = 280.0
"""Side of the photo cut around each cucumber: the longest one fits at any angle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRange:
    """What a grader accepts as one grade; the ranges of two grades leave a gap between them."""

    name: str
    worth: float
    """Higher is better."""
    length_mm: tuple[float, float]
    bend_mm: tuple[float, float]
    thickness_mm: tuple[float, float]


GRADES: tuple[GradeRange, ...] = (
    GradeRange(name="2L", worth=9, length_mm=(230, 246), bend_mm=(0.5, 8), thickness_mm=(32, 37)),
    GradeRange(name="L", worth=8, length_mm=(204, 218), bend_mm=(0.5, 8), thickness_mm=(30, 35)),
    GradeRange(name="M", worth=7, length_mm=(179, 192), bend_mm=(0.5, 8), thickness_mm=(28, 33)),
    GradeRange(name="S", worth=6, length_mm=(155, 167), bend_mm=(0.5, 8), thickness_mm=(26, 31)),
    GradeRange(name="2S", worth=5, length_mm=(128, 143), bend_mm=(0.5, 7), thickness_mm=(24, 29)),
    GradeRange(name="BL", worth=4, length_mm=(214, 242), bend_mm=(20, 32), thickness_mm=(30, 36)),
    GradeRange(name="BM", worth=3, length_mm=(174, 196), bend_mm=(19, 29), thickness_mm=(28, 33)),
    GradeRange(name="BS", worth=2, length_mm=(134, 154), bend_mm=(17, 24), thickness_mm=(24, 30)),
    GradeRange(name="C", worth=1, length_mm=(135, 235), bend_mm=(0.5, 60), thickness_mm=(25, 36)),
)
"""Best first. Straight grades by length, bent ones (B…) by length and bend, C is what has a fault:
a strong bend, an odd shape or a spoilt skin. Modelled on the nine grades of Japanese cucumbers."""

GRADE_NAMES: tuple[str, ...] = tuple(grade.name for grade in GRADES)

CROSSWISE_DEG = 20.0
"""A cucumber lies across the belt, give or take this angle."""
MOST_ROLL_DEG = 60.0
"""A fruit turns this far about its length between two views, either way."""
STRONG_BEND_SHARE = (0.21, 0.29)
"""Bend of a C by its length; the most bent BS has 0.18."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cucumber:
    """One fruit as it lies on the belt, seen from above: the truth about it."""

    grade: str
    length_mm: float
    """Along the middle line, stalk included."""
    bend_mm: float
    """Sagitta: greatest distance of the middle line from the chord between its ends."""
    thickness_mm: float
    """Greatest diameter."""
    angle_deg: float
    """From the belt's run to the stalk end, clockwise in the image: about 90 or -90."""
    bulge: float
    """Thicker blossom end (positive) or stalk end; share of the thickness."""
    waist: float
    """Depth of a constriction; share of the thickness."""
    waist_at: float
    """Where it lies, in half lengths from the middle."""
    colour: tuple[float, float, float]
    """Reflectance of the skin as blue, green, red, 0 … 1."""
    yellowing: float
    """Share of the skin that has turned, from the blossom end on."""
    scars: int
    prickles: int
    skin_seed: int
    """Places every scar, stripe and prickle."""

    def rolled(self, rng: Generator) -> Cucumber:
        """The same fruit seen from another side, at another angle.

        A bent fruit that does not lie flat looks straighter; scars on the far side are not seen.
        """
        roll = math.radians(rng.uniform(-MOST_ROLL_DEG, MOST_ROLL_DEG))
        return replace(
            self,
            bend_mm=max(0.5, self.bend_mm * math.cos(roll)),
            angle_deg=90.0 * _side(rng) + rng.uniform(-CROSSWISE_DEG, CROSSWISE_DEG),
            scars=int(rng.binomial(self.scars, 0.5)),
            skin_seed=int(rng.integers(2**32)),
        )

    def lying(self, angle_deg: float) -> Cucumber:
        """The same fruit at another angle."""
        return replace(self, angle_deg=angle_deg)

    def truth(self) -> dict[str, Any]:
        """What is written next to a rendered photo."""
        return {
            "grade": self.grade,
            "length_mm": round(self.length_mm, 2),
            "bend_mm": round(self.bend_mm, 2),
            "thickness_mm": round(self.thickness_mm, 2),
            "angle_deg": round(self.angle_deg, 1),
        }


def grow(grade: str, rng: Generator) -> Cucumber:
    """A random cucumber of a grade.

    Raises:
        ValueError: there is no such grade.
    """
    ranges = next((one for one in GRADES if one.name == grade), None)
    if ranges is None:
        raise ValueError(f"no grade '{grade}'; there are {', '.join(GRADE_NAMES)}")
    length_mm = rng.uniform(*ranges.length_mm)
    bend_mm = rng.uniform(*ranges.bend_mm)
    bulge = rng.normal(0, 0.03)
    waist, yellowing, scars = 0.0, 0.0, int(rng.random() < 0.25)
    if grade == "C":
        bend_mm = rng.uniform(0.5, 8)
        fault = ("bend", "bend", "shape", "skin")[int(rng.integers(4))]
        if fault == "bend":
            bend_mm = length_mm * rng.uniform(*STRONG_BEND_SHARE)
        elif fault == "shape":
            bulge = _side(rng) * rng.uniform(0.3, 0.42)
            waist = rng.uniform(0.1, 0.35)
        else:
            yellowing = rng.uniform(0.5, 0.9)
            scars = int(rng.integers(3, 8))
    greenness = rng.uniform(0.75, 1.2)
    return Cucumber(
        grade=grade,
        length_mm=length_mm,
        bend_mm=bend_mm,
        thickness_mm=rng.uniform(*ranges.thickness_mm),
        angle_deg=90.0 * _side(rng) + rng.uniform(-CROSSWISE_DEG, CROSSWISE_DEG),
        bulge=bulge,
        waist=waist,
        waist_at=rng.uniform(-0.35, 0.35),
        colour=(
            0.11 * greenness * rng.uniform(0.85, 1.15),
            0.36 * greenness,
            0.17 * greenness * rng.uniform(0.85, 1.15),
        ),
        yellowing=yellowing,
        scars=scars,
        prickles=int(rng.integers(40, 110)),
        skin_seed=int(rng.integers(2**32)),
    )


def _side(rng: Generator) -> int:
    return -1 if rng.random() < 0.5 else 1
