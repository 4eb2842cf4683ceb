from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from training.errors import PhotosError
from training.groups import check_apart, group
from training.split import MIN_GROUPS, PARTS, SHARES, Way, folds, split

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


ways = st.sampled_from(["random", "blocks"])


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


def test_views_and_copies_of_copies_make_a_group() -> None:
    digests = ["x", "y", "x", "z", "w", "v"]
    items = [None, "7", None, "7", None, None]
    assert group(digests, items, pairs=[(2, 3), (4, 5)]) == [0, 0, 0, 0, 1, 1]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 9)), min_size=1, max_size=30),
    st.data(),
)
def test_what_shares_a_key_or_is_a_pair_is_in_one_group(
    keys: list[tuple[int, int | None]], data: st.DataObject
) -> None:
    indices = st.integers(0, len(keys) - 1)
    pairs = data.draw(st.lists(st.tuples(indices, indices), max_size=5))
    groups = group([a for a, _ in keys], [b for _, b in keys], pairs=pairs)
    for (i, (a, b)), (j, (c, d)) in itertools.combinations(enumerate(keys), 2):
        if a == c or (b is not None and b == d) or (i, j) in pairs or (j, i) in pairs:
            assert groups[i] == groups[j]
    first_seen = [number for index, number in enumerate(groups) if number not in groups[:index]]
    assert first_seen == list(range(len(first_seen)))


def test_a_group_on_two_sides_is_a_hard_error() -> None:
    check_apart([0, 1, 1], ["train", "test", "test"])
    with pytest.raises(PhotosError, match=r"group 1\) lie in test and in train"):
        check_apart([0, 1, 1], ["train", "test", "train"])


@given(deals(), ways, st.data())
def test_one_photo_moved_away_from_its_group_is_always_noticed(
    deal: Deal, way: Way, data: st.DataObject
) -> None:
    grades, groups = deal
    parts = split(grades, groups, way=way)
    several = [index for index, number in enumerate(groups) if groups.count(number) > 1]
    assume(several)
    moved = data.draw(st.sampled_from(several))
    parts[moved] = data.draw(st.sampled_from([part for part in PARTS if part != parts[moved]]))
    with pytest.raises(PhotosError, match=f"group {groups[moved]}\\) lie in"):
        check_apart(groups, parts)


@given(st.integers(5, 12), st.integers(2, 5), st.integers(0, 9), st.data())
def test_folds_of_sessions_never_cut_one(
    sessions: int, count: int, seed: int, data: st.DataObject
) -> None:
    sizes = [data.draw(st.integers(1, 20)) for _ in range(sessions)]
    groups = [number for number, size in enumerate(sizes) for _ in range(2 * size)]
    grades = [grade for size in sizes for grade in ["a"] * size + ["b"] * size]
    fold_of = folds(grades, groups, count=count, way="sessions", seed=seed)
    check_apart(groups, fold_of)
    assert set(fold_of) == set(range(count))


@given(deals(), ways, st.integers(2, 10), st.integers(0, 5))
def test_folds_are_equal_shares_of_each_grade_and_keep_groups_whole(
    deal: Deal, way: Way, count: int, seed: int
) -> None:
    grades, groups = deal
    fold_of = folds(grades, groups, count=count, way=way, seed=seed)
    check_apart(groups, fold_of)
    owner = dict(zip(reversed(groups), reversed(grades), strict=True))
    sides = dict(zip(groups, fold_of, strict=True))
    for grade in set(grades):
        counts = Counter(sides[number] for number, of in owner.items() if of == grade)
        assert len(counts) == count
        assert max(counts.values()) - min(counts.values()) <= 1


@given(st.integers(4, 12), st.integers(0, 9), st.data())
def test_sessions_are_never_cut(sessions: int, seed: int, data: st.DataObject) -> None:
    sizes = [data.draw(st.integers(1, 20)) for _ in range(sessions)]
    groups = [number for number, size in enumerate(sizes) for _ in range(2 * size)]
    grades = [grade for size in sizes for grade in ["a"] * size + ["b"] * size]
    parts = split(grades, groups, way="sessions", seed=seed)
    check_apart(groups, parts)
    assert set(parts) == set(PARTS)


def test_most_sessions_are_learned_from() -> None:
    groups = [number for number in range(20) for _ in range(10)]
    counts = Counter(split(["a", "b"] * 100, groups, way="sessions"))
    assert counts == {"train": 130, "validation": 20, "calibration": 20, "test": 30}


def test_a_grade_in_too_few_sessions_is_named() -> None:
    groups = [number for number in range(8) for _ in range(10)]
    grades = ["a" if number > 1 or index % 2 else "b" for index, number in enumerate(groups)]
    with pytest.raises(PhotosError, match="the grade b is in 2 sessions, too few"):
        split(grades, groups, way="sessions")


def test_copies_do_not_count_towards_the_photos_that_a_grade_needs() -> None:
    grades = ["a"] * 20 + ["b"] * 20
    groups = list(range(20)) + [20] * 20
    with pytest.raises(PhotosError, match=f"b has 1; each grade needs at least {MIN_GROUPS}"):
        split(grades, groups)


def test_one_grade_is_refused() -> None:
    with pytest.raises(PhotosError, match="only one grade"):
        split(["a"] * 30, list(range(30)))
