"""Which pairs of photos are worth laying over each other, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.copies.picture import Picture, band, resized

Warp = NDArray[np.float64]
"""2 × 3: from pixels of one picture to pixels of another."""

GRID_PX = 16
"""Side of the thumbnails that the search by crops compares."""
CROPS = (1.0, 0.93, 0.86, 0.8, 0.74, 0.68)
"""Sides of the crops that are looked for, as parts of the photo's."""
STEP_PX = 2
"""Of the thumbnails' grid, between two neighbouring crops."""
GRID_BAND = (0.7, 4.0)
WAYS = 8
"""Flips and turns of a square."""
CROP_LIKE = 0.7
"""Correlation of two thumbnails from which they are candidates."""
NEAREST_CROPS, NEAREST_TURNS = 16, 8
"""So many candidates a photo; of turns, by each of two likenesses."""
CHUNK_VALUES = 20_000_000
"""So many correlations are in memory at once."""

DISC_PX = 48
"""Diameter of the discs that the search by turns compares."""
RINGS, ANGLES, HARMONICS = 10, 64, 10
DISCS = (1.0, 0.86, 0.74)
"""Diameters of the discs, as parts of the photo's shorter side."""
DISC_BAND = (1.0, 6.0)
CODE_LIKE = 0.8
"""Likeness of the embeddings of two discs from which their angle is looked for."""
DISC_LIKE = 0.7
"""Correlation of two discs from which they are candidates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A pair that may be copies."""

    one: int
    other: int
    warp: Warp
    """From the pixels of `one` to those of `other`, roughly."""
    turned: bool
    """Whether `one` may be turned by any angle, so that only its middle is sure to be there."""


def by_crops(
    pictures: Sequence[Picture],
    advance: Callable[[], None],
    hints: Iterable[tuple[int, int]] = (),
) -> Iterator[Candidate]:
    """Pairs of which one may be a crop of the other, after one of the eight flips and turns.

    Each photo, in all eight, is held as a thumbnail against each crop of each other photo. The
    thumbnails are the perceptual hash, kept as real numbers: a correlation instead of a Hamming
    distance. Takes 2⋅10⁵ multiply-adds a pair of photos.

    Args:
        pictures: of the photos.
        advance: called twice a photo.
        hints: pairs that are candidates in any case.
    """
    whole = [_oriented(one) for one in pictures]
    wholes = np.concatenate([vectors for vectors, _ in whole])
    best = np.empty((len(pictures), len(pictures)), np.float16)
    for number, base in enumerate(pictures):
        advance()
        best[number] = _likest(_crops(base)[0], wholes)
    np.fill_diagonal(best, -1)
    # Few crops are like a photo that fills them, so a photo's own list and that of the other
    # are both looked at.
    near = np.zeros(best.shape, bool)
    for number in range(len(pictures)):
        near[number, _nearest(best[number], CROP_LIKE, NEAREST_CROPS)] = True
        near[_nearest(best[:, number], CROP_LIKE, NEAREST_CROPS), number] = True
    for one, two in hints:
        near[one, two] = near[two, one] = True
    for number, base in enumerate(pictures):
        advance()
        crops, places = _crops(base)
        for other in np.flatnonzero(near[number]):
            vectors, turns = whole[other]
            crop, way = divmod(int((crops @ vectors.T).argmax()), len(turns))
            warp = _chain(places[crop], turns[way])
            yield Candidate(one=int(other), other=number, warp=warp, turned=False)


def _likest(crops: NDArray[np.float32], wholes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The best correlation of any crop with any of each photo's eight thumbnails."""
    rows = max(1, CHUNK_VALUES // len(wholes))
    best = np.full(len(wholes), -1, np.float32)
    for start in range(0, len(crops), rows):
        np.maximum(best, (crops[start : start + rows] @ wholes.T).max(axis=0), out=best)
    return np.asarray(best.reshape(-1, WAYS).max(axis=1))


def by_turns(pictures: Sequence[Picture], advance: Callable[[], None]) -> Iterator[Candidate]:
    """Pairs of which one may be the other turned by any angle, flipped or not.

    The embedding of a disc is the magnitude of the Fourier series along each of its rings: turning
    shifts only the phase, flipping only conjugates. The phases then tell the angle.

    Args:
        pictures: of the photos.
        advance: called once a photo.
    """
    series = np.stack([_series(one) for one in pictures])
    # √2: all harmonics but the constant stand for two terms of the series.
    magnitudes = np.abs(series[..., : HARMONICS + 1]) * np.r_[1, np.full(HARMONICS, np.sqrt(2))]
    codes = magnitudes.reshape(len(pictures), len(DISCS), -1)
    codes = codes / (np.linalg.norm(codes, axis=-1, keepdims=True) + 1e-6)
    for number in range(len(pictures)):
        advance()
        # A copy that was enlarged, too, shows one of the discs as its full one. In a copy that was
        # only turned, the blank corners that came in spoil the rim, but not the smallest disc.
        near: set[int] = set()
        for best in (np.max(codes @ codes[number, 0], axis=1), codes[:, -1] @ codes[number, -1]):
            best[number] = -1
            near.update(map(int, _nearest(best, CODE_LIKE, NEAREST_TURNS)))
        for other in sorted(near):
            found = _turn(series[number, 0], series[other])
            if found is None:
                continue
            disc, angle, mirrored = found
            warp = _about_middles(
                pictures[number], pictures[other], DISCS[disc], angle, mirrored=mirrored
            )
            yield Candidate(one=number, other=other, warp=warp, turned=True)


def _nearest(values: NDArray[Any], least: float, count: int) -> NDArray[np.intp]:
    """Indices of the `count` largest values that are at least `least`."""
    enough = np.flatnonzero(values >= least)
    return enough[np.argsort(-values[enough], kind="stable")[:count]]


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = rows - rows.mean(axis=1, keepdims=True)
    # The 1 keeps the noise of an empty photo from counting as detail.
    return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1))


def _crops(base: Picture) -> tuple[NDArray[np.float32], list[Warp]]:
    """Thumbnails of square crops, and the warp from each thumbnail's place to the picture.

    A place is given in parts of the crop, 0 … 1 along each axis.
    """
    vectors, places = [], []
    for side in CROPS:
        detail = band(resized(base, round(GRID_PX / side)), *GRID_BAND)
        height, width = detail.shape
        for y in _starts(height):
            for x in _starts(width):
                vectors.append(detail[y : y + GRID_PX, x : x + GRID_PX].ravel())
                scale = np.array([base.shape[1] / width, base.shape[0] / height])
                corner = np.array([x, y]) * scale
                places.append(np.c_[np.diag(GRID_PX * scale), corner])
    return _unit(np.array(vectors, np.float32)), places


def _starts(length: int) -> NDArray[np.intp]:
    free = length - GRID_PX
    return np.unique(np.linspace(0, free, -(-free // STEP_PX) + 1).round().astype(np.intp))


def _oriented(one: Picture) -> tuple[NDArray[np.float32], list[Warp]]:
    """The thumbnail of a picture's middle square in the eight flips and turns.

    Returns:
        8 × GRID_PX², and for each the warp from pixels of the picture to parts of the thumbnail.
    """
    detail = band(resized(one, GRID_PX), *GRID_BAND)
    height, width = detail.shape
    y, x = (height - GRID_PX) // 2, (width - GRID_PX) // 2
    middle = detail[y : y + GRID_PX, x : x + GRID_PX]
    scale = np.array([width / one.shape[1], height / one.shape[0]]) / GRID_PX
    to_parts = np.c_[np.diag(scale), -np.array([x, y]) / GRID_PX]
    vectors, turns = [], []
    # Of parts (x, y) about the middle: what np.rot90 and a flip do to them.
    quarter = np.array([[0.0, 1.0], [-1.0, 0.0]])
    for flip in (1.0, -1.0):
        matrix = np.diag([flip, 1.0])
        view = middle if flip > 0 else middle[:, ::-1]
        for quarters in range(4):
            vectors.append(np.rot90(view, quarters).ravel())
            turn = np.linalg.matrix_power(quarter, quarters) @ matrix
            turns.append(_chain(np.c_[turn, 0.5 - turn @ [0.5, 0.5]], to_parts))
    return _unit(np.array(vectors, np.float32)), turns


def _chain(last: Warp, first: Warp) -> Warp:
    """One warp after another."""
    moved = last[:, :2] @ first[:, 2] + last[:, 2]
    return np.column_stack([last[:, :2] @ first[:, :2], moved])


_RADII = (np.arange(RINGS) + 0.5) / RINGS * 0.97
_TURNS = np.arange(ANGLES) * 2 * np.pi / ANGLES
_RING_WEIGHT = np.sqrt(_RADII / _RADII.sum() / ANGLES).astype(np.float32)[:, None]
"""Outer rings stand for more pixels."""


def _series(one: Picture) -> NDArray[np.complex64]:
    """Fourier series along the rings of the discs about the middle.

    Returns:
        Discs × rings × (ANGLES / 2 + 1), complex; each disc has norm 1.
    """
    polar = []
    for side in DISCS:
        detail = band(resized(one, round(DISC_PX / side)), *DISC_BAND)
        x, y = (detail.shape[1] - 1) / 2, (detail.shape[0] - 1) / 2
        columns = (x + DISC_PX / 2 * _RADII[:, None] * np.cos(_TURNS)).astype(np.float32)
        rows = (y + DISC_PX / 2 * _RADII[:, None] * np.sin(_TURNS)).astype(np.float32)
        polar.append(cv2.remap(detail, columns, rows, cv2.INTER_LINEAR) * _RING_WEIGHT)
    discs = np.array(polar, np.float32)
    discs -= (discs * _RING_WEIGHT).sum(axis=(1, 2), keepdims=True) * _RING_WEIGHT
    discs /= np.sqrt((discs * discs).sum(axis=(1, 2), keepdims=True)) + 1e-2
    return np.fft.rfft(discs, axis=2).astype(np.complex64)


def _turn(
    one: NDArray[np.complex64], others: NDArray[np.complex64]
) -> tuple[int, float, bool] | None:
    """Which disc of another photo is most like this one, after which turn, mirrored or not.

    Returns:
        Index of the disc, the angle in radians from `one` to it, and whether it is mirrored; None
        if no disc is like this one at all.
    """
    plain = np.fft.irfft((others * one.conj()).sum(axis=1), n=ANGLES, axis=1)
    mirror = np.fft.irfft((others * one).sum(axis=1), n=ANGLES, axis=1)
    both = np.stack([plain, mirror])
    way, disc, shift = np.unravel_index(both.argmax(), both.shape)
    if both[way, disc, shift] < DISC_LIKE:
        return None
    return int(disc), float(_TURNS[shift]), bool(way)


def _about_middles(
    one: Picture, other: Picture, side: float, angle: float, *, mirrored: bool
) -> Warp:
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]]) @ np.diag([1.0, -1.0 if mirrored else 1.0])
    scale = side * min(other.shape) / min(one.shape)
    middle, target = (np.array([(p.shape[1] - 1) / 2, (p.shape[0] - 1) / 2]) for p in (one, other))
    return np.column_stack([scale * turn, target - scale * turn @ middle])
