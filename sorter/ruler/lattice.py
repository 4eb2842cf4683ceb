"""Points that lie at even distances in rows, however the rows are seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sorter.ruler.target import Floats

Place = tuple[int, int]
"""Steps along either axis; from the first axis to the second it is a right turn in the image."""

NEAR = 0.3
"""Of a step: a neighbour lies so near to where it is looked for."""
ASIDE = 0.7
"""Sine between the two axes, at the least."""
LONGER = 1.8
"""A step along one axis over one along the other, where the sheet is seen aslant."""
STEPS: tuple[Place, ...] = ((1, 0), (-1, 0), (0, 1), (0, -1))


def lattice(points: Floats, seeds: Sequence[int]) -> dict[Place, int]:
    """The largest even lattice among points.

    Args:
        points: n × 2, column and row.
        seeds: numbers of the points to start from, the most promising first.

    Returns:
        Place in the lattice → number of the point; empty where there is none.
    """
    if len(points) < 4:
        return {}
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    best: dict[Place, int] = {}
    for seed in seeds:
        if seed not in best.values():
            best = max(best, _grown(points, apart, seed), key=len)
    return best


def _grown(points: Floats, apart: NDArray[np.float64], seed: int) -> dict[Place, int]:
    """All that hangs together with one point by even steps."""
    axes = _axes(points, apart, seed)
    if axes is None:
        return {}
    places: dict[Place, int] = {(0, 0): seed}
    taken = {seed}
    waiting = deque([((0, 0), axes)])
    while waiting:
        at, own = waiting.popleft()
        here = points[places[at]]
        for step in STEPS:
            there = (at[0] + step[0], at[1] + step[1])
            if there in places:
                continue
            axis = 0 if step[0] else 1
            way = own[axis] * (step[0] or step[1])
            off = np.linalg.norm(points - (here + way), axis=1)
            nearest = int(off.argmin())
            if nearest in taken or off[nearest] > NEAR * np.linalg.norm(way):
                continue
            places[there] = nearest
            taken.add(nearest)
            # Perspective and lens change the step little by little.
            changed = own.copy()
            changed[axis] = (points[nearest] - here) * (step[0] or step[1])
            waiting.append((there, changed))
    return places


def _axes(points: Floats, apart: NDArray[np.float64], seed: int) -> Floats | None:
    """The steps to two neighbours of a point, 2 × 2; the second is to the right of the first."""
    order = np.argsort(apart[seed], kind="stable")
    first = points[order[0]] - points[seed]
    length = float(np.linalg.norm(first))
    for number in order[1:8].tolist():
        second = points[number] - points[seed]
        other = float(np.linalg.norm(second))
        if other > LONGER * length:
            return None
        turn = float(first[0] * second[1] - first[1] * second[0]) / (length * other)
        if abs(turn) >= ASIDE:
            return np.array([first, second if turn > 0 else -second])
    return None
