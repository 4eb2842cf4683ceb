"""The end of an item's way through the pipeline: one decision, at most one shot."""

from __future__ import annotations

from dataclasses import dataclass, field

from firmware_bridge.board import Shot
from sorter.frame import Pixels
from sorter.item import Item
from sorter.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about one item; it becomes one row in the records."""

    item: Item
    verdict: Verdict
    outlet: str
    """Where the item is sent; the default outlet's name when `shot` is None."""
    shot: Shot | None
    """None lets the item ride to the default outlet."""
    lot: str
    time_s: float
    """Monotonic capture time of the frame that decided it."""
    photos: tuple[Pixels, ...] = field(default=(), repr=False, compare=False)
    """What the classifier saw, where that is to be kept; copies that hold on to no frame."""
