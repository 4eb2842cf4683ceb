"""The line's promises: closed loop, speed, size, memory, repeatability, flicker, real input.

Each part is a file with `measure(report)`; `python -m benchmarks.line PART ...` runs some of them.
"""

from __future__ import annotations

import importlib
import time

from benchmarks.report import Report

PARTS = (
    "closed_loop",
    "repeatability",
    "flicker",
    "speed",
    "finding",
    "size",
    "memory",
    "start",
    "real_input",
)
"""In this order."""


def measure(report: Report) -> None:
    """Measure every part; the numbers hold for two cores with nothing else on them."""
    for part in PARTS:
        run(part, report)


def run(part: str, report: Report) -> None:
    """Measure one part and say how long it took."""
    started_s = time.monotonic()
    importlib.import_module(f"benchmarks.line.{part}").measure(report)
    print(f"       {part}: {(time.monotonic() - started_s) / 60:.1f} min", flush=True)
