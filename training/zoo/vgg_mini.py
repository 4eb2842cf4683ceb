"""VGG (Simonyan and Zisserman 2014) at an eighth of its width, with batch norm."""

from __future__ import annotations

from typing import Any

from training import backend
from training.zoo.architecture import Architecture, Features, convolve, first_stride, pool


def body(photo: Any) -> Features:
    """Pairs of 3×3 convolutions between pools; an average in place of the great dense layers."""
    layers = backend.keras().layers
    x = photo
    for stage, channels in enumerate((24, 48, 64, 96)):
        x = convolve(x, channels, 3, strides=1 if stage else max(1, first_stride(photo) // 2))
        x = convolve(x, channels, 3)
        if stage < 3:
            x = pool(x)
    return Features(main=layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x)))


ARCHITECTURE = Architecture(body=body)
