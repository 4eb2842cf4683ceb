"""Networks that take an item's measured shape beside its photo; see `sorter.shape`."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from sorter.shape import shapes


def takes_shape(model: Any) -> bool:
    """Whether a Keras model has the second input."""
    return len(getattr(model, "inputs", ())) == 2


def feed(model: Any, photos: NDArray[Any] | list[NDArray[Any]]) -> list[NDArray[Any]]:
    """All inputs of a Keras model for photos, scaled as it wants them.

    Args:
        model: with one input or two.
        photos: n × size × size × 3; what this function gave before is given back.
    """
    if isinstance(photos, list):
        return photos
    return [photos, shapes(photos)] if takes_shape(model) else [photos]


def by_name(model: Any, photos: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """The same by the inputs' names: the converter to TFLite keeps no order of them."""
    given = feed(model, photos)
    return {entry.name: one for entry, one in zip(model.inputs, given, strict=True)}
