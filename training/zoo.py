"""The networks by name; each gives logits, so that a temperature works after quantization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training import backend
from training.errors import TrainingError

Build = Callable[[int, int], Any]
"""From input side (pixels) and number of grades to an untrained Keras model."""


def ds_cnn(size_px: int, grades: int) -> Any:
    """Depthwise-separable CNN: about 120 k parameters, 6 M multiply-adds at 32 px, 24 M at 96 px.

    Blocks as in MobileNet (Howard et al. 2017) with the shortcuts of ResNet (He et al. 2015).
    """
    layers = backend.keras().layers

    def norm(x: Any) -> Any:
        # Keras's 0.99 lags hundreds of steps behind: more than a small set has in many epochs.
        return layers.BatchNormalization(momentum=0.9)(x)

    def block(x: Any, channels: int, strides: int) -> Any:
        y = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
        y = layers.Conv2D(channels, 1, use_bias=False)(layers.ReLU(6.0)(norm(y)))
        y = norm(y)
        if strides == 1 and x.shape[-1] == channels:
            y = layers.Add()([x, y])
        return layers.ReLU(6.0)(y)

    photo = layers.Input((size_px, size_px, 3))
    # A small photo has no pixels to give away in the first layer.
    first = 1 if size_px <= 48 else 2
    x = layers.Conv2D(32, 3, strides=first, padding="same", use_bias=False)(photo)
    x = layers.ReLU(6.0)(norm(x))
    for channels, strides in ((64, 1), (96, 2), (96, 1), (128, 2), (128, 1), (192, 2), (192, 1)):
        x = block(x, channels, strides)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return backend.keras().Model(photo, layers.Dense(grades)(x))


ZOO: dict[str, Build] = {"ds-cnn": ds_cnn}
DEFAULT = "ds-cnn"


def build(name: str, size_px: int, grades: int) -> Any:
    """An untrained network.

    Raises:
        TrainingError: there is no network of this name.
    """
    if name not in ZOO:
        raise TrainingError(f"no model is called '{name}'; choose one of: {', '.join(ZOO)}")
    return ZOO[name](size_px, grades)
