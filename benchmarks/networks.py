"""Networks on the same folds, the cache of bottlenecks, and the input pipeline."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Report
from benchmarks.sets import DATA
from training import backend, loop, photos, transfer, zoo
from training.audit.border import border
from training.bottlenecks import bottlenecks, open_cache
from training.compare import Field, cross_validate, read_field
from training.fit import Method, photo_source
from training.labelled import Labelled
from training.loop import Plan, Source, predictor
from training.progress import Silent
from training.zoo import Network
from training.zoo.backbones import POOLED

FOLDS = 5
ANCESTOR, OURS = "deep-mnist", zoo.DEFAULT
ROUNDS, STEPS = 12, 25
"""Turns and steps a turn of the input pipeline's; the first turn, which traces, does not count."""
EPOCHS = 6
"""Of which the first, which traces the graphs, does not count."""


def measure(report: Report) -> None:
    """Hold the training against the ancestor's, and its speed against what is promised."""
    cucumbers, lemons = DATA / "cucumber9", DATA / "lemons"
    if not cucumbers.is_dir() or not lemons.is_dir():
        print(f"skipped: no photos in {DATA}; set SORTER_DATA to their folder")
        return
    _cache(report, _some(lemons, "mobilenet-0.25", 128))
    _pipeline(report, _some(cucumbers, OURS, 32))
    _folds(report, cucumbers)


def _folds(report: Report, root: Path) -> None:
    field = read_field(
        root,
        [OURS, ANCESTOR],
        size_px=None,
        folds=FOLDS,
        way="random",
        seed=0,
        skip_unreadable=False,
        steps=Silent(),
    )
    percent = {}
    for name in (ANCESTOR, OURS):
        said = cross_validate(field, Method(model=name), range(FOLDS), lambda note: None)
        by_int8, by_float = (
            100 * float((one.argmax(axis=1) == said.truth).mean())
            for one in (said.by_int8, said.by_float)
        )
        percent[name] = by_int8
        if name == OURS:
            report.at_least("cucumber9 int8 - float", round(by_int8 - by_float, 1), "points", -0.5)
    _corners(field)
    lead = percent[OURS] - percent[ANCESTOR]
    report.at_least(f"cucumber9 {ANCESTOR}", round(percent[ANCESTOR], 1), "%", 60.0)
    report.at_least(f"cucumber9 {OURS}", round(percent[OURS], 1), "%", 75.0)
    report.at_least("cucumber9 lead", round(lead, 1), "points", 15.0)


def _corners(field: Field) -> None:
    """What the light alone gives away, for the reader: no promise."""
    ((_, data),) = field.read.items()
    smalls = [np.ascontiguousarray(one[..., ::-1]) for one in data.inputs]
    found = border(smalls, [str(label) for label in data.labels], list(range(len(smalls))))
    if found is not None:
        print(f"       cucumber9 by the corners of the photos alone: {100 * found.accuracy:.1f} %")


def _some(root: Path, model: str, size_px: int) -> Labelled:
    """Every eighth photo of a set, or all of a small one."""
    found = photos.scan(root)
    found = found[:: max(1, len(found) // 250)]
    preprocess = zoo.architecture(model).preprocess(size_px)
    kept, inputs, _ = photos.read_all(
        found, preprocess, skip_unreadable=False, advance=lambda note: None
    )
    grades = sorted({photo.grade for photo in kept})
    return Labelled(
        inputs=np.stack(inputs), labels=np.array([grades.index(photo.grade) for photo in kept])
    )


def _epoch_s(network: Network, source: Source, name: str, grades: int) -> float:
    """Least time of an epoch, the first left out: the one that other programs disturbed least."""
    ends = [time.monotonic()]
    plan = Plan(recipe=zoo.architecture(name).recipe, epochs=EPOCHS, seed=0, grades=grades)
    loop.train(
        network,
        source,
        None,
        plan,
        strategy=backend.tensorflow().distribute.get_strategy(),
        advance=lambda note: ends.append(time.monotonic()),
    )
    return float(np.min(np.diff(ends[1:])))


def _cache(report: Report, data: Labelled) -> None:
    name = "mobilenet-0.25"
    keras, tf = backend.keras(), backend.tensorflow()
    preprocess = zoo.architecture(name).preprocess(data.inputs.shape[1])
    grades = int(data.labels.max()) + 1
    network = zoo.build(name, preprocess.size_px, grades)
    pooled = network.model.get_layer(POOLED).output
    trunk = keras.Model(network.model.input, pooled)
    predictor(trunk)(np.zeros((1, *trunk.input_shape[1:]), np.float32))
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            with open_cache(Path(folder) / "cache.sqlite") as cache:
                started = time.monotonic()
                features = bottlenecks(
                    trunk,
                    data.inputs,
                    views=1,
                    full_turn=False,
                    preprocess=preprocess,
                    backbone=name,
                    cache=cache,
                    advance=lambda note: None,
                )
                taken.append(time.monotonic() - started)
    vectors = tf.constant(features[:, 0])
    head = Network(
        model=keras.Model(pooled, network.model.output),
        trained=keras.Model(pooled, [network.model.output]),
    )
    source = Source(batch=lambda chosen, seed: tf.gather(vectors, chosen), labels=data.labels)
    epoch_s = _epoch_s(head, source, name, grades)
    # Without a cache each epoch asks the backbone about each photo.
    report.at_least(
        "warm cache, an epoch",
        round((taken[0] + epoch_s) / (taken[1] / transfer.HEAD_EPOCHS + epoch_s), 1),
        "x",
        10.0,
    )


def _pipeline(report: Report, data: Labelled) -> None:
    """One network learns in turns from photos that are augmented and from ready ones in memory.

    The least time of each counts: the turn that other programs disturbed least.
    """
    tf = backend.tensorflow()
    architecture = zoo.architecture(OURS)
    preprocess = architecture.preprocess(data.inputs.shape[1])
    grades = int(data.labels.max()) + 1
    shape = Method(model=OURS).takes_shape
    from_pipeline = photo_source(data, preprocess, augmented=True, full_turn=False, shape=shape)
    ready = photo_source(data, preprocess, augmented=False, full_turn=False, shape=shape)
    every = tf.range(len(data.labels), dtype=tf.int64)
    kept = ready.batch(every, tf.zeros(2, tf.int64))

    def gather(chosen: Any, seed: Any) -> Any:
        return tf.nest.map_structure(lambda one: tf.gather(one, chosen), kept)

    sources = {"memory": Source(batch=gather, labels=data.labels), "pipeline": from_pipeline}
    recipe, strategy = architecture.recipe, tf.distribute.get_strategy()
    plan = Plan(recipe=recipe, epochs=10_000, seed=0, grades=grades)
    network = zoo.build(OURS, preprocess.size_px, grades, shape=shape)
    optimizer = loop.optimizer_of(recipe, 10_000)
    optimizer.build(network.trained.trainable_variables)
    step = loop.stepper(network, optimizer, recipe, strategy)
    batches = {
        name: iter(loop.batches_of(source, plan, 0, strategy)) for name, source in sources.items()
    }
    taken: dict[str, list[float]] = {name: [] for name in sources}
    for _ in range(ROUNDS):
        for name, source in batches.items():
            started = time.monotonic()
            for _ in range(STEPS):
                loss = step(next(source))
            float(loss)
            taken[name].append(time.monotonic() - started)
    share = min(taken["memory"][1:]) / min(taken["pipeline"][1:])
    report.at_least("input pipeline", round(100 * share), "% of steps/s", 90.0)
