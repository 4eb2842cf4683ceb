"""All that is promised about trainings, one part after the other, and how long it takes."""

from __future__ import annotations

import time

from benchmarks import audit, networks, promises, runs
from benchmarks.report import Report

PARTS = {"runs": runs, "promises": promises, "networks": networks, "audit": audit}
MAX_MINUTES = 60
"""On two cores."""


def measure(report: Report) -> None:
    """Run every part; a part alone: `python -m benchmarks promises`."""
    began = time.monotonic()
    for name, part in PARTS.items():
        started = time.monotonic()
        part.measure(report)
        print(f"       {name}: {(time.monotonic() - started) / 60:.1f} min", flush=True)
    minutes = (time.monotonic() - began) / 60
    report.at_most("all of it", round(minutes, 1), "min", MAX_MINUTES)
