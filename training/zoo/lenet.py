"""LeNet-5 (LeCun et al. 1998), with ReLU, maximum pooling and batch norm."""

from __future__ import annotations

from typing import Any

from training import backend
from training.zoo.architecture import Architecture, Features, Recipe, convolve, first_stride, pool


def body(photo: Any) -> Features:
    """6 and 16 channels of 5×5, then 120 and 84 dense units."""
    layers = backend.keras().layers
    x = pool(convolve(photo, 6, 5, strides=first_stride(photo)))
    x = layers.Flatten()(pool(convolve(x, 16, 5)))
    for units in (120, 84):
        x = layers.Dense(units, activation="relu")(x)
    return Features(main=x)


ARCHITECTURE = Architecture(body=body, recipe=Recipe(learning_rate=2e-3))
