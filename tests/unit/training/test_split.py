from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.errors import PhotosError
from training.split import MIN_GROUPS, PARTS, SHARES, WAYS, Way, group, split

Deal = tuple[list[str], list[int]]


@st.composite
def deals(draw: st.DrawFn) -> Deal:
    """Photos in shooting order, some of them duplicates, within a grade or across grades."""
    grades: list[str] = []
    groups: list[int] = []
    for number in range(draw(st.integers(2, 4))):
        own = draw(st.integers(MIN_GROUPS, 40))
        first = max(groups, default=-1) + 1
        groups += range(first, first + own)
        twins = draw(st.lists(st.integers(0, max(groups)), max_size=10))
        groups += twins
        grades += [f"grade {number}"] * (own + len(twins))
    return grades, groups


ways = st.sampled_from(WAYS)


@given(deals(), ways, st.integers(0, 5))
def test_a_group_never_lies_in_two_parts(deal: Deal, way: Way, seed: int) -> None:
    grades, groups = deal
    sides: dict[int, set[str]] = {}
    for number, part in zip(groups, split(grades, groups, way=way, seed=seed), strict=True):
        sides.setdefault(number, set()).add(part)
    assert all(len(parts) == 1 for parts in sides.values())


@given(deals(), ways, st.integers(0, 5))
def test_each_grade_is_in_each_part_in_its_share(deal: Deal, way: Way, seed: int) -> None:
    grades, groups = deal
    parts = split(grades, groups, way=way, seed=seed)
    owner: dict[int, str] = {}
    part_of = dict(zip(groups, parts, strict=True))
    for number, grade in zip(groups, grades, strict=True):
        owner.setdefault(number, grade)
    for grade in set(grades):
        mine = [number for number, of in owner.items() if of == grade]
        counts = Counter(part_of[number] for number in mine)
        for part in PARTS:
            assert counts[part] >= 1
            assert abs(counts[part] - SHARES[part] * len(mine)) < 1.5


@given(deals(), ways, st.integers(0, 5))
def test_the_same_seed_gives_the_same_split(deal: Deal, way: Way, seed: int) -> None:
    assert split(*deal, way=way, seed=seed) == split(*deal, way=way, seed=seed)


@given(st.integers(MIN_GROUPS, 60), st.integers(0, 9))
def test_blocks_are_contiguous_in_each_grade(each: int, seed: int) -> None:
    grades = ["a"] * each + ["b"] * each
    parts = split(grades, list(range(2 * each)), way="blocks", seed=seed)
    for own in (parts[:each], parts[each:]):
        borders = sum(left != right for left, right in itertools.pairwise(own))
        assert borders == len(PARTS) - 1


def test_blocks_of_a_hundred_thousand_photos_are_dealt_while_one_waits() -> None:
    grades = ["a"] * 50_000 + ["b"] * 50_000
    assert len(split(grades, list(range(100_000)), way="blocks")) == 100_000


def test_another_seed_gives_another_random_split() -> None:
    grades = ["a"] * 30 + ["b"] * 30
    assert split(grades, list(range(60)), seed=1) != split(grades, list(range(60)), seed=2)


def test_equal_pixels_make_a_group() -> None:
    assert group(["x", "y", "x", "z"]) == [0, 1, 0, 2]


def test_copies_do_not_count_towards_the_photos_that_a_grade_needs() -> None:
    grades = ["a"] * 20 + ["b"] * 20
    groups = list(range(20)) + [20] * 20
    with pytest.raises(PhotosError, match=f"b has 1; each grade needs at least {MIN_GROUPS}"):
        split(grades, groups)


def test_one_grade_is_refused() -> None:
    with pytest.raises(PhotosError, match="only one grade"):
        split(["a"] * 30, list(range(30)))
