"""Laying one photo over another and judging whether they show the same moment."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.copies.candidates import Candidate, Warp
from training.copies.picture import Levels, Picture, band

ROUGH_SCALE, ROUGH_BAND, ROUGH_ROUNDS, ROUGH_LIKE = 0.5, (1.2, 6.0), 12, 0.75
"""The first alignment, and the correlation that goes on."""
SHARP_BAND, SHARP_ROUNDS = (0.8, 6.0), 15
DETAIL = (0.7, 3.0)
"""The band that is judged, pixels of the picture."""
PROMISING = 0.25
"""Correlation of the detail after the first alignment that goes on to the second."""
SAME = 0.87
"""Correlation of the detail from which two photos are one: see `benchmarks/audit.py`."""
EVERYWHERE, WEAK = 0.45, 0.05
"""Correlation of the detail that all but 5 % of the places with any must have."""
PLACE_PX = 25
"""Side of a place."""
FAINT = 1.0
"""Standard deviation of the detail, grey levels, under which there is none but the noise
of a photo that was not enlarged."""
SQUARE = 0.12
"""Largest cosine between the axes of a warp: a copy is turned and scaled, not sheared."""
STRETCH = 1.4
"""Largest ratio of the scales along the two axes."""
LEAST_COVER = 0.5
"""Part of the one photo that must lie on the other."""
BLOWN = 250
"""Grey level from which a pixel may have lost its detail to the light."""
MIDDLE = 0.7
"""Part of the side that is left of a photo turned by any angle."""
KEPT = 2048
"""Pictures whose bands are kept in memory, 90 kB each."""


@dataclass(frozen=True, slots=True)
class _Bands:
    rough: Levels
    sharp: Levels
    detail: Levels
    levels: Levels


class Judge:
    """Lays the two photos of a candidate over each other."""

    def __init__(self, pictures: Sequence[Picture], enlarged: Sequence[float]) -> None:
        """Judge candidates among these pictures.

        Args:
            pictures: all with a shorter side of `SIDE_PX`.
            enlarged: how many times larger each is than its photo, at least 1: the noise of the
                photo's pixels then covers so many pixels of the picture.
        """
        self._enlarged = enlarged

        def bands(number: int) -> _Bands:
            levels = pictures[number].astype(np.float32)
            half = cv2.resize(
                levels, None, fx=ROUGH_SCALE, fy=ROUGH_SCALE, interpolation=cv2.INTER_AREA
            )
            return _Bands(
                band(np.asarray(half), *ROUGH_BAND),
                band(levels, *SHARP_BAND),
                band(levels, *DETAIL),
                levels,
            )

        self._bands = functools.lru_cache(KEPT)(bands)

    def likeness(self, candidate: Candidate) -> float:
        """Correlation of the fine detail of two photos, laid over each other as well as can be.

        The alignment maximises the enhanced correlation coefficient (Evangelidis and Psarakis
        2008), first of the form, then of the detail.

        Returns:
            −1 … 1; 0 where they cannot be laid over each other.
        """
        one, other = self._bands(candidate.one), self._bands(candidate.other)
        middle = candidate.turned
        faint = FAINT * max(self._enlarged[candidate.one], self._enlarged[candidate.other])
        rough = _rescaled(candidate.warp, ROUGH_SCALE)
        found = _refined(one.rough, other.rough, rough, ROUGH_ROUNDS, middle=middle)
        if found is None or found[0] < ROUGH_LIKE:
            return 0.0
        warp = _rescaled(found[1], 1 / ROUGH_SCALE)
        if _detail(one, other, warp, faint, disc=middle)[0] < PROMISING:
            return 0.0
        found = _refined(one.sharp, other.sharp, warp, SHARP_ROUNDS, middle=middle)
        if found is None or not _plausible(found[1]):
            return 0.0
        whole, weakest = _detail(one, other, found[1], faint, disc=middle)
        return whole if weakest >= EVERYWHERE else 0.0


def _rescaled(warp: Warp, scale: float) -> Warp:
    # Pixel centres lie at halves.
    shift = (scale - 1) / 2
    moved = np.array(warp)
    moved[:, 2] = scale * warp[:, 2] + shift - warp[:, :2] @ [shift, shift]
    return moved


def _refined(
    one: Levels, other: Levels, warp: Warp, rounds: int, *, middle: bool
) -> tuple[float, Warp] | None:
    """The correlation and the warp that an affine alignment ends with."""
    left = top = 0
    if middle:
        height, width = one.shape
        side = round(MIDDLE * min(height, width))
        left, top = (width - side) // 2, (height - side) // 2
        one = np.ascontiguousarray(one[top : top + side, left : left + side])
    start = warp.copy()
    start[:, 2] += start[:, :2] @ [left, top]
    until = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, rounds, 1e-4)
    try:
        value, moved = cv2.findTransformECC(
            one, other, start.astype(np.float32), cv2.MOTION_AFFINE, until, None, 1
        )
    except cv2.error:
        # Nothing to go by: a flat photo, or no overlap left.
        return None
    result = np.asarray(moved, np.float64)
    result[:, 2] -= result[:, :2] @ [left, top]
    return float(value), result


def _plausible(warp: Warp) -> bool:
    """Whether a warp turns, flips, scales and at most stretches along one photo's sides."""
    sizes = np.linalg.svd(warp[:, :2], compute_uv=False)
    if sizes[1] <= 0 or sizes[0] > STRETCH * sizes[1]:
        return False

    def cosine(axes: NDArray[np.float64]) -> float:
        return float(abs(axes[0] @ axes[1]) / np.linalg.norm(axes[0]) / np.linalg.norm(axes[1]))

    return min(cosine(warp[:, :2]), cosine(warp[:, :2].T)) <= SQUARE


def _detail(
    one: _Bands, other: _Bands, warp: Warp, faint: float, *, disc: bool
) -> tuple[float, float]:
    """Correlation of the detail where the photos lie on each other and neither is blown out.

    Returns:
        That of the whole, and that which all but `WEAK` of the places with any detail reach: other
        fruit on the same ground agree in the ground alone, and fruit of one form in their outline.
    """
    height, width = one.levels.shape
    size, back = (width, height), cv2.WARP_INVERSE_MAP
    there = cv2.warpAffine(
        np.ones(other.levels.shape, np.uint8), warp, size, flags=cv2.INTER_NEAREST | back
    )
    part = _disc(height, width) if disc else np.ones((height, width), np.uint8)
    there &= part
    if there.sum() < LEAST_COVER * part.sum():
        return 0.0, 0.0
    laid = cv2.warpAffine(
        other.levels, warp, size, flags=cv2.INTER_LINEAR | back, borderMode=cv2.BORDER_REPLICATE
    )
    there &= ((one.levels < BLOWN) & (laid < BLOWN)).astype(np.uint8)
    there = cv2.erode(there, np.ones((5, 5), np.uint8), borderValue=1)
    shown = there > 0
    if shown.sum() < LEAST_COVER / 2 * part.sum():
        return 0.0, 0.0
    a, b = one.detail, band(np.asarray(laid), *DETAIL)
    inside_a, inside_b = a[shown] - a[shown].mean(), b[shown] - b[shown].mean()
    # The 1 keeps two flat photos from being alike by their noise.
    power = np.sqrt((inside_a**2).sum() * (inside_b**2).sum()) + 1
    return float((inside_a * inside_b).sum() / power), _weakest(a, b, there, faint)


def _weakest(a: Levels, b: Levels, there: NDArray[np.uint8], faint: float) -> float:
    weight = there.astype(np.float32)
    ab, aa, bb = (cv2.blur(x * weight, (PLACE_PX, PLACE_PX)) for x in (a * b, a * a, b * b))
    area = cv2.blur(weight, (PLACE_PX, PLACE_PX)) + 1e-6
    # Other light: the contrast of the one, as strong as in the other.
    gain = aa.sum() / (bb.sum() + 1e-6)
    detailed = (there > 0) & (np.maximum(aa, gain * bb) > faint**2 * area)
    if not detailed.any():
        return 0.0
    local = ab[detailed] / (np.sqrt(aa[detailed] * bb[detailed]) + 1e-3)
    return float(np.quantile(local, WEAK))


@functools.cache
def _disc(height: int, width: int) -> NDArray[np.uint8]:
    part = np.zeros((height, width), np.uint8)
    cv2.circle(part, ((width - 1) // 2, (height - 1) // 2), min(height, width) // 2 - 2, 1, -1)
    return part
