"""The ancestor's network: TensorFlow's tutorial "Deep MNIST for Experts", on colour photos."""

from __future__ import annotations

from typing import Any

from training import backend
from training.zoo.architecture import Architecture, Features, Recipe, pool


def body(photo: Any) -> Features:
    """Two 5×5 convolutions with pooling, 1 024 dense units, dropout; 4.3 M parameters at 32 px."""
    keras = backend.keras()
    layers = keras.layers

    def start() -> dict[str, Any]:
        return {
            "kernel_initializer": keras.initializers.TruncatedNormal(stddev=0.1),
            "bias_initializer": keras.initializers.Constant(0.1),
            "activation": "relu",
        }

    x = pool(layers.Conv2D(32, 5, padding="same", **start())(photo))
    x = pool(layers.Conv2D(64, 5, padding="same", **start())(x))
    x = layers.Dense(1024, **start())(layers.Flatten()(x))
    return Features(main=layers.Dropout(0.5)(x))


ARCHITECTURE = Architecture(
    body=body,
    # The tutorial's: Adam at 1e-4, batches of 50, no augmentation, no schedule. Of its 20 000 steps
    # an eighth; a third of those cost five points on cucumbers of 32 pixels.
    recipe=Recipe(
        optimizer="adam",
        learning_rate=1e-4,
        scheduled=False,
        weight_decay=0.0,
        label_smoothing=0.0,
        batch=50,
        augmented=False,
        samples=120_000,
    ),
)
