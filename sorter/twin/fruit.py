"""What the twin needs of any produce that it carries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.random import Generator

from sorter.bundle import Grade
from sorter.twin.sprite import Sprite


class Fruit(Protocol):
    """One item as it lies on the belt: the truth about it."""

    @property
    def grade(self) -> str:
        """The true one."""
        ...

    def rolled(self, rng: Generator) -> Fruit:
        """The same item seen from another side."""
        ...

    def lying(self, angle_deg: float) -> Fruit:
        """The same item at an angle, from the belt's run to the stalk end, clockwise."""
        ...

    def truth(self) -> dict[str, Any]:
        """What is written next to a rendered photo; plain values, `grade` among them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How an item is drawn."""

    sprite: Sprite
    """The side that it shows when it is laid on the belt."""
    rolled: Callable[[float], Sprite] | None = None
    """The side that it shows when it has turned by an angle, in radians; None where it cannot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A kind of produce: its grades, and how to grow and draw it."""

    name: str
    grades: tuple[Grade, ...]
    """Best first."""
    window_mm: float
    """Side of the photo cut around each item: the largest one fits at any angle."""
    grow: Callable[[str, Generator], Any]
    """An item of a grade, a `Fruit`."""
    draw: Callable[[Any, float], Looks]
    """Looks of what `grow` gives, at a scale in mm per pixel."""
    roll_radius_mm: Callable[[Any], float] | None = None
    """Of an item that can roll on the belt; None where none can."""

    @property
    def grade_names(self) -> tuple[str, ...]:
        """Best first."""
        return tuple(grade.name for grade in self.grades)
