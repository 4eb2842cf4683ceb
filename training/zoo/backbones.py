"""Networks of `keras.applications`, for weights that were learned on millions of photos."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training import backend
from training.zoo.architecture import Architecture, Features, Recipe

FROM_MINUS_1_TO_1 = {"mean": 127.5, "std": 127.5}
RECIPE = Recipe(learning_rate=1e-3)

Backbone = Callable[[Any], Any]
"""From the input tensor to a Keras model without its top, with weights drawn at random."""


def _pooled(make: Backbone) -> Callable[[Any], Features]:
    def body(photo: Any) -> Features:
        layers = backend.keras().layers
        x = layers.GlobalAveragePooling2D(name=POOLED)(make(photo).output)
        return Features(main=layers.Dropout(0.2)(x))

    return body


POOLED = "bottleneck"
"""Name of the layer that ends the backbone."""


def _application(name: str, **options: Any) -> Backbone:
    def make(photo: Any) -> Any:
        application = getattr(backend.keras().applications, name)
        return application(input_tensor=photo, include_top=False, weights=None, **options)

    return make


def _resnet50(photo: Any) -> Any:
    # Its weights want BGR with these means taken off (Caffe's); `mean` below is their average.
    offsets = [114.8 - mean for mean in (103.939, 116.779, 123.68)]
    centred = backend.keras().layers.Rescaling(1.0, offset=offsets)(photo)
    return _application("ResNet50")(centred)


def _backbone(make: Backbone, block_ends: str, **options: Any) -> Architecture:
    scaling = {"smallest_px": 32, **FROM_MINUS_1_TO_1, **options}
    return Architecture(body=_pooled(make), recipe=RECIPE, block_ends=block_ends, **scaling)


_MOBILENET = r"conv_pw_(\d+)_relu"
BACKBONES: dict[str, Architecture] = {
    "mobilenet-0.25": _backbone(_application("MobileNet", alpha=0.25), _MOBILENET),
    "mobilenet-0.5": _backbone(_application("MobileNet", alpha=0.5), _MOBILENET),
    "mobilenet": _backbone(_application("MobileNet"), _MOBILENET),
    "mobilenetv2": _backbone(_application("MobileNetV2"), r"block_(\d+)_(?:project_BN|add)"),
    "mobilenetv3small": _backbone(
        _application("MobileNetV3Small", include_preprocessing=False),
        r"expanded_conv(_\d+)?_(?:project_bn|add)",
    ),
    "efficientnetv2b0": _backbone(
        _application("EfficientNetV2B0", include_preprocessing=False),
        r"block(\d[a-z])_(?:project_bn|add)",
    ),
    "inceptionv3": _backbone(_application("InceptionV3"), r"mixed(\d+)", smallest_px=75),
    "resnet50": _backbone(
        _resnet50, r"(conv\d_block\d+)_out", mean=114.8, std=1.0, colour_order="BGR"
    ),
}
