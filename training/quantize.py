"""From a trained network to a full int8 TFLite file: the one place that knows the converters."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.preprocess import Preprocess
from training import backend, int8_file
from training.errors import TrainingError
from training.loop import predictor
from training.measured import by_name
from training.zoo import heads
from training.zoo.mirrored import one_look

WANTED = 200
"""Photos from which the ranges of the activations are measured; all there are, if fewer."""
FEWEST = 10
AT_ONCE = 25
"""Photos a feed of ai-edge-quantizer."""
TFLITE, AI_EDGE = "tflite", "ai-edge"
QUANTIZERS = (TFLITE, AI_EDGE)

Feed = dict[str, NDArray[Any]]
"""One photo by the names of the network's inputs."""


class Quantizer(Protocol):
    """Makes weights (per channel), activations, inputs and outputs int8."""

    def __call__(self, model: Any, photos: list[Feed]) -> bytes:
        """A TFLite file.

        Args:
            model: Keras model that gives logits.
            photos: real ones, from which the ranges of the activations are measured.
        """
        ...


def quantizer(name: str) -> Quantizer:
    """Look a quantizer up.

    Raises:
        TrainingError: there is none of this name, or it is not installed.
    """
    if name == TFLITE:
        return by_tflite
    if name == AI_EDGE:
        try:
            import ai_edge_quantizer  # noqa: F401
        except ImportError as error:
            raise TrainingError(
                f"--quantizer {AI_EDGE} is not installed; "
                f"run: pip install 'edge-sorter[ai-edge]', or leave the option out"
            ) from error
        return by_ai_edge
    raise TrainingError(f"--quantizer: found '{name}'; choose one of: {', '.join(QUANTIZERS)}")


def to_int8(
    model: Any, inputs: Pixels, preprocess: Preprocess, *, by: Quantizer | None = None
) -> bytes:
    """Quantize a network.

    What the rounded weights shift each logit by on average is taken off again in the last layer's
    biases (Nagel et al. 2019, empirical bias correction).

    Args:
        model: Keras model that gives logits.
        inputs: n × size × size × 3 uint8, real photos from the training part.
        preprocess: that made the inputs.
        by: TFLite's own converter unless given.

    Raises:
        TrainingError: there are too few photos to measure the ranges on.
    """
    if len(inputs) < FEWEST:
        raise TrainingError(
            f"only {len(inputs)} training photos to measure the int8 ranges on; "
            f"at least {FEWEST} are needed, so add photos"
        )
    photos = [by_name(model, scaled(photo[None], preprocess)) for photo in inputs]
    quantize = by or by_tflite
    made = quantize(model, photos)
    last = heads.biased(one_look(model))
    if last is None:
        return made
    by_float = predictor(model)(scaled(inputs, preprocess))
    shift = (by_float - int8_file.run(made, inputs, preprocess)).mean(axis=0)
    before = last.bias.numpy()
    last.bias.assign(before + shift)
    try:
        return quantize(model, photos)
    finally:
        last.bias.assign(before)


def by_tflite(model: Any, photos: list[Feed]) -> bytes:
    """Through the converter that comes with TensorFlow; see `Quantizer`."""
    tf = backend.tensorflow()

    def ranges() -> Iterator[Feed]:
        yield from photos

    with backend.quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = ranges
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = tf.int8
        converter.inference_output_type = tf.int8
        return bytes(converter.convert())


def by_ai_edge(model: Any, photos: list[Feed]) -> bytes:
    """Through ai-edge-quantizer, from the float TFLite file; see `Quantizer`.

    It takes for the ranges a moving average over its feeds, so that a rare outlier widens none. Of
    single photos that would cut off what most grades say, so each feed holds many.
    """
    from ai_edge_quantizer import quantizer as edge
    from ai_edge_quantizer import recipe

    tf = backend.tensorflow()
    with (
        backend.quiet(),
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory() as folder,
    ):
        warnings.simplefilter("ignore")
        plain = Path(folder) / "float.tflite"
        plain.write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
        made = edge.Quantizer(str(plain))
        made.load_quantization_recipe(recipe.static_wi8_ai8())
        order = np.random.default_rng(0).permutation(len(photos))
        feeds = np.array_split(order, -(-len(photos) // AT_ONCE))
        mixed = [_together([photos[index] for index in feed]) for feed in feeds]
        ranges = made.calibrate({"serving_default": mixed})
        return bytes(made.quantize(ranges).quantized_model)


def _together(photos: list[Feed]) -> Feed:
    return {name: np.concatenate([photo[name] for photo in photos]) for name in photos[0]}


def scaled(levels: Pixels, preprocess: Preprocess) -> NDArray[np.float32]:
    """Grey levels as the network wants them."""
    return ((levels.astype(np.float32) - preprocess.mean) / preprocess.std).astype(np.float32)
