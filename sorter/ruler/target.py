"""What a calibration asks of the printed sheet that it looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

if TYPE_CHECKING:
    from typing_extensions import Self

FEWEST_CORNERS = 8
"""A view with fewer says too little of where the sheet is."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The sheet in one frame."""

    numbers: NDArray[np.int32]
    """Of the corners seen."""
    corners_px: Floats
    """n × 2, column and row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The sheet as a picture."""

    picture: NDArray[np.uint8]
    """Height × width, grey, without margin."""
    mm_per_px: float


class Target(Protocol):
    """Points of known places on flat paper, each of which is known by itself in a frame."""

    @property
    def name(self) -> str:
        """As the operator calls it."""
        ...

    @property
    def size_mm(self) -> tuple[float, float]:
        """Along its rows and across them."""
        ...

    @property
    def corners_mm(self) -> Floats:
        """Its points by number: n × 3, z = 0, its own upper left corner the origin."""
        ...

    def find(self, pixels: Pixels) -> View | None:
        """Its points in a frame; None where too few are seen."""
        ...

    def drawn(self, px_per_mm: float) -> Drawn:
        """A picture of about this scale."""
        ...

    def printed(self, scale: float) -> Self:
        """The same as it came out of a printer that scales pages."""
        ...


def spans_plane(places_mm: Floats, apart_mm: float) -> bool:
    """Whether so many points are seen, in more than one row, that they tell how the sheet lies."""
    if len(places_mm) < FEWEST_CORNERS:
        return False
    places = places_mm[:, :2]
    return bool(np.linalg.matrix_rank(places - places.mean(axis=0), tol=apart_mm) == 2)
