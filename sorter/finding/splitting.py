"""Items that touch: where one outline holds several of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.finding.hills import Hill, basins, survey
from sorter.finding.notches import (
    OPPOSITE_NOTCH,
    Contour,
    deepest_notch_px,
    notched_on_both_sides,
    notches,
    thickness_px,
)

Plane = NDArray[np.uint8]

NOTCH = 0.12
"""Depth of a notch in the outline, as a share of the item's half width, that asks for a look at the
distance map; a single convex fruit has none."""

LARGEST_GLOSS, LEAST_GAP = 0.5, 0.06
"""Area of a hole in an outline by the square of its half width. What is larger than the one is a
gap between items, what is smaller than the other is none."""
MOUNTAIN = 1.3
"""Height in the distance map, by the half width, that no fruit reaches."""
PLAIN_NECK = 0.5
"""Width of a neck by that of the narrower item: below it nothing else needs to be looked at."""
MEETING = 0.4
"""Distance, as a share of the half width, at which a hole lies by a notch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One item of an outline that may hold several."""

    contour: Contour
    """n × 1 × 2, outer contour as OpenCV gives it."""
    touching: bool
    """It may still be more than one."""


def looks_like_one(contour: Contour) -> bool:
    """Whether an outline is all convex but for what a single fruit may have; takes 10 µs."""
    half_width_px = _half_width_px(contour)
    return deepest_notch_px(contour) < max(2.0, NOTCH * half_width_px)


def split(mask: Plane, contour: Contour) -> list[Part]:
    """Take an outline apart, by the watersheds of its distance map.

    Where the map has two hills with a low saddle between them, two items touch. Fruits that lie
    side by side along their whole length make one long hill; the notches at both its ends give
    them away, but not where exactly one ends.

    Args:
        mask: 255 on items, the whole image.
        contour: of one connected part of it.

    Returns:
        The parts; one only where nothing speaks for more.
    """
    box = cv2.boundingRect(contour)
    cut_off = any(_at_edge(box, mask.shape))
    if not cut_off and (pair := _plain_pair(contour)):
        return [Part(contour=one, touching=False) for one in pair]
    body, origin = _body(mask, contour, box)
    left, top, width, height = box
    rows = slice(top - origin[1], top - origin[1] + height)
    columns = slice(left - origin[0], left - origin[0] + width)
    distance = cv2.distanceTransform(body, cv2.DIST_L2, 3)
    if cut_off and distance.max() > MOUNTAIN * _half_width_px(contour):
        # A long fruit that crosses the edge slantwise goes on there far wider than any fruit is:
        # beside such a mountain the hills of those that it touches would count for nothing.
        inside = cv2.copyMakeBorder(body[rows, columns], 1, 1, 1, 1, cv2.BORDER_CONSTANT)
        distance = cv2.min(distance, float(cv2.distanceTransform(inside, cv2.DIST_L2, 3).max()))
    relief = survey(np.asarray(distance, np.float32))

    def part(outline: Contour, hill: Hill) -> Part:
        both = not cut_off and notched_on_both_sides(outline, hill.height)
        return Part(contour=outline, touching=hill.doubtful or both)

    if len(relief.hills) < 2:
        return [part(contour, relief.hills[0])] if relief.hills else []
    parts = []
    for basin, hill in zip(basins(relief, body), relief.hills, strict=True):
        seen = np.ascontiguousarray(basin[rows, columns])
        outlines, _ = cv2.findContours(
            seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=(left, top)
        )
        if outlines:
            parts.append(part(max(outlines, key=len), hill))
    return parts


def _plain_pair(contour: Contour) -> tuple[Contour, Contour] | None:
    """Two convex items that touch at a narrow neck between two notches, and nothing else.

    Most pairs are such, and to see it takes a fifth of the time of the distance map.
    """
    deep = notches(contour, max(2.0, NOTCH * _half_width_px(contour)))
    if len(deep) != 2:
        return None
    first, last = sorted(notch.deepest for notch in deep)
    one = contour[first : last + 1]
    other = np.concatenate([contour[last:], contour[: first + 1]])
    neck_px = float(np.hypot(*(contour[last, 0] - contour[first, 0])))
    # The one is right for long parts, bent ones too, and the other for stubby ones.
    thinner_px = min(min(thickness_px(part), *cv2.minAreaRect(part)[1]) for part in (one, other))
    if neck_px > PLAIN_NECK * thinner_px:
        return None
    return (one, other) if looks_like_one(one) and looks_like_one(other) else None


def _half_width_px(contour: Contour) -> float:
    """Of a disc exactly, of long fruit nearly."""
    return 2 * cv2.contourArea(contour) / max(1.0, cv2.arcLength(contour, True))


def _at_edge(box: Sequence[int], shape: Sequence[int]) -> tuple[bool, bool, bool, bool]:
    """Whether an upright box lies at the left, top, right and lower edge of the image."""
    left, top, width, height = box
    return left == 0, top == 0, left + width == shape[1], top + height == shape[0]


def _body(mask: Plane, contour: Contour, box: Sequence[int]) -> tuple[Plane, tuple[int, int]]:
    """The outline filled as the mask is, and where the filled image begins in the whole one.

    What the edge of the image cuts off goes on there as it ends: the distance map would take the
    edge for the item's own, and a fruit that enters with two tips first for two.
    """
    left, top, width, height = box
    more = max(width, height) // 2
    before_x, before_y, after_x, after_y = (more if cut else 1 for cut in _at_edge(box, mask.shape))
    body = np.zeros((before_y + height + after_y, before_x + width + after_x), np.uint8)
    offset = (before_x - left, before_y - top)
    cv2.drawContours(body, [contour], -1, 255, cv2.FILLED, offset=offset)
    seen = body[before_y : before_y + height, before_x : before_x + width]
    _open_gaps(seen, mask[top : top + height, left : left + width], contour, (left, top))
    if before_x > 1:
        body[:, :before_x] = body[:, before_x : before_x + 1]
    if after_x > 1:
        body[:, -after_x:] = body[:, -after_x - 1 : -after_x]
    if before_y > 1:
        body[:before_y] = body[before_y]
    if after_y > 1:
        body[-after_y:] = body[-after_y - 1]
    return body, (left - before_x, top - before_y)


def _open_gaps(body: Plane, mask: Plane, contour: Contour, corner: tuple[int, int]) -> None:
    """Take the gaps between items out of a filled outline, but not the gloss on one of them.

    Gloss may be as bright and grey as the belt, and would part a fruit from itself. A gap is large,
    or lies by a place where two items meet: there the outline has a deep notch.

    Args:
        body: the outline's box, 255 inside; is changed.
        mask: the same box of the image.
        contour: the outline.
        corner: of the box: left, top.
    """
    holes = cv2.bitwise_and(body, cv2.bitwise_not(mask))
    if not cv2.countNonZero(holes):
        return
    half_width_px = _half_width_px(contour)
    meetings = [
        contour[notch.deepest, 0] - corner
        for notch in notches(contour, OPPOSITE_NOTCH * half_width_px)
    ]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(holes)
    for hole in range(1, count):
        left, top, width, height, area = stats[hole].tolist()
        low, high = np.array([left, top]), np.array([left + width, top + height])
        away = [float(np.hypot(*np.maximum(0, np.maximum(low - p, p - high)))) for p in meetings]
        share = area / half_width_px**2
        meeting = min(away, default=math.inf) < MEETING * half_width_px
        if share > LARGEST_GLOSS or (meeting and share > LEAST_GAP):
            body[labels == hole] = 0
