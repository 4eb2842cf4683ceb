"""The same fruit passed ten times under a drifting light: how often is it graded the same?"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

import numpy as np

from benchmarks.line.cores import on_all_cores
from benchmarks.line.machines import benches
from benchmarks.line.scale import scaled
from benchmarks.report import Report
from firmware_bridge.virtual_board import VirtualBoard
from sorter.twin.demo import Demo
from sorter.twin.fruit import Fruit
from sorter.twin.lighting import Imaging

FRUITS = scaled(40, 8)
PASSES = 10
DRIFT, DRIFT_PERIOD_S = 0.08, 7.0
LEAST_SAME = 0.95


def measure(report: Report) -> None:
    """One lane against itself, then every lane against the others."""
    jobs = [
        (machine, across)
        for machine, bench in enumerate(benches())
        for across in ((False, True) if bench.lanes > 1 else (False,))
    ]
    with on_all_cores(graded_the_same, jobs) as shares:
        for (machine, across), same in zip(jobs, shares, strict=True):
            what = "the same across lanes" if across else "graded the same"
            report.at_least(f"{benches()[machine].name}: {what}", round(same, 4), "", LEAST_SAME)


def graded_the_same(machine: int, across: bool) -> float:
    """Mean share of a fruit's passes that got its most frequent grade; no grade is none.

    Args:
        machine: its place in `benches`.
        across: each pass in another lane.
    """
    bench = benches()[machine]
    rng = np.random.default_rng(5)
    grow = bench.world.crop.grow
    fruits: list[Fruit] = [grow(bench.mix[k % len(bench.mix)], rng) for k in range(FRUITS)]
    order = [
        fruits[(k + shift * across) % FRUITS] for shift in range(PASSES) for k in range(FRUITS)
    ]
    imaging = Imaging(exposure_s=0.0003, drift=DRIFT, drift_period_s=DRIFT_PERIOD_S, flicker=0.02)
    result = Demo(
        config=bench.at(0.8),
        classifier=bench.classifier,
        board=VirtualBoard(),
        items=len(order),
        seed=2,
        fruits=order,
        world=replace(bench.world, imaging=imaging),
    ).run()
    said: dict[object, Counter[str | None]] = defaultdict(Counter)
    for fate in result.score.fates:
        grade = None if fate.decision is None else fate.decision.verdict.grade
        said[key(fate.produce.fruit)][grade] += 1
    return float(np.mean([steadiness(counts) for counts in said.values()]))


def steadiness(said: Counter[str | None]) -> float:
    """Share of the passes that got the most frequent grade; those without a grade are passes."""
    graded = [count for grade, count in said.items() if grade is not None]
    return max(graded, default=0) / said.total()


def key(fruit: Fruit) -> int:
    """Tells a fruit again, however it lies."""
    seed = fruit.skin_seed  # type: ignore[attr-defined]
    return int(seed)
