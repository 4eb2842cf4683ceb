"""GoogLeNet's modules (Szegedy et al. 2014): 1×1 bottlenecks and an auxiliary head."""

from __future__ import annotations

from typing import Any

from training import backend
from training.zoo.architecture import Architecture, Features, convolve, first_stride, pool

MODULES = ((64, False), (96, True), (96, False), (128, True))
"""Channels of each, and whether a pool comes before it."""


def body(photo: Any) -> Features:
    """Four modules; the auxiliary features leave after the second."""
    layers = backend.keras().layers
    x = convolve(photo, 32, 3, strides=first_stride(photo))
    x = pool(convolve(x, 48, 3))
    auxiliary = None
    for number, (channels, pooled) in enumerate(MODULES):
        x = _module(pool(x) if pooled else x, channels)
        if number == 1:
            auxiliary = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    main = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return Features(main=main, auxiliary=auxiliary)


def _module(x: Any, channels: int) -> Any:
    layers = backend.keras().layers
    quarter = channels // 4
    one = convolve(x, quarter, 1)
    three = convolve(convolve(x, quarter, 1), channels // 2, 3)
    five = convolve(convolve(x, channels // 8, 1), channels // 8, 5)
    pooled = layers.MaxPooling2D(3, strides=1, padding="same")(x)
    return layers.Concatenate()([one, three, five, convolve(pooled, channels // 8, 1)])


ARCHITECTURE = Architecture(body=body)
