"""Which photos show one item, and how well the items are graded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sorter.bundle import Bundle
from sorter.views import Join
from training.errors import TrainingError
from training.evaluation import Evaluation
from training.photos import Photo

FEWEST = 50
"""Items of several photos from which a recurrent head can be learned, chosen and calibrated."""


def items(photos: Sequence[Photo]) -> list[list[int]]:
    """Indices of the photos of each item, in the order in which the items first occur.

    A photo that names no item is one of its own; so are views that lie under another grade.
    """
    members: dict[object, list[int]] = {}
    for index, photo in enumerate(photos):
        key = index if photo.item is None else (photo.grade, photo.item)
        members.setdefault(key, []).append(index)
    return list(members.values())


def check_several(photos: Sequence[Photo], kind: str) -> None:
    """Refuse a recurrent head for a folder with too few items of several photos.

    Raises:
        TrainingError: there are fewer than `FEWEST`.
    """
    several = sum(len(views) > 1 for views in items(photos))
    if several < FEWEST:
        raise TrainingError(
            f"--views {kind}: found {several} items with several photos, at least {FEWEST} are "
            f"needed; take several photos of more items and name them in photos.csv, or leave "
            f"--views out"
        )


def of_items(photos: Evaluation, shown: Sequence[Photo], join: Join) -> Evaluation | None:
    """The evaluation of items, their views joined as the sorter does.

    Args:
        photos: the evaluation of photos.
        shown: those photos, in its order.
        join: see `sorter.views`.

    Returns:
        None if no item has several photos: it would say the same as that of the photos.
    """
    members = items(shown)
    if len(members) == len(shown):
        return None
    return replace(
        photos,
        truth=np.array([photos.truth[views[0]] for views in members]),
        probabilities=np.stack([join(photos.probabilities[views]) for views in members]),
        strangeness=None
        if photos.strangeness is None
        else np.array([np.median(photos.strangeness[views]) for views in members]),
        groups=None if photos.groups is None else [photos.groups[views[0]] for views in members],
        left_out=(),
    )


def joined_by(bundle: Bundle) -> str:
    """`mean`, or `head` where the bundle has a recurrent one."""
    return "head" if "views" in bundle.models else "mean"


def report(of: Evaluation | None, *, joined_by: str) -> dict[str, Any]:
    """The key `items` of what scripts read; nothing where no item has several photos.

    Args:
        of: as `of_items` gives it.
        joined_by: what joined the views.
    """
    if of is None:
        return {}
    numbers = of.as_dict()
    del numbers["grades"]
    return {"items": {"joined_by": joined_by, **numbers}}
