"""The networks by name; each gives logits, so that a temperature works after quantization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from training import backend
from training.errors import TrainingError
from training.zoo import (
    alexnet_mini,
    deep_mnist,
    ds_cnn,
    heads,
    inception_mini,
    lenet,
    resnet_mini,
    vgg_mini,
)
from training.zoo.architecture import Architecture
from training.zoo.backbones import BACKBONES
from training.zoo.mirrored import ONE_LOOK, mirrored

ZOO: dict[str, Architecture] = {
    "ds-cnn": ds_cnn.ARCHITECTURE,
    "deep-mnist": deep_mnist.ARCHITECTURE,
    "lenet": lenet.ARCHITECTURE,
    "alexnet-mini": alexnet_mini.ARCHITECTURE,
    "vgg-mini": vgg_mini.ARCHITECTURE,
    "inception-mini": inception_mini.ARCHITECTURE,
    "resnet-mini": resnet_mini.ARCHITECTURE,
    **BACKBONES,
}
DEFAULT = "ds-cnn"
AUXILIARY_WEIGHT = 0.3
"""Of the loss of a second head half way up (Szegedy et al. 2014)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network, and what its training sees of it."""

    model: Any
    """Keras model: from scaled photos, and shapes if it takes them, to logits."""
    trained: Any
    """Keras model of the same layers, for one look at the photo: a list of its logits and, where
    there is one, those of a second head half way up, which is left behind after the training."""
    backbone: Any | None = None
    """Keras model of the layers that weights from elsewhere are for."""


def architecture(name: str) -> Architecture:
    """Look a network up.

    Raises:
        TrainingError: there is no network of this name.
    """
    if name not in ZOO:
        raise TrainingError(f"no model is called '{name}'; choose one of: {', '.join(ZOO)}")
    return ZOO[name]


def check_size(name: str, size_px: int) -> None:
    """Refuse an input too small for a network.

    Raises:
        TrainingError: it is, or there is no network of this name.
    """
    smallest = architecture(name).smallest_px
    if size_px < smallest:
        raise TrainingError(
            f"{name} needs an input of at least {smallest} px, found {size_px}; "
            f"raise --size or choose another --model"
        )


def build(
    name: str,
    size_px: int,
    grades: int,
    *,
    ranks: Sequence[int] | None = None,
    shape: bool = False,
) -> Network:
    """An untrained network.

    Args:
        name: see `ZOO`.
        size_px: side of the input.
        grades: number of logits.
        ranks: place of each grade in their order, for an ordinal last layer (see `heads.corn`).
        shape: the network takes the item's measured shape as a second input.

    Raises:
        TrainingError: there is no network of this name, or not for so small an input.
    """
    check_size(name, size_px)
    chosen = architecture(name)
    # Late, for it imports OpenCV, and the names of the networks stand in help pages.
    from sorter.shape import MEASURES

    keras = backend.keras()
    photo = keras.layers.Input((size_px, size_px, 3), name="photo")
    features = chosen.body(photo)
    inputs, main = [photo], features.main
    if shape:
        inputs.append(keras.layers.Input((len(MEASURES),), name="shape"))
        main = heads.fuse(main, inputs[1])
    tops = [main] if features.auxiliary is None else [main, features.auxiliary]
    logits = [
        heads.corn(top, ranks, number) if ranks else heads.plain(top, grades, number)
        for number, top in enumerate(tops)
    ]
    entry = inputs if shape else photo
    model = keras.Model(entry, logits[0], name=ONE_LOOK)
    return Network(
        model=mirrored(model) if chosen.mirrored else model,
        trained=keras.Model(entry, logits),
        backbone=features.backbone,
    )
