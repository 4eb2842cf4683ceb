"""What a network of the zoo is: its layers, its recipe, and how it wants the levels scaled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from training import backend

if TYPE_CHECKING:
    from sorter.preprocess import Preprocess


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What the layers below the last one give, as Keras tensors."""

    main: Any
    """n × channels, after dropout: the last layer turns it into logits."""
    auxiliary: Any | None = None
    """n × channels from half way up, for a second head that only the training uses."""
    backbone: Any | None = None
    """Keras model of the layers that weights from elsewhere are for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a network is trained."""

    optimizer: Literal["adamw", "adam"] = "adamw"
    learning_rate: float = 8e-3
    """At its highest."""
    scheduled: bool = True
    """Warm-up and cosine; else the rate stays."""
    weight_decay: float = 0.01
    label_smoothing: float = 0.1
    batch: int = 32
    augmented: bool = True
    shape: bool = False
    """The item's measured shape is a second input unless the user says otherwise."""
    samples: int = 40_000
    """Photos shown in a training of a small input, each as often as it comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A network that can be built at any size from `smallest_px` on."""

    body: Callable[[Any], Features]
    """From the input tensor (n × size × size × 3, scaled) to the features."""
    recipe: Recipe = field(default_factory=Recipe)
    mean: float = 0.0
    std: float = 255.0
    """The network wants `(level - mean) / std`."""
    colour_order: Literal["RGB", "BGR"] = "RGB"
    smallest_px: int = 16
    mirrored: bool = False
    """The finished network answers by the mean over a photo's mirror images; see `mirrored`."""
    block_ends: str | None = None
    """Backbones: pattern of the layers that end a block; its first group tells blocks apart."""
    application: Callable[..., Any] | None = None
    """Backbones: from an input tensor, or None, to a Keras model without its top. Has the keyword
    `weights`."""

    def preprocess(self, size_px: int, window_mm: float | None = None) -> Preprocess:
        """What makes this network's inputs of photos.

        Args:
            size_px: side of the input.
            window_mm: side of the square that each photo shows, where size is part of the grade.
        """
        from sorter.preprocess import Preprocess

        return Preprocess(
            size_px=size_px,
            colour_order=self.colour_order,
            mean=self.mean,
            std=self.std,
            window_mm=window_mm,
        )


def first_stride(photo: Any) -> int:
    """Stride of a first layer: a small photo has no pixels to give away, a large one is slow."""
    side = photo.shape[1]
    return 1 if side <= 48 else 2 if side <= 128 else 4


def norm(x: Any) -> Any:
    """Batch norm for short trainings.

    Keras's momentum of 0.99 lags hundreds of steps behind: more than a small set has in many
    epochs.
    """
    return backend.keras().layers.BatchNormalization(momentum=0.9)(x)


def convolve(x: Any, channels: int, kernel: int, strides: int = 1) -> Any:
    """Convolution without bias, batch norm, ReLU6."""
    layers = backend.keras().layers
    x = layers.Conv2D(channels, kernel, strides=strides, padding="same", use_bias=False)(x)
    return layers.ReLU(6.0)(norm(x))


def pool(x: Any, size: int = 2) -> Any:
    """Maximum over windows, every second pixel kept; nothing is cut off at odd sides."""
    return backend.keras().layers.MaxPooling2D(size, strides=2, padding="same")(x)
