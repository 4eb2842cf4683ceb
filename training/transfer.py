"""Transfer: a new last layer on a backbone that stays as it is, then its top blocks as well."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from sorter.preprocess import Preprocess
from sorter.shape import shapes
from training import backend, loop
from training.bottlenecks import bottlenecks, default_cache, open_cache
from training.checkpoint import Past
from training.errors import TrainingError
from training.labelled import Labelled
from training.loop import Judged, Plan, Source, judge, predictor
from training.progress import Advance
from training.zoo import Network
from training.zoo.architecture import Recipe
from training.zoo.backbones import POOLED

VIEWS = 8
"""Of each photo, for the frozen stage; more are worth little, and each costs a pass."""
HEAD = Recipe(learning_rate=3e-3, batch=64)
HEAD_EPOCHS = 60
SLOWER = 0.2
"""Learning rate of fine-tuning, beside that of a training from scratch."""


def train_head(
    network: Network,
    train: Labelled,
    validation: Labelled | None,
    plan: Plan,
    *,
    preprocess: Preprocess,
    backbone: str,
    full_turn: bool,
    cache: Path | None,
    strategy: Any,
    looking: Advance,
    advance: Advance,
) -> Past:
    """Train the last layer alone, on bottlenecks.

    Args:
        network: with its backbone's weights.
        train: what it learns from.
        validation: what picks the epoch.
        plan: of the training; its recipe and epochs are replaced by those of a last layer.
        preprocess: that made the inputs.
        backbone: what tells the backbone and its weights from others.
        full_turn: see `augment`.
        cache: file of the bottlenecks; one for all runs unless given.
        strategy: one of `tf.distribute`.
        looking: called once a photo.
        advance: called once an epoch.

    Raises:
        TrainingError: the cache cannot be read or written.
    """
    keras, tf = backend.keras(), backend.tensorflow()
    pooled = network.model.get_layer(POOLED).output
    photo, *shape = network.model.inputs
    trunk = keras.Model(photo, pooled)
    entry = [pooled, *shape] if shape else pooled
    head = keras.Model(entry, network.model.output)
    parts = [train] if validation is None else [train, validation]
    measured = [[shapes(part.inputs)] if shape else [] for part in parts]
    with open_cache(cache or default_cache()) as known:
        features = [
            bottlenecks(
                trunk,
                part.inputs,
                views=VIEWS if part is train else 1,
                full_turn=full_turn,
                preprocess=preprocess,
                backbone=backbone,
                cache=known,
                advance=looking,
            )
            for part in parts
        ]
    views = tf.constant(features[0])

    def batch(chosen: Any, seed: Any) -> Any:
        which = tf.random.stateless_uniform(tf.shape(chosen), seed, 0, VIEWS, tf.int32)
        seen = tf.gather(tf.gather(views, chosen), which, batch_dims=1)
        return (seen, tf.gather(measured[0][0], chosen)) if shape else seen

    return loop.train(
        Network(model=head, trained=keras.Model(entry, [network.model.output])),
        Source(batch=batch, labels=train.labels),
        None if validation is None else ([features[1][:, 0], *measured[1]], validation.labels),
        replace(plan, recipe=HEAD, epochs=HEAD_EPOCHS, mixup=0.0, checkpoint=None, logs=None),
        strategy=strategy,
        advance=advance,
    )


def fine_tune(
    network: Network,
    source: Source,
    validation: Judged | None,
    plan: Plan,
    *,
    blocks: int,
    block_ends: str,
    strategy: Any,
    advance: Advance,
) -> Past:
    """Train the top blocks too, slowly; batch norm keeps the statistics that it has.

    What was there before is kept if no epoch is better on the validation part.

    Args:
        network: whose last layer is trained.
        source: of the photos.
        validation: what picks the epoch.
        plan: of the training.
        blocks: how many, from the top.
        block_ends: see `Architecture`.
        strategy: one of `tf.distribute`.
        advance: called once an epoch.

    Raises:
        TrainingError: the backbone has fewer blocks.
    """
    freeze_below(network.model, blocks, block_ends)
    before = loop.values(network.model.variables)
    predict = predictor(network.model)
    recipe = plan.recipe

    def loss() -> float:
        assert validation is not None
        inputs, labels = validation
        return judge(predict(inputs), labels, recipe.label_smoothing)[0]

    frozen = None if validation is None else loss()
    slow = replace(plan, recipe=replace(recipe, learning_rate=recipe.learning_rate * SLOWER))
    past = loop.train(network, source, validation, slow, strategy=strategy, advance=advance)
    if frozen is not None and loss() > frozen:
        loop.assign(network.model.variables, before)
    return past


def freeze_below(model: Any, blocks: int, block_ends: str) -> None:
    """Let only the top blocks and what lies above them learn; no batch norm learns.

    A batch norm that does not learn also keeps its mean and variance: a small set's are worse.

    Raises:
        TrainingError: there are not so many blocks.
    """
    cut = lowest_trained(model, blocks, block_ends)
    norms = backend.keras().layers.BatchNormalization
    for index, layer in enumerate(model.layers):
        layer.trainable = index >= cut and not isinstance(layer, norms)


def lowest_trained(model: Any, blocks: int, block_ends: str) -> int:
    """Index of the lowest layer of a backbone's top blocks.

    Args:
        model: Keras model of the backbone, or of a network around it.
        blocks: how many, from the top.
        block_ends: see `Architecture`.

    Raises:
        TrainingError: there are not so many.
    """
    ends: dict[str, int] = {}
    for index, layer in enumerate(model.layers):
        if found := re.fullmatch(block_ends, layer.name):
            ends[found[1] or ""] = index
    if blocks >= len(ends):
        raise TrainingError(
            f"--fine-tune: found {blocks}; this backbone has {len(ends)} blocks of which at least "
            f"one stays frozen, so give at most {len(ends) - 1}"
        )
    return sorted(ends.values())[-blocks - 1] + 1
