"""The outline as it would be from straight above, of a body that was seen from the side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

POINTS = 128
"""Of the outline that is worked on."""
SMOOTH = 2
"""A normal is that of the chord over so many points on either side."""
SLANTED = 1.02
"""Stretch, at 11 degrees, beyond which a ball looks so long that the circles at its ends come out
too small: they are sought again in what was found, which takes its error from 4.7 % to 1.9 % at
the corner of a wide field."""
NEIGHBOURS = 6
"""Points on either side that tell nothing of the circle: noise bends the outline between them."""


def even_outline(outline: NDArray[np.floating], count: int = POINTS) -> Points:
    """A closed outline in even steps: count × 2."""
    closed = np.concatenate([outline, outline[:1]]).astype(np.float64)
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    at = np.linspace(0, way[-1], count, endpoint=False)
    return np.stack([np.interp(at, way, closed[:, axis]) for axis in (0, 1)], axis=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FromAbove:
    """An outline as from straight above, at its height."""

    outline_mm: Points
    """n × 2."""
    height_mm: float
    """Of its plane over the belt: about half the thickness of the body."""


def from_above(on_belt_mm: Points, slopes: Points, lens_mm: float) -> FromAbove:
    """Take out what height and looking aslant add to a body with circular sections.

    The outline runs at half the body's thickness over the belt, nearer to the lens. And a ray that
    comes down aslant touches a ball of radius R not at its equator: on the plane through the ball's
    middle the outline lies R·(√(1 + t²) - 1) outside of the equator, where t is the ray's way
    outward for a millimetre down. A body of revolution is at each point of its outline like the
    ball that touches it there from the inside, and that is as wide as the largest circle within
    the outline.

    Args:
        on_belt_mm: n × 2 in even steps around the body, where the rays meet the belt.
        slopes: n × 2, way of each point's ray along and across for a millimetre down.
        lens_mm: height of the lens over the belt.
    """
    outward = _outward(on_belt_mm)
    radius = _inscribed_radius(on_belt_mm, outward)
    stretch = np.sqrt(1 + (slopes * outward).sum(axis=1) ** 2)
    # Of the plane at a height h the belt shows everything larger by lens / (lens - h).
    ball_mm = float((radius / stretch).max())
    height_mm = ball_mm / (1 + ball_mm / lens_mm)
    smaller = 1 - height_mm / lens_mm
    touching = radius * smaller / stretch
    if stretch.max() > SLANTED:
        flat = on_belt_mm - height_mm * slopes - (touching * (stretch - 1))[:, None] * outward
        touching = _inscribed_radius(flat, _outward(flat))
    outline = on_belt_mm - height_mm * slopes - (touching * (stretch - 1))[:, None] * outward
    return FromAbove(outline_mm=np.asarray(outline, np.float64), height_mm=height_mm)


def _outward(outline_mm: Points) -> Points:
    tangent = np.roll(outline_mm, -SMOOTH, axis=0) - np.roll(outline_mm, SMOOTH, axis=0)
    outward = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    following = np.roll(outline_mm, -1, axis=0)
    area = (outline_mm[:, 0] * following[:, 1] - outline_mm[:, 1] * following[:, 0]).sum()
    return np.asarray(-outward if area < 0 else outward, np.float64)


def _inscribed_radius(outline_mm: Points, outward: Points) -> NDArray[np.float64]:
    """Of the largest circle inside that touches the outline at each point.

    The circle that touches p with inward normal m and runs through q has the radius
    |q - p|² / (2 m·(q - p)); the smallest of them holds no other point.
    """
    count = len(outline_mm)
    centred = outline_mm - outline_mm.mean(axis=0)
    squares = (centred**2).sum(axis=1)
    apart2 = squares[None] + squares[:, None] - 2 * centred @ centred.T
    inward = (centred * outward).sum(axis=1)[:, None] - outward @ centred.T
    inward[_near(count)] = 0.0
    radius = apart2 / (2 * np.maximum(inward, 1e-9))
    radius[inward <= 1e-6] = np.inf
    smallest = radius.min(axis=1)
    return np.where(np.isfinite(smallest), smallest, 0.0)


@cache
def _near(count: int) -> NDArray[np.bool_]:
    """Which points of an outline are neighbours, count × count."""
    apart = np.abs(np.arange(count)[None] - np.arange(count)[:, None])
    return np.asarray(np.minimum(apart, count - apart) <= NEIGHBOURS)
