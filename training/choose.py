"""`--model auto`: which network suits the photos, by cross-validation within a time budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sorter.preprocess import Preprocess
from training.compare import Answers, Field, cross_validate
from training.errors import PhotosError
from training.fit import Method, auto_epochs
from training.int8_file import costs
from training.labelled import Labelled
from training.progress import Steps
from training.split import Way, folds
from training.zoo import DEFAULT, architecture

AUTO = "auto"
CANDIDATES = (DEFAULT, "inception-mini", "vgg-mini", "resnet-mini", "lenet")
"""From scratch, with one scaling of the levels; in the order in which they are tried."""
FOLDS = 5
SHORTER = 0.4
"""Part of the epochs of a trial: enough to rank by."""
EVEN = 1.0
"""Two networks this many standard errors apart, or less, count as equal: the cheaper wins."""
MINUTES = 10.0

Trial = Callable[[Method, int], Answers]
"""From a network and the number of the fold that it is not trained on to its answers there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The network, and the sentence that says why."""

    model: str
    reason: str


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
    tried = [one for one in CANDIDATES if size >= architecture(one).smallest_px]
    try:
        fold_of = folds(grades, groups, count=FOLDS, way=way, seed=method.seed)
    except PhotosError:
        reason = f"{tried[0]} was taken untried: there are too few photos for trials"
        return Choice(model=tried[0], reason=reason)
    field = Field(
        read={(size, preprocess.colour_order): photos},
        sizes=dict.fromkeys(tried, size),
        fold_of=np.array(fold_of),
        grades=int(photos.labels.max()) + 1,
        ranks=ranks,
        window_mm=preprocess.window_mm,
    )
    advance = steps.start("Choosing a network", len(tried) * FOLDS)

    def trial(method: Method, fold: int) -> Answers:
        return cross_validate(field, method, [fold], lambda note: advance(method.model))

    learned = round(len(photos.labels) * (1 - 1 / FOLDS))
    full = method.epochs or auto_epochs(learned, size)
    short = replace(method, epochs=max(1, round(full * SHORTER)))
    return rank(tried, short, trial, seconds=60 * minutes)


def rank(
    tried: Sequence[str],
    method: Method,
    trial: Trial,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Choice:
    """Try networks fold by fold until the time is up, and take the best.

    After each fold, those that are clearly worse than the best are not tried any more. A fold
    that not all of the rest were tried on does not count.

    Args:
        tried: names; the first is taken if there is no time to compare.
        method: how each is trained.
        trial: trains one.
        seconds: after which no trial begins.
        clock: in seconds.
    """
    started = clock()
    left, out = list(tried), 0
    right: dict[str, list[NDArray[np.bool_]]] = {name: [] for name in tried}
    macs: dict[str, int] = {}
    for fold in range(FOLDS):
        for name in left:
            if clock() - started >= seconds:
                break
            said = trial(replace(method, model=name), fold)
            right[name].append(said.by_int8.argmax(axis=1) == said.truth)
            macs[name] = macs.get(name) or costs(said.file).macs
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
            model=tried[0],
            reason=f"{tried[0]} was taken untried: there was no time for a trial; give more with "
            f"--minutes",
        )
    whole = min(len(right[name]) for name in left)
    pooled = {name: np.concatenate(right[name][:whole]) for name in left}
    best = max(left, key=lambda name: float(pooled[name].mean()))
    chosen = min(_even(left, {n: [p] for n, p in pooled.items()}), key=macs.__getitem__)
    return Choice(
        model=chosen, reason=_reason(chosen, best, pooled, macs, whole, len(tried), len(left) + out)
    )


def _even(names: Sequence[str], right: dict[str, list[NDArray[np.bool_]]]) -> list[str]:
    """Those that are not clearly worse than the best, in a paired comparison."""
    pooled = {name: np.concatenate(right[name]).astype(float) for name in names}
    best = pooled[max(names, key=lambda name: float(pooled[name].mean()))]
    kept = []
    for name in names:
        lead = best - pooled[name]
        if lead.mean() <= EVEN * lead.std() / np.sqrt(len(lead)):
            kept.append(name)
    return kept


def _reason(
    chosen: str,
    best: str,
    pooled: dict[str, NDArray[np.bool_]],
    macs: dict[str, int],
    folds_done: int,
    wanted: int,
    tried: int,
) -> str:
    told = f"{int(pooled[chosen].sum())} of {len(pooled[chosen])} photos right in short trials"
    told += f" on {folds_done} of {FOLDS} folds" if folds_done < FOLDS else ""
    if chosen != best:
        why = (
            f"{best} had {int(pooled[best].sum())}, which is no clear lead, and computes "
            f"{macs[best] / macs[chosen]:.1f} times as much"
        )
    elif len(pooled) > 1:
        why = f"the cheapest of the {len(pooled)} best, which are even"
    elif tried > 1:
        why = "clearly the best"
    else:
        why = "the only one that there was time for"
    short = f"; {wanted - tried} networks were not tried for lack of time" if tried < wanted else ""
    return f"{chosen} was chosen of {tried} tried ({told}): {why}{short}"
