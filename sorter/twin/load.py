"""Laying fruit on the belt, one behind the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from numpy.random import Generator

from sorter.config import CameraConfig
from sorter.twin.cucumber import Cucumber, grow
from sorter.twin.drawing import draw
from sorter.twin.placed import Placed

GAP_MM = (25.0, 60.0)
"""Free belt between two neighbours."""
EDGE_MM = 6.0
"""Free belt between a fruit and the edge of the image."""
LATERAL_MM = 50.0
"""A fruit's centre lies this far off the middle of the belt at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Produce:
    """One fruit and all that is true of it."""

    number: int
    """Its place in the load, from 0."""
    fruit: Cucumber
    at_mm: float
    """Belt travel at which its centre lies on the camera's reference line."""
    along_mm: float
    """Extent of its body along the belt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A fruit on the belt, with its picture; the picture is only kept while it lies there."""

    produce: Produce
    placed: Placed


def load(
    fruits: Iterable[str | Cucumber], camera: CameraConfig, rng: Generator, *, first_mm: float
) -> Iterator[Laid]:
    """Lay fruit on the belt, in this order.

    Args:
        fruits: what to lay, first come first: known ones, and grades of which one is grown.
        camera: scale of the sprites and size of the field.
        rng: decides everything that is not named.
        first_mm: belt travel at which the first one's head reaches the reference line.

    Yields:
        Each fruit, drawn when it is asked for.
    """
    field_mm = camera.height * camera.mm_per_px
    head_mm = first_mm
    for number, one in enumerate(fruits):
        fruit = grow(one, rng) if isinstance(one, str) else one
        sprite = draw(fruit, camera.mm_per_px)
        slack_mm = max(0.0, (field_mm - sprite.across_mm) / 2 - EDGE_MM)
        reach_mm = min(slack_mm, LATERAL_MM)
        produce = Produce(
            number=number,
            fruit=fruit,
            at_mm=head_mm + sprite.along_mm / 2,
            along_mm=sprite.along_mm,
        )
        across_mm = field_mm / 2 + rng.uniform(-reach_mm, reach_mm)
        placed = Placed(sprite=sprite, at_mm=produce.at_mm, across_mm=across_mm)
        yield Laid(produce=produce, placed=placed)
        head_mm += sprite.along_mm + rng.uniform(*GAP_MM)
