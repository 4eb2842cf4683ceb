"""What a run of the twin is about: the produce, how it comes, and what the camera and belt do."""

from __future__ import annotations

from dataclasses import dataclass, field

from sorter.twin.crops import CUCUMBERS
from sorter.twin.fruit import Crop
from sorter.twin.lighting import Imaging
from sorter.twin.load import Layout
from sorter.twin.optics import Optics
from sorter.twin.scene import BELT
from sorter.twin.script import BeltScript


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """As it comes, the demo's: cucumbers one behind the other, seen without any lens."""

    crop: Crop = CUCUMBERS
    layout: Layout = field(default_factory=Layout)
    optics: Optics | None = None
    imaging: Imaging = field(default_factory=Imaging)
    script: BeltScript = field(default_factory=BeltScript)
    belt: tuple[float, float, float] = BELT
    """Blue, green, red of the belt."""
