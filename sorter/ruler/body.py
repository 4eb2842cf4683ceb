"""The size of a body from its outline: length along its own middle line, bend, thickness."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.ruler.oblique import even_outline

Points = NDArray[np.float64]
"""n × 2, millimetres."""

OUTLINE_POINTS = 160
"""The outline is walked in so many even steps: 3 mm on the longest cucumber, far less than what a
middle line can turn within."""
STATIONS = 21
"""Places along the middle line at which the body is cut across."""
INNER = (0.12, 0.88)
"""Part of the middle line that is fitted; near the tips a cut says nothing of its direction."""
DRAWN = (0.05, 0.95)
"""Part over which the fitted curve is followed; from there it is straight on to the tips."""
DEGREE = 3
"""Of the middle line's polynomials: one bend, or an S."""
ROUNDS = 2
"""Of cutting across and fitting anew; a third moves no length by 0.1 mm."""
ROUND_BELOW = 1.25
"""A body whose sides differ by less has no middle line to speak of: a round fruit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """An outline's measures."""

    length_mm: float
    """Along the middle line from tip to tip; the largest diameter of a round body."""
    width_mm: float
    """Largest thickness across the middle line; the smallest diameter of a round body."""
    bend_mm: float
    """Sagitta: the middle line's greatest distance from the chord between its ends."""
    area_mm2: float
    volume_mm3: float
    """Of a body with circular sections along the middle line."""

    def scaled(self, by: float) -> Body:
        """The same body, larger by a factor."""
        return Body(
            length_mm=self.length_mm * by,
            width_mm=self.width_mm * by,
            bend_mm=self.bend_mm * by,
            area_mm2=self.area_mm2 * by**2,
            volume_mm3=self.volume_mm3 * by**3,
        )


def measure_body(outline_mm: NDArray[np.floating]) -> Body:
    """Measure a closed outline.

    Args:
        outline_mm: n × 2, in order around the body, either way; at least three points.

    Raises:
        ValueError: the outline encloses nothing.
    """
    outline = even_outline(outline_mm, OUTLINE_POINTS)
    area_mm2 = _area(outline)
    if not area_mm2 > 0:
        raise ValueError("the outline encloses no area")
    hull = np.asarray(cv2.convexHull(outline.astype(np.float32))[:, 0], np.float64)
    sides = _calipers(hull)
    if sides[1] < ROUND_BELOW * sides[0]:
        return _round_body(outline, hull, area_mm2)
    return _long_body(outline, hull, area_mm2)


def _round_body(outline: Points, hull: Points, area_mm2: float) -> Body:
    tips = _farthest(hull)
    short, long = _calipers(hull)
    along = tips[1] - tips[0]
    middle = np.linspace(tips[0], tips[1], STATIONS)
    widths, _ = _cuts(outline, middle, np.broadcast_to(_unit(along), middle.shape))
    return Body(
        length_mm=long,
        width_mm=short,
        bend_mm=0.0,
        area_mm2=area_mm2,
        volume_mm3=_volume(np.nan_to_num(widths), middle),
    )


def _long_body(outline: Points, hull: Points, area_mm2: float) -> Body:
    tips = _farthest(hull)
    middle = _between_sides(outline, tips)
    for _ in range(ROUNDS):
        line = _Line(middle)
        places = np.linspace(*INNER, STATIONS)
        points, directions = line.at(places), line.direction(places)
        _, offsets = _cuts(outline, points, directions)
        kept = np.isfinite(offsets)
        if kept.sum() > 2 * DEGREE:
            normals = np.stack([-directions[:, 1], directions[:, 0]], axis=1)
            points = (points + normals * offsets[:, None])[kept]
            line = _Line(points, places[kept])
        middle = line.from_tip_to_tip(outline)
    tangents = _unit(np.gradient(middle, axis=0))
    widths, _ = _cuts(outline, middle, tangents)
    widths = np.nan_to_num(widths)
    chord = middle[-1] - middle[0]
    aside = np.abs(_cross(chord, middle - middle[0])) / np.linalg.norm(chord)
    return Body(
        length_mm=float(_steps(middle).sum()),
        width_mm=float(np.max(np.median(np.lib.stride_tricks.sliding_window_view(widths, 3), 1))),
        bend_mm=float(aside.max()),
        area_mm2=area_mm2,
        volume_mm3=_volume(widths, middle),
    )


class _Line:
    """A smooth curve through points; its parameter runs from 0 to 1 over the points it is of."""

    def __init__(self, points: Points, places: NDArray[np.float64] | None = None) -> None:
        if places is None:
            way = np.concatenate([[0.0], np.cumsum(_steps(points))])
            places = way / way[-1]
            inner = (places >= INNER[0]) & (places <= INNER[1])
            points, places = points[inner], places[inner]
        powers = np.vander(places, DEGREE + 1, increasing=True)
        self._by_power = np.linalg.lstsq(powers, points, rcond=None)[0]

    def at(self, places: NDArray[np.float64]) -> Points:
        return np.asarray(np.vander(places, DEGREE + 1, increasing=True) @ self._by_power)

    def direction(self, places: NDArray[np.float64]) -> Points:
        powers = np.arange(1, DEGREE + 1)
        slopes = self._by_power[1:] * powers[:, None]
        return _unit(np.vander(places, DEGREE, increasing=True) @ slopes)

    def from_tip_to_tip(self, outline: Points) -> Points:
        """Points along the curve, up to where it leaves the body."""
        ends = np.array(DRAWN)
        first, last = self.at(ends)
        backward, forward = self.direction(ends) * np.array([[-1.0], [1.0]])
        drawn = self.at(np.linspace(*DRAWN, STATIONS))
        tips = [
            start + direction * _reach(outline, start, direction)
            for start, direction in ((first, backward), (last, forward))
        ]
        steps = 3
        head = np.linspace(tips[0], first, steps, endpoint=False)
        tail = np.linspace(tips[1], last, steps, endpoint=False)[::-1]
        return np.concatenate([head, drawn, tail])


def _between_sides(outline: Points, tips: Points) -> Points:
    """Half way between the two sides of the outline that the tips part, step by step."""
    first, second = sorted(int(np.argmin(np.linalg.norm(outline - tip, axis=1))) for tip in tips)
    one = outline[first : second + 1]
    other = np.concatenate([outline[second:], outline[: first + 1]])[::-1]
    places = np.linspace(0, 1, STATIONS)
    return (_along(one, places) + _along(other, places)) / 2


def _along(side: Points, places: NDArray[np.float64]) -> Points:
    way = np.concatenate([[0.0], np.cumsum(_steps(side))])
    at = places * way[-1]
    return np.stack([np.interp(at, way, side[:, axis]) for axis in (0, 1)], axis=1)


def _cuts(
    outline: Points, points: Points, directions: Points
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Cut the body across at each point.

    Returns:
        Thickness there, and how far the middle of the cut lies aside of the point; NaN where the
        point is outside.
    """
    following = np.roll(outline, -1, axis=0)
    ahead = _dot(outline[None] - points[:, None], directions[:, None])
    ahead_next = np.roll(ahead, -1, axis=1)
    crossing = (ahead < 0) != (ahead_next < 0)
    span = np.where(crossing, ahead_next - ahead, 1.0)
    share = np.where(crossing, -ahead / span, 0.0)
    where = outline[None] + share[..., None] * (following - outline)[None]
    aside = _cross(directions[:, None], where - points[:, None])
    left = np.where(crossing & (aside >= 0), aside, np.inf).min(axis=1)
    right = np.where(crossing & (aside < 0), aside, -np.inf).max(axis=1)
    inside = np.isfinite(left) & np.isfinite(right)
    left, right = np.where(inside, left, np.nan), np.where(inside, right, np.nan)
    return left - right, (left + right) / 2


def _reach(outline: Points, start: Points, direction: Points) -> float:
    """How far a ray from inside runs to the outline; 0 from outside."""
    across = np.array([-direction[1], direction[0]])
    aside = (outline - start) @ across
    aside_next = np.roll(aside, -1)
    crossing = (aside < 0) != (aside_next < 0)
    share = -aside[crossing] / (aside_next - aside)[crossing]
    following = np.roll(outline, -1, axis=0)
    where = outline[crossing] + share[:, None] * (following - outline)[crossing]
    ahead = (where - start) @ direction
    ahead = ahead[ahead > 0]
    return float(ahead.max()) if len(ahead) else 0.0


def _farthest(hull: Points) -> Points:
    """The two points of a hull that are farthest apart, 2 × 2."""
    distances = np.linalg.norm(hull[:, None] - hull[None], axis=2)
    one, other = np.unravel_index(int(distances.argmax()), distances.shape)
    return hull[[one, other]]


def _calipers(hull: Points) -> tuple[float, float]:
    """Smallest and largest distance of two parallel lines that hold the hull between them."""
    turns = np.linspace(0, np.pi, 60, endpoint=False)
    ways = hull @ np.stack([np.cos(turns), np.sin(turns)])
    sizes = ways.max(axis=0) - ways.min(axis=0)
    return float(sizes.min()), float(sizes.max())


def _volume(widths: NDArray[np.float64], middle: Points) -> float:
    sections = np.pi / 4 * widths**2
    return float((_steps(middle) * (sections[1:] + sections[:-1]) / 2).sum())


def _area(outline: Points) -> float:
    return float(abs(_cross(outline, np.roll(outline, -1, axis=0)).sum()) / 2)


def _steps(points: Points) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(np.diff(points, axis=0), axis=1))


def _unit(vectors: Points) -> Points:
    """A vector without length stays so: a middle line stands still where the body ends at once."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, np.finfo(np.float64).tiny))


def _dot(one: Points, other: Points) -> NDArray[np.float64]:
    return np.asarray((one * other).sum(axis=-1))


def _cross(one: Points, other: Points) -> NDArray[np.float64]:
    return np.asarray(one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0])
