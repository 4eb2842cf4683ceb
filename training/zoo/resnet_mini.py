"""ResNet (He et al. 2015), the shape for small photos."""

from __future__ import annotations

from typing import Any

from training import backend
from training.zoo.architecture import Architecture, Features, convolve, first_stride, norm

STAGES = (24, 48, 96)
BLOCKS = 2
"""A stage."""


def body(photo: Any) -> Features:
    """Six residual blocks of two 3×3 convolutions; about 400 k parameters."""
    layers = backend.keras().layers
    x = convolve(photo, STAGES[0], 3, strides=first_stride(photo))
    for stage, channels in enumerate(STAGES):
        for block in range(BLOCKS):
            x = _block(x, channels, strides=2 if stage and not block else 1)
    return Features(main=layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x)))


def _block(x: Any, channels: int, strides: int) -> Any:
    layers = backend.keras().layers
    y = convolve(x, channels, 3, strides=strides)
    y = norm(layers.Conv2D(channels, 3, padding="same", use_bias=False)(y))
    if strides > 1:
        x = norm(layers.Conv2D(channels, 1, strides=strides, use_bias=False)(x))
    return layers.ReLU(6.0)(layers.Add()([x, y]))


ARCHITECTURE = Architecture(body=body)
