"""The default from scratch: small, fast on an ARM core, good with few photos."""

from __future__ import annotations

from typing import Any

from training import backend
from training.zoo.architecture import Architecture, Features, Recipe, convolve, norm

COLUMNS = 2
"""Each learns by itself, and their mean answers (Cireșan et al. 2012): columns err apart. Of three
smaller ones each had 73 % of cucumbers of 32 pixels right, their mean 78 % (one fold of five). That
two beat one column of the same cost is not shown: on two folds one wider column was even."""
STEM = 24
BLOCKS = ((64, 2), (64, 1), (128, 2), (128, 1), (128, 1), (176, 2), (176, 1))
"""Channels and stride of each."""


def body(photo: Any) -> Features:
    """Depthwise-separable CNN: about 230 k parameters, 12 M multiply-adds at 32 px, 27 M at 96 px.

    Blocks as in MobileNet (Howard et al. 2017) with the shortcuts of ResNet (He et al. 2015).
    """
    main, *others = (_column(photo) for _ in range(COLUMNS))
    return Features(main=main, others=tuple(others))


def _column(photo: Any) -> Any:
    layers = backend.keras().layers
    x = convolve(photo, STEM, 3, strides=1 if photo.shape[1] <= 48 else 2)
    for channels, strides in BLOCKS:
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


ARCHITECTURE = Architecture(body=body, recipe=Recipe(shape=True, samples=50_000))
