"""The last layers: from features to one logit a grade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from training import backend

HEAD = "grades"
"""Names of the layers whose weights belong to certain grades begin so."""
SHAPE_UNITS = 32
SHAPE_NOISE = 0.1
"""Of each measure's spread: an outline is drawn a little differently in each photo."""


def fuse(features: Any, shape: Any) -> Any:
    """Features of the photo and of the measured shape side by side.

    Args:
        features: n × channels.
        shape: n × measures.
    """
    layers = backend.keras().layers
    known = layers.Dense(SHAPE_UNITS, activation="relu")(layers.GaussianNoise(SHAPE_NOISE)(shape))
    return layers.Concatenate()([features, known])


def is_head(layer: Any) -> bool:
    """Whether a layer's weights belong to certain grades."""
    return str(layer.name).startswith(HEAD)


def biased(model: Any) -> Any | None:
    """The layer whose biases are added to the logits of a network, if it ends in one."""
    last = model.layers[-1]
    return last if is_head(last) and getattr(last, "bias", None) is not None else None


def plain(features: Any, grades: int, number: int = 0) -> Any:
    """A dense layer; in float32 even where the rest is trained in half precision.

    Args:
        features: n × channels.
        grades: number of logits.
        number: tells the heads of one network apart.
    """
    return backend.keras().layers.Dense(grades, dtype="float32", name=f"{HEAD}_{number}")(features)


def corn(features: Any, ranks: Sequence[int], number: int = 0) -> Any:
    """Ordinal regression by conditional steps (CORN: Shi, Cao and Raschka 2021).

    Step j answers "above rank j, given that it is not below". The log-probability of rank k is
    the sum of the logarithms of k answers yes and one no, so the cross-entropy of what comes out
    is CORN's loss. Logarithm and sum are a log-softmax and a dense layer of zeros and ones, which
    TFLite has in int8; the device sees logits as of any network.

    Args:
        features: n × channels.
        ranks: of each grade, each of 0 … grades - 1 once.
        number: tells the heads of one network apart.

    Returns:
        n × grades: log-probabilities in the order of the grades.
    """
    import numpy as np

    keras = backend.keras()
    layers = keras.layers
    grades = len(ranks)
    steps = layers.Dense(2 * (grades - 1), dtype="float32", name=f"{HEAD}_steps_{number}")(features)
    steps = layers.Reshape((grades - 1, 2), dtype="float32")(steps)
    answers = layers.Flatten(dtype="float32")(
        layers.Activation("log_softmax", dtype="float32")(steps)
    )
    yes, no = np.zeros((2, grades - 1, grades), np.float32)
    for grade, rank in enumerate(ranks):
        yes[:rank, grade] = 1
        no[rank : rank + 1, grade] = 1
    sums = np.stack([yes, no], axis=1).reshape(2 * (grades - 1), grades)
    total = layers.Dense(
        grades,
        use_bias=False,
        trainable=False,
        kernel_initializer=keras.initializers.Constant(sums),
        dtype="float32",
        name=f"{HEAD}_{number}",
    )
    return total(answers)
