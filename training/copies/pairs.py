"""The pairs of photos that are copies of each other."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath

from training.copies.align import SAME, Judge
from training.copies.candidates import Candidate, by_crops, by_turns
from training.copies.picture import SIDE_PX, Picture, levels8, resized

ROUNDS = 3
"""So many times the search goes over all photos."""
HINTED = 0.75
"""Correlation of the detail that is enough where the names say that one is a copy."""
CHUNK = 256
"""So many candidates wait for their judgement at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two photos that are copies."""

    one: int
    other: int
    likeness: float
    """Correlation of their detail, `HINTED` … 1."""


def copies(
    digests: Sequence[str],
    pictures: Sequence[Picture],
    paths: Sequence[str],
    advance: Callable[[str], None],
) -> list[tuple[int, int]]:
    """Pairs of photos that are copies but not exact duplicates.

    Args:
        digests: of the pixels of each photo; of equal ones, only the first is looked at.
        pictures: of each photo.
        paths: of each photo; their names are a hint.
        advance: called `ROUNDS` times for each different digest.
    """
    first = {digest: index for index, digest in reversed(list(enumerate(digests)))}
    chosen = sorted(first.values())
    found = pairs(
        [pictures[index] for index in chosen],
        advance,
        hints=named_alike([paths[index] for index in chosen]),
    )
    return [(chosen[pair.one], chosen[pair.other]) for pair in found]


def named_alike(paths: Sequence[str]) -> set[tuple[int, int]]:
    """Pairs of photos of which one is named like a copy of the other: `7.jpg`, `7_flip.jpg`."""
    stems: dict[str, list[int]] = {}
    for index, path in enumerate(paths):
        stems.setdefault(PurePosixPath(path).stem, []).append(index)
    alike = set()
    for stem, indices in stems.items():
        for mark in re.finditer(r"[ _(-]", stem):
            for index, other in itertools.product(indices, stems.get(stem[: mark.start()], [])):
                alike.add((min(index, other), max(index, other)))
    return alike


def pairs(
    pictures: Sequence[Picture],
    advance: Callable[[str], None],
    *,
    hints: Collection[tuple[int, int]] = (),
    first: int | None = None,
) -> list[Pair]:
    """All pairs of copies that the two searches find.

    Args:
        pictures: as `picture` gives them, of different photos: an exact duplicate takes the place
            of a copy in the list of candidates.
        advance: called `ROUNDS` times a photo.
        hints: pairs (the lower index first) that are looked at in any case, and need less likeness.
        first: so many pictures are of one set, the rest of another, and only pairs of one of each
            are looked at; None: all are of one set.
    """
    if len(pictures) < 2:
        return []
    enlarged = [max(1.0, SIDE_PX / min(one.shape)) for one in pictures]
    pictures = [levels8(resized(one, SIDE_PX)) for one in pictures]
    judge = Judge(pictures, enlarged)
    found: dict[tuple[int, int], float] = {}

    def step() -> None:
        advance("")

    def judged(candidate: Candidate) -> tuple[Candidate, float]:
        return candidate, judge.likeness(candidate)

    candidates: Iterable[Candidate] = itertools.chain(
        by_turns(pictures, step), by_crops(pictures, step, hints)
    )
    if first is not None:
        candidates = (one for one in candidates if (one.one < first) != (one.other < first))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for chunk in _chunks(candidates):
            for candidate, value in pool.map(judged, chunk):
                low, high = sorted((candidate.one, candidate.other))
                if value >= (HINTED if (low, high) in hints else SAME):
                    found[low, high] = max(value, found.get((low, high), 0.0))
    return [Pair(one=a, other=b, likeness=value) for (a, b), value in sorted(found.items())]


def _chunks(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    waiting = iter(candidates)
    while chunk := list(itertools.islice(waiting, CHUNK)):
        yield chunk
