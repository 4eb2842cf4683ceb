"""The defaults from scratch: small, fast on an ARM core, good with few photos."""

from __future__ import annotations

from functools import partial
from typing import Any

from training import backend
from training.zoo.architecture import Architecture, Features, Recipe, convolve, norm

Blocks = tuple[tuple[int, int], ...]
"""Channels and stride of each."""

STEM = 32
BLOCKS: Blocks = ((64, 1), (96, 2), (96, 1), (128, 2), (128, 1), (192, 2), (192, 1))
PAIR_STEM = 24
PAIR_BLOCKS: Blocks = ((64, 2), (64, 1), (128, 2), (128, 1), (128, 1), (176, 2), (176, 1))


def body(photo: Any) -> Features:
    """Depthwise-separable CNN: about 120 k parameters, 11 M multiply-adds at 32 px, 24 M at 96 px.

    Blocks as in MobileNet (Howard et al. 2017) with the shortcuts of ResNet (He et al. 2015).
    """
    return Features(main=_column(photo, STEM, BLOCKS))


def pair(photo: Any) -> Features:
    """Two columns that learn each by themselves and answer by their mean (Cireșan et al. 2012).

    About 230 k parameters, 12 M multiply-adds at 32 px, 27 M at 96 px.
    """
    column = partial(_column, photo, PAIR_STEM, PAIR_BLOCKS)
    return Features(main=column(), others=(column(),))


def _column(photo: Any, stem: int, blocks: Blocks) -> Any:
    layers = backend.keras().layers
    x = convolve(photo, stem, 3, strides=1 if photo.shape[1] <= 48 else 2)
    for channels, strides in blocks:
        x = _block(x, channels, strides)
    return layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))


def _block(x: Any, channels: int, strides: int) -> Any:
    layers = backend.keras().layers
    y = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
    y = layers.Conv2D(channels, 1, use_bias=False)(layers.ReLU(6.0)(norm(y)))
    y = norm(y)
    if strides == 1 and x.shape[-1] == channels:
        y = layers.Add()([x, y])
    return layers.ReLU(6.0)(y)


RECIPE = Recipe(shape=True, samples=50_000)
ARCHITECTURE = Architecture(body=body, recipe=RECIPE, mirrored=True)
PAIR = Architecture(body=pair, recipe=RECIPE, mirrored=True)
