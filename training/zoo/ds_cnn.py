"""The default from scratch: small, fast on an ARM core, good with few photos."""

from __future__ import annotations

from typing import Any

from training import backend
from training.zoo.architecture import Architecture, Features, Recipe, convolve, norm

STEM = 32
BLOCKS = ((64, 1), (96, 2), (96, 1), (128, 2), (128, 1), (192, 2), (192, 1))
"""Channels and stride of each."""


def body(photo: Any) -> Features:
    """Depthwise-separable CNN: about 120 k parameters, 11 M multiply-adds at 32 px, 24 M at 96 px.

    For one look at the photo, see `mirrored`. Blocks as in MobileNet (Howard et al. 2017) with the
    shortcuts of ResNet (He et al. 2015).
    """
    layers = backend.keras().layers
    x = convolve(photo, STEM, 3, strides=1 if photo.shape[1] <= 48 else 2)
    for channels, strides in BLOCKS:
        x = _block(x, channels, strides)
    return Features(main=layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x)))


def _block(x: Any, channels: int, strides: int) -> Any:
    layers = backend.keras().layers
    y = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
    y = layers.Conv2D(channels, 1, use_bias=False)(layers.ReLU(6.0)(norm(y)))
    y = norm(y)
    if strides == 1 and x.shape[-1] == channels:
        y = layers.Add()([x, y])
    return layers.ReLU(6.0)(y)


ARCHITECTURE = Architecture(body=body, recipe=Recipe(shape=True), mirrored=True)
