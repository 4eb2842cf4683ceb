"""The int8 model of a bundle as something to be explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.classifier import Classifier
from sorter.frame import Pixels
from sorter.shape import quantized_shapes
from training.errors import TrainingError
from training.explain.subject import Map, spread
from training.int8_file import plain_interpreter

Values = NDArray[np.float64]


class Int8Network:
    """A bundle's classifier, run as on the device; the map comes of its inner tensors.

    The file has no gradients. Above the last layer that still has places there are few kinds of
    operators, though, so the way back from a logit to that layer is short and exact.
    """

    def __init__(self, classifier: Classifier) -> None:
        """Load the model a second time, so that it keeps what lies between the layers."""
        self.grades = classifier.grades
        self.preprocess = classifier.bundle.manifest.preprocess
        self._classifier = classifier
        self._interpreter = plain_interpreter(
            classifier.bundle.models["classifier"], keep_tensors=True
        )
        self._tensors = {one["index"]: one for one in self._interpreter.get_tensor_details()}

    def probabilities(self, photos: Sequence[Pixels]) -> Values:
        """See `Subject.probabilities`; calibrated."""
        return self._classifier.probabilities(photos)

    def class_map(self, photo: Pixels, grade: int) -> Map:
        """See `Subject.class_map`.

        Raises:
            TrainingError: the model ends in layers that are not known here.
        """
        interpreter = self._interpreter
        inputs = self._classifier.quantize([photo])
        for entry in interpreter.get_input_details():
            # A second input takes the item's shape, measured on the first.
            given = inputs if len(entry["shape"]) == 4 else None
            if given is None:
                given = quantized_shapes(inputs, *entry["quantization"])
            interpreter.set_tensor(entry["index"], given)
        interpreter.invoke()
        exit_ = interpreter.get_output_details()[0]
        wanted = np.zeros(tuple(exit_["shape"]))
        wanted[0, grade] = 1.0
        gradients: dict[int, Values] = {exit_["index"]: wanted}
        tops: dict[int, Values] = {}
        for operator in reversed(interpreter._get_ops_details()):
            made = int(operator["outputs"][0])
            if made not in gradients:
                continue
            for index, gradient in self._back(operator, gradients.pop(made)):
                found = tops if self._has_places(index) else gradients
                found[index] = found.get(index, 0.0) + gradient
        if tops:
            # Of several looks at a photo the first is the photo as it is.
            return spread(
                np.concatenate([gradient[0] for gradient in tops.values()], axis=-1),
                np.concatenate([self._value(index)[0] for index in tops], axis=-1),
            )
        raise TrainingError("this model ends in layers of which no class map can be made")

    def _has_places(self, index: int) -> bool:
        shape = self._tensors[index]["shape"]
        return len(shape) == 4 and shape[1] * shape[2] > 1

    def _value(self, index: int) -> Values:
        """A tensor in real numbers."""
        details = self._tensors[index]
        stored = self._interpreter.get_tensor(index).astype(np.float64)
        how = details["quantization_parameters"]
        scales, zero_points = how["scales"], how["zero_points"]
        if len(scales) > 1:
            # Per channel: along one axis, the outputs of a dense layer's weights.
            shape = [1] * stored.ndim
            shape[how["quantized_dimension"]] = len(scales)
            scales, zero_points = scales.reshape(shape), zero_points.reshape(shape)
        return np.asarray((stored - zero_points) * scales) if len(how["scales"]) else stored

    def _back(self, operator: dict[str, Any], gradient: Values) -> list[tuple[int, Values]]:
        """The gradients of an operator's inputs that are no constants, from that of its output."""
        kind, source = operator["op_name"], int(operator["inputs"][0])
        shape = tuple(self._tensors[source]["shape"])
        made = int(operator["outputs"][0])
        if kind == "FULLY_CONNECTED":
            # A ReLU in it, or the end of the int8 range, lets nothing through at its lowest value.
            alive = self._interpreter.get_tensor(made) > -128
            weights = self._value(int(operator["inputs"][1]))
            return [(source, ((gradient * alive) @ weights).reshape(shape))]
        if kind == "MEAN":
            axes = tuple(int(axis) for axis in self._value(int(operator["inputs"][1])).ravel())
            over = [1 if axis in axes else length for axis, length in enumerate(shape)]
            each = gradient.reshape(over) * (np.prod(over) / np.prod(shape))
            return [(source, np.broadcast_to(each, shape))]
        if kind == "ADD":
            return [(int(index), gradient) for index in operator["inputs"]]
        if kind == "MUL":
            return [(source, gradient * self._value(int(operator["inputs"][1])))]
        if kind == "LOG_SOFTMAX":
            share = np.exp(self._value(made))
            return [(source, gradient - share * gradient.sum(axis=-1, keepdims=True))]
        if kind in ("RESHAPE", "QUANTIZE"):
            return [(source, gradient.reshape(shape))]
        if kind == "CONCATENATION":
            # Along the one axis in which a part is smaller than the whole.
            parts = [int(index) for index in operator["inputs"]]
            axis = int(np.flatnonzero(np.array(gradient.shape) != shape)[0])
            ends = np.cumsum([self._tensors[index]["shape"][axis] for index in parts])[:-1]
            return list(zip(parts, np.split(gradient, ends, axis=axis), strict=True))
        return []
