"""Cutting an item out of a real photo: what is not like the photo's border."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels

WORKING_PX = 192
"""Photos are cut at this size; a smaller one is enlarged, so that its outline gets smooth."""
BORDER_SHARE = 0.06
"""Width of the photo's border that shows nothing but background, by its side."""
EDGE_SHARE = 0.25
"""Of the photo's outermost pixels that an item covers at the most. What covers more holds a part of
the ground that has another colour, or most of the item lies outside."""
SMALLEST_SHARE, LARGEST_SHARE = 0.02, 0.9
"""Of the photo that an item covers."""
THIN_SHARE = 0.45
"""What is thinner than this, by the item's thickness, is no part of it."""
KEPT_SHARE = 0.75
REFINE_STEPS = 2
SMOOTH_PHOTO_PX = 0.8
"""Pixels of an enlarged photo over which its outline is smoothed. A coarse photo cuts a slanting
outline into steps, of 9 mm where 32 pixels show 280 mm, which look like the notches between two
items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOut:
    """An item out of a photo."""

    pixels: Pixels
    """Height × width × 3, BGR, at the working size."""
    cover: NDArray[np.float32]
    """Height × width: share of each pixel that is the item's, 0 … 1."""
    background: tuple[int, int, int]
    """Blue, green, red of what it lay on."""
    scale: float
    """Working pixels by the photo's own."""


def cut_out(photo: Pixels) -> CutOut | None:
    """Separate the item from its background; None where none can be told from it.

    Args:
        photo: height × width × 3, BGR, one item on a plain ground.
    """
    scale = WORKING_PX / max(photo.shape[:2])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    pixels = np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=way), np.uint8)
    lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB).astype(np.float32)
    edge = max(2, round(BORDER_SHARE * WORKING_PX))
    border = np.ones(pixels.shape[:2], bool)
    border[edge:-edge, edge:-edge] = False
    middle = np.median(lab[border], axis=0)
    # A shadow is darker than the ground, but hardly of another colour.
    off = np.hypot(
        np.abs(lab[:, :, 0] - middle[0]) * 0.35, np.hypot(*(lab[:, :, 1:] - middle[1:]).T).T
    )
    levels = np.asarray(np.clip(cv2.GaussianBlur(off, (0, 0), 1.5) * 3, 0, 255), np.uint8)
    threshold, mask = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    if threshold < 12:
        return None
    item = _item(mask // 255)
    if item is None:
        return None
    item = _refined(pixels, item)
    if item is None or _edge_share(item) > EDGE_SHARE:
        return None
    ground = np.median(pixels[border & (item == 0)], axis=0)
    if scale > 1:
        pixels, item = _without_steps(pixels, item, SMOOTH_PHOTO_PX * scale)
    cover = cv2.GaussianBlur(item.astype(np.float32), (0, 0), 1.2)
    blue, green, red = (int(part) for part in ground)
    return CutOut(
        pixels=pixels,
        cover=np.asarray(cover, np.float32),
        background=(blue, green, red),
        scale=scale,
    )


def _edge_share(item: NDArray[np.uint8]) -> float:
    edge = np.concatenate([item[0], item[-1], item[:, 0], item[:, -1]])
    return float(edge.mean())


def _without_steps(
    pixels: Pixels, item: NDArray[np.uint8], reach_px: float
) -> tuple[Pixels, NDArray[np.uint8]]:
    """A smooth outline; what it takes in beyond the old one has the item's colours there."""
    weight = cv2.GaussianBlur(item.astype(np.float32), (0, 0), reach_px)
    own = cv2.GaussianBlur(pixels * item[:, :, None].astype(np.float32), (0, 0), reach_px)
    nearby = own / np.maximum(weight, np.float32(1e-3))[:, :, None]
    filled = np.where(item[:, :, None] > 0, pixels, np.clip(nearby, 0, 255).astype(np.uint8))
    return np.asarray(filled, np.uint8), (weight > 0.5).astype(np.uint8)


def _item(mask: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The part that most of the photo's middle belongs to, without its thin outgrowths."""
    count, labels = cv2.connectedComponents(mask, connectivity=8)
    if count < 2:
        return None
    height, width = mask.shape
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    middle = np.exp(-2 * (x**2 + y**2))
    weights = np.bincount(labels.ravel(), middle.ravel(), minlength=count)
    part = (labels == 1 + int(np.argmax(weights[1:]))).astype(np.uint8)
    outlines, _ = cv2.findContours(part, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(part, outlines, -1, 1, cv2.FILLED)
    # The ragged shadow of a rough ground is thin; the item is not.
    inner = cv2.distanceTransform(cv2.copyMakeBorder(part, 1, 1, 1, 1, cv2.BORDER_CONSTANT), 2, 5)
    reach = 2 * round(THIN_SHARE * float(inner.max())) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    item = np.asarray(cv2.morphologyEx(part, cv2.MORPH_OPEN, disc), np.uint8)
    share = item.mean()
    return item if SMALLEST_SHARE <= share <= LARGEST_SHARE else None


def _refined(pixels: Pixels, item: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Follow the colours at the outline, which a threshold meets only roughly."""
    reach = np.ones((9, 9), np.uint8)
    marks = np.full(item.shape, cv2.GC_BGD, np.uint8)
    marks[cv2.dilate(item, reach, iterations=2) > 0] = cv2.GC_PR_BGD
    marks[item > 0] = cv2.GC_PR_FGD
    marks[cv2.erode(item, reach, iterations=2) > 0] = cv2.GC_FGD
    if not (marks == cv2.GC_FGD).any():
        marks[cv2.erode(item, np.ones((3, 3), np.uint8)) > 0] = cv2.GC_FGD
    if not (marks == cv2.GC_FGD).any() or not (marks == cv2.GC_BGD).any():
        return item
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(pixels, marks, None, *models, REFINE_STEPS, cv2.GC_INIT_WITH_MASK)
    found = _item(np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8))
    # Colours of the ground on the item itself, such as grey mould on concrete, tear it apart.
    kept = 0.0 if found is None else (found & item).sum() / item.sum()
    return found if kept > KEPT_SHARE else None
