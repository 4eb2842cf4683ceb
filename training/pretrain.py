"""Learning to see from other photos first: rendered ones, or those of another crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sorter.preprocess import Preprocess
from training import loop, photos
from training.copies.pairs import ROUNDS, pairs
from training.copies.picture import Picture, picture
from training.errors import PhotosError
from training.grouped import Grouped
from training.labelled import Labelled
from training.loop import Plan, Source
from training.progress import Advance, Steps
from training.zoo import Network
from training.zoo.heads import is_head

SHORTER = 0.5
"""Part of the passes of the training proper: what an edge is, is learnt soon."""


def other_photos(
    root: Path, preprocess: Preprocess, steps: Steps, *, own: Grouped[Any] | None = None
) -> tuple[Labelled, list[str]]:
    """Read a folder with one sub-folder of photos a grade, which need not be those of the training.

    What the network is tested on it must not have seen, turned, cropped, relit or saved again
    either: such copies of the training's own photos are left out.

    Args:
        root: that folder.
        preprocess: of the network.
        steps: shows progress.
        own: the training's photos, with those that it will be tested on.

    Returns:
        The photos, and what the user should know about them, one sentence each.

    Raises:
        PhotosError: there are none, some are unreadable, some are among the training's own, or
            without copies of those there are not two grades of them.
    """
    found = photos.scan(root)
    advance = steps.start("Reading other photos", len(found))
    read, made, _ = photos.read_all(
        found,
        lambda photo: (photos.digest(photo), picture(photo), preprocess(photo)),
        skip_unreadable=False,
        advance=advance,
    )
    known = frozenset(own.digests if own else ())
    if both := [photo.path for photo, one in zip(read, made, strict=True) if one[0] in known]:
        raise PhotosError(
            f"--pretrain: {len(both)} of its photos are among those of the training, which would "
            f"be tested on what it has learned: {photos.name_some(both)}; give other photos"
        )
    copied = _copied(
        # Of exact duplicates one: they would take each other's places among the candidates.
        list(dict(zip(own.digests, own.pictures, strict=False)).values()) if own else [],
        [shown for _, shown, _ in made],
        steps,
    )
    kept = [index for index in range(len(read)) if index not in copied]
    names = sorted({read[index].grade for index in kept})
    if copied and len(names) < 2:
        raise PhotosError(
            f"--pretrain: {len(copied)} of {len(read)} photos in {root} are copies of those of the "
            f"training, and the rest are not of two grades; give other photos"
        )
    notes = []
    if copied:
        named = photos.name_some([read[index].path for index in sorted(copied)])
        notes.append(
            f"left out {len(copied)} photos of --pretrain that are copies of the training's own: "
            f"{named}"
        )
    inputs = np.stack([made[index][2] for index in kept])
    labels = np.array([names.index(read[index].grade) for index in kept])
    return Labelled(inputs=inputs, labels=labels), notes


def _copied(own: Sequence[Picture], others: Sequence[Picture], steps: Steps) -> set[int]:
    """Indices of the others that are copies of some of the own."""
    if not own:
        return set()
    advance = steps.start("Looking for copies", ROUNDS * (len(own) + len(others)))
    found = pairs([*own, *others], advance, first=len(own))
    return {pair.other - len(own) for pair in found}


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
