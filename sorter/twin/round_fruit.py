"""Lemons and tomatoes of five grades by size, ripeness and blemishes, with every measure known."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

Kind = Literal["lemon", "tomato"]

WINDOW_MM = 84.0
"""Side of the photo cut around each fruit: the longest lemon fits at any angle."""
CROSSWISE_DEG = 25.0
"""A long fruit lies across the belt, give or take this angle."""
SKIN_ROWS, SKIN_COLUMNS = 72, 192
"""Of the skin rolled out: along the axis, around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundGrade:
    """What a grader accepts as one grade; the ranges of two grades leave a gap between them."""

    name: str
    worth: float
    """Higher is better."""
    diameter_mm: tuple[float, float]
    ripeness: tuple[float, float]
    blemishes: tuple[int, int]
    """Spots, fewest and most."""


GRADES: tuple[RoundGrade, ...] = (
    RoundGrade(name="extra", worth=5, diameter_mm=(50, 54), ripeness=(0.8, 1), blemishes=(0, 0)),
    RoundGrade(name="first", worth=4, diameter_mm=(42, 45.5), ripeness=(0.8, 1), blemishes=(0, 0)),
    RoundGrade(name="small", worth=3, diameter_mm=(33, 37), ripeness=(0.8, 1), blemishes=(0, 0)),
    RoundGrade(name="green", worth=2, diameter_mm=(34, 53), ripeness=(0, 0.35), blemishes=(0, 0)),
    RoundGrade(name="waste", worth=1, diameter_mm=(34, 53), ripeness=(0.3, 1), blemishes=(6, 9)),
)
"""Best first: sound and ripe by size, then unripe, then blemished."""

BLEMISH_MM = (3.0, 6.0)
"""Radius of a spot."""
SKINS: dict[Kind, NDArray[np.float64]] = {
    "lemon": np.array([[0.16, 0.46, 0.24], [0.14, 0.66, 0.62], [0.10, 0.74, 0.88]]),
    "tomato": np.array([[0.24, 0.52, 0.40], [0.12, 0.38, 0.72], [0.08, 0.09, 0.66]]),
}
"""Blue, green, red of the skin, unripe, turning and ripe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blemish:
    """A brown spot on the skin."""

    along: float
    """Place on the axis, -1 … 1."""
    around: float
    """Angle about the axis, in radians."""
    radius_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFruit:
    """One fruit, its axis lying across the belt, about which it rolls."""

    kind: Kind
    grade: str
    diameter_mm: float
    """Thickness across the axis."""
    elongation: float
    """Length along the axis by the diameter."""
    angle_deg: float
    """From the belt's run to the stalk end, clockwise in the image: about 90 or -90."""
    turned: float
    """Which side is up: angle about the axis, in radians."""
    ripeness: float
    """0 unripe, 1 ripe."""
    colour: tuple[float, float, float]
    """Mean reflectance of the sound skin as blue, green, red, 0 … 1."""
    blemishes: tuple[Blemish, ...]
    skin_seed: int
    """Places every freckle."""

    @property
    def blemish_mm2(self) -> float:
        """Area of all spots together, on the whole skin."""
        return math.pi * sum(spot.radius_mm**2 for spot in self.blemishes)

    def rolled(self, rng: Generator) -> RoundFruit:
        """The same fruit with another side up, at another angle."""
        return replace(
            self, turned=rng.uniform(0, 2 * math.pi), angle_deg=_across(rng, CROSSWISE_DEG)
        )

    def lying(self, angle_deg: float) -> RoundFruit:
        """The same fruit at another angle."""
        return replace(self, angle_deg=angle_deg)

    def truth(self) -> dict[str, Any]:
        """What is written next to a rendered photo."""
        return {
            "grade": self.grade,
            "kind": self.kind,
            "diameter_mm": round(self.diameter_mm, 2),
            "length_mm": round(self.diameter_mm * self.elongation, 2),
            "ripeness": round(self.ripeness, 3),
            "colour": [round(part, 3) for part in self.colour],
            "blemish_mm2": round(self.blemish_mm2, 1),
            "angle_deg": round(self.angle_deg, 1),
        }


def grow(kind: Kind, grade: str, rng: Generator) -> RoundFruit:
    """A random fruit of a grade.

    Raises:
        ValueError: there is no such grade.
    """
    ranges = next((one for one in GRADES if one.name == grade), None)
    if ranges is None:
        names = ", ".join(one.name for one in GRADES)
        raise ValueError(f"no grade '{grade}'; there are {names}")
    ripeness = rng.uniform(*ranges.ripeness)
    shade = rng.uniform(0.88, 1.1)
    unripe, turning, ripe = SKINS[kind]
    skin = (
        unripe + (turning - unripe) * 2 * ripeness
        if ripeness < 0.5
        else turning + (ripe - turning) * (2 * ripeness - 1)
    )
    blue, green, red = (float(part) * shade for part in skin)
    spots = int(rng.integers(ranges.blemishes[0], ranges.blemishes[1] + 1))
    first = rng.uniform(0, 2 * math.pi)
    return RoundFruit(
        kind=kind,
        grade=grade,
        diameter_mm=rng.uniform(*ranges.diameter_mm),
        elongation=rng.uniform(1.08, 1.18) if kind == "lemon" else rng.uniform(0.9, 1.06),
        angle_deg=_across(rng, CROSSWISE_DEG),
        turned=rng.uniform(0, 2 * math.pi),
        ripeness=ripeness,
        colour=(blue, green, red),
        # All around, so that a side without any is never up.
        blemishes=tuple(
            Blemish(
                along=rng.uniform(-0.6, 0.6),
                around=first + 2 * math.pi * (number + rng.uniform(-0.3, 0.3)) / spots,
                radius_mm=rng.uniform(*BLEMISH_MM),
            )
            for number in range(spots)
        ),
        skin_seed=int(rng.integers(2**32)),
    )


def profile(fruit: RoundFruit, place: NDArray[np.float32]) -> NDArray[np.float32]:
    """Radius at a place along the axis (-1 … 1), in mm; a lemon has a nipple at either end."""
    radius = fruit.diameter_mm / 2
    if fruit.kind == "tomato":
        shape = np.sqrt(np.clip(1 - place**2, 0, 1))
    else:
        flesh = np.sqrt(np.clip(1 - (np.abs(place) / 0.93) ** 2.2, 0, 1))
        nipple = 0.2 * np.sqrt(np.clip(1 - ((np.abs(place) - 0.85) / 0.15) ** 2, 0, 1))
        shape = np.maximum(flesh, nipple * (np.abs(place) > 0.85))
    return np.asarray(radius * shape, np.float32)


def skin(fruit: RoundFruit) -> NDArray[np.float32]:
    """The skin rolled out: `SKIN_ROWS` (along the axis) × `SKIN_COLUMNS` (around) × 3."""
    rng = default_rng(fruit.skin_seed)
    shape = (SKIN_ROWS, SKIN_COLUMNS)
    freckles = rng.normal(0, 0.05, shape).astype(np.float32)
    # Wider at the poles, where the skin is stretched most by rolling it out.
    cloud = np.kron(rng.normal(0, 0.04, (9, 12)), np.ones((8, 16))).astype(np.float32)
    paint = np.asarray(fruit.colour, np.float32) * (1 + freckles + _soft(cloud))[:, :, None]
    along = (np.arange(SKIN_ROWS, dtype=np.float32) + 0.5) / SKIN_ROWS * 2 - 1
    around = (np.arange(SKIN_COLUMNS, dtype=np.float32) + 0.5) / SKIN_COLUMNS * 2 * np.pi
    if fruit.kind == "tomato":
        paint[along > 0.86] = (0.10, 0.34, 0.18)
    half_mm = fruit.diameter_mm * fruit.elongation / 2
    for spot in fruit.blemishes:
        girth_mm = float(profile(fruit, np.array([spot.along], np.float32))[0])
        way = (around - spot.around + np.pi) % (2 * np.pi) - np.pi
        # Near the spot the skin is a cone: true lengths along it and around it.
        steep = math.sqrt(max(1 - spot.along**2, 0.05))
        off_mm = np.hypot(((along - spot.along) * half_mm / steep)[:, None], way * girth_mm)
        cover = np.clip((spot.radius_mm - off_mm) / 0.8 + 0.5, 0, 1)[:, :, None]
        paint = paint * (1 - cover) + np.array([0.09, 0.16, 0.24], np.float32) * cover
    return np.asarray(np.clip(paint, 0, 1), np.float32)


def _soft(cloud: NDArray[np.float32]) -> NDArray[np.float32]:
    for axis in (0, 1):
        cloud = sum(np.roll(cloud, step, axis) for step in range(-6, 7)) / np.float32(13)
    return cloud


def _across(rng: Generator, within_deg: float) -> float:
    side = -1 if rng.random() < 0.5 else 1
    return 90.0 * side + rng.uniform(-within_deg, within_deg)
