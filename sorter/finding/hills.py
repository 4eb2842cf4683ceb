"""The distance map of an outline as a landscape: one hill for each item."""

from __future__ import annotations

import math
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
LEVELS = LEVEL_STEP ** np.arange(
    1, 1 + math.ceil(math.log(LEAST_HILL * SURE_NECK) / math.log(LEVEL_STEP)), dtype=np.float32
)
"""By the height of the highest hill. Where no saddle is so low, items are apart."""


@dataclass(slots=True, kw_only=True)
class Hill:
    """One item."""

    height: float
    """Half its width, in pixels."""
    top: tuple[int, int]
    """Row and column in the coarse map."""
    saddle: int | None = None
    """Of the levels, the last at which no other hill is connected with it."""
    doubtful: bool = False
    """It holds a lower one, with a saddle between them that is neither deep nor shallow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """What was seen of a distance map."""

    hills: list[Hill]
    """With deep saddles between them."""
    islands: NDArray[np.int32]
    """Levels × rows × columns of the coarse map: what rises above each level, by its number, which
    is another one at each level; a pixel stands for `stride` × `stride`."""
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
    levels = highest * LEVELS
    islands = _islands(distance, levels)
    tops = _tops(distance, LEAST_HILL * highest)
    heights = [float(distance[top]) for top in tops]
    under = islands[:, [row for row, _ in tops], [column for _, column in tops]].tolist()
    hills: list[Hill] = []
    of_top: list[Hill | None] = [None] * len(tops)
    for number, (level, on) in enumerate(zip(levels.tolist(), under, strict=True)):
        together: dict[int, list[int]] = {}
        for k, island in enumerate(on):
            if island:
                together.setdefault(island, []).append(k)
        for members in together.values():
            known = [hill for k in members if (hill := of_top[k]) is not None]
            if not known:
                # The first is the highest. The others rise from the same hill.
                hill = of_top[members[0]] = Hill(height=heights[members[0]], top=tops[members[0]])
                hills.append(hill)
            for lower in known[1:]:
                # The saddle lies between this level and the one above.
                neck = level / LEVEL_STEP / lower.height
                if neck > SURE_NECK:
                    known[0].doubtful |= lower.doubtful or neck < NO_NECK
                    hills.remove(lower)
                    of_top[tops.index(lower.top)] = None
                else:
                    for hill in (known[0], lower):
                        hill.saddle = number - 1 if hill.saddle is None else hill.saddle
    return Relief(hills=hills, islands=islands, stride=stride)


def basins(relief: Relief, body: Plane) -> list[Plane]:
    """One mask a hill, 255 where the part of it above its saddle is the nearest.

    Args:
        relief: of the body's distance map.
        body: 255 inside the outline.
    """
    seeds = np.full(relief.islands.shape[1:], 255, np.uint8)
    for hill in relief.hills:
        islands = relief.islands[-1 if hill.saddle is None else hill.saddle]
        seeds[islands == islands[hill.top]] = 0
    _, nearest = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_CCOMP
    )
    height, width = body.shape
    masks = []
    for hill in relief.hills:
        mine = np.where(nearest == nearest[hill.top], 255, 0).astype(np.uint8)
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


def _islands(distance: Floats, levels: Floats) -> NDArray[np.int32]:
    """What rises above each level: all of them in one image, one below the other, a row apart."""
    rows, columns = distance.shape
    above = np.zeros((len(levels), rows + 1, columns), np.uint8)
    np.greater(distance, levels[:, None, None], out=above[:, :rows].view(np.bool_))
    _, labels = cv2.connectedComponents(above.reshape(-1, columns))
    return np.asarray(labels.reshape(above.shape)[:, :rows], np.int32)


def _tops(distance: Floats, least: float) -> list[tuple[int, int]]:
    """Row and column of a pixel of each summit, the highest first."""
    around = cv2.dilate(distance, np.ones((3, 3), np.uint8))
    summits = (distance >= around) & (distance >= least)
    _, labels = cv2.connectedComponents(summits.view(np.uint8))
    _, places = np.unique(labels, return_index=True)
    rows, columns = np.unravel_index(places[1:], distance.shape)
    order = np.argsort(-distance[rows, columns], kind="stable")
    return list(zip(rows[order].tolist(), columns[order].tolist(), strict=True))
