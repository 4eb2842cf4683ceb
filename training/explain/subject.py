"""What can be explained: the int8 model of a bundle and the network of a run, side by side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.preprocess import Preprocess

Map = NDArray[np.float64]
"""Rows × columns, none below 0: how much each place speaks for a grade."""


class Subject(Protocol):
    """A network that grades photos and can be asked where it looked."""

    grades: list[str]
    preprocess: Preprocess

    def probabilities(self, photos: Sequence[Pixels]) -> NDArray[np.float64]:
        """What it says of photos (uint8, BGR, any size): n × grades, each row sums to 1."""

    def class_map(self, photo: Pixels, grade: int) -> Map:
        """How much each place of the last layers that still have places speaks for a grade.

        The gradient of the grade's logit times the activation, summed over the channels, negative
        sums cut off (HiResCAM: Draelos and Carin 2020). Where the layer is averaged and then goes
        through one dense layer, as in most networks of the zoo, this is the class activation map
        of Zhou et al. (2016).
        """


def as_seen(photo: Pixels, preprocess: Preprocess) -> Pixels:
    """The photo as the network gets it, size × size × 3, but in BGR."""
    seen = preprocess(photo)
    if preprocess.colour_order == "RGB":
        seen = cv2.cvtColor(seen, cv2.COLOR_RGB2BGR)
    return np.asarray(seen, np.uint8)


def steady_map(subject: Subject, photo: Pixels, grade: int) -> Map:
    """The class map, averaged over the four flips of the photo.

    With an even side, each layer of stride 2 looks half a pixel to one side of where its place
    lies, which sums up to a tenth of the photo; over the flips it cancels.

    Raises:
        TrainingError: see `Int8Network.class_map`.
    """
    maps = []
    for down, across in itertools.product((1, -1), repeat=2):
        flipped = np.ascontiguousarray(photo[::down, ::across])
        maps.append(subject.class_map(flipped, grade)[::down, ::across])
    return np.asarray(np.mean(maps, axis=0))


def spread(gradient: NDArray[np.float64], activation: NDArray[np.float64]) -> Map:
    """The class map of a layer from gradient and activation, both rows × columns × channels."""
    return np.asarray(np.maximum((gradient * activation).sum(axis=-1), 0.0))


def enlarge(small: Map, side_px: int) -> Map:
    """A map at the size of the picture, smooth, none below 0."""
    way = cv2.INTER_CUBIC if max(small.shape) < side_px else cv2.INTER_AREA
    large = cv2.resize(np.ascontiguousarray(small), (side_px, side_px), interpolation=way)
    return np.asarray(np.maximum(large, 0.0), np.float64)
