"""A network that looks at each photo four times: as it is, upside down, mirrored, and both."""

from __future__ import annotations

from typing import Any

from training import backend

ONE_LOOK = "one_look"
"""Name of the network inside."""
LOOKS = 4


def mirrored(model: Any) -> Any:
    """The mean of what a network says of a photo and of its mirror images.

    No flip changes an item's grade, so the four answers err a little apart, and their mean errs
    less. Nothing of it is trained, and the weights are in the file once. Photo and mirror images
    go through the network as one batch.

    Args:
        model: Keras model from scaled photos, and shapes if it takes them, to logits. A shape is
            the same in every mirror image.

    Returns:
        Keras model of the same inputs and outputs.
    """
    keras = backend.keras()
    ops = keras.ops
    photo, *shape = entry = [
        keras.layers.Input(one.shape[1:], name=one.name) for one in model.inputs
    ]
    upside_down = ops.flip(photo, 1)
    looks = [photo, upside_down, ops.flip(photo, 2), ops.flip(upside_down, 2)]
    fed = [
        ops.concatenate(looks, axis=0),
        *(ops.concatenate([one] * LOOKS, axis=0) for one in shape),
    ]
    said = model(fed if shape else fed[0])
    each = ops.reshape(said, (LOOKS, -1, said.shape[-1]))
    return keras.Model(entry if shape else photo, ops.mean(each, axis=0))


def one_look(model: Any) -> Any:
    """The network inside of a mirrored one; any other as it is."""
    inside = (layer for layer in model.layers if layer.name == ONE_LOOK)
    return next(inside, model)
