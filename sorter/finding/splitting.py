"""Items that touch: where one outline holds several of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Contour = NDArray[np.int32]

NOTCH = 0.12
"""Depth of a notch in the outline, as a share of the item's half width, that asks for a look at the
distance map; a single convex fruit has none."""
SURE_NECK = 0.6
"""Width of the neck between two items by the width of the narrower one: below it they are two. The
deepest waist of a misshapen cucumber is 0.65."""
NO_NECK = 0.85
"""Above it there is no neck, only an uneven outline; in between nobody knows."""
LEVEL_STEP = 0.9
"""The distance map is looked at at heights that fall by this factor."""
COARSE_PX = 10
"""Half width, in pixels, that is enough to tell a neck."""
LEAST_LOBE = 0.3
"""Half width of an item by that of the widest in the same outline; a stalk or a leaf has less."""
OPPOSITE_NOTCH = 0.25
"""Depth, as a share of the half width, of two notches that face each other."""
LEAST_PART = 0.2
"""Of the area, on either side of the line between such notches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One item of an outline that may hold several."""

    contour: Contour
    """n × 1 × 2, outer contour as OpenCV gives it."""
    touching: bool
    """It may still be more than one."""


def looks_like_one(contour: Contour) -> bool:
    """Whether an outline is all convex but for what a single fruit may have; takes 20 µs."""
    half_width_px = 2 * cv2.contourArea(contour) / max(1.0, cv2.arcLength(contour, True))
    least_px = max(2.0, NOTCH * half_width_px)
    return all(depth_px < least_px for _, _, _, depth_px in _notches(contour))


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
    body, origin = _body(mask, contour, box)
    distance = cv2.distanceTransform(body, cv2.DIST_L2, 3)
    hills, doubtful = _hills(distance)
    cut_off = _at_edge(box, mask.shape)
    if len(hills) < 2:
        both = not any(cut_off) and _notched_on_both_sides(contour, float(distance.max()))
        return [Part(contour=contour, touching=doubtful or both)]
    left, top, width, height = box
    seen = (
        slice(top - origin[1], top - origin[1] + height),
        slice(left - origin[0], left - origin[0] + width),
    )
    parts = []
    for basin in _basins(body, distance, hills):
        outlines, _ = cv2.findContours(
            np.ascontiguousarray(basin[seen]),
            cv2.RETR_EXTERNAL,
            cv2.CHAIN_APPROX_NONE,
            offset=(left, top),
        )
        if outlines:
            outline = max(outlines, key=len)
            half_width_px = float(distance[basin > 0].max())
            both = not any(cut_off) and _notched_on_both_sides(outline, half_width_px)
            parts.append(Part(contour=outline, touching=doubtful or both))
    return parts


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
    cv2.bitwise_and(seen, mask[top : top + height, left : left + width], dst=seen)
    if before_x > 1:
        body[:, :before_x] = body[:, before_x : before_x + 1]
    if after_x > 1:
        body[:, -after_x:] = body[:, -after_x - 1 : -after_x]
    if before_y > 1:
        body[:before_y] = body[before_y]
    if after_y > 1:
        body[-after_y:] = body[-after_y - 1]
    return body, (left - before_x, top - before_y)


@dataclass(slots=True, kw_only=True)
class _Hill:
    height: float
    top: tuple[int, int]
    """Column and row."""
    saddle: float = 0.0
    """Height above which no other hill is connected with it."""


def _hills(distance: NDArray[np.float32]) -> tuple[list[_Hill], bool]:
    """Hills with a deep saddle between them, and whether there are others that leave a doubt."""
    highest = float(distance.max())
    # Wide hills may be looked at from farther away. The highest of several pixels stands for them,
    # so that a neck only looks wider than it is.
    stride = max(1, int(highest / COARSE_PX))
    if stride > 1:
        distance = cv2.dilate(distance, np.ones((stride, stride), np.uint8))
        distance = np.ascontiguousarray(distance[::stride, ::stride])
    hills: list[_Hill] = []
    doubtful = False
    level = highest
    while level > LEAST_LOBE * SURE_NECK * highest:
        above, level = level, level * LEVEL_STEP
        islands = np.asarray(distance > level, np.uint8)
        count, labels = cv2.connectedComponents(islands)
        for island in range(1, count):
            on_it = [hill for hill in hills if labels[hill.top[1], hill.top[0]] == island]
            if not on_it:
                _, height, _, top = cv2.minMaxLoc(distance, np.asarray(labels == island, np.uint8))
                if height >= LEAST_LOBE * highest:
                    hills.append(_Hill(height=height, top=(top[0], top[1])))
                continue
            # The saddle lies between this level and the one above; the lower hill decides.
            on_it.sort(key=lambda hill: -hill.height)
            for hill in on_it if len(on_it) > 1 else ():
                hill.saddle = hill.saddle or above
            for lower in on_it[1:]:
                neck = above / lower.height
                if neck > SURE_NECK:
                    doubtful = doubtful or neck < NO_NECK
                    hills.remove(lower)
    for hill in hills:
        hill.saddle = hill.saddle or level
        hill.top = (hill.top[0] * stride, hill.top[1] * stride)
    return hills, doubtful


def _basins(body: Plane, distance: NDArray[np.float32], hills: list[_Hill]) -> list[Plane]:
    """One mask a hill, 255 inside: what lies nearest to the part of it above its saddle."""
    seeds = np.full_like(body, 255)
    for hill in hills:
        _, labels = cv2.connectedComponents(np.asarray(distance > hill.saddle, np.uint8))
        seeds[labels == labels[hill.top[1], hill.top[0]]] = 0
    _, nearest = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_CCOMP
    )
    return [
        np.where((nearest == nearest[hill.top[1], hill.top[0]]) & (body > 0), 255, 0).astype(
            np.uint8
        )
        for hill in hills
    ]


def _notches(contour: Contour) -> list[tuple[int, int, int, float]]:
    """Start, end and deepest point of each notch, as places in the contour, and its depth."""
    if len(contour) < 8:
        return []
    hull = cv2.convexHull(contour, returnPoints=False)
    defects = cv2.convexityDefects(contour, hull)
    if defects is None:
        return []
    # OpenCV 4 gives n × 1 × 4, OpenCV 5 n × 4.
    rows = defects.reshape(-1, 4).tolist()
    return [(start, end, deepest, depth / 256) for start, end, deepest, depth in rows]


def _notched_on_both_sides(contour: Contour, half_width_px: float) -> bool:
    points = contour[:, 0].astype(np.float64)
    area = cv2.contourArea(contour)
    deep = []
    for start, end, deepest, depth_px in _notches(contour):
        if depth_px >= max(2.0, OPPOSITE_NOTCH * half_width_px):
            outward = (points[start] + points[end]) / 2 - points[deepest]
            deep.append((deepest, outward / max(1e-9, float(np.hypot(*outward)))))
    for k, (one, one_way) in enumerate(deep):
        for other, other_way in deep[k + 1 :]:
            first, last = sorted((one, other))
            share = cv2.contourArea(contour[first : last + 1]) / area
            facing = float(one_way @ other_way) < -0.5
            if facing and LEAST_PART < share < 1 - LEAST_PART:
                return True
    return False
