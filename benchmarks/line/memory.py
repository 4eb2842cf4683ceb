"""What the daemon holds in memory over an hour, of each machine."""

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

from benchmarks.line.belt_film import BeltFilm
from benchmarks.line.machines import Bench, benches
from benchmarks.line.scale import scaled
from benchmarks.report import Report
from sorter.twin.demo import with_speed

SECONDS = scaled(3_600, 300)
SLOWER = 1 / 6
"""Of the full rate, so that the hour takes minutes: the same way from frame to frame."""
ITEMS_PER_LANE = 12
SETTLED = 0.25
"""Share of the run after which everything that is kept has been made once."""


def measure(report: Report) -> None:
    """Run the daemon of each machine for an hour of belt, in a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        hours = [(bench.name, _begin(Path(place) / bench.name, bench)) for bench in benches()]
        for name, hour in hours:
            said, _ = hour.communicate()
            if hour.returncode:
                raise RuntimeError(f"the hour of {name} ended with exit code {hour.returncode}")
            samples = np.array([json.loads(row) for row in said.splitlines()])
            times_s, rss_mb, items = samples[:, 0], samples[:, 1], int(samples[-1, 2])
            late = times_s >= SETTLED * SECONDS
            growth = growth_per_s(times_s[late], rss_mb[late]) * 3600
            most_mb = round(float(rss_mb.max()))
            report.at_most(f"{name}: memory, hour at a sixth", most_mb, "MB", 150)
            report.at_most(f"{name}: growth, sixth of the rate", round(growth, 2), "MB/h", 1.0)
            print(f"       {items} items in the first {times_s[-1]:g} s of belt")


def _begin(folder: Path, bench: Bench) -> subprocess.Popen[str]:
    folder.mkdir()
    write_film(folder, bench)
    model = folder / "model.sorter"
    bench.classifier.bundle.save(model)
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.line.hour", str(folder), str(model), str(SECONDS)],
        stdout=subprocess.PIPE,
        text=True,
    )


def growth_per_s(times_s: NDArray[np.float64], sizes: NDArray[np.float64]) -> float:
    """Median of the slopes between any two samples (Theil 1950, Sen 1968).

    A minute in which for a moment a megabyte more was in use would tilt a line of least squares.
    """
    earlier, later = np.triu_indices(len(times_s), 1)
    slopes = (sizes[later] - sizes[earlier]) / (times_s[later] - times_s[earlier])
    return float(np.median(slopes))


def write_film(folder: Path, bench: Bench) -> None:
    """Frames of a stretch of belt as JPEG, and the machine's config."""
    config = with_speed(bench.config, bench.config.belt.speed_mm_per_s * SLOWER / 1000)
    camera = config.camera.model_copy(update={"fps": config.camera.fps * SLOWER})
    config = config.model_copy(update={"camera": camera})
    film = BeltFilm(bench, config, items_per_lane=ITEMS_PER_LANE)
    for index in range(film.frames):
        cv2.imwrite(str(folder / f"{index:05d}.jpg"), film.show(index).pixels)
    settings = config.model_dump(mode="json", exclude_unset=True)
    (folder / "sorter.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
