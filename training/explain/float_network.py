"""The network of a run as something to be explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.classifier import softmax
from sorter.frame import Pixels
from sorter.preprocess import Preprocess
from training import backend
from training.explain.subject import Map, spread
from training.loop import predictor
from training.measured import feed
from training.quantize import scaled
from training.zoo.mirrored import one_look

SALIENCY_COPIES = 24
SALIENCY_NOISE = 0.08
"""Part of the range of the levels."""


class FloatNetwork:
    """A Keras model before quantization: the same photos, and gradients."""

    def __init__(self, model: Any, grades: list[str], preprocess: Preprocess) -> None:
        """Take a model that gives logits.

        Args:
            model: Keras model.
            grades: in the order of its outputs.
            preprocess: that makes its inputs.
        """
        self.model = one_look(model)
        self.grades = grades
        self.preprocess = preprocess
        self._to_map = backend.keras().Model(
            self.model.inputs, [_tops(self.model), self.model.output]
        )
        self._predict = predictor(model)

    def probabilities(self, photos: Sequence[Pixels]) -> NDArray[np.float64]:
        """See `Subject.probabilities`; not calibrated."""
        logits: NDArray[np.float64] = self._predict(self.inputs(photos)).astype(np.float64)
        return softmax(logits)

    def inputs(self, photos: Sequence[Pixels]) -> NDArray[np.float32]:
        """Photos as the network wants them."""
        return scaled(np.stack([self.preprocess(photo) for photo in photos]), self.preprocess)

    def class_map(self, photo: Pixels, grade: int) -> Map:
        """See `Subject.class_map`."""
        tf = backend.tensorflow()
        fed = [tf.constant(one) for one in feed(self.model, self.inputs([photo]))]
        with tf.GradientTape() as tape:
            tape.watch(fed[0])
            features, logits = self._to_map(fed[0] if len(fed) == 1 else fed, training=False)
            logit = logits[0, grade]
        gradients = tape.gradient(logit, features)
        joined = (np.concatenate([one[0] for one in each], -1) for each in (gradients, features))
        return spread(*(each.astype(np.float64) for each in joined))

    def saliency(self, photo: Pixels, grade: int, seed: int) -> Map:
        """How much each pixel moves a grade's logit: SmoothGrad (Smilkov et al. 2017).

        The mean, over noisy copies, of the gradient's size.

        Args:
            photo: uint8, BGR, any size.
            grade: index.
            seed: of the noise.

        Returns:
            size × size.
        """
        tf = backend.tensorflow()
        span = 255.0 / self.preprocess.std
        random = np.random.default_rng(seed)
        photos = np.repeat(self.inputs([photo]), SALIENCY_COPIES, axis=0)
        photos += random.normal(0, SALIENCY_NOISE * span, photos.shape).astype(np.float32)
        fed = [tf.constant(one) for one in feed(self.model, photos)]
        with tf.GradientTape() as tape:
            tape.watch(fed[0])
            said = self.model(fed[0] if len(fed) == 1 else fed, training=False)
            logit = tf.reduce_sum(said[:, grade])
        gradient = tape.gradient(logit, fed[0]).numpy().astype(np.float64)
        return np.asarray(np.abs(gradient).max(axis=-1).mean(axis=0))


def has_places(layer: Any) -> bool:
    """Whether a Keras layer gives rows and columns of channels, more than one place."""
    return _of_places(getattr(layer.output, "shape", ()))


def _of_places(shape: Sequence[int]) -> bool:
    return len(shape) == 4 and shape[1] * shape[2] > 1


def _tops(model: Any) -> list[Any]:
    """The last tensors with places on each way to the logits, one a column.

    Walked down from the logits: squeeze-and-excitation looks at the whole photo half way up, too.
    """
    tops: dict[int, Any] = {}
    waiting = [model.output]
    while waiting:
        tensor = waiting.pop()
        if _of_places(tensor.shape):
            tops[id(tensor)] = tensor
        else:
            made = tensor._keras_history
            waiting += made.operation._inbound_nodes[made.node_index].input_tensors
    return list(tops.values())
