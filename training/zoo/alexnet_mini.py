"""AlexNet (Krizhevsky et al. 2012) at an eighth of its width."""

from __future__ import annotations

from typing import Any

from training import backend
from training.zoo.architecture import Architecture, Features, Recipe, convolve, first_stride, pool


def body(photo: Any) -> Features:
    """Five convolutions with overlapping pools, two dense layers with dropout."""
    layers = backend.keras().layers
    x = pool(convolve(photo, 24, 5, strides=first_stride(photo)), 3)
    x = pool(convolve(x, 48, 5), 3)
    for channels in (64, 64, 48):
        x = convolve(x, channels, 3)
    x = layers.Flatten()(pool(x, 3))
    for _ in range(2):
        x = layers.Dropout(0.5)(layers.Dense(128, activation="relu")(x))
    return Features(main=x)


ARCHITECTURE = Architecture(body=body, recipe=Recipe(learning_rate=2e-3))
