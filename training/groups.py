"""Photos that must stay on one side of every split."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from training.errors import PhotosError


def group(*keys: Sequence[Hashable | None], pairs: Iterable[tuple[int, int]] = ()) -> list[int]:
    """Number the groups: photos that share a key, or are a pair, are in one, and so on.

    Args:
        keys: each a value a photo: the digest of its pixels, its item, its session. None says
            nothing.
        pairs: indices of photos that are copies.

    Returns:
        The group of each photo, numbered from 0 in the order in which they first occur.
    """
    above = list(range(len(keys[0])))

    def top(index: int) -> int:
        while above[index] != index:
            above[index] = above[above[index]]
            index = above[index]
        return index

    for column in keys:
        first: dict[Hashable, int] = {}
        for index, key in enumerate(column):
            if key is not None:
                above[top(index)] = top(first.setdefault(key, index))
    for one, other in pairs:
        above[top(one)] = top(other)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(top(index), len(numbers)) for index in range(len(above))]


def check_apart(groups: Sequence[Hashable], sides: Sequence[Hashable]) -> None:
    """Make sure that no group lies on two sides of a split: the promise would be a lie.

    Args:
        groups: of each photo.
        sides: the part or the fold of each photo.

    Raises:
        PhotosError: one does.
    """
    side_of: dict[Hashable, Hashable] = {}
    for number, side in zip(groups, sides, strict=True):
        if side_of.setdefault(number, side) != side:
            raise PhotosError(
                f"photos that belong together (group {number}) lie in {side_of[number]} and in "
                f"{side}, so the accuracy would be too good; split the photos again with "
                f"'sorter-train fit'"
            )
