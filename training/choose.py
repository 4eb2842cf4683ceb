"""`--model auto`: which network suits the photos, by cross-validation within a time budget."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sorter.preprocess import Preprocess
from training import weights
from training.compare import Answers, Field, cross_validate
from training.errors import PhotosError
from training.fit import Method, auto_epochs
from training.labelled import Labelled
from training.parity import mcnemar
from training.progress import Steps
from training.run_folder import write_whole
from training.split import Way, folds
from training.zoo import DEFAULT, architecture

CANDIDATES = (DEFAULT, "inception-mini", "vgg-mini", "resnet-mini", "lenet")
"""From scratch, with one scaling of the levels; in the order in which they are tried, and
preferred where trials say little: on few photos, short trials alone would choose by chance."""
FOLDS = 5
SHORTER = 0.4
"""Part of the epochs of a trial: enough to rank by."""
CLEAR = 0.3
"""P-value of a paired test under which one network is clearly better than another; where none is,
the one tried first wins. It takes three photos of a lead, or about one standard error."""
MINUTES = 10.0
CHOSEN = ("model", "shape", "weights", "fine_tune")
"""The fields of a method that trials decide on."""

Trial = Callable[[Method, int], Answers]
"""From a way of training and the number of the fold that is left out to its answers there."""


def candidates(method: Method, size_px: int) -> list[Method]:
    """What is worth a trial, in the order in which it is tried.

    The networks from scratch; the default with the item's measured shape and without; and, if
    there are weights, the backbone that they fit.

    Args:
        method: what the user chose besides.
        size_px: side of the input.

    Raises:
        TrainingError: the weights fit no backbone.
    """
    plain = replace(method, weights=weights.NONE, fine_tune=0)
    tried = [
        replace(plain, model=name)
        for name in CANDIDATES
        if size_px >= architecture(name).smallest_px
    ]
    if method.shape is None:
        tried.insert(1, replace(tried[0], shape=not tried[0].takes_shape))
    if method.weights != weights.NONE:
        tried.insert(1, replace(method, model=weights.fitting(method.weights)))
    return tried


def label(method: Method) -> str:
    """What a sentence calls a way of training."""
    name = method.model
    if method.shape is not None:
        name += " with the measured shape" if method.shape else " without the measured shape"
    return name if method.weights == weights.NONE else f"{name} with weights"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How to train, and the sentence that says why."""

    method: Method
    reason: str

    def save(self, path: Path, asked: str) -> None:
        """Keep it, whole or not at all, so that a training that is killed goes on with it.

        Args:
            path: of the file.
            asked: what tells the command and its photos from others.
        """
        kept = {name: getattr(self.method, name) for name in CHOSEN}
        write_whole(path, json.dumps({"asked": asked, "reason": self.reason, "method": kept}))

    @classmethod
    def load(cls, path: Path, asked: str, method: Method) -> Choice | None:
        """What was chosen before a kill; None if nothing was, or by another command.

        Args:
            path: of the file.
            asked: as it was saved.
            method: what the user chose besides.
        """
        try:
            kept = json.loads(path.read_bytes())
            if kept["asked"] != asked or set(kept["method"]) != set(CHOSEN):
                return None
            return cls(method=replace(method, **kept["method"]), reason=str(kept["reason"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None


def choose(
    photos: Labelled,
    grades: Sequence[str],
    groups: Sequence[int],
    *,
    method: Method,
    way: Way,
    preprocess: Preprocess,
    ranks: list[int] | None,
    minutes: float,
    steps: Steps,
) -> Choice:
    """Pick a network for photos of which the test part is not one.

    Args:
        photos: what the training may see.
        grades: of each photo.
        groups: of each photo, see `groups.group`.
        method: how the network will be trained.
        way: of the split, see `split.split`.
        preprocess: that made the inputs.
        ranks: see `fit.fit`.
        minutes: that the trials may take, and less than one trial more.
        steps: shows progress.
    """
    size = preprocess.size_px
    tried = candidates(method, size)
    try:
        fold_of = folds(grades, groups, count=FOLDS, way=way, seed=method.seed)
    except PhotosError:
        reason = f"{label(tried[0])} was taken untried: there are too few photos for trials"
        return Choice(method=tried[0], reason=reason)
    swapped = Labelled(inputs=photos.inputs[..., ::-1], labels=photos.labels)
    orders = {preprocess.colour_order: photos}
    field = Field(
        read={(size, order): orders.get(order, swapped) for order in ("RGB", "BGR")},
        sizes={one.model: size for one in tried},
        fold_of=np.array(fold_of),
        groups=list(groups),
        grades=int(photos.labels.max()) + 1,
        ranks=ranks,
        window_mm=preprocess.window_mm,
    )
    advance = steps.start("Choosing a network", len(tried) * FOLDS)

    def trial(method: Method, fold: int) -> Answers:
        return cross_validate(field, method, [fold], lambda note: advance(label(method)))

    learned = round(len(photos.labels) * (1 - 1 / FOLDS))
    full = method.epochs or auto_epochs(learned, size)

    def short(one: Method, fold: int) -> Answers:
        return trial(replace(one, epochs=max(1, round(full * SHORTER))), fold)

    return rank(tried, short, seconds=60 * minutes)


def rank(
    tried: Sequence[Method],
    trial: Trial,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Choice:
    """Try networks fold by fold until the time is up, and take the first that none clearly beats.

    After each fold, those that are clearly worse than the best are not tried any more. A fold
    that not all of the rest were tried on does not count.

    Args:
        tried: ways of training; the first is taken if there is no time to compare.
        trial: trains one.
        seconds: after which no trial begins.
        clock: in seconds.
    """
    started = clock()
    by_name = {label(one): one for one in tried}
    left, out = list(by_name), 0
    right: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in by_name}
    for fold in range(FOLDS):
        for name in left:
            if clock() - started >= seconds:
                break
            said = trial(by_name[name], fold)
            right[name].append(said.by_int8.argmax(axis=1) == said.truth)
        if not fold:
            left = [name for name in left if right[name]]
        if not left or any(len(right[name]) <= fold for name in left):
            break
        even = _even(left, right)
        out += len(left) - len(even)
        left = even
        if len(left) < 2:
            break
    if not left:
        return Choice(
            method=tried[0],
            reason=f"{label(tried[0])} was taken untried: there was no time for a trial; give more "
            f"with --minutes",
        )
    whole = min(len(right[name]) for name in left)
    pooled = {name: np.concatenate(right[name][:whole]) for name in left}
    best = max(left, key=lambda name: float(pooled[name].mean()))
    chosen = _even(left, {n: [p] for n, p in pooled.items()})[0]
    return Choice(
        method=by_name[chosen],
        reason=_reason(chosen, best, pooled, whole, len(tried), len(left) + out),
    )


def _even(names: Sequence[str], right: dict[str, list[NDArray[np.bool_]]]) -> list[str]:
    """Those that are not clearly worse than the best, in a paired comparison."""
    pooled = {name: np.concatenate(right[name]) for name in names}
    best = pooled[max(names, key=lambda name: float(pooled[name].mean()))]
    return [
        name
        for name, own in pooled.items()
        if mcnemar(int((best & ~own).sum()), int((own & ~best).sum())) >= CLEAR
    ]


def _others(names: Iterable[str], chosen: str) -> list[str]:
    return [name for name in names if name != chosen]


def _reason(
    chosen: str,
    best: str,
    pooled: dict[str, NDArray[np.bool_]],
    folds_done: int,
    wanted: int,
    tried: int,
) -> str:
    told = f"{int(pooled[chosen].sum())} of {len(pooled[chosen])} photos right in short trials"
    told += f" on {folds_done} of {FOLDS} folds" if folds_done < FOLDS else ""
    if chosen != best:
        why = f"{best} had {int(pooled[best].sum())}, which is no clear lead"
    elif len(pooled) > 1:
        why = f"the best, though not clearly ahead of {' and '.join(_others(pooled, chosen))}"
    elif tried > 1:
        why = "clearly the best"
    else:
        why = "the only one that there was time for"
    short = f"; {wanted - tried} networks were not tried for lack of time" if tried < wanted else ""
    return f"{chosen} was chosen of {tried} tried ({told}): {why}{short}"
