"""An item at its place on the belt: the truth about it, and its picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sorter.twin.fruit import Fruit
from sorter.twin.sprite import Sprite


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A sprite on the belt."""

    sprite: Sprite
    at_mm: float
    """Belt travel at which its centre lies on the reference line."""
    across_mm: float
    """Of its centre, from the upper edge of the image."""
    rolled: Callable[[float], Sprite] | None = None
    """For an item that rolls: the side that it shows at a belt travel."""

    def face(self, travel_mm: float) -> Sprite:
        """What is seen of it when the belt has run so far."""
        return self.sprite if self.rolled is None else self.rolled(travel_mm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Produce:
    """One fruit and all that is true of it."""

    number: int
    """Its place in the load, from 0."""
    fruit: Fruit
    at_mm: float
    """Belt travel at which its centre lies on the camera's reference line."""
    along_mm: float
    """Extent of its body along the belt."""
    lane: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """A fruit on the belt, with its picture; the picture is only kept while it lies there."""

    produce: Produce
    placed: Placed
