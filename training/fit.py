"""Training a network on inputs that are already in memory."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.frame import Pixels
from sorter.preprocess import Preprocess
from training import backend, zoo
from training.augment import augment
from training.progress import Advance

BATCH = 32
LEARNING_RATE = 8e-3
WEIGHT_DECAY = 0.01
LABEL_SMOOTHING = 0.1
WARM_UP = 0.1
"""Part of the steps in which the learning rate rises."""
SETTLED = 0.5
"""Part of the epochs before which none is kept: the learning rate is too high to judge by."""
PATIENCE = 0.25
"""Part of the epochs without progress on the validation part after which training stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Preprocessed photos with their grades."""

    inputs: Pixels
    """n × size × size × 3, as `Preprocess` gives them."""
    labels: NDArray[np.intp]
    """n indices into the grades."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A trained network."""

    model: Any
    """Keras model with the weights of the best epoch."""
    epochs: int
    """Trained; fewer than asked when nothing improved any more."""
    best_epoch: int
    validation_accuracy: float
    parameters: int
    seconds: float


def auto_epochs(photos: int, size_px: int) -> int:
    """Enough passes for a small set, few enough that a large one ends within minutes.

    Args:
        photos: in the training part.
        size_px: side of the input.
    """
    passes = 40_000 * min(1.0, 64 / size_px) / photos
    return int(np.clip(round(passes), 15, 120))


def fit(
    train: Labelled,
    validation: Labelled,
    *,
    model: str,
    preprocess: Preprocess,
    grades: int,
    epochs: int,
    seed: int,
    advance: Advance,
) -> Fitted:
    """Train a network of the zoo; the epoch with the least validation loss is kept.

    AdamW (Loshchilov and Hutter 2019) with warm-up and a cosine schedule, label smoothing.

    Args:
        train: what it learns from.
        validation: what picks the epoch.
        model: name in `zoo.ZOO`.
        preprocess: that made the inputs; scales the levels for the network.
        grades: number of grades.
        epochs: the most passes over `train`.
        seed: of weights, order and augmentation.
        advance: called once an epoch.

    Raises:
        TrainingError: TensorFlow is missing, or there is no such model.
    """
    keras = backend.keras()
    started = time.monotonic()
    keras.utils.set_random_seed(seed)
    network = zoo.build(model, preprocess.size_px, grades).model
    steps = epochs * -(-len(train.labels) // BATCH)
    optimizer = keras.optimizers.AdamW(
        keras.optimizers.schedules.CosineDecay(
            LEARNING_RATE / 100,
            decay_steps=max(1, round(steps * (1 - WARM_UP))),
            warmup_target=LEARNING_RATE,
            warmup_steps=max(1, round(steps * WARM_UP)),
        ),
        weight_decay=WEIGHT_DECAY,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=LABEL_SMOOTHING)
    network.compile(optimizer, loss, metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(
        "val_loss",
        start_from_epoch=int(epochs * SETTLED),
        patience=max(5, round(epochs * PATIENCE)),
        restore_best_weights=True,
    )

    def note(epoch: int, logs: dict[str, float]) -> None:
        advance(f"validation {logs['val_accuracy']:.1%}")

    history = network.fit(
        _dataset(train, preprocess, grades, seed=seed),
        validation_data=_dataset(validation, preprocess, grades, seed=None),
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=[stop, keras.callbacks.LambdaCallback(on_epoch_end=note)],
    ).history
    settled = min(int(epochs * SETTLED), epochs - 1)
    best = settled + int(np.argmin(history["val_loss"][settled:]))
    return Fitted(
        model=network,
        epochs=len(history["val_loss"]),
        best_epoch=best + 1,
        validation_accuracy=float(history["val_accuracy"][best]),
        parameters=int(network.count_params()),
        seconds=time.monotonic() - started,
    )


def _dataset(data: Labelled, preprocess: Preprocess, grades: int, *, seed: int | None) -> Any:
    """Batches of levels scaled for the network; shuffled and augmented if there is a seed."""
    tf = backend.tensorflow()
    targets = np.eye(grades, dtype=np.float32)[data.labels]
    photos = tf.data.Dataset.from_tensor_slices((data.inputs, targets))

    def scale(levels: Any, target: Any) -> Any:
        return (levels - preprocess.mean) / preprocess.std, target

    if seed is None:
        batches = photos.batch(BATCH).map(lambda x, y: scale(tf.cast(x, tf.float32), y))
    else:
        seeds = tf.data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2)
        batches = tf.data.Dataset.zip(
            (photos.shuffle(len(data.labels), seed=seed).batch(BATCH), seeds)
        ).map(
            lambda xy, key: scale(augment(tf.cast(xy[0], tf.float32), key), xy[1]),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    return batches.prefetch(tf.data.AUTOTUNE)
