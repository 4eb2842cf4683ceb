"""The outline as it would be from straight above, of a body that was seen from the side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

POINTS = 128
"""Of the outline that is worked on."""
SMOOTH = 2
"""A normal is that of the chord over so many points on either side."""
NEIGHBOURS = 6
"""Points on either side that tell nothing of the circle: noise bends the outline between them."""


def even_outline(outline: NDArray[np.floating], count: int = POINTS) -> Points:
    """A closed outline in even steps: count × 2."""
    closed = np.concatenate([outline, outline[:1]]).astype(np.float64)
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    at = np.linspace(0, way[-1], count, endpoint=False)
    return np.stack([np.interp(at, way, closed[:, axis]) for axis in (0, 1)], axis=1)


def from_above(outline_mm: Points, slopes: Points) -> Points:
    """Take out what looking aslant adds to a body with circular sections.

    A ray that comes down aslant touches a ball of radius R not at its equator. On the plane through
    the ball's middle the outline lies R·(√(1 + t²) - 1) outside of the equator, where t is the
    ray's way outward for a millimetre down. A body of revolution is at each point of its outline
    like the ball that touches it there from the inside, and that is as wide as the largest circle
    within the outline.

    Args:
        outline_mm: n × 2 in even steps around the body, on the plane through its middle line.
        slopes: n × 2, way of each point's ray along and across for a millimetre down.

    Returns:
        n × 2.
    """
    tangent = np.roll(outline_mm, -SMOOTH, axis=0) - np.roll(outline_mm, SMOOTH, axis=0)
    outward = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    following = np.roll(outline_mm, -1, axis=0)
    area = (outline_mm[:, 0] * following[:, 1] - outline_mm[:, 1] * following[:, 0]).sum()
    if area < 0:
        outward = -outward
    aslant = (slopes * outward).sum(axis=1)
    outside = _inscribed_radius(outline_mm, outward) * (np.sqrt(1 + aslant**2) - 1)
    return np.asarray(outline_mm - outside[:, None] * outward, np.float64)


def _inscribed_radius(outline_mm: Points, outward: Points) -> NDArray[np.float64]:
    """Of the largest circle inside that touches the outline at each point.

    The circle that touches p with inward normal m and runs through q has the radius
    |q - p|² / (2 m·(q - p)); the smallest of them holds no other point.
    """
    count = len(outline_mm)
    between = outline_mm[None] - outline_mm[:, None]
    inward = -(between * outward[:, None]).sum(axis=2)
    apart = np.abs(np.arange(count)[None] - np.arange(count)[:, None])
    far = np.minimum(apart, count - apart) > NEIGHBOURS
    usable = far & (inward > 1e-6)
    radius = np.where(usable, (between**2).sum(axis=2) / (2 * np.where(usable, inward, 1)), np.inf)
    smallest = radius.min(axis=1)
    return np.where(np.isfinite(smallest), smallest, 0.0)
