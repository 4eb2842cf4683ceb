"""What a line's process holds in memory over an hour."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np

from benchmarks.line.scale import scaled
from benchmarks.report import Report

SECONDS = scaled(3_600, 600)
SETTLED = 0.25
"""Share of the run after which everything that is kept has been made once."""


def measure(report: Report) -> None:
    """Run an hour of belt in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.line.hour", str(SECONDS)],
        capture_output=True,
        text=True,
        check=True,
    )
    samples = np.array([json.loads(row) for row in done.stdout.splitlines()])
    times_s, rss_mb, items = samples[:, 0], samples[:, 1], int(samples[-1, 2])
    late = times_s >= SETTLED * SECONDS
    growth = float(np.polyfit(times_s[late] / 3600, rss_mb[late], 1)[0])
    report.at_most("memory after an hour", round(float(rss_mb[-1])), "MB", 150)
    report.at_most("growth", round(growth, 2), "MB/h", 1.0)
    print(f"       {items} items in {SECONDS} s of belt")
