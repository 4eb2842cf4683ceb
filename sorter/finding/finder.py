"""What every finder can do."""

from __future__ import annotations

from typing import Protocol

from sorter.frame import Frame
from sorter.item import Sighting


class Finder(Protocol):
    """Sees the items in the frames of one camera, which come in the order of their time."""

    @property
    def blind(self) -> bool:
        """In the last frame items could not be told from the belt; it showed no sightings."""
        ...

    @property
    def light(self) -> tuple[float, float, float] | None:
        """Level of the empty belt in the last frame, by channel; None where nobody knows."""
        ...

    def find(self, frame: Frame) -> list[Sighting]:
        """Every item in the frame, complete or cut off by its edge, from left to right.

        Args:
            frame: of the configured size; its pixels are not written to.
        """
        ...
