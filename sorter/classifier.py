"""From photos to calibrated probabilities, through the bundle's int8 model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sorter.bundle import Bundle, BundleError
from sorter.frame import Pixels
from sorter.interpreter import make_interpreter
from sorter.shape import MEASURES, quantized_shapes
from sorter.stranger import describe
from sorter.views import joiner

GOLDEN_TOLERANCE = 2
"""Steps of the int8 output by which two processors' kernels may round apart."""


class Classifier:
    """The bundle's int8 model, ready to run."""

    def __init__(self, bundle: Bundle, *, threads: int = 1) -> None:
        """Load the model.

        Args:
            bundle: as read from disk.
            threads: of the interpreter; one leaves the other cores to the camera and the console.

        Raises:
            BundleError: a model does not fit its manifest, or the one that joins views computes
                something else here.
        """
        self.bundle = bundle
        self.join = joiner(bundle)
        self.grades = bundle.manifest.grade_names
        self.temperature = bundle.manifest.temperature
        self._preprocess = bundle.manifest.preprocess
        try:
            self._interpreter = make_interpreter(bundle.models["classifier"], threads)
        except (ValueError, RuntimeError) as error:
            raise BundleError(
                "the bundle's model.tflite cannot be loaded; pack it again"
            ) from error
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        measures = bundle.manifest.measures
        if measures not in ((), MEASURES):
            raise BundleError(
                f"the bundle's model wants the measures {', '.join(measures)}; this version takes "
                f"{', '.join(MEASURES)}, so update the sorter or pack the bundle again"
            )
        wanted = 2 if measures else 1
        if len(inputs) != wanted or len(outputs) != 1:
            raise BundleError(
                f"the bundle's model has {len(inputs)} inputs and {len(outputs)} outputs where "
                f"{wanted} and 1 are expected; pack the bundle again"
            )
        # The converter keeps no order of the inputs: the photo is the one with rows and columns.
        inputs = sorted(inputs, key=lambda details: -len(details["shape"]))
        self._input, self._output = inputs[0], outputs[0]
        self._shape_input = inputs[1] if measures else None
        size = self._preprocess.size_px
        promised = [[size, size, 3], [len(measures)]][:wanted]
        for details, shape in zip(
            [*inputs, self._output], [*promised, [len(self.grades)]], strict=True
        ):
            found = list(details["shape"])[1:]
            if details["dtype"] is not np.int8 or found != shape:
                raise BundleError(
                    f"the bundle's model has {details['dtype'].__name__} {found} where its "
                    f"manifest promises int8 {shape}; pack the bundle again"
                )
            scale = details["quantization"][0]
            if not (math.isfinite(scale) and scale > 0):
                raise BundleError(
                    f"the bundle's model has the scale {scale:g} where a positive number is "
                    f"expected; pack the bundle again"
                )
        self._levels = self._preprocess.quantized(*self._input["quantization"])
        self._batch = 0

    @classmethod
    def load(cls, path: Path, *, threads: int = 1) -> Classifier:
        """Read a bundle, load its model and replay its golden inputs.

        Raises:
            BundleError: see `Bundle.load`; also when the model computes something else here.
        """
        classifier = cls(Bundle.load(path), threads=threads)
        worst = classifier.golden_deviation()
        if worst > GOLDEN_TOLERANCE:
            raise BundleError(
                f"{path}: the model's answers on this machine differ from those it was packed with "
                f"(by {worst} steps, allowed {GOLDEN_TOLERANCE}); pack the bundle again"
            )
        return classifier

    def golden_deviation(self) -> int:
        """Largest difference to the packed outputs, in int8 steps."""
        golden = self.bundle.golden
        if golden.inputs.shape[1:] != tuple(self._input["shape"])[1:]:
            raise BundleError("golden.npz does not fit the model; pack the bundle again")
        said = self.invoke(golden.inputs)
        if said.shape != golden.outputs.shape:
            raise BundleError("golden.npz does not fit the model; pack the bundle again")
        return int(np.abs(said.astype(int) - golden.outputs.astype(int)).max())

    def quantize(self, photos: Sequence[Pixels]) -> NDArray[np.int8]:
        """Preprocess and quantize: n photos (uint8, BGR, any size) to n × size × size × 3 int8."""
        size = self._preprocess.size_px
        inputs = np.empty((len(photos), size, size, 3), np.int8)
        for photo, row in zip(photos, inputs, strict=True):
            cv2.LUT(self._preprocess(photo), self._levels, dst=row)
        return inputs

    def invoke(self, inputs: NDArray[np.int8]) -> NDArray[np.int8]:
        """Run the model on n × size × size × 3 int8; returns n × grades int8.

        A model that takes the item's shape too gets it measured on these very inputs.
        """
        given = [(self._input, inputs)]
        if self._shape_input is not None:
            measured = quantized_shapes(inputs, *self._shape_input["quantization"])
            given.append((self._shape_input, measured))
        if len(inputs) != self._batch:
            for details, values in given:
                self._interpreter.resize_tensor_input(details["index"], values.shape)
            self._interpreter.allocate_tensors()
            self._batch = len(inputs)
        for details, values in given:
            self._interpreter.set_tensor(details["index"], values)
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output["index"]), np.int8)

    def logits(self, photos: Sequence[Pixels]) -> NDArray[np.float64]:
        """Outputs before temperature, n × grades."""
        return self.dequantize(self.invoke(self.quantize(photos)))

    def dequantize(self, outputs: NDArray[np.int8]) -> NDArray[np.float64]:
        """Logits from what `invoke` returns."""
        scale, zero_point = self._output["quantization"]
        return np.asarray((outputs.astype(np.float64) - zero_point) * scale)

    def probabilities(self, photos: Sequence[Pixels]) -> NDArray[np.float64]:
        """Calibrated probabilities, n × grades in the order of `grades`; each row sums to 1."""
        if not photos:
            return np.zeros((0, len(self.grades)))
        return softmax(self.logits(photos) / self.temperature)

    def strangeness(self, photos: Sequence[Pixels]) -> NDArray[np.float64]:
        """How unlike the training photos each photo is: over 1 is a stranger.

        All 0 for a bundle that does not say what its training photos look like.
        """
        familiar = self.bundle.familiar
        if familiar is None or not photos:
            return np.zeros(len(photos))
        order = self._preprocess.colour_order
        return familiar.strangeness(
            np.stack([describe(self._preprocess(photo), order) for photo in photos])
        )


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))
