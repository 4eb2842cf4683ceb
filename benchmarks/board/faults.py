"""Ten thousand seeded faults on the shipped firmware, and what became of the shots."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.progress import track

from benchmarks.board.memory import MEMORY_LIMIT_BYTES, sizes
from benchmarks.report import Report
from tests.hil.campaign import Tally, run_campaign

MACHINES = int(os.environ.get("BENCH_MACHINES", "600"))
"""Each suffers every kind of fault once."""
FAULTS_PROMISED = 10_000
OF_EACH_KIND = 500
_SHOWN = 5


def measure(report: Report) -> None:
    """Run the campaign on all cores and print its tally."""
    total = Tally()
    for tally in track(
        _tallies(), "faults", total=MACHINES, console=Console(stderr=True), transient=True
    ):
        total.add(tally)
    report.at_least("faults", sum(total.hits.values()), "hits", FAULTS_PROMISED)
    for kind, hits in sorted(total.hits.items()):
        report.at_least(f"faults: {kind}", hits, "hits", OF_EACH_KIND)
    report.at_most("shots fired twice", len(total.twice), "shots", 0)
    report.at_most("outlets open outside a window", len(total.outside), "times", 0)
    report.at_most("shots without report or record", len(total.unreported), "shots", 0)
    report.at_most("reports that the pins belie", len(total.misreported), "shots", 0)
    report.at_most("ticks miscounted", len(total.miscounted), "times", 0)
    report.at_most("truth outside the clock's bound", total.clock_errors, "times", 0)
    report.at_most("hangs", len(total.hangs), "times", 0)
    held_ms = max(total.held_us, default=0) / 1_000
    report.at_most("outlet held open by a hang", held_ms, "ms", 135)
    fired = 100 * total.fired / total.commanded
    report.at_least("commanded shots that fired", round(fired, 1), "%", 60)
    _, data, bss = sizes()
    report.at_most(
        "worst stack meanwhile", total.worst_stack, "bytes", MEMORY_LIMIT_BYTES - data - bss
    )
    _explain(total)


def _tallies() -> Iterator[Tally]:
    seeds = range(1, MACHINES + 1)
    with multiprocessing.Pool() as pool:
        yield from pool.imap_unordered(run_campaign, seeds)


def _explain(total: Tally) -> None:
    print(
        f"       shots commanded: {total.commanded}; "
        + ", ".join(f"{name}: {count}" for name, count in total.ended.most_common())
    )
    for texts in (
        total.twice,
        total.outside,
        total.unreported,
        total.misreported,
        total.miscounted,
        total.hangs,
    ):
        for text in texts[:_SHOWN]:
            print(text, file=sys.stderr)
