"""Training a network on inputs that are already in memory."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from sorter.preprocess import Preprocess
from sorter.shape import shapes
from training import backend, distribution, loop, transfer, weights, zoo
from training.augment import augment
from training.labelled import Labelled
from training.loop import Judged, Plan, Source
from training.measured import feed
from training.pretrain import SHORTER, pretrain
from training.progress import Steps
from training.quantize import scaled
from training.zoo import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What the user can choose about a training."""

    model: str = zoo.DEFAULT
    weights: str = weights.NONE
    """`none`, `imagenet` or a file."""
    fine_tune: int = 0
    """Top blocks of a backbone with weights that are trained too."""
    epochs: int | None = None
    """The most; by the number of photos unless given."""
    seed: int = 0
    full_turn: bool = False
    """Items lie at any angle."""
    mixup: float = 0.0
    """Alpha of MixUp; 0: none."""
    balanced: bool = False
    """Each grade counts the same in the loss, however many photos it has."""
    shape: bool | None = None
    """The network takes the item's measured shape beside its photo; None: as its recipe says."""
    half_precision: bool | None = None
    """None: on a GPU."""

    @property
    def takes_shape(self) -> bool:
        """Whether the network has the second input."""
        if self.shape is None:
            return zoo.architecture(self.model).recipe.shape
        return self.shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A trained network."""

    model: Any
    """Keras model with the weights of the best epoch."""
    epochs: int
    """Trained; fewer than asked when nothing improved any more."""
    best_epoch: int
    validation_accuracy: float | None
    parameters: int
    seconds: float


def auto_epochs(photos: int, size_px: int, samples: int = 40_000) -> int:
    """Enough passes for a small set, few enough that a large one ends within minutes.

    Args:
        photos: in the training part.
        size_px: side of the input.
        samples: photos shown at 64 px and below.
    """
    passes = samples * min(1.0, 64 / size_px) / photos
    return int(np.clip(round(passes), 15, samples // 250))


def fit(
    train: Labelled,
    validation: Labelled | None,
    *,
    method: Method,
    preprocess: Preprocess,
    grades: int,
    ranks: Sequence[int] | None = None,
    before: Labelled | None = None,
    checkpoint: Path | None = None,
    logs: Path | None = None,
    cache: Path | None = None,
    strategy: Any = None,
    steps: Steps,
) -> Fitted:
    """Train a network of the zoo; the epoch with the least validation loss is kept.

    AdamW (Loshchilov and Hutter 2019) with warm-up and a cosine schedule, label smoothing, unless
    the network's recipe says otherwise.

    Args:
        train: what it learns from.
        validation: what picks the epoch; without it, the last is kept.
        method: what the user chose.
        preprocess: that made the inputs; scales the levels for the network.
        grades: number of grades.
        ranks: place of each grade in their order, for an ordinal loss.
        before: other photos, made by the same preprocessing and with grades of their own, that a
            network without weights learns from first.
        checkpoint: file from which the same training goes on after a kill.
        logs: folder for TensorBoard.
        cache: file of bottlenecks; see `transfer.train_head`.
        strategy: of `tf.distribute`; see `distribution.choose`.
        steps: shows progress.

    Raises:
        TrainingError: TensorFlow is missing, there is no such model, or its weights do not fit.
    """
    keras = backend.keras()
    started = time.monotonic()
    strategy = strategy or distribution.choose()
    architecture = zoo.architecture(method.model)
    size = preprocess.size_px
    keras.utils.set_random_seed(method.seed)

    def build() -> Network:
        return zoo.build(method.model, size, grades, ranks=ranks, shape=method.takes_shape)

    with strategy.scope(), _precision(method.half_precision):
        network = build()
    plan = Plan(
        recipe=architecture.recipe,
        epochs=method.epochs or auto_epochs(len(train.labels), size, architecture.recipe.samples),
        seed=method.seed,
        grades=grades,
        grade_weights=_balance(train, grades) if method.balanced else None,
        mixup=method.mixup,
        checkpoint=checkpoint,
        fingerprint=_fingerprint([train, validation, before], method, preprocess, ranks),
        logs=logs,
    )
    source = photo_source(
        train,
        preprocess,
        augmented=architecture.recipe.augmented,
        full_turn=method.full_turn,
        shape=method.takes_shape,
    )
    judged: Judged | None = None
    if validation is not None:
        judged = feed(network.model, scaled(validation.inputs, preprocess)), validation.labels
    if method.weights == weights.NONE:
        if before is not None:
            others = int(before.labels.max()) + 1
            passes = auto_epochs(len(before.labels), size, architecture.recipe.samples)
            shorter = replace(plan, grades=others, epochs=max(1, round(passes * SHORTER)))
            with strategy.scope(), _precision(method.half_precision):
                other = zoo.build(method.model, size, others, shape=method.takes_shape)
            pretrain(
                network,
                other,
                photo_source(
                    before,
                    preprocess,
                    augmented=architecture.recipe.augmented,
                    full_turn=method.full_turn,
                    shape=method.takes_shape,
                ),
                shorter,
                strategy=strategy,
                advance=steps.start("Learning from other photos", shorter.epochs),
            )
        past = loop.train(
            network,
            source,
            judged,
            plan,
            strategy=strategy,
            advance=steps.start("Training", plan.epochs),
        )
    else:
        known = weights.load(network.backbone, method.weights, method.model)
        photos = len(train.labels) + (0 if validation is None else len(validation.labels))
        past = transfer.train_head(
            network,
            train,
            validation,
            plan,
            preprocess=preprocess,
            backbone=f"{method.model} {known}",
            full_turn=method.full_turn,
            cache=cache,
            strategy=strategy,
            looking=steps.start("Looking at photos", photos),
            advance=steps.start("Training the top", transfer.HEAD_EPOCHS),
        )
        if method.fine_tune:
            past = transfer.fine_tune(
                network,
                source,
                judged,
                plan,
                blocks=method.fine_tune,
                block_ends=architecture.block_ends or "",
                strategy=strategy,
                advance=steps.start("Fine-tuning", plan.epochs),
            )
    # In float32, whatever it was trained in, and on this device alone.
    model = build().model
    model.set_weights(network.model.get_weights())
    accuracy = None
    if judged is not None:
        accuracy = loop.judge(loop.predictor(model)(judged[0]), judged[1])[1]
    return Fitted(
        model=model,
        epochs=past.epochs,
        best_epoch=past.epochs if past.best_epoch is None else past.best_epoch + 1,
        validation_accuracy=accuracy,
        parameters=int(model.count_params()),
        seconds=time.monotonic() - started,
    )


def photo_source(
    train: Labelled,
    preprocess: Preprocess,
    *,
    augmented: bool,
    full_turn: bool,
    shape: bool = False,
) -> Source:
    """Photos in memory, augmented anew each time, as batches scaled for the network.

    An item's shape is measured once: nothing of the augmentation changes it.
    """
    tf = backend.tensorflow()
    photos = tf.constant(train.inputs)
    measured = tf.constant(shapes(train.inputs)) if shape else None

    def batch(chosen: Any, seed: Any) -> Any:
        levels = tf.cast(tf.gather(photos, chosen), tf.float32)
        if augmented:
            levels = augment(levels, seed, full_turn=full_turn)
        inputs = (levels - preprocess.mean) / preprocess.std
        return inputs if measured is None else (inputs, tf.gather(measured, chosen))

    return Source(batch=batch, labels=train.labels)


def _balance(train: Labelled, grades: int) -> Any:
    counts = np.maximum(np.bincount(train.labels, minlength=grades), 1)
    return (len(train.labels) / (grades * counts)).astype(np.float32)


def _fingerprint(
    parts: Sequence[Labelled | None],
    method: Method,
    preprocess: Preprocess,
    ranks: Sequence[int] | None,
) -> str:
    network = zoo.architecture(method.model)
    # What the network's recipe is may change from one version to the next.
    how = f"{asdict(method)} {network.recipe} {network.mirrored}"
    what = f"{how} {preprocess.model_dump_json()} {ranks}"
    digest = hashlib.sha256(what.encode())
    for part in parts:
        if part is not None:
            digest.update(np.ascontiguousarray(part.inputs).tobytes() + part.labels.tobytes())
    return digest.hexdigest()


@contextlib.contextmanager
def _precision(half: bool | None) -> Iterator[None]:
    """Layers made in the block compute in bfloat16, which needs no scaling of the loss."""
    if half is None:
        half = bool(backend.tensorflow().config.list_physical_devices("GPU"))
    policies = backend.keras().config
    before = policies.dtype_policy()
    policies.set_dtype_policy("mixed_bfloat16" if half else "float32")
    try:
        yield
    finally:
        policies.set_dtype_policy(before)
