"""An item's picture at its place on the belt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

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
