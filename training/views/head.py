"""A recurrent head over the views of one item: its layers, its training, its int8 file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from sorter.views import Probabilities, log_probabilities, repeated
from training import backend
from training.loop import judge, predictor
from training.progress import Advance
from training.quantize import by_tflite

Kind = Literal["gru", "lstm"]
KINDS: tuple[Kind, ...] = get_args(Kind)
MEAN = "mean"
"""Of the log-probabilities: without a head."""
WAYS = (MEAN, *KINDS)
UNITS = 16
SEEN = "seen"
"""The input's name."""
MOST_STEPS = 6
"""Views of an item that the head looks at; the belt shows three."""
EPOCHS, BATCH, LEARNING_RATE, WEIGHT_DECAY = 80, 32, 8e-3, 0.02
SCALE = 0.2
"""Log-probabilities reach down to −14, where a gate is shut for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed:
    """Items with the classifier's answers to their views."""

    views: list[Probabilities]
    """Of each item: calibrated probabilities, views × grades."""
    truth: NDArray[np.intp]
    """Index of each item's grade."""

    @property
    def steps(self) -> int:
        """So many views the head has to look at."""
        return min(MOST_STEPS, max(len(one) for one in self.views))


def build(kind: Kind, *, steps: int, grades: int, temperature: float | None = None) -> Any:
    """The untrained head, which says what the mean of its inputs says.

    The recurrent part only corrects the mean of the log-probabilities: with few items it begins
    from what works, and cannot unlearn it.

    Args:
        kind: of the recurrent layer. It is unrolled, with a product of its own for each gate: then
            all of it becomes int8. Of one product for all gates, the converter now and then leaves
            the splitting in float.
        steps: views that it takes.
        grades: of each view.
        temperature: by which the logits are divided, and then a batch is one item, for the
            converter; None while it learns.

    Returns:
        Keras model from n × steps × grades log-probabilities to n × grades logits.
    """
    keras = backend.keras()
    layers = keras.layers
    recurrent = {"gru": layers.GRU, "lstm": layers.LSTM}[kind]
    # Names that Keras numbers by itself would make each file of a process another one.
    views = layers.Input((steps, grades), batch_size=None if temperature is None else 1, name=SEEN)
    heard = recurrent(UNITS, unroll=True, implementation=1, name=kind)(
        layers.Rescaling(SCALE, name="scale")(views)
    )
    correction = layers.Dense(grades, kernel_initializer="zeros", name="correction")(heard)
    mean = layers.GlobalAveragePooling1D(name="mean")(views)
    logits = layers.Add(name="sum")([mean, correction])
    if temperature is not None:
        logits = layers.Rescaling(1 / temperature, name="temperature")(logits)
    return keras.Model(views, logits, name="views")


def train(
    kind: Kind,
    learned: Viewed,
    validation: Viewed,
    *,
    seed: int,
    epochs: int = EPOCHS,
    advance: Advance,
) -> Any:
    """Train a head; the epoch with the least validation loss is kept, the mean itself being one.

    Each time an item is shown, some of its views come in random order, so that the head relies
    neither on their number nor on one place.

    Args:
        kind: of the recurrent layer.
        learned: items to learn from; each has two views or more.
        validation: items that pick the epoch.
        seed: of the weights and the order.
        epochs: passes over the items.
        advance: called once an epoch.
    """
    keras, tf = backend.keras(), backend.tensorflow()
    keras.utils.set_random_seed(seed)
    random = np.random.default_rng(seed)
    grades = learned.views[0].shape[1]
    steps = learned.steps
    model = build(kind, steps=steps, grades=grades)
    optimizer = keras.optimizers.AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]
    def step(inputs: Any, labels: Any) -> None:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(inputs))
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)

    shown, said = laid_out(validation.views, steps), predictor(model)
    best, least = model.get_weights(), judge(said(shown), validation.truth)[0]
    for _ in range(epochs):
        order = random.permutation(len(learned.views))
        drawn = [learned.views[index][_some(len(learned.views[index]), random)] for index in order]
        inputs = laid_out(drawn, steps)
        for start in range(0, len(order), BATCH):
            part = slice(start, start + BATCH)
            step(tf.constant(inputs[part]), tf.constant(learned.truth[order[part]]))
        loss = judge(said(shown), validation.truth)[0]
        if loss < least:
            best, least = model.get_weights(), loss
        advance("")
    model.set_weights(best)
    return model


def logits(model: Any, viewed: Viewed) -> Probabilities:
    """What a head says about items, before temperature; n × grades."""
    return predictor(model)(laid_out(viewed.views, model.input_shape[1]))


def to_int8(kind: Kind, model: Any, viewed: Viewed, *, temperature: float) -> bytes:
    """The TFLite file of a head, all of it in int8.

    Args:
        kind: of its recurrent layer.
        model: trained.
        viewed: items on which the ranges are measured.
        temperature: by which the logits are divided.
    """
    steps, grades = model.input_shape[1:]
    single = build(kind, steps=steps, grades=grades, temperature=temperature)
    single.set_weights(model.get_weights())
    return by_tflite(single, [{SEEN: one[None]} for one in laid_out(viewed.views, steps)])


def laid_out(views: Sequence[Probabilities], steps: int) -> NDArray[np.float32]:
    """Items as a head takes them, n × steps × grades."""
    rows = [log_probabilities(one)[repeated(len(one), steps)] for one in views]
    return np.stack(rows).astype(np.float32)


def _some(count: int, random: np.random.Generator) -> NDArray[np.intp]:
    return random.permutation(count)[: random.integers(min(2, count), count + 1)]
