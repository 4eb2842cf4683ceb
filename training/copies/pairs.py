"""The pairs of photos that are copies of each other."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from training.copies.align import SAME, Judge
from training.copies.candidates import Candidate, Picture, by_crops, by_turns

ROUNDS = 3
"""So many times the search goes over all photos."""
CHUNK = 256
"""So many candidates wait for their judgement at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two photos that are copies."""

    one: int
    other: int
    likeness: float
    """Correlation of their detail, `SAME` … 1."""


def pairs(pictures: Sequence[Picture], advance: Callable[[str], None]) -> list[Pair]:
    """All pairs of copies that the two searches find.

    Args:
        pictures: as `picture` gives them, of different photos: an exact duplicate takes the place
            of a copy in the list of candidates.
        advance: called `ROUNDS` times a photo.
    """
    if len(pictures) < 2:
        return []
    judge = Judge(pictures)
    found: dict[tuple[int, int], float] = {}

    def step() -> None:
        advance("")

    def judged(candidate: Candidate) -> tuple[Candidate, float]:
        return candidate, judge.likeness(candidate)

    candidates = itertools.chain(by_turns(pictures, step), by_crops(pictures, step))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for chunk in _chunks(candidates):
            for candidate, value in pool.map(judged, chunk):
                if value >= SAME:
                    low, high = sorted((candidate.one, candidate.other))
                    found[low, high] = max(value, found.get((low, high), 0.0))
    return [Pair(one=a, other=b, likeness=value) for (a, b), value in sorted(found.items())]


def _chunks(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    waiting = iter(candidates)
    while chunk := list(itertools.islice(waiting, CHUNK)):
        yield chunk
