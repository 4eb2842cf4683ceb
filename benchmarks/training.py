"""How good a model `sorter-train run` makes of real photos without any tuning, and how soon."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from benchmarks.report import Report
from training.learn import Settings, learn
from training.pack import pack
from training.progress import steps
from training.run_folder import BUNDLE
from training.split import Way

DATA = Path(os.environ.get("SORTER_DATA", Path(__file__).parents[2] / "shared" / "data"))
SETS: dict[str, Way] = {"cucumber9": "random", "lemons": "blocks"}
MAX_SECONDS = 600
MAX_KB = 500
TIMES_BASELINE = 2.0
"""The lower end of the promised interval, beside always saying the biggest class."""


def measure(report: Report) -> None:
    """Train on each set and hold the result against its limits."""
    for name, way in SETS.items():
        photos = DATA / name
        if not photos.is_dir():
            print(f"skipped {name}: no photos in {photos}; set SORTER_DATA to their folder")
            continue
        with tempfile.TemporaryDirectory() as folder, steps() as bars:
            started = time.monotonic()
            run = Path(folder)
            learn(photos, run, Settings(way=way), bars)
            metrics = pack(run, run / BUNDLE, bars)
            seconds = time.monotonic() - started
        ratio = metrics["accuracy_low"] / metrics["baseline"]
        drop = 100 * (metrics["float_accuracy"] - metrics["int8_accuracy"])
        report.at_least(f"{name} lower bound / baseline", round(ratio, 2), "x", TIMES_BASELINE)
        report.at_most(f"{name} lost by int8", round(drop, 1), "points", 3.0)
        report.at_most(f"{name} bundle", metrics["size_bytes"] / 1000, "kB", MAX_KB)
        report.at_most(f"{name} time", round(seconds), "s", MAX_SECONDS)
