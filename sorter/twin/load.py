"""Laying fruit on the belt, one behind the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.random import Generator

from sorter.config import CameraConfig
from sorter.twin.cucumber import Cucumber, grow
from sorter.twin.drawing import draw
from sorter.twin.scene import Placed

GAP_MM = (25.0, 60.0)
"""Free belt between two neighbours."""
EDGE_MM = 6.0
"""Free belt between a fruit and the edge of the image."""
LATERAL_MM = 50.0
"""A fruit's centre lies this far off the middle of the belt at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Produce:
    """One fruit on the twin's belt and all that is true of it."""

    fruit: Cucumber
    placed: Placed

    @property
    def at_mm(self) -> float:
        """Belt travel at which its centre lies on the camera's reference line."""
        return self.placed.at_mm

    @property
    def along_mm(self) -> float:
        """Extent of its body along the belt."""
        return self.placed.sprite.along_mm


def load(
    grades: Sequence[str], camera: CameraConfig, rng: Generator, *, first_mm: float
) -> list[Produce]:
    """Lay one fruit of each named grade on the belt, in this order.

    Args:
        grades: what to lay, first come first.
        camera: scale of the sprites and size of the field.
        rng: decides everything that is not named.
        first_mm: belt travel at which the first one's head reaches the reference line.
    """
    field_mm = camera.height * camera.mm_per_px
    produce = []
    head_mm = first_mm
    for grade in grades:
        fruit = grow(grade, rng)
        sprite = draw(fruit, camera.mm_per_px)
        slack_mm = max(0.0, (field_mm - sprite.across_mm) / 2 - EDGE_MM)
        reach_mm = min(slack_mm, LATERAL_MM)
        placed = Placed(
            sprite=sprite,
            at_mm=head_mm + sprite.along_mm / 2,
            across_mm=field_mm / 2 + rng.uniform(-reach_mm, reach_mm),
        )
        produce.append(Produce(fruit=fruit, placed=placed))
        head_mm += sprite.along_mm + rng.uniform(*GAP_MM)
    return produce
