"""A run's network as an int8 file, with what its photos show besides the grades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.stranger import Familiar
from training import backend, int8_file, parity
from training.labelled import Labelled
from training.loop import predictor
from training.parity import Parity
from training.photos import read_all
from training.progress import Advance, Steps
from training.quantize import AI_EDGE, TFLITE, WANTED, quantizer, scaled, to_int8
from training.run_folder import RunRecord
from training.split import Part
from training.strangers import familiar
from training.zoo.mirrored import one_look

LEARNED_FROM = 2000
"""Training photos that say what is familiar; more say no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantized:
    """An int8 file that says what its network said."""

    model: bytes
    ranges: int
    """Photos on which the ranges of the activations were measured."""
    parity: Parity
    """Of the network and the file, on the validation part."""
    validation_logits: NDArray[np.float64]
    """Of the file: n × grades."""
    validation_truth: NDArray[np.intp]
    familiar: Familiar


def quantized(network: Any, record: RunRecord, *, by: str, steps: Steps) -> Quantized:
    """Quantize a run's network and learn what its photos look like.

    Args:
        network: Keras model.
        record: of the run.
        by: name of the quantizer.
        steps: shows progress.

    Raises:
        TrainingError: the quantizer is not installed, there are too few photos, or the file says
            something else than the network.
        PhotosError: photos can no longer be read.
    """
    chosen = quantizer(by)
    count = len(record.part("train"))
    some = np.unique(np.linspace(0, count - 1, min(count, LEARNED_FROM)).astype(int))
    advance = steps.start("Quantizing", len(some) + len(record.part("validation")))
    train = _read(record, "train", some, advance)
    validation = _read(record, "validation", None, advance)
    order = np.random.default_rng(record.seed).permutation(len(some))[:WANTED]
    model = to_int8(network, train.inputs[np.sort(order)], record.preprocess, by=chosen)

    by_float = predictor(network)(scaled(validation.inputs, record.preprocess))
    by_int8 = int8_file.run(model, validation.inputs, record.preprocess)
    found = parity.parity(by_float, by_int8, validation.labels)
    norms = backend.keras().layers.BatchNormalization
    parity.check(
        found,
        model=record.model,
        other=AI_EDGE if by == TFLITE else TFLITE,
        batch_norm=any(isinstance(layer, norms) for layer in one_look(network).layers),
        fine_tuned=record.fine_tune > 0,
    )
    advance = steps.start("Learning strangers", len(some) + len(record.part("calibration")))
    calibration = _read(record, "calibration", None, lambda note: None)
    return Quantized(
        model=model,
        ranges=len(order),
        parity=found,
        validation_logits=by_int8,
        validation_truth=validation.labels,
        familiar=familiar(train, calibration, record.preprocess, seed=record.seed, advance=advance),
    )


def _read(record: RunRecord, part: Part, some: Any, advance: Advance) -> Labelled:
    photos = record.part(part)
    if some is not None:
        photos = [photos[index] for index in some]
    names = [grade.name for grade in record.grades]
    _, inputs, _ = read_all(photos, record.preprocess, skip_unreadable=False, advance=advance)
    return Labelled(
        inputs=np.stack(inputs), labels=np.array([names.index(photo.grade) for photo in photos])
    )
