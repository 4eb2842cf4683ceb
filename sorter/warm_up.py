"""What is slow the first time is done before the first item comes."""

from __future__ import annotations

import gc
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from sorter.finding.cutout import cut
from sorter.finding.outline import refine
from sorter.grader import Grader
from sorter.item import Item, Sighting, Span
from sorter.ruler.ruler import Ruler
from sorter.sharpness import JUDGED

BELT, FRUIT = (90, 90, 90), (60, 160, 90)


def warm_up(grader: Grader, ruler: Ruler, field_px: tuple[int, int]) -> None:
    """Measure and judge a drawn item, by one view, by two, and so on.

    OpenCV's tables for CIELAB alone take 70 ms, more than the way to the first outlet may leave.

    Args:
        grader: of the line.
        ruler: of its camera.
        field_px: columns and rows of a frame.
    """
    item = _drawn(ruler, field_px)
    for count in range(1, JUDGED + 1):
        grader.judge([replace(item, views=item.views * count)])


def spare_the_collector() -> None:
    """What the start of the program has made lives until its end; call when it is all there.

    To look through it again and again takes Python's garbage collector 30 ms, twice a frame's time.
    """
    gc.collect()
    gc.freeze()


def _drawn(ruler: Ruler, field_px: tuple[int, int]) -> Item:
    width, height = field_px
    pixels = np.full((height, width, 3), BELT, np.uint8)
    middle, axes = (width // 2, height // 2), (width // 8, height // 10)
    cv2.ellipse(pixels, middle, axes, 0, 0, 360, FRUIT, cv2.FILLED)
    outline_px = np.asarray(cv2.ellipse2Poly(middle, axes, 0, 0, 360, 3), np.float32)
    span = Span(low_mm=0.0, high_mm=1.0)
    sighting = Sighting(
        along=span,
        across=span,
        from_reference_mm=0.0,
        complete=True,
        outline_px=outline_px,
        measurer=lambda: ruler.measure(refine(outline_px, pixels), pixels),
        cutter=partial(cut, pixels, centre_px=middle, side_px=min(field_px) // 2),
    )
    return Item(
        item_id=0,
        lane=0,
        reference_tick=0.0,
        extent_mm=span.size_mm,
        measures=sighting.measures,
        views=(sighting,),
    )
