"""Which photos a model learns from and which it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from training.errors import PhotosError

Part = Literal["train", "validation", "calibration", "test"]
Way = Literal["random", "blocks"]
PARTS: tuple[Part, ...] = get_args(Part)
WAYS: tuple[Way, ...] = get_args(Way)
SHARES: dict[Part, float] = {"train": 0.65, "validation": 0.10, "calibration": 0.10, "test": 0.15}
MIN_GROUPS = 10
"""Of each grade: the fewest that put one into every part."""


def group(digests: Sequence[str]) -> list[int]:
    """Photos that must stay on one side of the split share a number: here, exact duplicates."""
    numbers: dict[str, int] = {}
    return [numbers.setdefault(digest, len(numbers)) for digest in digests]


def split(
    grades: Sequence[str], groups: Sequence[int], *, way: Way = "random", seed: int = 0
) -> list[Part]:
    """Deal photos out to the parts, each grade in the shares of `SHARES`, counted in groups.

    Args:
        grades: of each photo.
        groups: of each photo, see `group`. A group with several grades counts for its first.
        way: `random` deals each grade's groups in random order. `blocks` cuts the order in which
            the photos are given into one contiguous block a part, for series of shots in which
            neighbours look alike: at random, near copies of the training photos would be tested.
        seed: of the order of the groups, or of the blocks.

    Returns:
        The part of each photo.

    Raises:
        PhotosError: there is only one grade, or a grade has too few different photos.
    """
    of_grade: dict[str, list[int]] = {grade: [] for grade in sorted(set(grades))}
    for number, grade in dict(zip(reversed(groups), reversed(grades), strict=True)).items():
        of_grade[grade].append(number)
    _check(of_grade)
    first = {number: index for index, number in reversed(list(enumerate(groups)))}
    random = np.random.default_rng(seed)
    part_of: dict[int, Part] = {}
    for numbers in of_grade.values():
        order = sorted(numbers, key=first.__getitem__ if way == "blocks" else None)
        if way == "random":
            order = [order[i] for i in random.permutation(len(order))]
        counts = _counts(len(order))
        start = 0
        for index in random.permutation(len(PARTS)):
            for number in order[start : start + counts[index]]:
                part_of[number] = PARTS[index]
            start += counts[index]
    return [part_of[number] for number in groups]


def _check(of_grade: dict[str, list[int]]) -> None:
    if len(of_grade) < 2:
        raise PhotosError(
            f"there is only one grade ({', '.join(of_grade)}); "
            f"sort the photos into at least two folders, one a grade"
        )
    few = [f"{grade} has {len(n)}" for grade, n in of_grade.items() if len(n) < MIN_GROUPS]
    if few:
        raise PhotosError(
            f"too few different photos: {', '.join(few)}; each grade needs at least {MIN_GROUPS}, "
            f"and 50 or more for a model that is of use"
        )


def _counts(total: int) -> list[int]:
    """Whole groups a part, by largest remainder; none under one."""
    wanted = [SHARES[part] * total for part in PARTS]
    counts = [max(1, int(share)) for share in wanted]
    rest = [share - count for share, count in zip(wanted, counts, strict=True)]
    for index in sorted(range(len(PARTS)), key=lambda i: -rest[i])[: total - sum(counts)]:
        counts[index] += 1
    return counts
