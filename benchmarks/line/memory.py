"""What the daemon holds in memory over an hour."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

import sorter.twin
from benchmarks.line.belt_film import BeltFilm
from benchmarks.line.machines import one_lane
from benchmarks.line.scale import scaled
from benchmarks.report import Report
from sorter.twin.demo import with_speed

SECONDS = scaled(3_600, 300)
FPS = 10.0
SPEED_M_PER_S = 0.2
"""A sixth of the full rate, so that the hour takes minutes: the same way from frame to frame."""
ITEMS = 12
SETTLED = 0.25
"""Share of the run after which everything that is kept has been made once."""
MODEL = Path(sorter.twin.__file__).with_name("demo.sorter")


def measure(report: Report) -> None:
    """Run the daemon for an hour of belt in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        write_film(Path(folder))
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.line.hour", folder, str(MODEL), str(SECONDS)],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    samples = np.array([json.loads(row) for row in done.stdout.splitlines()])
    times_s, rss_mb, items = samples[:, 0], samples[:, 1], int(samples[-1, 2])
    late = times_s >= SETTLED * SECONDS
    growth = growth_per_s(times_s[late], rss_mb[late]) * 3600
    report.at_most("memory in an hour, at most", round(float(rss_mb.max())), "MB", 150)
    report.at_most("growth", round(growth, 2), "MB/h", 1.0)
    print(f"       {items} items in {SECONDS} s of belt")


def growth_per_s(times_s: NDArray[np.float64], sizes: NDArray[np.float64]) -> float:
    """Median of the slopes between any two samples (Theil 1950, Sen 1968).

    A minute in which for a moment a megabyte more was in use would tilt a line of least squares.
    """
    earlier, later = np.triu_indices(len(times_s), 1)
    slopes = (sizes[later] - sizes[earlier]) / (times_s[later] - times_s[earlier])
    return float(np.median(slopes))


def write_film(folder: Path) -> None:
    """Frames of a stretch of belt as JPEG, and the machine's config."""
    bench = one_lane()
    config = with_speed(bench.config, SPEED_M_PER_S)
    camera = config.camera.model_copy(update={"fps": FPS})
    config = config.model_copy(update={"camera": camera})
    film = BeltFilm(bench, config, items=ITEMS, jpeg=False)
    for index in range(film.frames):
        cv2.imwrite(str(folder / f"{index:05d}.jpg"), film.show(index).pixels)
    settings = config.model_dump(mode="json", exclude_unset=True)
    (folder / "sorter.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
