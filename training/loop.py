"""The training loop: the same on one device, several GPUs and several machines.

Keras's own `fit` fails under MultiWorkerMirroredStrategy (Keras 3.15: a PerReplica where it wants
a tensor), so a step is run by the strategy here. Order and augmentation of the photos follow from
the seed and the number of the step alone: a training that goes on after a kill ends with the
weights that it would have had without.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training import backend, checkpoint, distribution
from training.augment import mix_up
from training.checkpoint import Arrays, Past
from training.measured import feed
from training.progress import Advance
from training.zoo import AUXILIARY_WEIGHT, Network
from training.zoo.architecture import Recipe

WARM_UP = 0.1
"""Part of the steps in which the learning rate rises."""
SETTLED = 0.5
"""Part of the epochs before which none is kept: the learning rate is too high to judge by."""
PATIENCE = 0.25
"""Part of the epochs without progress on the validation part after which training stops."""
SAVE_EVERY_S = 10.0
AT_ONCE = 64
"""Photos that a network is asked about in one call."""


Judged = tuple[NDArray[Any] | list[NDArray[Any]], NDArray[np.intp]]
"""Inputs of a network, see `measured.feed`, and the labels that belong to them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a network learns from."""

    batch: Callable[[Any, Any], Any]
    """From indices and a seed (int64 tensors, (b,) and (2,)) to inputs, or a tuple of those of
    a network with two; traced by tf.data, which would stack a list."""
    labels: NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how a network is trained."""

    recipe: Recipe
    epochs: int
    """The most."""
    seed: int
    grades: int
    grade_weights: NDArray[np.float32] | None = None
    """Weight of each grade's photos in the loss."""
    mixup: float = 0.0
    """Alpha of MixUp; 0: none."""
    checkpoint: Path | None = None
    """File to go on from after a kill."""
    fingerprint: str = ""
    """Of photos and settings: a checkpoint of another training is not gone on from."""
    logs: Path | None = None
    """Folder for TensorBoard."""


def train(
    network: Network,
    source: Source,
    validation: Judged | None,
    plan: Plan,
    *,
    strategy: Any,
    advance: Advance,
    clock: Callable[[], float] = time.monotonic,
) -> Past:
    """Train a network, which ends with the weights of its best epoch.

    Args:
        network: built in the strategy's scope; its trainable variables are trained.
        source: of the batches.
        validation: inputs and labels that pick the epoch; without them it is the last.
        plan: of the training.
        strategy: one of `tf.distribute`.
        advance: called once an epoch.
        clock: in seconds; says when to write the next checkpoint.

    Returns:
        What the validation part said; it has no accuracies without one.
    """
    per_epoch = -(-len(source.labels) // plan.recipe.batch)
    with strategy.scope():
        optimizer = optimizer_of(plan.recipe, per_epoch * plan.epochs)
        optimizer.build(network.trained.trainable_variables)
    state = [*network.trained.variables, *optimizer.variables]
    past, best = _restore(plan, state, strategy)
    step = stepper(network, optimizer, plan.recipe, strategy)
    batches = iter(batches_of(source, plan, past.epochs * per_epoch, strategy))
    predict = predictor(network.model)
    writer = _writer(plan, strategy)
    settled, patience = int(plan.epochs * SETTLED), max(5, round(plan.epochs * PATIENCE))
    saved_s = clock()
    for epoch in range(past.epochs, plan.epochs):
        if past.best_epoch is not None and epoch - past.best_epoch > patience:
            break
        loss = float(np.mean([float(step(next(batches))) for _ in range(per_epoch)]))
        distribution.average(strategy, network.trained.non_trainable_variables)
        scalars = {"loss": loss, "learning rate": float(optimizer.learning_rate)}
        note = f"loss {loss:.2f}"
        if validation is None:
            past.losses.append(loss)
        else:
            inputs, labels = validation
            judged, accuracy = judge(predict(inputs), labels, plan.recipe.label_smoothing)
            past.losses.append(distribution.agreed(strategy, judged)[1])
            past.accuracies.append(accuracy)
            scalars |= {"validation loss": judged, "validation accuracy": accuracy}
            note = f"validation {accuracy:.1%}"
            least = min(past.losses[min(settled, epoch) :])
            if epoch >= min(settled, plan.epochs - 1) and past.losses[-1] <= least:
                past.best_epoch = epoch
                best = values(network.model.variables)
        _log(writer, epoch, scalars)
        if plan.checkpoint and (
            strategy.num_replicas_in_sync > 1 or clock() - saved_s >= SAVE_EVERY_S
        ):
            checkpoint.save(plan.checkpoint, plan.fingerprint, past, values(state), best)
            saved_s = clock()
        advance(note)
    if best is not None:
        assign(network.model.variables, best)
    return past


Predictor = Callable[[NDArray[Any] | list[NDArray[Any]]], NDArray[np.float64]]
"""From scaled photos, or all of a network's inputs, to outputs: n × outputs."""


def predictor(model: Any) -> Predictor:
    """What runs a model as it is at each call, traced once; shapes are measured where it wants."""
    tf = backend.tensorflow()
    run = tf.function(
        lambda *part: model(part[0] if len(part) == 1 else list(part), training=False),
        reduce_retracing=True,
    )

    def predict(inputs: NDArray[Any] | list[NDArray[Any]]) -> NDArray[np.float64]:
        fed = feed(model, inputs)
        parts = (slice(at, at + AT_ONCE) for at in range(0, len(fed[0]), AT_ONCE))
        made = [np.asarray(run(*(tf.constant(one[part]) for one in fed))) for part in parts]
        return np.concatenate(made).astype(np.float64)

    return predict


def judge(
    logits: NDArray[np.float64], labels: NDArray[np.intp], label_smoothing: float = 0.0
) -> tuple[float, float]:
    """Mean cross-entropy against smoothed labels, and accuracy."""
    powers = logits - logits.max(axis=1, keepdims=True)
    log_shares = powers - np.log(np.exp(powers).sum(axis=1, keepdims=True))
    right = log_shares[np.arange(len(labels)), labels]
    loss = -(1 - label_smoothing) * right - label_smoothing * log_shares.mean(axis=1)
    return float(loss.mean()), float((logits.argmax(axis=1) == labels).mean())


def values(variables: list[Any]) -> Arrays:
    """Copies of Keras variables."""
    return [np.array(variable.numpy()) for variable in variables]


def assign(variables: list[Any], arrays: Arrays) -> None:
    """Set Keras variables."""
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


def optimizer_of(recipe: Recipe, steps: int) -> Any:
    """The recipe's optimizer, with its schedule over so many steps."""
    optimizers = backend.keras().optimizers
    rate: Any = recipe.learning_rate
    if recipe.scheduled:
        rate = optimizers.schedules.CosineDecay(
            recipe.learning_rate / 100,
            decay_steps=max(1, round(steps * (1 - WARM_UP))),
            warmup_target=recipe.learning_rate,
            warmup_steps=max(1, round(steps * WARM_UP)),
        )
    if recipe.optimizer == "adam":
        return optimizers.Adam(rate)
    optimizer = optimizers.AdamW(rate, weight_decay=recipe.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _restore(plan: Plan, state: list[Any], strategy: Any) -> tuple[Past, Arrays | None]:
    shapes = [tuple(variable.shape) for variable in state]
    found = plan.checkpoint and checkpoint.load(plan.checkpoint, plan.fingerprint, shapes)
    least, greatest = distribution.agreed(strategy, found[0].epochs if found else 0)
    # Workers that were killed apart from each other begin anew rather than from two states.
    if not found or least != greatest:
        return Past(), None
    past, now, best = found
    with strategy.scope():
        assign(state, now)
    return past, best


def stepper(
    network: Network, optimizer: Any, recipe: Recipe, strategy: Any
) -> Callable[[Any], Any]:
    """What learns from one batch of `batches_of` and gives its loss."""
    tf = backend.tensorflow()
    variables = network.trained.trainable_variables

    def on_replica(inputs: Any, targets: Any, weights: Any) -> Any:
        classes = targets.shape[1]
        smooth = targets * (1 - recipe.label_smoothing) + recipe.label_smoothing / classes
        with tf.GradientTape() as tape:
            given = list(inputs) if isinstance(inputs, tuple) else inputs
            heads = tf.nest.flatten(network.trained(given, training=True))
            losses = [
                tf.reduce_sum(weights * tf.nn.softmax_cross_entropy_with_logits(smooth, logits))
                for logits in heads
            ]
            total = losses[0] + AUXILIARY_WEIGHT * sum(losses[1:])
        optimizer.apply(tape.gradient(total, variables), variables)
        return losses[0]

    def step(batch: Any) -> Any:
        losses = strategy.run(on_replica, args=batch)
        return strategy.reduce(tf.distribute.ReduceOp.SUM, losses, axis=None)

    return tf.function(step, reduce_retracing=True)  # type: ignore[no-any-return]


def batches_of(source: Source, plan: Plan, first_step: int, strategy: Any) -> Any:
    """The batches of a training from some step on, made on other threads ahead of their use.

    Each step's photos are dealt out to the replicas in turn; weights add up to 1 a step.
    """
    tf = backend.tensorflow()
    count = len(source.labels)
    per_epoch = -(-count // plan.recipe.batch)
    replicas = strategy.num_replicas_in_sync
    grade_weights = np.ones(plan.grades) if plan.grade_weights is None else plan.grade_weights
    targets = tf.constant(np.eye(plan.grades, dtype=np.float32)[source.labels])
    weights = tf.constant(grade_weights[source.labels].astype(np.float32))

    def batch(step: Any, replica: Any) -> Any:
        epoch, part = step // per_epoch, step % per_epoch
        order = tf.random.experimental.stateless_shuffle(
            tf.range(count), tf.stack([tf.constant(plan.seed, tf.int64), epoch])
        )
        # Parts differ by one photo at most: no step learns from a handful left over.
        start, end = (tf.cast(at * count // per_epoch, tf.int32) for at in (part, part + 1))
        chosen = order[start:end][tf.cast(replica, tf.int32) :: replicas]
        key = tf.stack([plan.seed + 1000 * replica, step])
        inputs, wanted = source.batch(chosen, key), tf.gather(targets, chosen)
        if plan.mixup:
            inputs, wanted = mix_up(inputs, wanted, key + 500, alpha=plan.mixup)
        return inputs, wanted, tf.gather(weights, chosen) / tf.cast(end - start, tf.float32)

    def of_pipeline(context: Any) -> Any:
        local = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * local
        steps = tf.data.Dataset.range(first_step, plan.epochs * per_epoch)
        pairs = steps.flat_map(
            lambda step: tf.data.Dataset.range(first, first + local).map(lambda one: (step, one))
        )
        return pairs.map(batch, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    return strategy.distribute_datasets_from_function(of_pipeline)


def _writer(plan: Plan, strategy: Any) -> Any:
    if plan.logs is None or distribution.worker(strategy):
        return None
    return backend.tensorflow().summary.create_file_writer(str(plan.logs))


def _log(writer: Any, epoch: int, scalars: dict[str, float]) -> None:
    if writer is None:
        return
    with writer.as_default(step=epoch + 1):
        for name, value in scalars.items():
            backend.tensorflow().summary.scalar(name, value)
    writer.flush()
