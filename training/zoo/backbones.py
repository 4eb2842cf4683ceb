"""Networks of `keras.applications`, for weights that were learned on millions of photos."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from training import backend
from training.zoo.architecture import Architecture, Features, Recipe

FROM_MINUS_1_TO_1 = {"mean": 127.5, "std": 127.5}
RECIPE = Recipe(learning_rate=1e-3)
CAFFE_MEAN = 114.8

Centre = Callable[[Any], Any]

POOLED = "bottleneck"
"""Name of the layer that ends the backbone."""

Application = Callable[..., Any]
"""See `Architecture.application`."""


IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's photos, RGB, parts of the range."""


def _application(name: str, **options: Any) -> Application:
    def make(photo: Any, *, weights: str | None = None) -> Any:
        application = getattr(backend.keras().applications, name)
        return application(input_tensor=photo, include_top=False, weights=weights, **options)

    return make


def _backbone(
    application: Application, block_ends: str, centre: Centre | None = None, **options: Any
) -> Architecture:
    def body(photo: Any) -> Features:
        layers = backend.keras().layers
        backbone = application(photo if centre is None else centre(photo))
        x = layers.GlobalAveragePooling2D(name=POOLED)(backbone.output)
        return Features(main=layers.Dropout(0.2)(x), backbone=backbone)

    scaling = {"smallest_px": 32, **FROM_MINUS_1_TO_1, **options}
    return Architecture(
        body=body, recipe=RECIPE, block_ends=block_ends, application=application, **scaling
    )


def _caffe(photo: Any) -> Any:
    """Take off the means of BGR that ResNet50's weights want; their average is off already."""
    offsets = [CAFFE_MEAN - mean for mean in (103.939, 116.779, 123.68)]
    return backend.keras().layers.Rescaling(1.0, offset=offsets)(photo)


def _normalized(photo: Any) -> Any:
    """From levels of -1 to 1 to what EfficientNetV2's weights want: a channel's mean and deviation.

    Keras leaves this out together with the scaling.
    """
    scale = [0.5 / deviation for deviation in IMAGENET_DEVIATION]
    both = zip(IMAGENET_MEAN, IMAGENET_DEVIATION, strict=True)
    offset = [(0.5 - mean) / deviation for mean, deviation in both]
    return backend.keras().layers.Rescaling(scale, offset=offset)(photo)


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
        _normalized,
    ),
    "inceptionv3": _backbone(_application("InceptionV3"), r"mixed(\d+)", smallest_px=75),
    "resnet50": _backbone(
        _application("ResNet50"),
        r"(conv\d_block\d+)_out",
        _caffe,
        mean=CAFFE_MEAN,
        std=1.0,
        colour_order="BGR",
    ),
}
