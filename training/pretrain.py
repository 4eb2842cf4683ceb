"""Learning to see from other photos first: rendered ones, or those of another crop."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sorter.preprocess import Preprocess
from training import loop, photos
from training.errors import PhotosError
from training.labelled import Labelled
from training.loop import Plan, Source
from training.progress import Advance, Steps
from training.zoo import Network
from training.zoo.heads import is_head

SHORTER = 0.5
"""Part of the passes of the training proper: what an edge is, is learnt soon."""


def other_photos(
    root: Path, preprocess: Preprocess, steps: Steps, *, own: Collection[str] = ()
) -> Labelled:
    """Read a folder with one sub-folder of photos a grade, which need not be those of the training.

    Args:
        root: that folder.
        preprocess: of the network.
        steps: shows progress.
        own: digests of the training's own photos, with those that it will be tested on.

    Raises:
        PhotosError: there are none, some are unreadable, or some are among `own`: what the
            network is tested on it must not have seen.
    """
    found = photos.scan(root)
    advance = steps.start("Reading other photos", len(found))
    read, made, _ = photos.read_all(
        found,
        lambda photo: (photos.digest(photo), preprocess(photo)),
        skip_unreadable=False,
        advance=advance,
    )
    known = frozenset(own)
    if both := [
        photo.path for photo, (digest, _) in zip(read, made, strict=True) if digest in known
    ]:
        raise PhotosError(
            f"--pretrain: {len(both)} of its photos are among those of the training, which would "
            f"be tested on what it has learned: {photos.name_some(both)}; give other photos"
        )
    names = sorted({photo.grade for photo in read})
    return Labelled(
        inputs=np.stack([inputs for _, inputs in made]),
        labels=np.array([names.index(photo.grade) for photo in read]),
    )


def pretrain(
    network: Network,
    other: Network,
    source: Source,
    plan: Plan,
    *,
    strategy: Any,
    advance: Advance,
) -> None:
    """Train another network of the same layers but the last, and take over what it has learnt.

    Args:
        network: that will be trained; its last layer stays as it is.
        other: for the grades of the other photos.
        source: of the other photos.
        plan: of this training.
        strategy: one of `tf.distribute`.
        advance: called once an epoch.
    """
    loop.train(
        other,
        source,
        None,
        replace(plan, checkpoint=None, logs=None, grade_weights=None),
        strategy=strategy,
        advance=advance,
    )
    for mine, learnt in zip(network.trained.layers, other.trained.layers, strict=True):
        if not is_head(mine):
            loop.assign(mine.variables, loop.values(learnt.variables))
