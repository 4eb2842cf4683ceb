"""The default network without the measured shape, untrained: as fast as a trained one."""

from __future__ import annotations

import importlib.util
from dataclasses import replace

import cv2
import numpy as np
from numpy.random import default_rng

from sorter.bundle import Bundle, Golden
from sorter.classifier import Classifier

PHOTOS = 16
"""From which the int8 ranges are measured."""


def plain_network(like: Classifier) -> Classifier | str:
    """The network in int8, or one sentence why there is none.

    Args:
        like: its grades and its preprocessing are taken over.
    """
    if importlib.util.find_spec("tensorflow") is None:
        return "not measured: needs TensorFlow to make the network"
    from training import backend, zoo
    from training.quantize import to_int8

    backend.keras().utils.set_random_seed(1)
    preprocess, grades = like.bundle.manifest.preprocess, len(like.grades)
    network = zoo.build(zoo.DEFAULT, preprocess.size_px, grades, shape=False)
    rng = default_rng(2)
    photos = np.full((PHOTOS, preprocess.size_px, preprocess.size_px, 3), 180, np.uint8)
    for photo in photos:
        middle, axes = preprocess.size_px // 2, rng.integers(8, preprocess.size_px // 3, 2)
        colour = rng.integers(0, 140, 3).tolist()
        cv2.ellipse(photo, (middle, middle), axes.tolist(), 0, 0, 360, colour, -1)
    bundle = Bundle(
        manifest=like.bundle.manifest.model_copy(update={"measures": ()}),
        golden=Golden(inputs=photos[:0].view(np.int8), outputs=np.zeros((0, grades), np.int8)),
        models={"classifier": to_int8(network.model, photos, preprocess)},
    )
    return Classifier(replace(bundle, models=like.bundle.models | bundle.models))
