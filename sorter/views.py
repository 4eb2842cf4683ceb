"""What the views of one item say together; one code for the belt and for evaluations."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sorter.bundle import Bundle, BundleError, Golden
from sorter.interpreter import make_interpreter

SMALLEST_PROBABILITY = 1e-6
"""Keeps one view that rules a grade out from silencing all the others."""
GOLDEN_TOLERANCE = 2
"""Steps of the int8 output by which two processors' kernels may round apart."""

Probabilities = NDArray[np.float64]
Join = Callable[[Probabilities], Probabilities]
"""From the calibrated probabilities of an item's views, best view first (views × grades), to its
own (grades)."""


def fuse(views: Probabilities) -> Probabilities:
    """Join the probabilities of several views of one item, views × grades, to one row.

    The mean of the logarithms: views of one fruit from the same camera are far from independent, so
    more of them must not make the answer surer (a product would).
    """
    mean = log_probabilities(views).mean(axis=0)
    powers = np.exp(mean - mean.max())
    return np.asarray(powers / powers.sum())


def log_probabilities(views: Probabilities) -> Probabilities:
    """Natural logarithms, none under that of `SMALLEST_PROBABILITY`."""
    return np.asarray(np.log(np.maximum(views, SMALLEST_PROBABILITY)))


def repeated(count: int, steps: int) -> NDArray[np.intp]:
    """Which view a recurrent head sees at each of its steps, for an item of `count` views.

    The first `steps` views; fewer come round again, so that none of them counts far more.
    """
    return np.arange(steps) % min(count, steps)


def joiner(bundle: Bundle) -> Join:
    """How a bundle joins views: by its recurrent head if it has one, else by `fuse`.

    Raises:
        BundleError: the head does not fit, or computes something else on this machine.
    """
    model = bundle.models.get("views")
    if model is None:
        return fuse
    head = Head(model, grades=len(bundle.manifest.grades))
    if bundle.views_golden is None:
        raise BundleError("golden.npz has nothing for the model of views; pack the bundle again")
    worst = head.deviation(bundle.views_golden)
    if worst > GOLDEN_TOLERANCE:
        raise BundleError(
            f"the answers of the model of views on this machine differ from those it was packed "
            f"with (by {worst} steps, allowed {GOLDEN_TOLERANCE}); pack the bundle again"
        )
    return head


class Head:
    """A recurrent int8 model over the views of one item, ready to run."""

    def __init__(self, model: bytes, *, grades: int) -> None:
        """Load the model.

        Args:
            model: TFLite file from log-probabilities, 1 × steps × grades, to logits, 1 × grades.
            grades: of the bundle.

        Raises:
            BundleError: it is no such file.
        """
        try:
            self._interpreter = make_interpreter(model, 1)
        except (ValueError, RuntimeError) as error:
            raise BundleError(
                "the bundle's model of views cannot be loaded; pack it again"
            ) from error
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        shapes = [tuple(map(int, one["shape"])) for one in (*inputs, *outputs)]
        kinds = {one["dtype"] for one in (*inputs, *outputs)}
        fits = (
            len(inputs) == len(outputs) == 1
            and len(shapes[0]) == 3
            and (shapes[0][0], shapes[0][2]) == (1, grades)
            and shapes[1] == (1, grades)
            and kinds == {np.int8}
        )
        scales = [one["quantization"][0] for one in (*inputs, *outputs)]
        if not fits or not all(math.isfinite(scale) and scale > 0 for scale in scales):
            raise BundleError(
                f"the bundle's model of views does not fit its {grades} grades; pack it again"
            )
        self._input, self._output = inputs[0], outputs[0]
        self.steps = shapes[0][1]

    def __call__(self, views: Probabilities) -> Probabilities:
        """See `Join`; a single view stays as it is."""
        if len(views) == 1 or not np.isfinite(views).all():
            return fuse(views)
        logits = self.logits(log_probabilities(views[repeated(len(views), self.steps)]))
        powers = np.exp(logits - logits.max())
        return np.asarray(powers / powers.sum())

    def logits(self, steps: Probabilities) -> Probabilities:
        """Grades' logits from log-probabilities, steps × grades."""
        scale, zero_point = self._output["quantization"]
        said = self.invoke(self.quantize(steps)[None])[0]
        return np.asarray((said.astype(np.float64) - zero_point) * scale)

    def quantize(self, steps: Probabilities) -> NDArray[np.int8]:
        """Log-probabilities as the model takes them."""
        scale, zero_point = self._input["quantization"]
        steps = np.clip(np.rint(steps / scale) + zero_point, -128, 127)
        return np.asarray(steps, np.int8)

    def invoke(self, inputs: NDArray[np.int8]) -> NDArray[np.int8]:
        """Run the model on n × steps × grades int8, one by one; returns n × grades int8."""
        said = []
        for one in inputs:
            self._interpreter.set_tensor(self._input["index"], one[None])
            self._interpreter.invoke()
            said.append(self._interpreter.get_tensor(self._output["index"])[0])
        return np.asarray(said, np.int8)

    def deviation(self, golden: Golden) -> int:
        """Largest difference, in steps, between this machine's answers and the packed ones.

        Raises:
            BundleError: the golden inputs are not this model's.
        """
        if golden.inputs.shape[1:] != tuple(self._input["shape"][1:]) or (
            golden.outputs.shape != (len(golden.inputs), self._output["shape"][1])
        ):
            raise BundleError("golden.npz does not fit the model of views; pack the bundle again")
        said = self.invoke(golden.inputs)
        return int(np.abs(said.astype(int) - golden.outputs.astype(int)).max())
