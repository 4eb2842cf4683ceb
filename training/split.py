"""Which photos a model learns from and which it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from training.errors import PhotosError
from training.groups import check_apart
from training.groups import group as group

Part = Literal["train", "validation", "calibration", "test"]
Way = Literal["random", "blocks", "sessions"]
PARTS: tuple[Part, ...] = get_args(Part)
WAYS: tuple[Way, ...] = get_args(Way)
SHARES: dict[Part, float] = {"train": 0.65, "validation": 0.10, "calibration": 0.10, "test": 0.15}
MIN_GROUPS = 10
"""Of each grade: the fewest that put one into every part."""


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
            `sessions` deals out few large groups that hold many grades: whole sessions.
        seed: of the order of the groups, or of the blocks.

    Returns:
        The part of each photo.

    Raises:
        PhotosError: there is only one grade, or a grade has too few different photos or sessions.
    """
    sides = _deal(grades, groups, list(SHARES.values()), MIN_GROUPS, way, seed)
    return [PARTS[side] for side in sides]


def folds(
    grades: Sequence[str],
    groups: Sequence[int],
    *,
    count: int,
    way: Way = "random",
    seed: int = 0,
) -> list[int]:
    """Deal photos out to folds of equal size, each grade in equal shares, counted in groups.

    Args:
        grades: of each photo.
        groups: of each photo, see `group`.
        count: number of folds, 2 or more.
        way: as for `split`.
        seed: as for `split`.

    Returns:
        The fold of each photo, from 0.

    Raises:
        PhotosError: there is only one grade, or a grade has too few different photos or sessions.
    """
    return _deal(grades, groups, [1 / count] * count, max(count, MIN_GROUPS), way, seed)


def _deal(
    grades: Sequence[str],
    groups: Sequence[int],
    shares: Sequence[float],
    fewest: int,
    way: Way,
    seed: int,
) -> list[int]:
    """Index of the share into which each photo goes."""
    first = dict(zip(reversed(groups), reversed(grades), strict=True))
    of_grade: dict[str, list[int]] = {grade: [] for grade in sorted(set(grades))}
    for number, grade in first.items():
        of_grade[grade].append(number)
    if len(of_grade) < 2:
        raise PhotosError(
            f"there is only one grade ({', '.join(of_grade)}); "
            f"sort the photos into at least two folders, one a grade"
        )
    random = np.random.default_rng(seed)
    if way == "sessions":
        side_of = _sessions(grades, groups, shares, random)
    else:
        _check(of_grade, fewest)
        place = {number: index for index, number in reversed(list(enumerate(groups)))}
        side_of = {}
        for numbers in of_grade.values():
            order = sorted(numbers, key=place.__getitem__) if way == "blocks" else sorted(numbers)
            if way == "random":
                order = [order[i] for i in random.permutation(len(order))]
            counts = _counts(len(order), shares)
            start = 0
            for index in random.permutation(len(shares)):
                for number in order[start : start + counts[index]]:
                    side_of[number] = int(index)
                start += counts[index]
    sides = [side_of[number] for number in groups]
    check_apart(groups, sides)
    return sides


def _sessions(
    grades: Sequence[str],
    groups: Sequence[int],
    shares: Sequence[float],
    random: np.random.Generator,
) -> dict[int, int]:
    """Deal out whole sessions, the largest first, each to where it brings the shares nearest."""
    names, numbers = sorted(set(grades)), sorted(set(groups))
    held = np.zeros((len(numbers), len(names)))
    for grade, number in zip(grades, groups, strict=True):
        held[numbers.index(number), names.index(grade)] += 1
    held /= held.sum(axis=0)
    order = random.permutation(len(numbers))
    order = order[np.argsort(-held[order].sum(axis=1), kind="stable")]
    dealt = np.zeros((len(shares), len(names)))
    side_of: dict[int, int] = {}
    for left, index in zip(range(len(order), 0, -1), order, strict=True):
        off = dealt - np.array(shares)[:, None]
        worse = ((off + held[index]) ** 2 - off**2).sum(axis=1)
        empty = dealt.sum(axis=1) == 0
        if left <= empty.sum():
            worse[~empty] = np.inf
        side = int(worse.argmin())
        dealt[side] += held[index]
        side_of[numbers[index]] = side
    if (dealt == 0).any():
        grade = names[int((dealt == 0).any(axis=0).argmax())]
        sessions = int((held[:, names.index(grade)] > 0).sum())
        raise PhotosError(
            f"the grade {grade} is in {sessions} sessions, too few to be in each of "
            f"{len(shares)} parts; take photos of it in more sessions, or split another way"
        )
    return side_of


def _check(of_grade: dict[str, list[int]], fewest: int) -> None:
    few = [f"{grade} has {len(n)}" for grade, n in of_grade.items() if len(n) < fewest]
    if few:
        raise PhotosError(
            f"too few different photos: {', '.join(few)}; each grade needs at least {fewest}, "
            f"and 50 or more for a model that is of use (copies of a photo and views of one item "
            f"count once; 'sorter-train audit' lists the copies, and --exact-copies takes only the "
            f"very same photos for some)"
        )


def _counts(total: int, shares: Sequence[float]) -> list[int]:
    """Whole groups a share, by largest remainder; none under one."""
    wanted = [share * total for share in shares]
    counts = [max(1, int(share)) for share in wanted]
    rest = [share - count for share, count in zip(wanted, counts, strict=True)]
    for index in sorted(range(len(shares)), key=lambda i: -rest[i])[: total - sum(counts)]:
        counts[index] += 1
    return counts
