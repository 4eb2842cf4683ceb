"""The distance map of an outline as a landscape: one hill for each item."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
Floats = NDArray[np.float32]

SURE_NECK = 0.6
"""Width of the neck between two items by the width of the narrower one: below it they are two. The
deepest waist of a misshapen cucumber is 0.65."""
NO_NECK = 0.85
"""Above it there is no neck, only an uneven outline; in between nobody knows."""
LEVEL_STEP = 0.9
"""The map is looked at at heights that fall by this factor."""
COARSE_PX = 10
"""Half width, in pixels, that is enough to tell a neck."""
LEAST_HILL = 0.3
"""Half width of an item by that of the widest in the same outline; a stalk or a leaf has less."""


@dataclass(slots=True, kw_only=True)
class Hill:
    """One item."""

    height: float
    """Half its width, in pixels."""
    top: tuple[int, int]
    """Column and row in the coarse map."""
    saddle: float = 0.0
    """Height above which no other hill is connected with it."""
    doubtful: bool = False
    """It holds a lower one, with a saddle between them that is neither deep nor shallow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """What was seen of a distance map."""

    hills: list[Hill]
    """With deep saddles between them."""
    coarse: Floats
    """The map, one pixel for `stride` × `stride`."""
    stride: int


def survey(distance: Floats) -> Relief:
    """Find the hills.

    Args:
        distance: of each pixel to the outline; 0 outside.
    """
    highest = float(distance.max())
    # Wide hills may be looked at from farther away. The highest of several pixels stands for them,
    # so that a neck only looks wider than it is.
    stride = max(1, int(highest / COARSE_PX))
    if stride > 1:
        widened = cv2.dilate(distance, np.ones((stride, stride), np.uint8))
        distance = np.ascontiguousarray(widened[stride // 2 :: stride, stride // 2 :: stride])
    hills: list[Hill] = []
    level = highest
    while level > LEAST_HILL * SURE_NECK * highest:
        above, level = level, level * LEVEL_STEP
        count, labels = cv2.connectedComponents(_above(distance, level))
        on_island: dict[int, list[Hill]] = {island: [] for island in range(1, count)}
        for hill in sorted(hills, key=lambda hill: -hill.height):
            on_island[int(labels[hill.top[1], hill.top[0]])].append(hill)
        for island, together in on_island.items():
            if not together:
                only = cv2.compare(labels.astype(np.float32), float(island), cv2.CMP_EQ)
                _, height, _, top = cv2.minMaxLoc(distance, only)
                if height >= LEAST_HILL * highest:
                    hills.append(Hill(height=height, top=(top[0], top[1])))
            elif len(together) > 1:
                for lower in together[1:]:
                    # The saddle lies between this level and the one above.
                    neck = above / lower.height
                    if neck > SURE_NECK:
                        together[0].doubtful |= lower.doubtful or neck < NO_NECK
                        hills.remove(lower)
                    else:
                        for hill in (together[0], lower):
                            hill.saddle = hill.saddle or above
    for hill in hills:
        hill.saddle = hill.saddle or level
    return Relief(hills=hills, coarse=distance, stride=stride)


def basins(relief: Relief, body: Plane) -> list[Plane]:
    """One mask a hill, 255 where the part of it above its saddle is the nearest.

    Args:
        relief: of the body's distance map.
        body: 255 inside the outline.
    """
    seeds = np.full(relief.coarse.shape, 255, np.uint8)
    for hill in relief.hills:
        _, labels = cv2.connectedComponents(_above(relief.coarse, hill.saddle))
        seeds[labels == labels[hill.top[1], hill.top[0]]] = 0
    _, nearest = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_CCOMP
    )
    height, width = body.shape
    masks = []
    for hill in relief.hills:
        mine = np.where(nearest == nearest[hill.top[1], hill.top[0]], 255, 0).astype(np.uint8)
        fine = np.repeat(np.repeat(mine, relief.stride, axis=0), relief.stride, axis=1)
        fine = cv2.copyMakeBorder(
            fine,
            0,
            max(0, height - fine.shape[0]),
            0,
            max(0, width - fine.shape[1]),
            cv2.BORDER_REPLICATE,
        )
        masks.append(np.asarray(cv2.bitwise_and(body, fine[:height, :width]), np.uint8))
    return masks


def _above(distance: Floats, level: float) -> Plane:
    return np.asarray(cv2.compare(distance, level, cv2.CMP_GT), np.uint8)
