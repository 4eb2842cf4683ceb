"""Networks set side by side: the same photos, the same folds, one machine."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sorter.preprocess import Preprocess
from training import distribution, int8_file, photos, split, weights, zoo
from training.errors import TrainingError
from training.fit import Method, fit
from training.grades import read_grades
from training.grouped import read_grouped
from training.intervals import wilson_of
from training.labelled import Labelled
from training.loop import predictor
from training.progress import Advance, Silent, Steps
from training.quantize import WANTED, scaled, to_int8
from training.ready import check_network
from training.split import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One network; accuracies are forced top-1 over all photos, each tested when held out."""

    model: str
    size_px: int
    n: int
    parameters: int
    macs: int
    activation_bytes: int
    file_bytes: int
    """Of the int8 TFLite file."""
    float_accuracy: float
    float_low: float
    """95 % Wilson interval."""
    float_high: float
    int8_accuracy: float
    int8_low: float
    int8_high: float
    fold_accuracies: list[float]
    """Of the int8 file, on each fold."""
    invoke_ms: float
    """Median of one photo on one thread; all networks were measured in turn."""

    def as_dict(self) -> dict[str, Any]:
        """What `--json` prints of it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Of one network on photos that it was not trained on."""

    truth: NDArray[np.intp]
    by_float: NDArray[np.float64]
    """Logits, n × grades."""
    by_int8: NDArray[np.float64]
    fold: NDArray[np.intp]
    """In which each photo was held out."""
    groups: list[Hashable]
    """See `Field`."""
    parameters: int
    file: bytes = b""
    """The int8 file of the last fold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What all networks are tried on."""

    read: dict[tuple[int, str], Labelled]
    """By size and order of the colours."""
    sizes: dict[str, int]
    """Side of each network's input."""
    fold_of: NDArray[np.intp]
    groups: list[Hashable]
    """Of each photo; those of one item, and copies, share one."""
    grades: int
    ranks: list[int] | None
    window_mm: float | None
    before: Labelled | None = None
    """Other photos, with grades of their own, that each network learns from first."""

    def preprocess(self, model: str) -> Preprocess:
        """What a network's inputs were made by."""
        return zoo.architecture(model).preprocess(self.sizes[model], self.window_mm)


def methods(names: str, common: Method) -> list[Method]:
    """The networks of a list `a,b,c=FILE`; behind = stand a backbone's weights.

    Raises:
        TrainingError: a network is unknown, named twice, or its weights are none.
    """
    made = []
    for entry in filter(None, (one.strip() for one in names.split(","))):
        name, _, given = entry.partition("=")
        zoo.architecture(name)
        weights.check(given or weights.NONE, name)
        fine_tune = common.fine_tune if given else 0
        made.append(replace(common, model=name, weights=given or weights.NONE, fine_tune=fine_tune))
    if len({one.model for one in made}) < len(made) or not made:
        raise TrainingError(f"--models: found '{names}'; name at least one network, each once")
    return made


def compare(
    root: Path,
    tried: Sequence[Method],
    *,
    size_px: int | None,
    folds: int,
    way: Way,
    skip_unreadable: bool,
    steps: Steps,
) -> list[Row]:
    """Train, quantize and test each network on each fold.

    No photo of a fold picks the epoch either: each training ends with its last.

    Args:
        root: one sub-folder of photos a grade.
        tried: see `methods`.
        size_px: side of the inputs; by the photos and the network unless given.
        folds: 2 or more.
        way: see `split.split`.
        skip_unreadable: see `photos.read_all`.
        steps: shows progress.

    Raises:
        PhotosError: the photos cannot be trained on.
        TrainingError: the installation or the weights cannot.
    """
    auto = photos.auto_size(photos.scan(root))
    for one in tried:
        check_network(one, size_px or max(zoo.architecture(one.model).smallest_px, auto))
    field = read_field(
        root,
        [one.model for one in tried],
        size_px=size_px,
        folds=folds,
        way=way,
        seed=tried[0].seed,
        skip_unreadable=skip_unreadable,
        steps=steps,
    )
    said = []
    for method in tried:
        advance = steps.start(method.model, folds)
        said.append(cross_validate(field, method, range(folds), advance))
    times = int8_file.invoke_ms([one.file for one in said])
    return [
        _row(field, method, one, time) for method, one, time in zip(tried, said, times, strict=True)
    ]


def read_field(
    root: Path,
    models: Sequence[str],
    *,
    size_px: int | None,
    folds: int,
    way: Way,
    seed: int,
    skip_unreadable: bool,
    steps: Steps,
) -> Field:
    """Read the photos as each network wants them, and deal them out to folds.

    Raises:
        PhotosError: the photos cannot be trained on.
    """
    found = photos.scan(root)
    declared = read_grades(root, sorted({photo.grade for photo in found}))
    names = [grade.name for grade in declared.in_order()]
    auto = photos.auto_size(found)
    sizes = {one: size_px or max(zoo.architecture(one).smallest_px, auto) for one in models}
    wanted = {
        (sizes[one], zoo.architecture(one).colour_order): zoo.architecture(one).preprocess(
            sizes[one], declared.window_mm
        )
        for one in models
    }
    read = read_grouped(
        found,
        lambda photo: {shape: preprocess(photo) for shape, preprocess in wanted.items()},
        way=way,
        group_copies=True,
        skip_unreadable=skip_unreadable,
        steps=steps,
    )
    kept = [photo.grade for photo in read.photos]
    labels = np.array([names.index(grade) for grade in kept])
    return Field(
        read={
            shape: Labelled(inputs=np.stack([one[shape] for one in read.results]), labels=labels)
            for shape in wanted
        },
        sizes=sizes,
        fold_of=np.array(split.folds(kept, read.groups, count=folds, way=way, seed=seed)),
        groups=read.shown(way),
        grades=len(names),
        ranks=declared.ranks(),
        window_mm=declared.window_mm,
    )


def cross_validate(
    field: Field, method: Method, held_out: Sequence[int], advance: Advance
) -> Answers:
    """Train on all but one fold and ask about that one, for each of some folds.

    Args:
        field: the photos.
        method: the network, and how it is trained.
        held_out: numbers of the folds.
        advance: called once a fold.
    """
    preprocess = field.preprocess(method.model)
    data = field.read[preprocess.size_px, preprocess.colour_order]
    strategy = distribution.choose()
    parts = []
    for fold in held_out:
        out = field.fold_of == fold
        train = Labelled(inputs=data.inputs[~out], labels=data.labels[~out])
        fitted = fit(
            train,
            None,
            method=method,
            preprocess=preprocess,
            grades=field.grades,
            ranks=field.ranks,
            before=field.before,
            strategy=strategy,
            steps=Silent(),
        )
        order = np.random.default_rng(method.seed).permutation(len(train.labels))[:WANTED]
        file = to_int8(fitted.model, train.inputs[np.sort(order)], preprocess)
        asked, truth = data.inputs[out], data.labels[out]
        answers = Answers(
            truth=truth,
            by_float=predictor(fitted.model)(scaled(asked, preprocess)),
            by_int8=int8_file.run(file, asked, preprocess),
            fold=np.full(len(truth), fold),
            groups=[field.groups[index] for index in np.flatnonzero(out)],
            parameters=fitted.parameters,
            file=file,
        )
        parts.append(answers)
        right = (answers.by_int8.argmax(axis=1) == truth).mean()
        advance(f"fold {fold + 1}: {right:.1%}")
    return Answers(
        truth=np.concatenate([one.truth for one in parts]),
        by_float=np.concatenate([one.by_float for one in parts]),
        by_int8=np.concatenate([one.by_int8 for one in parts]),
        fold=np.concatenate([one.fold for one in parts]),
        groups=[group for one in parts for group in one.groups],
        parameters=parts[-1].parameters,
        file=parts[-1].file,
    )


def _row(field: Field, method: Method, said: Answers, time_ms: float) -> Row:
    right = {
        name: logits.argmax(axis=1) == said.truth
        for name, logits in (("float", said.by_float), ("int8", said.by_int8))
    }
    n = len(said.truth)
    bounds = {name: wilson_of(one, said.groups) for name, one in right.items()}
    costs = int8_file.costs(said.file)
    return Row(
        model=method.model,
        size_px=field.sizes[method.model],
        n=n,
        parameters=said.parameters,
        macs=costs.macs,
        activation_bytes=costs.activation_bytes,
        file_bytes=len(said.file),
        float_accuracy=float(right["float"].mean()),
        float_low=bounds["float"][0],
        float_high=bounds["float"][1],
        int8_accuracy=float(right["int8"].mean()),
        int8_low=bounds["int8"][0],
        int8_high=bounds["int8"][1],
        fold_accuracies=[
            float(right["int8"][said.fold == fold].mean()) for fold in np.unique(said.fold)
        ],
        invoke_ms=time_ms,
    )
