"""From a trained network to a full int8 TFLite file: the one place that knows the converter."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.preprocess import Preprocess
from training import backend
from training.errors import TrainingError

WANTED = 200
"""Photos from which the ranges of the activations are measured; all there are, if fewer."""
FEWEST = 10


def to_int8(model: Any, inputs: Pixels, preprocess: Preprocess) -> bytes:
    """Quantize weights (per channel), activations, input and output to int8.

    Args:
        model: Keras model that gives logits.
        inputs: n × size × size × 3 uint8, real photos from the training part.
        preprocess: that made the inputs.

    Raises:
        TrainingError: there are too few photos to measure the ranges on.
    """
    if len(inputs) < FEWEST:
        raise TrainingError(
            f"only {len(inputs)} training photos to measure the int8 ranges on; "
            f"at least {FEWEST} are needed, so add photos"
        )
    tf = backend.tensorflow()

    def ranges() -> Iterator[list[NDArray[np.float32]]]:
        for photo in inputs:
            yield [scaled(photo[None], preprocess)]

    with backend.quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = ranges
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
        return bytes(converter.convert())


def scaled(levels: Pixels, preprocess: Preprocess) -> NDArray[np.float32]:
    """Grey levels as the network wants them."""
    return ((levels.astype(np.float32) - preprocess.mean) / preprocess.std).astype(np.float32)
